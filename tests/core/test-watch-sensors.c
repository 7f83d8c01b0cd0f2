/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "core/watch.h"

static NodeRegistry nodes;
static Watch *watch;

static void start(const Policy *policy) {
        assert_int_equal(watch_new(&watch, registry_put(&nodes, 7, CGROUP_UNIT, "w.service"), policy, NULL), 0);
}

static void stop(void) {
        watch = watch_free(watch);
        node_registry_done(&nodes);
}

static void test_sensors(void **state) {
        Step steps[] = {
                STEP("1", ACTION_LOG, CONDITIONS(SOME(10, 2 * SEC), FULL(10, 2 * SEC))),
                STEP("2", ACTION_KILL, CONDITIONS(FULL(10, 2 * SEC))), /* the same once more */
                STEP("3", ACTION_KILL, CONDITIONS(SOME(10, SEC), SOME(20, 2 * SEC), AVAILABLE_SHARE(5))),
        };
        const Policy policy = { .steps = steps, .n_steps = 3 };
        const Policy pressure_only = { .steps = steps, .n_steps = 2 };
        Step freeze[] = { STEP("1", ACTION_FREEZE, CONDITIONS(SOME(10, SEC))) };
        Policy until = { .steps = freeze, .n_steps = 1 };

        start(&policy);
        assert_int_equal(watch->n_limits, 5);
        assert_int_equal(watch->limits[4].share, 200); /* the early warning of a watch that waits for room */
        assert_int_equal(watch->limits[4].window_usec, SEC);
        assert_true(watch->wants & WANT_EVENTS);
        assert_int_equal(watch->spacing_usec, 20 * MSEC);
        stop();

        start(&pressure_only);
        assert_int_equal(watch->n_limits, 2);
        assert_int_equal(watch->limits[0].kind, PRESSURE_SOME);
        assert_int_equal(watch->limits[1].kind, PRESSURE_FULL);
        assert_false(watch->wants & WANT_EVENTS);
        stop();

        /* Readings reach back over Until= where something is held. */
        start(&until);
        assert_int_equal(watch->spacing_usec, 100 * MSEC);
        stop();
        freeze[0].has_until = false;
        start(&until);
        assert_int_equal(watch->spacing_usec, 10 * MSEC);
        stop();
        freeze[0].has_until = true;
        freeze[0].action = ACTION_KILL;
        start(&until);
        assert_int_equal(watch->spacing_usec, 10 * MSEC);
        stop();
        assert_null(watch_free(NULL));
}

/* What each condition asks of the looks, and of the kernel. */
static void test_wants(void **state) {
        static const struct {
                const char *what;
                Condition condition;
                unsigned wants;
                size_t n_limits, n_tracks;
                PressureResource early; /* of the early warning, where there is one: the last limit */
        } rows[] = {
                { "pressure", SOME(10, SEC), 0, 1, 0, RESOURCE_MEMORY },
                { "host pressure", { .kind = CONDITION_HOST_PRESSURE,
                                     .pressure = { PRESSURE_SOME, 1, SEC, RESOURCE_HOST_MEMORY } },
                  0, 1, 0, RESOURCE_HOST_MEMORY },
                { "io pressure", { .kind = CONDITION_IO_PRESSURE, .pressure = { PRESSURE_SOME, 1, SEC, RESOURCE_IO } },
                  WANT_IO, 1, 0, RESOURCE_IO },
                { "cpu pressure",
                  { .kind = CONDITION_CPU_PRESSURE, .pressure = { PRESSURE_SOME, 1, SEC, RESOURCE_CPU } }, WANT_CPU, 1,
                  0, RESOURCE_CPU },
                { "stall",
                  { .kind = CONDITION_STALL, .pressure = { PRESSURE_SOME, 1, SEC, RESOURCE_STALL } },
                  WANT_WAITS | WANT_IO, 2, 0, RESOURCE_MEMORY },
                { "room", AVAILABLE_SHARE(5), WANT_EVENTS, 1, 0, RESOURCE_MEMORY },
                { "usage", USAGE_SHARE(5), WANT_EVENTS, 1, 0, RESOURCE_MEMORY },
                { "the host's room", { .kind = CONDITION_HOST_AVAILABLE }, WANT_EVENTS, 1, 0, RESOURCE_HOST_MEMORY },
                { "swap", { .kind = CONDITION_SWAP_FREE }, WANT_EVENTS, 1, 0, RESOURCE_HOST_MEMORY },
                { "growth", { .kind = CONDITION_GROWTH, .rate = { 1, SEC } }, 0, 0, 1, RESOURCE_MEMORY },
                { "exhaustion", { .kind = CONDITION_EXHAUSTION }, WANT_EVENTS, 1, 1, RESOURCE_MEMORY },
                { "refaults", { .kind = CONDITION_REFAULTS, .rate = { 1, SEC } }, WANT_STAT, 0, 1, RESOURCE_MEMORY },
                { "reclaim", { .kind = CONDITION_RECLAIM, .rate = { 1, SEC } }, WANT_STAT, 0, 1, RESOURCE_MEMORY },
                { "efficiency", { .kind = CONDITION_EFFICIENCY }, WANT_STAT, 0, 2, RESOURCE_MEMORY },
                { "event", { .kind = CONDITION_EVENT }, WANT_EVENTS, 0, 1, RESOURCE_MEMORY },
                { "cause, which needs a stall", { .kind = CONDITION_CAUSE }, 0, 1, 0, RESOURCE_MEMORY },
                { "present", { .kind = CONDITION_PRESENT }, 0, 0, 0, RESOURCE_MEMORY },
                { "absent", { .kind = CONDITION_ABSENT }, 0, 0, 0, RESOURCE_MEMORY },
                { "dying", { .kind = CONDITION_DYING_DESCENDANTS }, WANT_DYING, 0, 0, RESOURCE_MEMORY },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Condition condition = rows[i].condition;
                Step step = STEP("1", ACTION_KILL, .conditions = &condition, .n_conditions = 1);
                const Policy policy = { .steps = &step, .n_steps = 1 };

                start(&policy);
                if (watch->wants != rows[i].wants || watch->n_limits != rows[i].n_limits ||
                    watch->n_tracks != rows[i].n_tracks ||
                    (watch->n_limits > 0 && watch->limits[0].resource != rows[i].early))
                        fail_msg("%s", rows[i].what);
                assert_int_equal(watch->wants_presence,
                                 condition.kind == CONDITION_PRESENT || condition.kind == CONDITION_ABSENT);
                for (PressureResource r = 0; r < _RESOURCE_MAX; r++)
                        for (PressureKind k = 0; k < _PRESSURE_KIND_MAX; k++)
                                assert_int_equal(watch->windows[r][k] != NULL,
                                                 r == RESOURCE_MEMORY ||
                                                         (condition_is_pressure(condition.kind) &&
                                                          (condition.pressure.resource == r ||
                                                           (condition.kind == CONDITION_STALL && r == RESOURCE_IO)) &&
                                                          k == PRESSURE_SOME));
                assert_int_equal(watch->waits != NULL, condition.kind == CONDITION_STALL);
                stop();
        }
}

#define STALL(percent, window) \
        { .kind = CONDITION_STALL, .pressure = { PRESSURE_SOME, (percent) * 100, (window), RESOURCE_STALL } }

/* Half of the share of each of the two: when both have less, so has their sum. */
static void test_stall(void **state) {
        Step step = STEP("1", ACTION_FREEZE, CONDITIONS(STALL(20, 2 * SEC), STALL(15, SEC), SOME(10, 2 * SEC)),
                         .until = { PRESSURE_SOME, 500, 10 * SEC, RESOURCE_STALL });
        const Policy policy = { .steps = &step, .n_steps = 1 };
        static const PressureLimit limits[] = {
                { PRESSURE_SOME, 1000, 2 * SEC, RESOURCE_MEMORY }, { PRESSURE_SOME, 1000, 2 * SEC, RESOURCE_IO },
                { PRESSURE_SOME, 750, SEC, RESOURCE_MEMORY },      { PRESSURE_SOME, 750, SEC, RESOURCE_IO },
        };

        start(&policy);
        assert_int_equal(watch->n_limits, ELEMENTSOF(limits)); /* one of them is that of Pressure=, too */
        for (size_t i = 0; i < ELEMENTSOF(limits); i++) {
                assert_int_equal(watch->limits[i].resource, limits[i].resource);
                assert_int_equal(watch->limits[i].kind, PRESSURE_SOME);
                assert_int_equal(watch->limits[i].share, limits[i].share);
                assert_int_equal(watch->limits[i].window_usec, limits[i].window_usec);
        }
        assert_int_equal(watch->spacing_usec, 100 * MSEC); /* back over Until= */
        stop();

        /* As many as there can be find room: no two are alike. */
        step.conditions = (Condition[]){ STALL(10, SEC), STALL(20, SEC), STALL(30, SEC), STALL(40, SEC) };
        step.n_conditions = 4;
        start(&policy);
        assert_int_equal(watch->n_limits, 8);
        stop();
}

/* For the host its own pressure is the host's. */
static void test_early_warning_of_the_host(void **state) {
        Step step = STEP("1", ACTION_KILL, CONDITIONS({ .kind = CONDITION_SWAP_FREE }, AVAILABLE_SHARE(5)));
        const Policy policy = { .steps = &step, .n_steps = 1 };

        assert_int_equal(watch_new(&watch, registry_put(&nodes, 1, CGROUP_HOST, "-.slice"), &policy, NULL), 0);
        assert_int_equal(watch->n_limits, 1);
        assert_int_equal(watch->limits[0].resource, RESOURCE_MEMORY);
        stop();

        start(&policy); /* for another one there are two */
        assert_int_equal(watch->n_limits, 2);
        assert_int_equal(watch->limits[0].resource, RESOURCE_HOST_MEMORY);
        assert_int_equal(watch->limits[1].resource, RESOURCE_MEMORY);
        stop();
}

/* A cause beside what wakes the step anyway asks for no warning. */
static void test_cause_beside_others(void **state) {
        Step beside = STEP("1", ACTION_KILL, CONDITIONS({ .kind = CONDITION_CAUSE }, SOME(10, SEC)));
        Step presence = STEP("1", ACTION_KILL, CONDITIONS({ .kind = CONDITION_CAUSE }, { .kind = CONDITION_PRESENT }));
        Policy policy = { .steps = &beside, .n_steps = 1 };

        start(&policy);
        assert_int_equal(watch->n_limits, 1);
        assert_int_equal(watch->limits[0].share, 1000);
        stop();
        policy.steps = &presence;
        start(&policy);
        assert_int_equal(watch->n_limits, 1);
        assert_int_equal(watch->limits[0].share, 200);
        stop();
}

/* Same number, same window: one track. */
static void test_tracks(void **state) {
        Step step = STEP("1", ACTION_KILL,
                         CONDITIONS({ .kind = CONDITION_RECLAIM, .rate = { 1, 2 * SEC } }, { .kind = CONDITION_EFFICIENCY },
                                    { .kind = CONDITION_RECLAIM, .rate = { 5, 2 * SEC } },
                                    { .kind = CONDITION_RECLAIM, .rate = { 1, 3 * SEC } }));
        const Policy policy = { .steps = &step, .n_steps = 1 };

        start(&policy);
        assert_int_equal(watch->n_tracks, 3);
        assert_non_null(watch_track(watch, QUANTITY_SCANNED, 2 * SEC));
        assert_non_null(watch_track(watch, QUANTITY_SCANNED, 3 * SEC));
        assert_non_null(watch_track(watch, QUANTITY_RECLAIMED, 2 * SEC));
        assert_null(watch_track(watch, QUANTITY_RECLAIMED, 3 * SEC));
        assert_null(watch_track(watch, QUANTITY_USAGE, 2 * SEC));
        stop();
}

/* What the choice of a victim will want to know. */
static void test_wants_of_victims(void **state) {
        Step plain = STEP("1", ACTION_KILL, CONDITIONS(SOME(10, SEC)));
        Step by_swap = STEP("1", ACTION_KILL, CONDITIONS(SOME(10, SEC)), RANK_BY(RANK_USAGE, RANK_SWAP));
        Step shield = STEP("1", ACTION_PROTECT, CONDITIONS(SOME(10, SEC)), .shield = GLOBS(GLOB("db.service")));
        Step slices = STEP("1", ACTION_PROTECT, CONDITIONS(SOME(10, SEC)), .shield = GLOBS(GLOB("db.slice")));
        Step no_shield = STEP("1", ACTION_PROTECT, CONDITIONS(SOME(10, SEC)));
        const struct {
                Policy policy;
                unsigned wants;
        } rows[] = {
                { { .steps = &plain, .victim = { RANK_BY(RANK_CULPRIT, RANK_USAGE) } }, 0 },
                { { .steps = &plain, .victim = { RANK_BY(RANK_USAGE, RANK_SWAP) } }, WANT_CANDIDATE_SWAP },
                { { .steps = &plain, .victim = { RANK_BY(RANK_RECLAIM) } }, WANT_CANDIDATE_STAT },
                { { .steps = &by_swap }, WANT_CANDIDATE_SWAP },
                { { .steps = &plain, .victim.from = GLOBS(GLOB("a*.service")) }, WANT_CANDIDATE_ALL },
                { { .steps = &plain, .victim.from = GLOBS(GLOB("x"), GLOB("batch*.slice")) },
                  WANT_CANDIDATE_ALL | WANT_CANDIDATE_SLICES },
                { { .steps = &plain, .victim.from = GLOBS(GLOB("slice"), GLOB(".slice.service")) }, WANT_CANDIDATE_ALL },
                { { .steps = &plain, .victim.from = GLOBS(GLOB(".slice")) }, WANT_CANDIDATE_ALL | WANT_CANDIDATE_SLICES },
                { { .steps = &plain, .victim = { .from = GLOBS(GLOB("a")), RANK_BY(RANK_SWAP) } },
                  WANT_CANDIDATE_ALL | WANT_CANDIDATE_SWAP },
                { { .steps = &shield, .victim = { RANK_BY(RANK_SWAP) } }, WANT_CANDIDATE_ALL | WANT_CANDIDATE_SWAP },
                { { .steps = &plain, .victim.never = GLOBS(GLOB("a.slice")) }, 0 },
                { { .steps = &shield }, WANT_CANDIDATE_ALL },
                { { .steps = &slices }, WANT_CANDIDATE_ALL | WANT_CANDIDATE_SLICES },
                { { .steps = &no_shield }, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Policy policy = rows[i].policy;

                policy.n_steps = 1;
                start(&policy);
                if (watch->wants != rows[i].wants)
                        fail_msg("row %zu: %u", i, watch->wants);
                stop();
        }
}

/* Until= may be about another resource than the conditions. */
static void test_until(void **state) {
        Step step = STEP("1", ACTION_FREEZE, CONDITIONS(SOME(10, SEC)));
        const Policy policy = { .steps = &step, .n_steps = 1 };

        step.until = (PressureLimit){ PRESSURE_FULL, 100, 5 * SEC, RESOURCE_IO };
        start(&policy);
        assert_int_equal(watch->wants, WANT_IO);
        assert_non_null(watch->windows[RESOURCE_IO][PRESSURE_FULL]);
        assert_null(watch->windows[RESOURCE_IO][PRESSURE_SOME]);
        assert_int_equal(watch->n_limits, 1); /* nobody is woken for it */
        assert_int_equal(watch->spacing_usec, 50 * MSEC);
        stop();
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sensors),
                cmocka_unit_test(test_wants),
                cmocka_unit_test(test_stall),
                cmocka_unit_test(test_early_warning_of_the_host),
                cmocka_unit_test(test_cause_beside_others),
                cmocka_unit_test(test_tracks),
                cmocka_unit_test(test_wants_of_victims),
                cmocka_unit_test(test_until),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
