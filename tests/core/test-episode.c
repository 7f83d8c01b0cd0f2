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

        /* The watch ends with it where its unit is gone: no look is due any more. */
        start(&step, 1);
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        survey();
        feed_gone(&f, A);
        pass(&f, 5 * SEC, 0, 0);
        feed_timer(&f);
        assert_effects(&f, "report ended");
        assert_int_equal(core_counts(f.core).n_watches, 0);
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

/* A unit short of room whose only step has a Start=; the first effect is its. Returns the id to answer. */
static uint64_t start_first(Step step) {
        static Condition condition = AVAILABLE_BYTES(MIB);

        step.conditions = &condition;
        step.n_conditions = 1;
        step.start = (char *) "dump@%n.service";
        step.start_timeout_usec = 3 * SEC;
        start(&step, 1);
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        survey();
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

        start(&step, 1);
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        survey();
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

/* A SIGKILL that was announced is sent before the daemon stops, whether SIGTERM was answered by then or not. By hand only
 * what is held is undone. */
static void test_stop_before_escalation(void **state) {
        static Condition condition = AVAILABLE_BYTES(MIB);
        Step step = STEP("end", ACTION_KILL, .conditions = &condition, .n_conditions = 1);

        step.signal = SIGTERM;
        step.kill_after_usec = 10 * SEC;
        for (unsigned turn = 0; turn < 3; turn++) {
                start(&step, 1);
                f.sample.room_bytes = 0;
                feed_look(&f, A);
                survey();
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
        start(&step, 1);
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        survey();
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
        start(&step, 1);
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        survey();
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
        enum { SLICE = 3 };
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
        survey();
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

                start(list, 2);
                f.sample.room_bytes = 0;
                feed_look(&f, A);
                survey();
                feed_outcome(&f, (Outcome){ .id = 1, .kind = OUTCOME_DONE });
                feed_timer(&f);
                feed_look(&f, A); /* settled, and frozen */
                pass(&f, SEC, 0, 0);
                f.sample.usage_bytes = 2;
                feed_look(&f, A);
                survey();
                assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.thaw_first, thaws);
                feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = rows[i].kind });
                if (thaws && rows[i].kind == OUTCOME_DONE)
                        assert_int_equal(effect_of(&f, EFFECT_RELEASE)->undo.reason, RELEASE_KILL);
                else
                        assert_effects(&f, "report");
                feed_timer(&f);
                feed_look(&f, A); /* settled */
                pass(&f, 5 * SEC - 1, 0, 0);
                survey();
                if (strcmp(effect_words(&f), rows[i].effects) != 0)
                        fail_msg("row %zu: %s", i, effect_words(&f));
                fixture_stop(&f);
        }
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

                start(&step, 1);
                f.sample.room_bytes = 0;
                for (unsigned n = 0; n < 5;) {
                        assert_true(f.now_usec < 1300 * SEC); /* not never */
                        feed_look(&f, A);
                        if (strstr(effect_words(&f), "survey")) {
                                survey();
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

                start(&step, 1);
                f.sample.room_bytes = 0;
                for (unsigned n = 1; n <= 4; n++) {
                        feed_look(&f, A);
                        assert_effects(&f, "survey");
                        survey();
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

/* Protect goes on to the next after each Settle=, and cools down when nobody is left; one that systemd refused is not
 * asked for again in this incident; one that failed is. */
static void test_protect(void **state) {
        enum { SLICE = 3, B = 8 };
        static const struct {
                OutcomeKind kind;
                Properties previous;
                const char *second, *third; /* whom it protects next, "" for nobody */
        } rows[] = {
                { OUTCOME_DONE, PROPERTIES_ONE(PROPERTY_MEMORY_LOW, 0), "b.service", "" },
                { OUTCOME_TIMEOUT, PROPERTIES_ONE(PROPERTY_MEMORY_LOW, 0), "b.service", "" },
                { OUTCOME_REFUSED, { 0 }, "b.service", "" },
                { OUTCOME_FAILED, { 0 }, "a.service", "b.service" },
        };
        static Condition condition = AVAILABLE_BYTES(MIB);
        static Step shield[] = { STEP("shield", ACTION_PROTECT, .conditions = &condition, .n_conditions = 1) };
        static const Candidate candidates[] = { { A, 1000, 0, 2 }, { B, 1000, 0, 1 } };

        shield[0].memory_low = (Amount){ .is_share = true, .share = 9000 };
        shield[0].shield = GLOBS(GLOB("*.service"));
        shield[0].has_until = false; /* held as long as the conditions are */
        shield[0].until.window_usec = 10 * SEC;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Policy by_slice = { .name = (char *) "p", .match.slices = GLOBS(GLOB("s.slice")), .steps = shield,
                                    .n_steps = 1, .victim = { RANK_BY(RANK_USAGE) } };
                const char *const next[] = { rows[i].second, rows[i].third };

                f = (Fixture){ .settings = SETTINGS_DEFAULT };
                fixture_start(&f, (Policy *[]){ &by_slice }, 1);
                feed_new(&f, SLICE, CGROUP_SLICE, "s.slice");
                feed_new(&f, A, CGROUP_UNIT, "s.slice/a.service");
                feed_new(&f, B, CGROUP_UNIT, "s.slice/b.service");
                f.sample.room_bytes = 0;
                feed_look(&f, SLICE);
                feed_survey(&f, SLICE, candidates, 2);
                assert_string_equal(effect_of(&f, EFFECT_ACT)->decision.victim.unit, "a.service");
                feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = rows[i].kind,
                                            .previous = rows[i].previous });
                for (size_t j = 0; j < 2; j++) {
                        pass(&f, 2 * SEC - 1, 0, 0);
                        feed_look(&f, SLICE);
                        assert_null(strstr(effect_words(&f), "survey")); /* it settles */
                        pass(&f, 1, 0, 0);
                        feed_timer(&f);
                        feed_look(&f, SLICE);
                        feed_look(&f, SLICE);
                        assert_effects(&f, "survey");
                        feed_survey(&f, SLICE, candidates, 2);
                        if (!next[j][0]) {
                                assert_effects(&f, "");
                                break;
                        }
                        assert_string_equal(effect_of(&f, EFFECT_ACT)->decision.victim.unit, next[j]);
                        feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = OUTCOME_DONE,
                                                    .previous = PROPERTIES_ONE(PROPERTY_MEMORY_LOW, 0) });
                }
                if (!next[1][0]) { /* nobody is left: now it cools */
                        pass(&f, 15 * SEC - 1, 0, 0);
                        feed_look(&f, SLICE);
                        assert_effects(&f, "");
                        pass(&f, 1, 0, 0);
                        feed_look(&f, SLICE);
                        assert_effects(&f, "survey");
                }
                fixture_stop(&f);
        }
}

/* A protect that cools lets what is milder act. */
static void test_protect_bars_nobody(void **state) {
        static Condition condition = AVAILABLE_BYTES(MIB);
        const Step list[] = {
                STEP("tell", ACTION_LOG, .conditions = &condition, .n_conditions = 1),
                STEP("shield", ACTION_PROTECT, .conditions = &condition, .n_conditions = 1),
        };

        start(list, 2);
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        survey();
        assert_effects(&f, "refuse"); /* nobody suffers */
        pass(&f, SEC, 0, 0);
        feed_look(&f, A);
        assert_effects(&f, "survey");
        survey();
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.action, ACTION_LOG);
        fixture_stop(&f);
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
                cmocka_unit_test(test_start_first),
                cmocka_unit_test(test_start_first_limit),
                cmocka_unit_test(test_start_first_otherwise),
                cmocka_unit_test(test_start_first_holds),
                cmocka_unit_test(test_stop_while_starting),
                cmocka_unit_test(test_stop_before_escalation),
                cmocka_unit_test(test_settles_at_escalation),
                cmocka_unit_test(test_frozen_before_escalation),
                cmocka_unit_test(test_jobs_end_their_victim),
                cmocka_unit_test(test_gone_while_settling),
                cmocka_unit_test(test_again),
                cmocka_unit_test(test_tries),
                cmocka_unit_test(test_protect),
                cmocka_unit_test(test_protect_bars_nobody),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
