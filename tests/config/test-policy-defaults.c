/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "config-test.h"

#include "base/usec.h"
#include "config/policy-draft.h"

static Policy *read_step(void **state, const char *step) {
        char text[256];

        (void) snprintf(text, sizeof(text), "[Match]\nUnit=a.service\n[Step]\n%s\n", step);
        return policy_read_text(state, text, "");
}

static void test_max_hold(void **state) {
        static const struct {
                const char *action;
                uint64_t usec;
        } rows[] = {
                { "freeze", 30 * USEC_PER_SEC }, { "throttle", USEC_INFINITY }, { "protect", USEC_INFINITY },
                { "kill", USEC_INFINITY },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(policy_freep) Policy *p = NULL;
                char step[64];

                (void) snprintf(step, sizeof(step), "Usage=1G\nAction=%s", rows[i].action);
                p = read_step(state, step);
                assert_true(p->steps->max_hold_usec == rows[i].usec);
        }
}

/* 90 % of MemoryHigh= only where nothing else throttles. */
static void test_memory_high(void **state) {
        static const struct {
                const char *keys;
                uint32_t share;
                uint64_t bytes;
        } rows[] = {
                { "", 9000, 0 },
                { "CPUQuota=50%", 0, 0 },
                { "CPUWeight=idle", 0, 0 },
                { "IOWeight=1", 0, 0 },
                { "IOWeight=1\nIOWeight=", 9000, 0 },
                { "IOWeight=1\nMemoryHigh=80%", 8000, 0 },
                { "MemoryHigh=1G\nCPUWeight=1", 0, 1 << 30 },
                { "MemoryHigh=1G\nMemoryHigh=\nCPUWeight=1", 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(policy_freep) Policy *p = NULL;
                char step[128];

                (void) snprintf(step, sizeof(step), "Usage=1G\nAction=throttle\n%s", rows[i].keys);
                p = read_step(state, step);
                assert_int_equal(p->steps->memory_high.share, rows[i].share);
                assert_int_equal(p->steps->memory_high.bytes, rows[i].bytes);
        }
}

/* A quarter of the trigger, about what the trigger is about: Pressure= if there is one, else the first of the others. */
static void test_until(void **state) {
        static const struct {
                const char *conditions;
                bool has_until;
                PressureLimit until;
        } rows[] = {
                { "Pressure=full 20% 2s", true, { PRESSURE_FULL, 500, 10 * USEC_PER_SEC, RESOURCE_MEMORY } },
                { "Pressure=some 2% 2s\nPressure=full 1% 2s", true,
                  { PRESSURE_SOME, 50, 10 * USEC_PER_SEC, RESOURCE_MEMORY } },
                { "IOPressure=some 40% 2s", true, { PRESSURE_SOME, 1000, 10 * USEC_PER_SEC, RESOURCE_IO } },
                { "CPUPressure=some 40% 2s\nHostPressure=full 8% 2s", true,
                  { PRESSURE_SOME, 1000, 10 * USEC_PER_SEC, RESOURCE_CPU } },
                { "Stall=40% 2s", true, { PRESSURE_SOME, 1000, 10 * USEC_PER_SEC, RESOURCE_STALL } },
                { "Stall=40% 2s\nUntil=some 1% 3s", true, { PRESSURE_SOME, 100, 3 * USEC_PER_SEC, RESOURCE_STALL } },
                { "HostPressure=full 8% 2s\nPressure=some 20% 2s", true,
                  { PRESSURE_SOME, 500, 10 * USEC_PER_SEC, RESOURCE_MEMORY } },
                { "HostPressure=full 8% 2s\nUntil=some 1% 3s", true,
                  { PRESSURE_SOME, 100, 3 * USEC_PER_SEC, RESOURCE_HOST_MEMORY } },
                { "Usage=1G\nUntil=some 1% 3s", true, { PRESSURE_SOME, 100, 3 * USEC_PER_SEC, RESOURCE_MEMORY } },
                { "Usage=1G", false, { PRESSURE_SOME, 0, 10 * USEC_PER_SEC, RESOURCE_MEMORY } },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(policy_freep) Policy *p = NULL;
                const PressureLimit *until;
                char step[128];

                (void) snprintf(step, sizeof(step), "%s\nAction=throttle", rows[i].conditions);
                p = read_step(state, step);
                until = &p->steps->until;
                assert_int_equal(p->steps->has_until, rows[i].has_until);
                assert_int_equal(until->kind, rows[i].until.kind);
                assert_int_equal(until->share, rows[i].until.share);
                assert_int_equal(until->window_usec, rows[i].until.window_usec);
                assert_int_equal(until->resource, rows[i].until.resource);
        }
}

static void test_others(void **state) {
        _cleanup_(policy_freep) Policy *p = read_step(state, "Usage=1G\nAction=restart");
        const Step *s = p->steps;

        assert_string_equal(s->name, "1");
        assert_int_equal(s->start_timeout_usec, 5 * USEC_PER_SEC);
        assert_int_equal(s->memory_low.share, 9000);
        assert_int_equal(s->reclaim.share, 1000);
        assert_null(s->start);
        assert_null(s->shield);
        assert_int_equal(p->victim.grain, GRAIN_UNIT);
        assert_null(p->victim.from);
        assert_null(p->description);
        assert_false(p->disabled);
        assert_int_equal(p->max_actions, 0);
        assert_int_equal(p->expires_usec, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_max_hold),
                folder_test(test_memory_high),
                folder_test(test_until),
                folder_test(test_others),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
