/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture.h"

#include "core/watch.h"

static NodeRegistry nodes;
static Watch *watch;
static uint64_t now_usec;
static Sample sample;

static void start(const Policy *policy) {
        now_usec = 1000 * SEC;
        sample = (Sample){ .limit_bytes = 1000, .room_bytes = 1000, .host_total_bytes = GIB };
        assert_int_equal(watch_new(&watch, registry_put(&nodes, 7, CGROUP_UNIT, "w.service"), policy, NULL), 0);
}

static void stop(void) {
        watch = watch_free(watch);
        node_registry_done(&nodes);
}

static void look(void) {
        watch_see(watch, now_usec, &sample, NULL);
        watch_evaluate(watch, now_usec);
}

/* A second of which `some` hundredths of a percent are stalled, looked at ten times. */
static void second(uint32_t some) {
        for (unsigned i = 0; i < 10; i++) {
                now_usec += SEC / 10;
                sample.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME] += SEC / 10 * some / 10000;
                look();
        }
}

static void test_conditions(void **state) {
        static const struct {
                const char *what;
                Condition condition;
                uint64_t usage, room, limit;
                bool holds;
        } rows[] = {
                { "room at the limit", AVAILABLE_BYTES(100), 0, 100, 1000, false },
                { "room under it", AVAILABLE_BYTES(100), 0, 99, 1000, true },
                { "a share of room", AVAILABLE_SHARE(10), 0, 100, 1000, false },
                { "under a share", AVAILABLE_SHARE(10), 0, 99, 1000, true },
                { "all is never under nothing", AVAILABLE_BYTES(0), 0, UINT64_MAX, 1000, false },
                { "no room", AVAILABLE_BYTES(1), 0, 0, 1000, true },
                { "usage at the limit", USAGE_BYTES(100), 100, 0, 1000, false },
                { "usage over it", USAGE_BYTES(100), 101, 0, 1000, true },
                { "a share of usage", USAGE_SHARE(90), 900, 0, 1000, false },
                { "over a share", USAGE_SHARE(90), 901, 0, 1000, true },
                { "nothing is never over all", USAGE_SHARE(100), 0, 0, UINT64_MAX, false },
                { "a share of the largest limit", USAGE_SHARE(50), UINT64_MAX / 2, 0, UINT64_MAX, false },
                { "over it", USAGE_SHARE(50), UINT64_MAX / 2 + 1, 0, UINT64_MAX, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Condition condition = rows[i].condition;
                Step step = STEP("1", ACTION_LOG, .conditions = &condition, .n_conditions = 1);
                const Policy policy = { .steps = &step, .n_steps = 1 };

                start(&policy);
                sample.usage_bytes = rows[i].usage;
                sample.room_bytes = rows[i].room;
                sample.limit_bytes = rows[i].limit;
                look();
                if (watch_holds_any(watch) != rows[i].holds)
                        fail_msg("%s", rows[i].what);
                assert_int_equal(watch_condition_value(watch, &condition),
                                 condition.kind == CONDITION_USAGE ? rows[i].usage : rows[i].room);
                assert_int_equal(watch_step_due(watch, now_usec, false) != NULL, rows[i].holds);
                stop();
        }
}

/* All conditions of a step must hold. */
static void test_all_conditions(void **state) {
        Step step = STEP("1", ACTION_LOG, CONDITIONS(USAGE_BYTES(100), AVAILABLE_BYTES(100), USAGE_BYTES(200)));
        const Policy policy = { .steps = &step, .n_steps = 1 };
        static const struct {
                uint64_t usage, room;
                bool holds;
        } rows[] = { { 201, 99, true }, { 201, 100, false }, { 200, 99, false }, { 100, 99, false }, { 0, 1000, false } };

        start(&policy);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                sample.usage_bytes = rows[i].usage;
                sample.room_bytes = rows[i].room;
                look();
                assert_int_equal(watch_holds_any(watch), rows[i].holds);
        }
        stop();
}

static void test_pressure(void **state) {
        Step step = STEP("1", ACTION_LOG, CONDITIONS(SOME(10, 2 * SEC)));
        const Policy policy = { .steps = &step, .n_steps = 1 };

        start(&policy);
        look();
        second(999);
        second(999);
        second(999);
        assert_false(watch_holds_any(watch));
        second(1001);
        assert_true(watch_holds_any(watch));
        assert_int_equal(watch_condition_value(watch, step.conditions), 1000);
        assert_int_equal(watch_pressure(watch, &step, PRESSURE_SOME), 1000);
        assert_int_equal(watch_pressure(watch, &step, PRESSURE_FULL), 0);
        assert_int_equal(watch_share(watch, RESOURCE_CPU, PRESSURE_SOME, 2 * SEC), 0); /* nobody asked for it */
        second(990);
        assert_false(watch_holds_any(watch));
        stop();
}

/* The kernel's word counts at once, also for windows that are no round number. */
static void test_trigger(void **state) {
        static const uint64_t windows[] = { 500 * MSEC, 999 * MSEC, 1234567, 2 * SEC, 9999999, 10 * SEC };

        for (size_t i = 0; i < ELEMENTSOF(windows); i++) {
                Step step = STEP("1", ACTION_LOG, CONDITIONS(FULL(7, windows[i])));
                const Policy policy = { .steps = &step, .n_steps = 1 };

                start(&policy);
                look();
                now_usec += 500 * SEC;
                sample.pressure_usec[RESOURCE_MEMORY][PRESSURE_FULL] += windows[i];
                watch_see(watch, now_usec, &sample, watch->limits);
                watch_evaluate(watch, now_usec);
                assert_true(watch_holds_any(watch));
                assert_int_equal(watch_pressure(watch, &step, PRESSURE_FULL), 700);
                stop();
        }
}

/* The window that a record tells: that of the first Pressure=, two seconds where there is none. */
static void test_pressure_window(void **state) {
        Step first = STEP("1", ACTION_LOG, CONDITIONS(AVAILABLE_SHARE(5), SOME(1, SEC), SOME(2, 4 * SEC)));
        Step none = STEP("1", ACTION_LOG, CONDITIONS(AVAILABLE_SHARE(5)));
        const Policy policy = { .steps = &first, .n_steps = 1 };

        start(&policy);
        look();
        second(0);
        second(10000);
        assert_int_equal(watch_pressure(watch, &first, PRESSURE_SOME), 10000);
        assert_int_equal(watch_pressure(watch, &none, PRESSURE_SOME), 5000);
        stop();
}

/* Letters: L log, K kill, D kill with DryRun=; capital holds, and what cools is followed by '-'. */
static void test_step_due(void **state) {
        static const struct {
                const char *steps;
                bool dry_run;
                int due; /* -1: none */
        } rows[] = {
                { "k", false, -1 },  { "K", false, 0 },    { "KK", false, 1 },   { "Kk", false, 0 },
                { "kK", false, 1 },  { "K-", false, -1 },  { "KK-", false, -1 }, { "K-K", false, 1 },
                { "KL-", false, 0 }, { "K-L-", false, -1 }, { "LK-", false, -1 }, { "KD-", false, 0 },
                { "KDL-", false, 1 }, { "KD-L-", false, 0 }, { "KK-", true, 0 },  { "K-K-", true, -1 },
                { "LKK-L-", false, -1 }, { "LKk-L-", false, 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Step steps[4] = { 0 };
                Policy policy = { .steps = steps };
                const Step *due;

                for (const char *c = rows[i].steps; *c; c++)
                        if (*c != '-')
                                steps[policy.n_steps++] = (Step)STEP("s", *c == 'L' ? ACTION_LOG : ACTION_KILL,
                                                                     .dry_run = *c == 'D');
                start(&policy);
                for (size_t j = 0, n = 0; rows[i].steps[j]; j++)
                        if (rows[i].steps[j] != '-') {
                                watch->steps[n].held_since_usec = rows[i].steps[j] < 'a' ? now_usec : USEC_INFINITY;
                                watch->steps[n++].acted_usec = rows[i].steps[j + 1] == '-' ? now_usec : 0;
                        }
                due = watch_step_due(watch, now_usec, rows[i].dry_run);
                if ((due ? due - steps : -1) != rows[i].due)
                        fail_msg("%s: %td", rows[i].steps, due ? due - steps : -1);
                stop();
        }
}

static void test_for_and_cooldown(void **state) {
        Step step = STEP("1", ACTION_KILL, CONDITIONS(AVAILABLE_BYTES(100)), .for_usec = 2 * SEC);
        const Policy policy = { .steps = &step, .n_steps = 1 };

        step.cooldown_usec = 5 * SEC;
        start(&policy);
        sample.room_bytes = 50;
        look();
        assert_null(watch_step_due(watch, now_usec + 2 * SEC - 1, false));
        assert_ptr_equal(watch_step_due(watch, now_usec + 2 * SEC, false), &step);

        /* A moment in which it did not hold begins the time anew. */
        now_usec += SEC;
        sample.room_bytes = 100;
        look();
        now_usec++;
        sample.room_bytes = 50;
        look();
        assert_null(watch_step_due(watch, now_usec + 2 * SEC - 1, false));
        assert_non_null(watch_step_due(watch, now_usec + 2 * SEC, false));

        watch->steps[0].acted_usec = now_usec;
        assert_null(watch_step_due(watch, now_usec + 5 * SEC - 1, false));
        assert_non_null(watch_step_due(watch, now_usec + 5 * SEC, false));
        stop();
}

/* What the window remembers from before the last action calls for no other. */
static void test_only_what_follows_the_action(void **state) {
        static const struct {
                uint32_t after; /* share of the second since the action */
                uint64_t since_usec;
                bool due;
        } rows[] = {
                { 0, SEC, false },
                { 999, SEC, false },
                { 1000, SEC, true },
                { 5000, SEC, true },
                { 0, 2 * SEC - 1, true },  /* as it was before, in what lies between */
                { 0, 2 * SEC, true },      /* the window begins after it */
                { 0, 500 * SEC, true },    /* long ago */
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Step step = STEP("1", ACTION_KILL, CONDITIONS(USAGE_BYTES(1), SOME(10, 2 * SEC)));
                const Policy policy = { .steps = &step, .n_steps = 1 };

                start(&policy);
                sample.usage_bytes = 2;
                look();
                second(9000);
                second(rows[i].after);
                assert_true(watch_holds_any(watch));
                watch->settle_since_usec = now_usec - rows[i].since_usec;
                if ((watch_step_due(watch, now_usec, false) != NULL) != rows[i].due)
                        fail_msg("row %zu", i);
                stop();
        }
}

/* A log step's distance doubles, up to 256 times. */
static void test_log_distance(void **state) {
        static const struct {
                ActionKind action;
                unsigned n_acted;
                uint64_t cooldown_usec, distance_usec;
        } rows[] = {
                { ACTION_LOG, 1, 15 * SEC, 15 * SEC },
                { ACTION_LOG, 2, 15 * SEC, 30 * SEC },
                { ACTION_LOG, 3, 15 * SEC, 60 * SEC },
                { ACTION_LOG, 9, 15 * SEC, 3840 * SEC },
                { ACTION_LOG, 10, 15 * SEC, 3840 * SEC },
                { ACTION_LOG, UINT32_MAX, 15 * SEC, 3840 * SEC },
                { ACTION_LOG, 2, USEC_PER_DAY - 1, 2 * USEC_PER_DAY - 2 },
                { ACTION_LOG, 2, USEC_PER_DAY, USEC_PER_DAY },
                { ACTION_KILL, 5, 15 * SEC, 15 * SEC },
                { ACTION_KILL, 5, 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Step step = STEP("1", rows[i].action, CONDITIONS(AVAILABLE_BYTES(100)));
                const Policy policy = { .steps = &step, .n_steps = 1 };
                uint64_t at_usec;

                step.cooldown_usec = rows[i].cooldown_usec;
                start(&policy);
                sample.room_bytes = 0;
                look();
                watch->steps[0].acted_usec = now_usec;
                watch->steps[0].n_acted = rows[i].n_acted;
                at_usec = now_usec + rows[i].distance_usec;
                if (!watch_step_due(watch, at_usec, false) ||
                    (rows[i].distance_usec > 0 && watch_step_due(watch, at_usec - 1, false)))
                        fail_msg("row %zu", i);
                stop();
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_conditions),
                cmocka_unit_test(test_all_conditions),
                cmocka_unit_test(test_pressure),
                cmocka_unit_test(test_trigger),
                cmocka_unit_test(test_pressure_window),
                cmocka_unit_test(test_step_due),
                cmocka_unit_test(test_for_and_cooldown),
                cmocka_unit_test(test_only_what_follows_the_action),
                cmocka_unit_test(test_log_distance),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
