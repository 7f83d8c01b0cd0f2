/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture-unit.h"

/* A unit short of room whose only step has a Start=; the first effect is its. Returns the id to answer. */
static uint64_t start_first(Step step) {
        static Condition condition = AVAILABLE_BYTES(MIB);

        step.conditions = &condition;
        step.n_conditions = 1;
        step.start = (char *) "dump@%n.service";
        step.start_timeout_usec = 3 * SEC;
        unit_start(&step, 1);
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        unit_survey();
        assert_effects(&f, "start");
        return effect_of(&f, EFFECT_START)->job.id;
}

/* Start= comes first, with all that the record needs; whatever becomes of it, the action follows. */
static void test_start_first(void **state) {
        static const struct {
                OutcomeKind kind;
                bool lost; /* no answer at all */
        } rows[] = {
                { OUTCOME_DONE, false }, { OUTCOME_FAILED, false }, { OUTCOME_TIMEOUT, false }, { OUTCOME_REFUSED, false },
                { OUTCOME_TIMEOUT, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t id = start_first((Step)STEP("end", ACTION_KILL));
                const Decision *d = effect_of(&f, EFFECT_START)->job.decision;
                uint64_t decision_id = d->id;
                const Report *report;

                assert_int_not_equal(id, decision_id);
                assert_string_equal(d->start, "dump@a.service.service");
                assert_int_equal(d->action, ACTION_KILL);
                assert_int_equal(d->timeout_usec, 3 * SEC);
                assert_int_equal(core_counts(f.core).n_open, 1);

                feed_outcome(&f, (Outcome){ .id = decision_id, .kind = OUTCOME_DONE }); /* nobody asked for that yet */
                assert_effects(&f, "");
                if (rows[i].lost) {
                        pass(&f, 4 * SEC - 1, 0, 0);
                        feed_timer(&f);
                        assert_effects(&f, "sample");
                        pass(&f, 1, 0, 0);
                        feed_timer(&f);
                } else
                        feed_outcome(&f, (Outcome){ .id = id, .kind = rows[i].kind, .via = VIA_SYSTEMD });
                assert_effects(&f, "report act");
                report = &effect_of(&f, EFFECT_REPORT)->report;
                assert_true(report->started);
                assert_int_equal(report->outcome.kind, rows[i].kind);
                assert_int_equal(report->decision->id, decision_id);
                assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.id, decision_id);
                assert_string_equal(effect_of(&f, EFFECT_ACT)->decision.start, "dump@a.service.service");

                feed_outcome(&f, (Outcome){ .id = id, .kind = OUTCOME_DONE }); /* again, or too late */
                assert_effects(&f, "");
                feed_outcome(&f, (Outcome){ .id = decision_id, .kind = OUTCOME_DONE });
                assert_false(effect_of(&f, EFFECT_REPORT)->report.started);
                assert_int_equal(core_counts(f.core).n_open, 0);
                fixture_stop(&f);
        }
}

/* The action's own answer has its whole time, however long the start took. */
static void test_start_first_limit(void **state) {
        uint64_t id = start_first((Step)STEP("end", ACTION_KILL));

        pass(&f, 3 * SEC, 0, 0);
        feed_outcome(&f, (Outcome){ .id = id, .kind = OUTCOME_DONE });
        pass(&f, 5 * SEC - 1, 0, 0);
        feed_timer(&f);
        assert_effects(&f, "sample");
        pass(&f, 1, 0, 0);
        feed_timer(&f);
        assert_int_equal(effect_of(&f, EFFECT_REPORT)->report.outcome.kind, OUTCOME_TIMEOUT);
        assert_false(effect_of(&f, EFFECT_REPORT)->report.started);
        fixture_stop(&f);
}

/* Nothing else is begun meanwhile. A record needs no answer; a dry run starts nothing; the unit may be gone. */
static void test_start_first_otherwise(void **state) {
        static Condition condition = AVAILABLE_BYTES(MIB);
        Step step = STEP("tell", ACTION_LOG, .conditions = &condition, .n_conditions = 1, .start = (char *) "x.service",
                         .dry_run = true);
        uint64_t id = start_first((Step)STEP("tell", ACTION_LOG, .cooldown_usec = 0));

        pass(&f, SEC, 0, 0);
        feed_look(&f, A);
        assert_effects(&f, "");
        feed_outcome(&f, (Outcome){ .id = id, .kind = OUTCOME_DONE });
        assert_effects(&f, "report act");
        assert_int_equal(core_counts(f.core).n_open, 0);
        pass(&f, SEC, 0, 0);
        feed_look(&f, A);
        assert_effects(&f, "survey");
        pass(&f, 10 * SEC, 0, 0);
        feed_timer(&f);
        assert_true(f.effects->wakeup_usec > f.now_usec); /* no answer is due any more */
        fixture_stop(&f);

        unit_start(&step, 1);
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        unit_survey();
        assert_effects(&f, "act");
        assert_true(effect_of(&f, EFFECT_ACT)->decision.dry_run);
        assert_string_equal(effect_of(&f, EFFECT_ACT)->decision.start, "x.service");
        fixture_stop(&f);

        for (unsigned answered = 0; answered < 2; answered++) {
                id = start_first((Step)STEP("end", ACTION_KILL));
                feed_gone(&f, A);
                assert_int_equal(core_counts(f.core).n_watches, 1); /* it has an answer to wait for */
                if (answered)
                        feed_outcome(&f, (Outcome){ .id = id, .kind = OUTCOME_DONE });
                else {
                        pass(&f, 4 * SEC, 0, 0);
                        feed_timer(&f);
                }
                assert_effects(&f, "report act");
                assert_string_equal(effect_of(&f, EFFECT_ACT)->decision.victim.unit, "a.service");
                assert_int_equal(core_counts(f.core).n_watches, 1);
                feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = OUTCOME_DONE, .gone = true });
                assert_int_equal(core_counts(f.core).n_watches, 0);
                assert_int_equal(core_counts(f.core).n_open, 0);
                fixture_stop(&f);
        }
}

/* What is to be held has its place from the start on, and its time from when it is sent. */
static void test_start_first_holds(void **state) {
        HoldStatus h;
        uint64_t id = start_first((Step)STEP("pause", ACTION_FREEZE));

        assert_int_equal(core_counts(f.core).n_held, 1);
        pass(&f, 2 * SEC, 0, 0);
        feed_outcome(&f, (Outcome){ .id = id, .kind = OUTCOME_DONE });
        assert_true(core_hold_status(f.core, 0, &h));
        assert_int_equal(h.since_usec, f.now_usec);
        assert_int_equal(h.deadline_usec, f.now_usec + 30 * SEC);
        feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = OUTCOME_DONE });
        pass(&f, 30 * SEC - 1, 0, 0);
        feed_timer(&f);
        assert_null(strstr(effect_words(&f), "undo"));
        pass(&f, 1, 0, 0);
        feed_timer(&f);
        assert_non_null(strstr(effect_words(&f), "undo"));
        fixture_stop(&f);
}

/* The daemon stops: what was announced is done, at once; and what it holds is undone with its answer. */
static void test_stop_while_starting(void **state) {
        for (ReleaseReason reason = RELEASE_STOP; reason <= RELEASE_RELOAD; reason++) {
                uint64_t id;

                (void) start_first((Step)STEP("pause", ACTION_FREEZE));
                pass(&f, SEC, 0, 0);
                feed_release(&f, reason);
                assert_int_equal(f.effects->wakeup_usec, f.now_usec);
                feed_timer(&f);
                assert_effects(&f, "report act");
                assert_true(effect_of(&f, EFFECT_REPORT)->report.started);
                assert_int_equal(effect_of(&f, EFFECT_REPORT)->report.outcome.kind, OUTCOME_TIMEOUT);
                id = effect_of(&f, EFFECT_ACT)->decision.id;
                feed_outcome(&f, (Outcome){ .id = id, .kind = OUTCOME_DONE });
                assert_effects(&f, "undo report");
                assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, reason);
                feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_UNDO)->undo.id, .kind = OUTCOME_DONE });
                assert_int_equal(core_counts(f.core).n_open, 0);
                fixture_stop(&f);
        }
}

/* While the start takes its time one of those that are to be named goes, and so many after it that it is forgotten. */
static void test_names_meanwhile(void **state) {
        for (unsigned n = 0; n <= NODES_LATE_MAX; n += NODES_LATE_MAX) {
                const Candidate candidate = { .cgroup_id = A, .usage_bytes = 1000 };
                const Stall stalls[] = { { A, B, 7, STALL_MEMCG_MAX, SEC, 1 } };
                static Condition condition = AVAILABLE_BYTES(MIB);
                const Decision *d;
                uint64_t id;

                unit_start(&(Step){ .name = (char *) "end", .action = ACTION_KILL, .conditions = &condition, .n_conditions = 1,
                                    .start = (char *) "dump.service", .start_timeout_usec = 3 * SEC }, 1);
                feed_new(&f, B, CGROUP_UNIT, "a.service/b.service");
                f.sample.room_bytes = 0;
                feed_look(&f, A);
                f.effects = core_step(f.core, &(Event){ .kind = EVENT_SURVEY, .now_usec = f.now_usec, .cgroup_id = A,
                                                        .survey = { .values = f.sample, .candidates = &candidate,
                                                                    .n_candidates = 1, .stalls = stalls, .n_stalls = 1 } });
                assert_effects(&f, "start");
                id = effect_of(&f, EFFECT_START)->job.id;
                feed_gone(&f, B);
                for (unsigned i = 0; i < n; i++) {
                        feed_new(&f, 1000 + i, CGROUP_UNIT, "x.service");
                        feed_gone(&f, 1000 + i);
                }
                feed_outcome(&f, (Outcome){ .id = id, .kind = OUTCOME_DONE });
                d = &effect_of(&f, EFFECT_ACT)->decision;
                assert_int_equal(d->n_culprits, 1);
                assert_string_equal(d->culprits[0].unit.unit, "a.service");
                assert_string_equal(d->culprits[0].limit.unit, n == 0 ? "b.service" : "");
                assert_int_equal(d->n_blames, 1);
                assert_string_equal(d->blames[0].unit.unit, n == 0 ? "b.service" : "");
                fixture_stop(&f);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_start_first),
                cmocka_unit_test(test_start_first_limit),
                cmocka_unit_test(test_start_first_otherwise),
                cmocka_unit_test(test_start_first_holds),
                cmocka_unit_test(test_stop_while_starting),
                cmocka_unit_test(test_names_meanwhile),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
