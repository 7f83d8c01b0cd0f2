/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture.h"

enum { A = 7 };

static Step steps[2];
static Policy policy;
static Fixture f;

/* A unit with one or two steps, seen once, calm. */
static void start(const Step *list, size_t n) {
        static char *units[] = { (char *) "a.service", NULL };

        for (size_t i = 0; i < n; i++)
                steps[i] = list[i];
        policy = (Policy){ .name = (char *) "p", .match.units = units, .steps = steps, .n_steps = n,
                           .victim = { RANK_BY(RANK_USAGE) } };
        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, A, CGROUP_UNIT, "a.service");
        feed_look(&f, A);
}

static void survey(void) {
        feed_survey(&f, A, &(Candidate){ .cgroup_id = A, .usage_bytes = 1000 }, 1);
}

/* An incident ends when nothing has held for ten seconds; the next has another name and counts anew. */
static void test_incident(void **state) {
        static Condition condition = SOME(10, 2 * SEC);
        Step step = STEP("tell", ACTION_LOG, .conditions = &condition, .n_conditions = 1);
        Id128 first;

        step.cooldown_usec = 0;
        start(&step, 1);
        assert_int_equal(core_counts(f.core).n_incidents, 0);
        pass(&f, 2 * SEC, 1000, 0);
        feed_look(&f, A);
        survey();
        first = effect_of(&f, EFFECT_ACT)->decision.incident;
        assert_int_equal(first.low, 1);
        pass(&f, 2 * SEC, 1000, 0);
        feed_look(&f, A);
        survey();
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.count, 2);
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.incident.high, first.high);

        pass(&f, 2 * SEC, 0, 0);
        feed_look(&f, A);
        pass(&f, 10 * SEC - 2 * SEC - 1, 0, 0);
        feed_look(&f, A);
        assert_int_equal(core_counts(f.core).n_incidents, 1);
        pass(&f, 1, 0, 0);
        feed_look(&f, A);
        assert_int_equal(core_counts(f.core).n_incidents, 0);
        assert_int_equal(f.effects->wakeup_usec, USEC_INFINITY); /* asleep */

        pass(&f, 2 * SEC, 1000, 0);
        feed_look(&f, A);
        survey();
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
        };
        static Condition condition = SOME(10, 2 * SEC);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Step step = STEP("end", rows[i].action, .conditions = &condition, .n_conditions = 1);
                const Report *report;

                start(&step, 1);
                f.sample.usage_bytes = 10000;
                pass(&f, 2 * SEC, 4000, 0);
                feed_look(&f, A);
                survey();
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

/* A long window still full of what was before the action calls for no other; what comes after it does. */
static void test_pressure_from_before(void **state) {
        static Condition condition = SOME(10, 10 * SEC);

        for (uint32_t after = 0; after <= 1000; after += 1000) {
                Step step = STEP("end", ACTION_KILL, .conditions = &condition, .n_conditions = 1);

                step.cooldown_usec = 0;
                start(&step, 1);
                pass(&f, 10 * SEC, 9000, 0);
                feed_look(&f, A);
                survey();
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

        start(&step, 1);
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
        survey();
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

        start(&step, 1);
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

        start(&step, 1);
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        survey();
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
}

/* KillAfter=: to the microsecond, only if the unit is there still, and only once. */
static void test_escalation(void **state) {
        static Condition condition = AVAILABLE_BYTES(MIB);
        Step step = STEP("end", ACTION_KILL, .conditions = &condition, .n_conditions = 1);

        step.signal = SIGTERM;
        step.kill_after_usec = 10 * SEC;
        step.settle_usec = 0;
        for (unsigned turn = 0; turn < 4; turn++) {
                start(&step, 1);
                f.sample.room_bytes = 0;
                feed_look(&f, A);
                survey();
                assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.signal, SIGTERM);
                if (turn == 1)
                        feed_gone(&f, A); /* before the answer */
                feed_outcome(&f, (Outcome){ .id = 1, .kind = turn == 2 ? OUTCOME_FAILED : OUTCOME_DONE });
                if (turn == 3)
                        feed_gone(&f, A); /* after it */
                pass(&f, 10 * SEC - 1, 0, 0);
                feed_timer(&f);
                if (turn == 0)
                        assert_effects(&f, "sample");
                pass(&f, 1, 0, 0);
                feed_timer(&f);
                if (turn > 0) {
                        assert_true(turn == 2 || f.effects->n_items == 0);
                        fixture_stop(&f);
                        continue;
                }
                assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.signal, SIGKILL);
                assert_true(effect_of(&f, EFFECT_ACT)->decision.escalation);
                assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.id, 2);
                feed_outcome(&f, (Outcome){ .id = 2, .kind = OUTCOME_DONE });
                for (unsigned i = 0; i < 20; i++) {
                        pass(&f, SEC, 0, 0);
                        feed_timer(&f);
                        assert_true(f.effects->n_items <= 1);
                        assert_true(f.effects->n_items == 0 || f.effects->items[0].kind == EFFECT_SAMPLE);
                }
                fixture_stop(&f);
        }
}

/* A victim that was killed is not chosen again while it dies. */
static void test_dying(void **state) {
        static Condition condition = AVAILABLE_BYTES(MIB);
        Step step = STEP("end", ACTION_KILL, .conditions = &condition, .n_conditions = 1);

        step.cooldown_usec = 0;
        step.settle_usec = 0;
        start(&step, 1);
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        survey();
        feed_outcome(&f, (Outcome){ .id = 1, .kind = OUTCOME_DONE });
        feed_timer(&f);
        feed_look(&f, A); /* settled */
        pass(&f, 5 * SEC - 1, 0, 0);
        survey();
        assert_effects(&f, "refuse");
        pass(&f, 1, 0, 0);
        survey();
        assert_effects(&f, "act");
        fixture_stop(&f);
}

/* A kill that did not happen is tried again after Settle=, one that did only after Cooldown=. */
static void test_kill_that_fails(void **state) {
        static const struct {
                OutcomeKind kind;
                const char *effects;
        } rows[] = {
                { OUTCOME_FAILED, "survey" },
                { OUTCOME_TIMEOUT, "survey" },
                { OUTCOME_REFUSED, "" },
                { OUTCOME_DONE, "report" },
        };
        static Condition condition = AVAILABLE_BYTES(MIB);
        const Step step = STEP("end", ACTION_KILL, .conditions = &condition, .n_conditions = 1);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                start(&step, 1);
                f.sample.room_bytes = 0;
                feed_look(&f, A);
                survey();
                feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = rows[i].kind });
                pass(&f, 2 * SEC, 0, 0);
                feed_timer(&f);
                feed_look(&f, A); /* settled */
                if (rows[i].kind != OUTCOME_DONE)
                        feed_look(&f, A);
                if (strcmp(effect_words(&f), rows[i].effects) != 0)
                        fail_msg("row %zu: %s", i, effect_words(&f));
                fixture_stop(&f);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_incident),
                cmocka_unit_test(test_settle),
                cmocka_unit_test(test_pressure_from_before),
                cmocka_unit_test(test_looks_that_do_not_come),
                cmocka_unit_test(test_survey_ahead),
                cmocka_unit_test(test_lost_answer),
                cmocka_unit_test(test_escalation),
                cmocka_unit_test(test_dying),
                cmocka_unit_test(test_kill_that_fails),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
