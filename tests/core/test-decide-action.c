/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an action is sent with. */

#include <string.h>

#include "fixture-unit.h"

static void test_memory_high(void **state) {
        static const struct {
                Amount amount;
                uint64_t usage, high;
        } rows[] = {
                { { .is_share = true, .share = 9000 }, 1000, 900 },
                { { .is_share = true, .share = 10000 }, 1000, 1000 },
                { { .is_share = true, .share = 1 }, 9999, 0 },
                { { .is_share = true, .share = 1 }, 10000, 1 },
                { { .is_share = true, .share = 5000 }, UINT64_MAX, UINT64_MAX / 2 },
                { { .bytes = 4096 }, 1000, 4096 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Step step = STEP("slow", ACTION_THROTTLE);
                const Decision *d;

                step.memory_high = rows[i].amount;
                slice_start(step, RANK_USAGE);
                d = slice_survey(rows[i].usage, 1);
                assert_int_equal(d->action, ACTION_THROTTLE);
                assert_string_equal(d->victim.unit, "a.service");
                assert_int_equal(d->properties.values[PROPERTY_MEMORY_HIGH], rows[i].high); /* of all it uses, protected or not */
                fixture_stop(&f);
        }
}

/* Each action with the numbers that are its own, and none of another's. */
static void test_actions(void **state) {
        static const struct {
                ActionKind action;
                bool no_high;
                Amount amount;
                const char *start;
                Grain grain;
                uint32_t set;
                uint64_t high, low, weight, reclaim_bytes, timeout_usec;
                const char *started;
        } rows[] = {
                { ACTION_THROTTLE, .amount = { .is_share = true, .share = 5000 }, .set = 1U << PROPERTY_MEMORY_HIGH |
                  1U << PROPERTY_CPU_WEIGHT | 1U << PROPERTY_IO_WEIGHT, .high = 500, .weight = 7 },
                { ACTION_THROTTLE, .no_high = true, .set = 1U << PROPERTY_CPU_WEIGHT | 1U << PROPERTY_IO_WEIGHT, .weight = 7 },
                { ACTION_THROTTLE, .amount = { .bytes = 1 }, .set = 1U << PROPERTY_MEMORY_HIGH |
                  1U << PROPERTY_CPU_WEIGHT | 1U << PROPERTY_IO_WEIGHT, .high = 1, .weight = 7 },
                { ACTION_PROTECT, .amount = { .is_share = true, .share = 9000 }, .set = 1U << PROPERTY_MEMORY_LOW, .low = 900 },
                { ACTION_PROTECT, .amount = { .bytes = 4096 }, .set = 1U << PROPERTY_MEMORY_LOW, .low = 4096 },
                { ACTION_RECLAIM, .amount = { .is_share = true, .share = 1000 }, .reclaim_bytes = 100 },
                { ACTION_RECLAIM, .amount = { .bytes = 4096 }, .reclaim_bytes = 4096 },
                { ACTION_FREEZE },
                { ACTION_KILL },
                { ACTION_KILL, .grain = GRAIN_PROCESS },
                { ACTION_STOP, .timeout_usec = 3 * SEC },
                { ACTION_RESTART, .timeout_usec = 3 * SEC },
                { ACTION_START, .start = "x@%n.service", .timeout_usec = 3 * SEC, .started = "x@a.service.service" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Step step = STEP("s", rows[i].action, .memory_high = rows[i].amount, .memory_low = rows[i].amount,
                                 .reclaim = rows[i].amount, .start = (char *) rows[i].start,
                                 .start_timeout_usec = 3 * SEC, .shield = GLOBS(GLOB("a*")));
                const Decision *d;

                properties_set(&step.limits, PROPERTY_CPU_WEIGHT, 7);
                properties_set(&step.limits, PROPERTY_IO_WEIGHT, 8);
                if (rows[i].no_high)
                        step.memory_high = (Amount){ 0 };
                slice_start(step, RANK_USAGE);
                policy.victim.grain = rows[i].grain;
                d = slice_survey(1000, 1);
                assert_int_equal(d->action, rows[i].action);
                assert_string_equal(d->victim.unit, "a.service");
                assert_int_equal(d->properties.set, rows[i].set);
                assert_int_equal(d->properties.values[PROPERTY_MEMORY_HIGH], rows[i].high);
                assert_int_equal(d->properties.values[PROPERTY_MEMORY_LOW], rows[i].low);
                assert_int_equal(d->properties.values[PROPERTY_CPU_WEIGHT], rows[i].weight);
                assert_int_equal(d->reclaim_bytes, rows[i].reclaim_bytes);
                assert_int_equal(d->timeout_usec, rows[i].timeout_usec);
                assert_int_equal(d->grain, rows[i].grain);
                assert_string_equal(d->start, rows[i].started ?: "");
                assert_int_equal(core_counts(f.core).n_held, action_holds(rows[i].action));
                fixture_stop(&f);
        }
}

/* An answer that is lost is waited for as long as the effector may take, and a little longer. */
static void test_answer_limits(void **state) {
        static const struct {
                ActionKind action;
                uint64_t start_timeout_usec, limit_usec;
        } rows[] = {
                { ACTION_PROTECT, 9 * SEC, 5 * SEC },  { ACTION_THROTTLE, 9 * SEC, 5 * SEC },
                { ACTION_RECLAIM, 9 * SEC, 7 * SEC },  { ACTION_FREEZE, 9 * SEC, 5 * SEC },
                { ACTION_KILL, 9 * SEC, 5 * SEC },     { ACTION_STOP, 9 * SEC, 11 * SEC },
                { ACTION_RESTART, 60 * SEC, 62 * SEC }, { ACTION_START, SEC, 3 * SEC },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Step step = STEP("s", rows[i].action, .start_timeout_usec = rows[i].start_timeout_usec,
                                 .shield = GLOBS(GLOB("a*")));

                if (rows[i].action == ACTION_START)
                        step.start = (char *) "x.service";
                slice_start(step, RANK_USAGE);
                (void) slice_survey(1000, 1);
                pass(&f, rows[i].limit_usec - 1, 0, 0);
                feed_timer(&f);
                assert_effects(&f, "sample");
                pass(&f, 1, 0, 0);
                feed_timer(&f);
                assert_int_equal(effect_of(&f, EFFECT_REPORT)->report.outcome.kind, OUTCOME_TIMEOUT);
                fixture_stop(&f);
        }
}

/* A log step names whoever comes first, or nobody, and waits for no answer. */
static void test_log(void **state) {
        slice_start((Step)STEP("tell", ACTION_LOG), RANK_USAGE);
        feed_survey(&f, SLICE, NULL, 0);
        assert_effects(&f, "act");
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.victim.id, 0);
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.victim_usage_bytes, 0);
        assert_int_equal(core_counts(f.core).n_open, 0);
        fixture_stop(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_memory_high),
                cmocka_unit_test(test_actions),
                cmocka_unit_test(test_answer_limits),
                cmocka_unit_test(test_log),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
