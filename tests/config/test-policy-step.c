/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "config-test.h"

#include "base/strv.h"
#include "base/usec.h"
#include "config/policy-draft.h"

#define MATCH "[Match]\nUnit=a.service\n[Step]\n"

/* Each condition alone; what it holds is compared by the members that are its own. */
static const struct {
        const char *line;
        Condition expected;
} conditions[] = {
        { "Pressure=some 10% 2s", { CONDITION_PRESSURE, .pressure = { PRESSURE_SOME, 1000, 2 * USEC_PER_SEC } } },
        { "HostPressure=full 5% 1s",
          { CONDITION_HOST_PRESSURE, .pressure = { PRESSURE_FULL, 500, USEC_PER_SEC, RESOURCE_HOST_MEMORY } } },
        { "IOPressure=some 50% 10s",
          { CONDITION_IO_PRESSURE, .pressure = { PRESSURE_SOME, 5000, 10 * USEC_PER_SEC, RESOURCE_IO } } },
        { "CPUPressure=some 50% 500ms",
          { CONDITION_CPU_PRESSURE, .pressure = { PRESSURE_SOME, 5000, USEC_PER_SEC / 2, RESOURCE_CPU } } },
        { "Stall=20% 2s", { CONDITION_STALL, .pressure = { PRESSURE_SOME, 2000, 2 * USEC_PER_SEC, RESOURCE_STALL } } },
        { "Available=10%", { CONDITION_AVAILABLE, .amount = { true, 1000, 0 } } },
        { "HostAvailable=512M", { CONDITION_HOST_AVAILABLE, .amount = { false, 0, 512 << 20 } } },
        { "SwapFree=20%", { CONDITION_SWAP_FREE, .amount = { true, 2000, 0 } } },
        { "Usage=1G", { CONDITION_USAGE, .amount = { false, 0, 1 << 30 } } },
        { "Growth=20M 5s", { CONDITION_GROWTH, .rate = { 20 << 20, 5 * USEC_PER_SEC } } },
        { "Exhaustion=1min 30s", { CONDITION_EXHAUSTION, .usec = 90 * USEC_PER_SEC } },
        { "Refaults=2000 5s", { CONDITION_REFAULTS, .rate = { 2000, 5 * USEC_PER_SEC } } },
        { "Reclaim=100000 1s", { CONDITION_RECLAIM, .rate = { 100000, USEC_PER_SEC } } },
        { "Efficiency=5%", { CONDITION_EFFICIENCY, .share = 500 } },
        { "Event=high", { CONDITION_EVENT, .event = { MEMORY_EVENT_HIGH, 1, 10 * USEC_PER_SEC } } },
        { "Event=max 10 5s", { CONDITION_EVENT, .event = { MEMORY_EVENT_MAX, 10, 5 * USEC_PER_SEC } } },
        { "Cause=refault swap", { CONDITION_CAUSE, .causes = 1 << CAUSE_REFAULT | 1 << CAUSE_SWAP } },
        { "DyingDescendants=1000", { CONDITION_DYING_DESCENDANTS, .count = 1000 } },
};

static void check_condition(const Condition *c, const Condition *expected) {
        assert_int_equal(c->kind, expected->kind);
        if (condition_is_pressure(c->kind)) {
                assert_int_equal(c->pressure.kind, expected->pressure.kind);
                assert_int_equal(c->pressure.share, expected->pressure.share);
                assert_int_equal(c->pressure.window_usec, expected->pressure.window_usec);
                assert_int_equal(c->pressure.resource, expected->pressure.resource);
        } else if (c->kind <= CONDITION_USAGE) {
                assert_int_equal(c->amount.is_share, expected->amount.is_share);
                assert_int_equal(c->amount.share, expected->amount.share);
                assert_int_equal(c->amount.bytes, expected->amount.bytes);
        } else if (c->kind == CONDITION_GROWTH || c->kind == CONDITION_REFAULTS || c->kind == CONDITION_RECLAIM) {
                assert_int_equal(c->rate.per_second, expected->rate.per_second);
                assert_int_equal(c->rate.window_usec, expected->rate.window_usec);
        } else if (c->kind == CONDITION_EVENT) {
                assert_int_equal(c->event.event, expected->event.event);
                assert_int_equal(c->event.count, expected->event.count);
                assert_int_equal(c->event.window_usec, expected->event.window_usec);
        } else if (c->kind == CONDITION_EFFICIENCY)
                assert_int_equal(c->share, expected->share);
        else if (c->kind == CONDITION_CAUSE)
                assert_int_equal(c->causes, expected->causes);
        else /* Exhaustion=, DyingDescendants= */
                assert_int_equal(c->count, expected->count);
}

static void test_conditions(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(conditions); i++) {
                _cleanup_(policy_freep) Policy *p = NULL;
                char text[256];

                /* With one that spares the warning for what is polled. */
                (void) snprintf(text, sizeof(text), MATCH "%s\nUsage=1\nAction=log\n", conditions[i].line);
                p = policy_read_text(state, text, "");
                assert_int_equal(p->steps->n_conditions, 2);
                check_condition(p->steps->conditions, &conditions[i].expected);
        }
}

static void test_globs(void **state) {
        _cleanup_(policy_freep) Policy *p = policy_read_text(
                state, MATCH "Present=backup.service dump-*.service\nAbsent=c.scope\nUsage=1\nAction=log\n", "");
        const Condition *c = p->steps->conditions;

        assert_int_equal(c[0].kind, CONDITION_PRESENT);
        assert_int_equal(strv_length(c[0].globs), 2);
        assert_string_equal(c[0].globs[1], "dump-*.service");
        assert_int_equal(c[1].kind, CONDITION_ABSENT);
        assert_string_equal(c[1].globs[0], "c.scope");
}

/* An empty assignment clears the conditions of its kind and no other; what they own goes with them. */
static void test_cleared(void **state) {
        _cleanup_(policy_freep) Policy *p = policy_read_text(
                state,
                MATCH "Present=a.service\nPressure=some 10% 2s\nHostPressure=some 10% 2s\nPresent=b.service\nPresent=\n"
                      "Pressure=\nPresent=c.service\nAction=log\n",
                "");

        assert_int_equal(p->steps->n_conditions, 2);
        assert_int_equal(p->steps->conditions[0].kind, CONDITION_HOST_PRESSURE);
        assert_string_equal(p->steps->conditions[1].globs[0], "c.service");
}

/* A wrong value in each, told with the key it was given for. */
static void test_wrong(void **state) {
        static const struct {
                const char *key, *value, *error;
        } rows[] = {
                { "HostPressure", "10% 2s", "\"10%\" is neither some nor full, write for example some 10% 2s" },
                { "IOPressure", "full 5% 11s", "a window of 11s is not possible, the kernel takes 500ms to 10s" },
                { "CPUPressure", "some 0% 2s", "a share of 0% is always reached, write for example some 10% 2s" },
                { "Stall", "some 20% 2s", "there is only one kind of it, write for example 10% 2s" },
                { "Stall", "20%", "\"20%\" lacks its window, write for example 10% 2s" },
                { "Stall", "0% 2s", "a share of 0% is always reached, write for example 10% 2s" },
                { "Stall", "101% 2s", "\"101%\" is no share of at most 100%, write for example 10% 2s" },
                { "Stall", "20% 20s", "a window of 20s is not possible, the kernel takes 500ms to 10s" },
                { "Stall", "20% soon", "\"soon\" is no window, write for example 20% 2s" },
                { "HostAvailable", "0", "must be more than 0, write for example 512M or 10%" },
                { "SwapFree", "lots",
                  "\"lots\" is neither a size nor a share of at most 100%, write for example 512M or 10%" },
                { "Growth", "20M", "\"20M\" lacks its window, write for example 20M 5s" },
                { "Exhaustion", "infinity", "must not be infinity, write for example 2s or 1min 30s" },
                { "Exhaustion", "0", "must be longer than 0, write for example 2s or 1min 30s" },
                { "Refaults", "20M 5s", "\"20M\" is no number of pages, write for example 2000 5s" },
                { "Reclaim", "1 11s", "a window of 11s is not possible, rates are kept over 500ms to 10s" },
                { "Efficiency", "0%", "must be more than 0, write for example 10%" },
                { "Event", "low", "\"low\" is no event of memory.events, write high, max or oom" },
                { "Cause", "swapp", "\"swapp\" is no cause, did you mean swap?" },
                { "Present", "a", "\"a\" does not end in .service, .scope or .slice, write the whole name" },
                { "Absent", "/a/b", "\"/a/b\" is a path, write the name of a unit" },
                { "DyingDescendants", "many", "\"many\" is no number, write for example 1000" },
                { "CPUQuota", "50", "\"50\" is no share of a CPU, write for example 50%, or 200% for two of them" },
                { "CPUWeight", "0", "\"0\" is no weight, write a number from 1 to 10000, or idle" },
                { "IOWeight", "idle", "\"idle\" is no weight, write a number from 1 to 10000" },
                { "Shield", "a.slice", "\"a.slice\" is a slice, name the services and scopes in it" },
                { "Shield", "a[.service", "\"a[.service\" has no ] for its [, write for example job-[0-9].service" },
                { "MemoryLow", "0%", "must be more than 0, write for example 512M or 10%" },
                { "Amount", "0", "must be more than 0, write for example 512M or 10%" },
                { "Start", "a@%x.service",
                  "\"%x\" is no specifier, write %n for the victim or %i for the incident" },
                { "StartTimeout", "infinity", "must not be infinity, write for example 2s or 1min 30s" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
                const Place place = { .errors = &errors, .file = "x", .line = 1, .key = rows[i].key };
                Step step = STEP_DEFAULT;
                const Key *key = policy_step_keys;

                while (strcmp(key->name, rows[i].key) != 0)
                        key++;
                assert_int_equal(key->type->parse(&place, rows[i].value, (char *) &step + key->offset), 0);
                assert_int_equal(errors.n_items, 1);
                assert_int_equal(strncmp(errors.items->text, rows[i].key, strlen(rows[i].key)), 0);
                assert_string_equal(errors.items->text + strlen(rows[i].key) + 3, rows[i].error);
                assert_int_equal(step.n_conditions, 0);
                assert_int_equal(step.limits.set, 0);
                assert_null(step.start);
                assert_null(step.shield);
        }
}

static void test_limits(void **state) {
        _cleanup_(policy_freep) Policy *p = policy_read_text(
                state,
                MATCH "Usage=1G\nAction=throttle\nCPUQuota=250%\nCPUWeight=idle\nIOWeight=10\n"
                      "[Step]\nUsage=2G\nAction=throttle\nCPUQuota=50%\nCPUWeight=100\nCPUQuota=\n",
                "");
        const Properties *a = &p->steps[0].limits, *b = &p->steps[1].limits;

        assert_true(properties_has(a, PROPERTY_CPU_QUOTA) && properties_has(a, PROPERTY_CPU_WEIGHT) &&
                    properties_has(a, PROPERTY_IO_WEIGHT));
        assert_int_equal(a->values[PROPERTY_CPU_QUOTA], 2500000);
        assert_int_equal(a->values[PROPERTY_CPU_WEIGHT], 0);
        assert_int_equal(a->values[PROPERTY_IO_WEIGHT], 10);
        assert_int_equal(b->set, 1 << PROPERTY_CPU_WEIGHT);
}

static void test_others(void **state) {
        _cleanup_(policy_freep) Policy *p = policy_read_text(
                state,
                MATCH "Usage=1G\nAction=protect\nShield=db.service web-*.service\nMemoryLow=512M\n"
                      "[Step]\nUsage=2G\nAction=reclaim\nAmount=20%\nStart=tell@%n.service\nStartTimeout=1s\n"
                      "[Step]\nUsage=3G\nAction=restart\nStartTimeout=1min\n",
                "");

        assert_int_equal(strv_length(p->steps[0].shield), 2);
        assert_int_equal(p->steps[0].memory_low.bytes, 512 << 20);
        assert_int_equal(p->steps[1].reclaim.share, 2000);
        assert_string_equal(p->steps[1].start, "tell@%n.service");
        assert_int_equal(p->steps[1].start_timeout_usec, USEC_PER_SEC);
        assert_int_equal(p->steps[2].start_timeout_usec, USEC_PER_MINUTE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_conditions),
                folder_test(test_globs),
                folder_test(test_cleared),
                folder_test(test_wrong),
                folder_test(test_limits),
                folder_test(test_others),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
