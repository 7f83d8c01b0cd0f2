/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture-unit.h"

/* An incident ends when nothing has held for ten seconds; the next has another name and counts anew. */
static void test_incident(void **state) {
        static Condition condition = SOME(10, 2 * SEC);
        Step step = STEP("tell", ACTION_LOG, .conditions = &condition, .n_conditions = 1);
        Id128 first;

        step.cooldown_usec = 0;
        unit_start(&step, 1);
        assert_int_equal(core_counts(f.core).n_incidents, 0);
        pass(&f, 2 * SEC, 1000, 0);
        feed_look(&f, A);
        unit_survey();
        first = effect_of(&f, EFFECT_ACT)->decision.incident;
        assert_int_equal(first.low, 1);
        pass(&f, 2 * SEC, 1000, 0);
        feed_look(&f, A);
        unit_survey();
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.count, 2);
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.incident.high, first.high);

        pass(&f, 2 * SEC, 0, 0);
        feed_look(&f, A);
        pass(&f, 10 * SEC - 2 * SEC - 1, 0, 0);
        feed_look(&f, A);
        assert_int_equal(core_counts(f.core).n_incidents, 1);
        assert_int_equal(core_ids(f.core).n_ended, 0);
        pass(&f, 1, 0, 0);
        feed_look(&f, A);
        assert_int_equal(core_counts(f.core).n_incidents, 0);
        assert_int_equal(effect_of(&f, EFFECT_ENDED)->ended.incident.high, first.high);
        assert_int_equal(effect_of(&f, EFFECT_ENDED)->ended.incident.low, 1);
        assert_int_equal(effect_of(&f, EFFECT_ENDED)->ended.watch.id, A);
        assert_int_equal(core_ids(f.core).n_begun, 1);
        assert_int_equal(core_ids(f.core).n_ended, 1);
        assert_int_equal(f.effects->wakeup_usec, USEC_INFINITY); /* asleep */

        pass(&f, 2 * SEC, 1000, 0);
        feed_look(&f, A);
        unit_survey();
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.count, 1);
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.incident.low, 2);
        assert_true(effect_of(&f, EFFECT_ACT)->decision.incident.high != first.high);
        fixture_stop(&f);
}

/* A kill helped if pressure fell below three quarters, or the watch uses more than a hundredth less; a throttle takes
 * from what it slows, and helped only if pressure fell. */
static void test_settle(void **state) {
        static const struct {
                uint32_t share;
                uint64_t usage;
                OutcomeKind kind;
                uint64_t freed;
                ActionKind action;
        } rows[] = {
                { 3000, 10000, OUTCOME_NO_EFFECT, 0, ACTION_KILL },
                { 2999, 10000, OUTCOME_SETTLED, 0, ACTION_KILL },
                { 9000, 10000, OUTCOME_NO_EFFECT, 0, ACTION_KILL },
                { 9000, 9900, OUTCOME_NO_EFFECT, 100, ACTION_KILL },
                { 9000, 9899, OUTCOME_SETTLED, 101, ACTION_KILL },
                { 9000, 20000, OUTCOME_NO_EFFECT, 0, ACTION_KILL },
                { 9000, 9000, OUTCOME_NO_EFFECT, 1000, ACTION_THROTTLE },
                { 2999, 10000, OUTCOME_SETTLED, 0, ACTION_THROTTLE },
                { 9000, 9000, OUTCOME_NO_EFFECT, 1000, ACTION_FREEZE },
                { 9000, 9000, OUTCOME_SETTLED, 1000, ACTION_RECLAIM },
                { 9000, 9000, OUTCOME_SETTLED, 1000, ACTION_STOP },
                { 9000, 9000, OUTCOME_SETTLED, 1000, ACTION_RESTART },
                { 9000, 9000, OUTCOME_NO_EFFECT, 1000, ACTION_START },
        };
        static Condition condition = SOME(10, 2 * SEC);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Step step = STEP("end", rows[i].action, .conditions = &condition, .n_conditions = 1);
                const Report *report;

                unit_start(&step, 1);
                f.sample.usage_bytes = 10000;
                pass(&f, 2 * SEC, 4000, 0);
                feed_look(&f, A);
                unit_survey();
                feed_outcome(&f, (Outcome){ .id = 1, .kind = OUTCOME_DONE, .via = VIA_SYSTEMD,
                                            .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, UINT64_MAX) });
                report = &effect_of(&f, EFFECT_REPORT)->report;
                assert_int_equal(report->outcome.kind, OUTCOME_DONE);
                assert_int_equal(report->pressure_before, 4000);

                pass(&f, 2 * SEC - 1, rows[i].share, 0);
                feed_timer(&f);
                f.sample.usage_bytes = rows[i].usage;
                feed_look(&f, A);
                assert_effects(&f, ""); /* not before Settle= */
                pass(&f, 1, 10000, 0);
                feed_timer(&f);
                assert_effects(&f, "sample");
                feed_look(&f, A);
                report = &effect_of(&f, EFFECT_REPORT)->report;
                if (report->outcome.kind != rows[i].kind || report->freed_bytes != rows[i].freed)
                        fail_msg("row %zu: %s, after %u", i, outcome_to_string(report->outcome.kind),
                                 report->pressure_after);
                assert_int_equal(report->outcome.id, 1);
                assert_int_equal(report->outcome.via, VIA_SYSTEMD);
                assert_int_equal(report->pressure_before, 4000);
                fixture_stop(&f);
        }
}

/* Where the waits were the reason that memory pressure leaves out, it helped if they fell. */
static void test_settle_stall(void **state) {
        static const struct {
                uint64_t waits_usec; /* after it */
                OutcomeKind kind;
        } rows[] = { { 400 * MSEC, OUTCOME_SETTLED }, { 700 * MSEC, OUTCOME_NO_EFFECT } };
        static Condition condition = { .kind = CONDITION_STALL,
                                       .pressure = { PRESSURE_SOME, 2000, 2 * SEC, RESOURCE_STALL } };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Step step = STEP("pause", ACTION_FREEZE, .conditions = &condition, .n_conditions = 1);

                unit_start(&step, 1);
                pass(&f, 2 * SEC, 0, 0);
                f.sample.pressure_usec[RESOURCE_IO][PRESSURE_SOME] += SEC;
                f.sample.wait_usec += 800 * MSEC;
                feed_look(&f, A);
                unit_survey();
                assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.seen[0], 4000);
                feed_outcome(&f, (Outcome){ .id = 1, .kind = OUTCOME_DONE });
                pass(&f, 2 * SEC, 0, 0);
                f.sample.pressure_usec[RESOURCE_IO][PRESSURE_SOME] += SEC;
                f.sample.wait_usec += rows[i].waits_usec;
                feed_timer(&f);
                feed_look(&f, A);
                assert_int_equal(effect_of(&f, EFFECT_REPORT)->report.outcome.kind, rows[i].kind);
                fixture_stop(&f);
        }
}

/* A long window still full of what was before the action calls for no other; what comes after it does. */
static void test_pressure_from_before(void **state) {
        static Condition condition = SOME(10, 10 * SEC);

        for (uint32_t after = 0; after <= 1000; after += 1000) {
                Step step = STEP("end", ACTION_KILL, .conditions = &condition, .n_conditions = 1);

                step.cooldown_usec = 0;
                unit_start(&step, 1);
                pass(&f, 10 * SEC, 9000, 0);
                feed_look(&f, A);
                unit_survey();
                feed_outcome(&f, (Outcome){ .id = 1, .kind = OUTCOME_DONE });
                pass(&f, 2 * SEC, after, 0);
                feed_timer(&f);
                feed_look(&f, A); /* settled */
                pass(&f, SEC, after, 0);
                feed_look(&f, A);
                assert_effects(&f, after == 0 ? "" : "survey");
                fixture_stop(&f);
        }
}

/* A look that does not come is asked for again after a second, and so is the one that ends Settle=. */
static void test_looks_that_do_not_come(void **state) {
        static Condition condition = AVAILABLE_BYTES(MIB);
        const Step step = STEP("end", ACTION_KILL, .conditions = &condition, .n_conditions = 1);

        unit_start(&step, 1);
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        assert_effects(&f, "survey");
        assert_int_equal(f.effects->wakeup_usec, f.now_usec + 100 * MSEC);
        f.now_usec = f.effects->wakeup_usec;
        for (unsigned i = 0; i < 3; i++) {
                feed_timer(&f);
                assert_effects(&f, "sample");
                assert_int_equal(f.effects->wakeup_usec, f.now_usec + SEC);
                f.now_usec = f.effects->wakeup_usec;
        }
        unit_survey();
        feed_outcome(&f, (Outcome){ .id = 1, .kind = OUTCOME_DONE });
        f.now_usec += 2 * SEC;
        for (unsigned i = 0; i < 3; i++) {
                feed_timer(&f);
                assert_effects(&f, "sample");
                f.now_usec += SEC;
        }
        feed_look(&f, A);
        assert_int_equal(effect_of(&f, EFFECT_REPORT)->report.outcome.kind, OUTCOME_NO_EFFECT);
        fixture_stop(&f);
}

/* Room that shrinks fast asks for a survey before anything holds, so that growth has a base. */
static void test_survey_ahead(void **state) {
        static Condition condition = AVAILABLE_BYTES(64 * MIB);
        const Step step = STEP("end", ACTION_KILL, .conditions = &condition, .n_conditions = 1);

        unit_start(&step, 1);
        pass(&f, SEC, 0, 0);
        f.sample.room_bytes = 800 * MIB; /* 224 MiB a second: the next look in 1.6 s */
        feed_look(&f, A);
        assert_effects(&f, "");
        pass(&f, SEC, 0, 0);
        f.sample.room_bytes = 400 * MIB; /* 0.42 s */
        feed_look(&f, A);
        assert_effects(&f, "survey");
        pass(&f, SEC, 0, 0);
        f.sample.room_bytes = 64 * MIB - 1; /* holds: the step itself asks */
        feed_look(&f, A);
        assert_effects(&f, "survey");
        fixture_stop(&f);
}

/* An answer that never comes counts as a timeout after five seconds. */
static void test_lost_answer(void **state) {
        static Condition condition = AVAILABLE_BYTES(MIB);
        const Step step = STEP("end", ACTION_KILL, .conditions = &condition, .n_conditions = 1);

        unit_start(&step, 1);
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        unit_survey();
        for (unsigned i = 0; i < 49; i++) {
                pass(&f, 100 * MSEC, 0, 0);
                feed_look(&f, A);
                assert_effects(&f, ""); /* one action at a time */
        }
        pass(&f, 100 * MSEC - 1, 0, 0);
        feed_timer(&f);
        assert_int_equal(core_counts(f.core).n_open, 1);
        pass(&f, 1, 0, 0);
        feed_timer(&f);
        assert_int_equal(effect_of(&f, EFFECT_REPORT)->report.outcome.kind, OUTCOME_TIMEOUT);
        assert_int_equal(effect_of(&f, EFFECT_REPORT)->report.outcome.error, -ETIMEDOUT);
        assert_int_equal(core_counts(f.core).n_open, 0);
        fixture_stop(&f);

        /* The watch ends with it where its unit is gone: no look is due any more. */
        unit_start(&step, 1);
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        unit_survey();
        feed_gone(&f, A);
        pass(&f, 5 * SEC, 0, 0);
        feed_timer(&f);
        assert_effects(&f, "report ended");
        assert_int_equal(core_counts(f.core).n_watches, 0);
        fixture_stop(&f);
}

/* The watch goes while it settles, its victim stays: it is told at once, and nothing is left to wait for. */
static void test_gone_while_settling(void **state) {
        enum { W = 3 };
        static Condition condition = AVAILABLE_BYTES(MIB);
        static Step end[] = { STEP("end", ACTION_KILL, .conditions = &condition, .n_conditions = 1) };
        Policy by_name = { .name = (char *) "p", .match.units = GLOBS(GLOB("w.service")), .steps = end, .n_steps = 1,
                           .victim = { RANK_BY(RANK_USAGE), .from = GLOBS(GLOB("a.service")) } };

        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        fixture_start(&f, (Policy *[]){ &by_name }, 1);
        feed_new(&f, W, CGROUP_UNIT, "w.service");
        feed_new(&f, A, CGROUP_UNIT, "a.service");
        f.sample.room_bytes = 0;
        feed_look(&f, W);
        feed_survey(&f, W, &(Candidate){ .cgroup_id = A, .usage_bytes = 1000 }, 1);
        feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = OUTCOME_DONE });
        feed_gone(&f, W);
        assert_effects(&f, "report ended");
        assert_string_equal(effect_of(&f, EFFECT_ENDED)->ended.watch.unit, "w.service");
        assert_int_equal(core_counts(f.core).n_watches, 0);
        assert_int_equal(core_counts(f.core).n_open, 0);
        fixture_stop(&f);
}

/* When the same action comes again, in seconds after the one before: what ends or frees as soon as it has cooled down,
 * what is told or held ever more rarely. */
static void test_again(void **state) {
        static const struct {
                ActionKind action;
                unsigned seconds[4];
        } rows[] = {
                { ACTION_LOG, { 15, 30, 60, 120 } },   { ACTION_START, { 15, 30, 60, 120 } },
                { ACTION_RECLAIM, { 15, 15, 15, 15 } }, { ACTION_KILL, { 15, 15, 15, 15 } },
                { ACTION_STOP, { 15, 15, 15, 15 } },    { ACTION_RESTART, { 15, 15, 15, 15 } },
        };
        static Condition condition = AVAILABLE_BYTES(MIB);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Step step = STEP("s", rows[i].action, .conditions = &condition, .n_conditions = 1, .settle_usec = 0,
                                       .start = rows[i].action == ACTION_START ? (char *) "x.service" : NULL);
                uint64_t last_usec = 0;

                unit_start(&step, 1);
                f.sample.room_bytes = 0;
                for (unsigned n = 0; n < 5;) {
                        assert_true(f.now_usec < 1300 * SEC); /* not never */
                        feed_look(&f, A);
                        if (strstr(effect_words(&f), "survey")) {
                                unit_survey();
                                if (n > 0)
                                        assert_int_equal((f.now_usec - last_usec) / SEC, rows[i].seconds[n - 1]);
                                n++;
                                last_usec = f.now_usec;
                                feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id,
                                                            .kind = OUTCOME_DONE });
                                feed_timer(&f);
                                feed_look(&f, A);
                        }
                        pass(&f, SEC, 0, 0);
                }
                fixture_stop(&f);
        }
}

/* What systemd said no to is tried four times, after each Settle=; then it cools down. */
static void test_tries(void **state) {
        static const ActionKind actions[] = { ACTION_THROTTLE, ACTION_RECLAIM, ACTION_FREEZE, ACTION_STOP, ACTION_START };
        static Condition condition = AVAILABLE_BYTES(MIB);

        for (size_t i = 0; i < ELEMENTSOF(actions); i++) {
                const Step step = STEP("s", actions[i], .conditions = &condition, .n_conditions = 1,
                                       .start = actions[i] == ACTION_START ? (char *) "x.service" : NULL);

                unit_start(&step, 1);
                f.sample.room_bytes = 0;
                for (unsigned n = 1; n <= 4; n++) {
                        feed_look(&f, A);
                        assert_effects(&f, "survey");
                        unit_survey();
                        feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = OUTCOME_FAILED });
                        while (strstr(effect_words(&f), "undo")) /* half of it may have been done */
                                feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_UNDO)->undo.id, .kind = OUTCOME_DONE });
                        pass(&f, 2 * SEC, 0, 0);
                        feed_timer(&f);
                        feed_look(&f, A); /* settled */
                }
                feed_look(&f, A);
                assert_effects(&f, "");
                fixture_stop(&f);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_incident),
                cmocka_unit_test(test_settle),
                cmocka_unit_test(test_settle_stall),
                cmocka_unit_test(test_pressure_from_before),
                cmocka_unit_test(test_looks_that_do_not_come),
                cmocka_unit_test(test_survey_ahead),
                cmocka_unit_test(test_lost_answer),
                cmocka_unit_test(test_gone_while_settling),
                cmocka_unit_test(test_again),
                cmocka_unit_test(test_tries),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
