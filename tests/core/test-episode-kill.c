/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture-unit.h"

/* KillAfter=: to the microsecond, only if the unit is there still, and only once. */
static void test_escalation(void **state) {
        static Condition condition = AVAILABLE_BYTES(MIB);
        Step step = STEP("end", ACTION_KILL, .conditions = &condition, .n_conditions = 1);

        step.signal = SIGTERM;
        step.kill_after_usec = 10 * SEC;
        step.settle_usec = 0;
        for (unsigned turn = 0; turn < 4; turn++) {
                unit_start(&step, 1);
                f.sample.room_bytes = 0;
                feed_look(&f, A);
                unit_survey();
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
        unit_start(&step, 1);
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        unit_survey();
        feed_outcome(&f, (Outcome){ .id = 1, .kind = OUTCOME_DONE });
        feed_timer(&f);
        feed_look(&f, A); /* settled */
        pass(&f, 5 * SEC - 1, 0, 0);
        unit_survey();
        assert_effects(&f, "refuse");
        pass(&f, 1, 0, 0);
        unit_survey();
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
                unit_start(&step, 1);
                f.sample.room_bytes = 0;
                feed_look(&f, A);
                unit_survey();
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

/* A SIGKILL that was announced is sent before the daemon stops, whether SIGTERM was answered by then or not. By hand only
 * what is held is undone. */
static void test_stop_before_escalation(void **state) {
        static Condition condition = AVAILABLE_BYTES(MIB);
        Step step = STEP("end", ACTION_KILL, .conditions = &condition, .n_conditions = 1);

        step.signal = SIGTERM;
        step.kill_after_usec = 10 * SEC;
        for (unsigned turn = 0; turn < 3; turn++) {
                unit_start(&step, 1);
                f.sample.room_bytes = 0;
                feed_look(&f, A);
                unit_survey();
                if (turn == 1)
                        feed_release(&f, RELEASE_STOP);
                pass(&f, SEC, 0, 0);
                feed_outcome(&f, (Outcome){ .id = 1, .kind = OUTCOME_DONE });
                assert_int_equal(core_counts(f.core).n_open, 1); /* the SIGKILL is owed */
                if (turn != 1)
                        feed_release(&f, turn == 0 ? RELEASE_RELOAD : RELEASE_BY_HAND);
                feed_timer(&f);
                if (turn == 2) {
                        assert_null(strstr(effect_words(&f), "act"));
                        fixture_stop(&f);
                        continue;
                }
                assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.signal, SIGKILL);
                feed_outcome(&f, (Outcome){ .id = 2, .kind = OUTCOME_DONE });
                assert_int_equal(core_counts(f.core).n_open, 0);
                fixture_stop(&f);
        }
}

/* Settle= counts anew from the SIGKILL, and its look too: one that was due before it tells nothing. */
static void test_settles_at_escalation(void **state) {
        static Condition condition = AVAILABLE_BYTES(MIB);
        Step step = STEP("end", ACTION_KILL, .conditions = &condition, .n_conditions = 1);

        step.signal = SIGTERM;
        step.kill_after_usec = 2 * SEC;
        step.settle_usec = 2 * SEC;
        unit_start(&step, 1);
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        unit_survey();
        feed_outcome(&f, (Outcome){ .id = 1, .kind = OUTCOME_DONE });
        pass(&f, 2 * SEC, 0, 0);
        feed_timer(&f); /* both are due */
        assert_effects(&f, "act sample");
        feed_look(&f, A);
        assert_effects(&f, "");
        feed_outcome(&f, (Outcome){ .id = 2, .kind = OUTCOME_DONE });
        assert_effects(&f, "report");
        feed_look(&f, A);
        assert_effects(&f, "");
        pass(&f, 2 * SEC, 0, 0);
        feed_timer(&f);
        feed_look(&f, A);
        assert_int_equal(effect_of(&f, EFFECT_REPORT)->report.outcome.id, 2);
        fixture_stop(&f);

        /* The look of the first Settle= was asked for before KillAfter= was over, and comes after it. */
        step.kill_after_usec = 2500 * MSEC;
        unit_start(&step, 1);
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        unit_survey();
        feed_outcome(&f, (Outcome){ .id = 1, .kind = OUTCOME_DONE });
        pass(&f, 2 * SEC, 0, 0);
        feed_timer(&f);
        assert_effects(&f, "sample");
        pass(&f, 500 * MSEC, 0, 0);
        feed_timer(&f);
        assert_effects(&f, "act");
        feed_look(&f, A);
        assert_effects(&f, "");
        fixture_stop(&f);
}

/* Frozen by another watch after its SIGTERM: thawed for the SIGKILL, and its freeze is over. What Start= started before
 * the SIGTERM is no matter of the SIGKILL. */
static void test_frozen_before_escalation(void **state) {
        static Condition condition = AVAILABLE_BYTES(MIB);
        static Step end[] = { STEP("end", ACTION_KILL, .conditions = &condition, .n_conditions = 1, .signal = SIGTERM,
                                   .start = (char *) "x.service") };
        static Step pause[] = { STEP("pause", ACTION_FREEZE, .conditions = &condition, .n_conditions = 1) };
        Policy policies[] = {
                { .name = (char *) "10", .match.units = GLOBS(GLOB("a.service")), .steps = end, .n_steps = 1,
                  .victim = { RANK_BY(RANK_USAGE) } },
                { .name = (char *) "20", .match.slices = GLOBS(GLOB("s.slice")), .steps = pause, .n_steps = 1,
                  .victim = { RANK_BY(RANK_USAGE) } },
        };
        const Candidate candidate = { .cgroup_id = A, .usage_bytes = 1000 };
        uint64_t kill, freeze;

        end[0].kill_after_usec = 5 * SEC;
        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        fixture_start(&f, (Policy *[]){ policies, policies + 1 }, 2);
        feed_new(&f, SLICE, CGROUP_SLICE, "s.slice");
        feed_new(&f, A, CGROUP_UNIT, "s.slice/a.service");
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        unit_survey();
        feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_START)->job.id, .kind = OUTCOME_DONE });
        kill = effect_of(&f, EFFECT_ACT)->decision.id;
        feed_look(&f, SLICE);
        feed_survey(&f, SLICE, &candidate, 1);
        freeze = effect_of(&f, EFFECT_ACT)->decision.id;
        feed_outcome(&f, (Outcome){ .id = kill, .kind = OUTCOME_DONE });
        feed_outcome(&f, (Outcome){ .id = freeze, .kind = OUTCOME_DONE });
        assert_int_equal(core_counts(f.core).n_held, 1);
        pass(&f, 5 * SEC, 0, 0);
        feed_timer(&f);
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.signal, SIGKILL);
        assert_true(effect_of(&f, EFFECT_ACT)->decision.thaw_first);
        assert_string_equal(effect_of(&f, EFFECT_ACT)->decision.start, "");
        feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = OUTCOME_DONE });
        assert_int_equal(effect_of(&f, EFFECT_RELEASE)->undo.reason, RELEASE_KILL);
        assert_int_equal(core_counts(f.core).n_held, 0);
        fixture_stop(&f);
}

/* systemd thaws a unit before it stops it: the freeze is over with that. What it stopped is not chosen again at once. */
static void test_jobs_end_their_victim(void **state) {
        static const struct {
                ActionKind action;
                OutcomeKind kind;
                const char *effects;
        } rows[] = {
                { ACTION_STOP, OUTCOME_DONE, "refuse" },    { ACTION_RESTART, OUTCOME_DONE, "refuse" },
                { ACTION_STOP, OUTCOME_TIMEOUT, "act" },    { ACTION_STOP, OUTCOME_FAILED, "act" },
                { ACTION_START, OUTCOME_DONE, "act" },      { ACTION_RECLAIM, OUTCOME_DONE, "act" },
        };
        static Condition condition = AVAILABLE_BYTES(MIB), usage = USAGE_BYTES(1);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Step list[] = {
                        STEP("pause", ACTION_FREEZE, .conditions = &condition, .n_conditions = 1, .settle_usec = 0),
                        STEP("end", rows[i].action, .conditions = &usage, .n_conditions = 1, .cooldown_usec = 0,
                             .settle_usec = 0, .start = rows[i].action == ACTION_START ? (char *) "x.service" : NULL),
                };
                bool thaws = rows[i].action == ACTION_STOP || rows[i].action == ACTION_RESTART;

                unit_start(list, 2);
                f.sample.room_bytes = 0;
                feed_look(&f, A);
                unit_survey();
                feed_outcome(&f, (Outcome){ .id = 1, .kind = OUTCOME_DONE });
                feed_timer(&f);
                feed_look(&f, A); /* settled, and frozen */
                pass(&f, SEC, 0, 0);
                f.sample.usage_bytes = 2;
                feed_look(&f, A);
                unit_survey();
                assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.thaw_first, thaws);
                feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = rows[i].kind });
                if (thaws && rows[i].kind == OUTCOME_DONE)
                        assert_int_equal(effect_of(&f, EFFECT_RELEASE)->undo.reason, RELEASE_KILL);
                else
                        assert_effects(&f, "report");
                feed_timer(&f);
                feed_look(&f, A); /* settled */
                pass(&f, 5 * SEC - 1, 0, 0);
                unit_survey();
                if (strcmp(effect_words(&f), rows[i].effects) != 0)
                        fail_msg("row %zu: %s", i, effect_words(&f));
                fixture_stop(&f);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_escalation),
                cmocka_unit_test(test_dying),
                cmocka_unit_test(test_kill_that_fails),
                cmocka_unit_test(test_stop_before_escalation),
                cmocka_unit_test(test_settles_at_escalation),
                cmocka_unit_test(test_frozen_before_escalation),
                cmocka_unit_test(test_jobs_end_their_victim),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
