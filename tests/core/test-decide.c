/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture.h"

enum { SLICE = 2, A = 11, B = 12 };

static Step steps[1];
static Policy policy;
static Fixture f;

/* A slice with two units whose step is about usage: it holds from the first look on. */
static void start(Step step, RankMeasure rank) {
        static Condition condition = USAGE_BYTES(1);
        static char *slices[] = { (char *) "s.slice", NULL };

        steps[0] = step;
        steps[0].conditions = &condition;
        steps[0].n_conditions = 1;
        policy = (Policy){ .name = (char *) "p", .match.slices = slices, .steps = steps, .n_steps = 1,
                           .victim = { .rank = { rank }, .n_rank = 1 } };
        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, SLICE, CGROUP_SLICE, "s.slice");
        feed_new(&f, A, CGROUP_UNIT, "s.slice/a.service");
        feed_new(&f, B, CGROUP_UNIT, "s.slice/b.service");
        f.sample.usage_bytes = 1000;
        feed_look(&f, SLICE);
        assert_effects(&f, "survey");
}

static const Decision *survey(uint64_t a_bytes, uint64_t b_bytes) {
        feed_survey(&f, SLICE, (Candidate[]){ { A, a_bytes, 100, 0 }, { B, b_bytes, 0, 0 } }, 2);
        return &effect_of(&f, EFFECT_ACT)->decision;
}

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
                start(step, RANK_USAGE);
                d = survey(rows[i].usage, 1);
                assert_int_equal(d->action, ACTION_THROTTLE);
                assert_string_equal(d->victim.unit, "a.service");
                assert_int_equal(d->properties.values[PROPERTY_MEMORY_HIGH], rows[i].high); /* of all it uses, protected or not */
                fixture_stop(&f);
        }
}

static void test_what_a_decision_tells(void **state) {
        const Decision *d;

        start((Step)STEP("end", ACTION_KILL), RANK_USAGE);
        pass(&f, 10 * MSEC, 0, 0);
        d = survey(500, 2000);
        assert_int_equal(d->id, 1);
        assert_int_equal(d->count, 1);
        assert_string_equal(d->watch.unit, "s.slice");
        assert_string_equal(d->victim.unit, "b.service");
        assert_int_equal(d->victim_usage_bytes, 2000);
        assert_int_equal(d->n_candidates, 2);
        assert_int_equal(d->seen[0], 1000);
        assert_int_equal(d->sample.usage_bytes, 1000);
        assert_int_equal(d->signal, SIGKILL);
        assert_int_equal(d->event_usec, f.now_usec - 10 * MSEC); /* when the first look saw it */
        assert_false(d->dry_run);
        assert_false(d->escalation);
        assert_false(d->thaw_first);
        assert_int_equal(d->properties.values[PROPERTY_MEMORY_HIGH], 0);
        assert_ptr_equal(d->policy, &policy);
        assert_ptr_equal(d->step, steps);
        fixture_stop(&f);
}

/* Growth wants a base: the first survey only makes one, and after a second it goes on without. */
static void test_waits_for_growth(void **state) {
        start((Step)STEP("end", ACTION_KILL), RANK_GROWTH);
        feed_survey(&f, SLICE, (Candidate[]){ { A, 500, 0, 0 }, { B, 2000, 0, 0 } }, 2);
        assert_effects(&f, "");
        assert_int_equal(f.effects->wakeup_usec, f.now_usec + 100 * MSEC);
        pass(&f, 100 * MSEC, 0, 0);
        assert_string_equal(survey(600, 2000)->victim.unit, "a.service");
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.event_usec, f.now_usec - 100 * MSEC);
        fixture_stop(&f);

        /* Units that come and come keep it waiting no longer than that. */
        start((Step)STEP("end", ACTION_KILL), RANK_GROWTH);
        pass(&f, SEC - 1, 0, 0);
        feed_survey(&f, SLICE, (Candidate[]){ { A, 500, 0, 0 } }, 1);
        assert_effects(&f, "");
        pass(&f, 1, 0, 0);
        assert_string_equal(survey(600, 2000)->victim.unit, "a.service");
        fixture_stop(&f);
}

static void test_dry_run_is_no_budget_and_no_hold(void **state) {
        Step step = STEP("pause", ACTION_FREEZE);

        step.dry_run = true;
        start(step, RANK_USAGE);
        assert_true(survey(1000, 1)->dry_run);
        assert_int_equal(core_counts(f.core).n_open, 1); /* the answer */
        feed_outcome(&f, (Outcome){ .id = 1, .kind = OUTCOME_DRY_RUN });
        assert_effects(&f, "report");
        assert_int_equal(core_counts(f.core).n_open, 0);
        fixture_stop(&f);
}

/* One who may not pay is refused once in an incident, and asked for again after Cooldown=. */
static void test_refusals(void **state) {
        start((Step)STEP("end", ACTION_KILL), RANK_USAGE);
        feed_survey(&f, SLICE, NULL, 0);
        assert_effects(&f, "refuse");
        assert_int_equal(effect_of(&f, EFFECT_REFUSE)->refusal.reason, REFUSAL_NOBODY);
        assert_int_equal(effect_of(&f, EFFECT_REFUSE)->refusal.victim.id, 0);
        pass(&f, 15 * SEC - 1, 0, 0);
        feed_look(&f, SLICE);
        assert_effects(&f, "");
        pass(&f, 1, 0, 0);
        feed_look(&f, SLICE);
        assert_effects(&f, "survey");
        feed_survey(&f, SLICE, NULL, 0);
        assert_effects(&f, "");
        fixture_stop(&f);
}

/* Each reason is told once, in whatever order they come, and once more in another incident. */
static void test_reasons(void **state) {
        const Candidate protected = { .cgroup_id = 13 };
        static const struct {
                bool candidate;
                const char *effects;
                RefusalReason reason;
        } rows[] = {
                { false, "refuse", REFUSAL_NOBODY },
                { true, "refuse", REFUSAL_PROTECTED },
                { false, "", 0 },
                { true, "", 0 },
        };

        start((Step)STEP("end", ACTION_KILL), RANK_USAGE);
        feed_new(&f, 13, CGROUP_UNIT, "s.slice/dbus.service");
        for (unsigned incident = 1; incident <= 2; incident++) {
                f.sample.usage_bytes = 1000;
                for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                        feed_survey(&f, SLICE, &protected, rows[i].candidate);
                        assert_effects(&f, rows[i].effects);
                        if (rows[i].effects[0]) {
                                assert_int_equal(effect_of(&f, EFFECT_REFUSE)->refusal.reason, rows[i].reason);
                                assert_int_equal(effect_of(&f, EFFECT_REFUSE)->refusal.incident.low, incident);
                        }
                        pass(&f, 15 * SEC, 0, 0);
                }
                f.sample.usage_bytes = 0;
                feed_look(&f, SLICE);
                pass(&f, 10 * SEC, 0, 0);
                feed_look(&f, SLICE);
        }
        fixture_stop(&f);
}

/* Each condition with its own value. */
static void test_conditions_seen(void **state) {
        Condition conditions[] = { USAGE_BYTES(1), AVAILABLE_BYTES(GIB), SOME(10, 2 * SEC) };
        const Decision *d;

        start((Step)STEP("end", ACTION_KILL), RANK_USAGE);
        steps[0].conditions = conditions;
        steps[0].n_conditions = 3;
        f.sample.room_bytes = 77;
        pass(&f, 2 * SEC, 2500, 1000);
        feed_look(&f, SLICE);
        d = survey(500, 1);
        assert_int_equal(d->seen[0], 1000);
        assert_int_equal(d->seen[1], 77);
        assert_int_equal(d->seen[2], 2500);
        assert_int_equal(d->pressure[PRESSURE_SOME], 2500);
        assert_int_equal(d->pressure[PRESSURE_FULL], 1000);
        fixture_stop(&f);
}

/* Without BPF: reclaim at the watch's own limit since before the incident makes its cause; what was long before does
 * not. */
static void test_cause_by_counters(void **state) {
        static const struct {
                uint64_t high, max;
                Cause cause;
        } rows[] = {
                { 0, 0, CAUSE_UNKNOWN },
                { 1, 0, CAUSE_SLICE_LIMIT },
                { 0, 1, CAUSE_SLICE_LIMIT },
                { 1, 1, CAUSE_SLICE_LIMIT },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Condition condition = SOME(10, 2 * SEC);

                start((Step)STEP("end", ACTION_KILL), RANK_USAGE);
                fixture_stop(&f);
                steps[0].conditions = &condition;
                f.sample.events_high = 7;
                f.sample.events_max = 9;
                fixture_start(&f, (Policy *[]){ &policy }, 1);
                feed_new(&f, SLICE, CGROUP_SLICE, "s.slice");
                feed_new(&f, A, CGROUP_UNIT, "s.slice/a.service");
                feed_new(&f, B, CGROUP_UNIT, "s.slice/b.service");
                feed_look(&f, SLICE);
                pass(&f, 2 * SEC, 2500, 0);
                f.sample.events_high += rows[i].high;
                f.sample.events_max += rows[i].max;
                feed_look(&f, SLICE);
                assert_effects(&f, "survey");
                assert_int_equal(survey(500, 1)->cause, rows[i].cause);
                fixture_stop(&f);
        }
}

/* What was before anybody looked is not the incident's. */
static void test_events_before_the_first_look(void **state) {
        start((Step)STEP("end", ACTION_KILL), RANK_USAGE);
        fixture_stop(&f);
        f.sample.events_high = 7;
        f.sample.events_max = 2;
        f.sample.room_cgroup_id = 1; /* not known: the host's */
        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, SLICE, CGROUP_SLICE, "s.slice");
        feed_new(&f, A, CGROUP_UNIT, "s.slice/a.service");
        feed_look(&f, SLICE);
        assert_int_equal(survey(500, 1)->cause, CAUSE_UNKNOWN);
        fixture_stop(&f);
}

/* A log step names whoever comes first, or nobody, and waits for no answer. */
static void test_log(void **state) {
        start((Step)STEP("tell", ACTION_LOG), RANK_USAGE);
        feed_survey(&f, SLICE, NULL, 0);
        assert_effects(&f, "act");
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.victim.id, 0);
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.victim_usage_bytes, 0);
        assert_int_equal(core_counts(f.core).n_open, 0);
        fixture_stop(&f);
}

/* No more is held than the ledger holds. */
static void test_full(void **state) {
        enum { N = 300 };
        static Candidate candidates[N];
        Step step = STEP("slow", ACTION_THROTTLE);
        size_t n_acts = 0;

        step.cooldown_usec = 0;
        step.settle_usec = 0;
        start(step, RANK_USAGE);
        f.settings.max_actions = 1000;
        fixture_stop(&f);
        f.effects = NULL;
        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, SLICE, CGROUP_SLICE, "s.slice");
        for (uint64_t i = 0; i < N; i++) {
                candidates[i] = (Candidate){ .cgroup_id = 1000 + i, .usage_bytes = 1000 - i };
                feed_new(&f, 1000 + i, CGROUP_UNIT, "s.slice/u.service");
        }
        for (unsigned i = 0; i < N; i++) {
                pass(&f, MSEC, 0, 0);
                feed_survey(&f, SLICE, candidates, N);
                if (f.effects->n_items == 0)
                        continue; /* refused before */
                if (f.effects->items[0].kind == EFFECT_REFUSE) {
                        assert_effects(&f, "refuse");
                        assert_int_equal(f.effects->items[0].refusal.reason, REFUSAL_FULL);
                        assert_int_equal(n_acts, 256);
                        n_acts++;
                        continue;
                }
                n_acts++;
                feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = OUTCOME_DONE,
                                            .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, UINT64_MAX) });
                f.now_usec = f.effects->wakeup_usec;
                feed_timer(&f);
                feed_look(&f, SLICE);
        }
        assert_int_equal(n_acts, 257);
        assert_int_equal(core_counts(f.core).n_held, 256);

        /* All of it is released in one go. */
        feed_release(&f, RELEASE_STOP);
        assert_int_equal(f.effects->n_items, 256);
        for (uint64_t id = 0; id < 1000; id++)
                feed_outcome(&f, (Outcome){ .id = id, .kind = OUTCOME_DONE });
        assert_int_equal(core_counts(f.core).n_open, 0);
        fixture_stop(&f);
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
                start(step, RANK_USAGE);
                policy.victim.grain = rows[i].grain;
                d = survey(1000, 1);
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
                start(step, RANK_USAGE);
                (void) survey(1000, 1);
                pass(&f, rows[i].limit_usec - 1, 0, 0);
                feed_timer(&f);
                assert_effects(&f, "sample");
                pass(&f, 1, 0, 0);
                feed_timer(&f);
                assert_int_equal(effect_of(&f, EFFECT_REPORT)->report.outcome.kind, OUTCOME_TIMEOUT);
                fixture_stop(&f);
        }
}

/* Two candidates, one after the other, in a core whose budgets are these. */
static void start_budgets(unsigned host, uint64_t host_usec, unsigned own, uint64_t own_usec) {
        Step step = STEP("end", ACTION_KILL);

        step.cooldown_usec = 0;
        step.settle_usec = 0;
        start(step, RANK_USAGE);
        fixture_stop(&f);
        policy.max_actions = own;
        policy.max_actions_usec = own_usec;
        f.settings.max_actions = host;
        f.settings.max_actions_usec = host_usec;
        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, SLICE, CGROUP_SLICE, "s.slice");
        feed_new(&f, A, CGROUP_UNIT, "s.slice/a.service");
        feed_look(&f, SLICE);
}

/* -1: it acts; else the refusal, or _REFUSAL_REASON_MAX for one that has been told. */
static int try_to_act(void) {
        pass(&f, 10 * SEC, 0, 0);
        feed_survey(&f, SLICE, (Candidate[]){ { A, 1000, 0, 0 } }, 1);
        if (f.effects->n_items == 0)
                return _REFUSAL_REASON_MAX;
        if (f.effects->items[0].kind == EFFECT_REFUSE)
                return (int) effect_of(&f, EFFECT_REFUSE)->refusal.reason;
        feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = OUTCOME_DONE });
        feed_timer(&f);
        feed_look(&f, SLICE); /* settled */
        return -1;
}

/* The policy's own budget, and the host's: what one refuses is not taken from the other. */
static void test_budgets(void **state) {
        start_budgets(30, 600 * SEC, 2, 600 * SEC);
        assert_int_equal(try_to_act(), -1);
        assert_int_equal(try_to_act(), -1);
        assert_int_equal(try_to_act(), REFUSAL_POLICY_BUDGET);
        assert_int_equal(try_to_act(), _REFUSAL_REASON_MAX);
        fixture_stop(&f);

        start_budgets(1, 25 * SEC, 2, 600 * SEC);
        assert_int_equal(try_to_act(), -1);
        assert_int_equal(try_to_act(), REFUSAL_BUDGET);
        assert_int_equal(try_to_act(), _REFUSAL_REASON_MAX);
        assert_int_equal(try_to_act(), -1); /* the refused ones took nothing of the policy's two */
        assert_int_equal(try_to_act(), REFUSAL_POLICY_BUDGET);
        fixture_stop(&f);

        start_budgets(2, 600 * SEC, 1, 25 * SEC);
        assert_int_equal(try_to_act(), -1);
        assert_int_equal(try_to_act(), REFUSAL_POLICY_BUDGET);
        assert_int_equal(try_to_act(), _REFUSAL_REASON_MAX);
        assert_int_equal(try_to_act(), -1); /* nor of the host's */
        assert_int_equal(try_to_act(), _REFUSAL_REASON_MAX);
        fixture_stop(&f);

        start_budgets(30, 600 * SEC, 0, 0); /* none of its own */
        for (unsigned i = 0; i < 5; i++)
                assert_int_equal(try_to_act(), -1);
        fixture_stop(&f);
}

/* What is only told, and what is protected, costs nothing of it; what is started does. */
static void test_free_of_charge(void **state) {
        static const struct {
                ActionKind action;
                const char *start;
                bool charged;
        } rows[] = {
                { ACTION_LOG, NULL, false },     { ACTION_LOG, "x.service", true },     { ACTION_PROTECT, NULL, false },
                { ACTION_PROTECT, "x.service", true }, { ACTION_THROTTLE, NULL, true }, { ACTION_RECLAIM, NULL, true },
                { ACTION_FREEZE, NULL, true },   { ACTION_KILL, NULL, true },           { ACTION_STOP, NULL, true },
                { ACTION_RESTART, NULL, true },  { ACTION_START, "x.service", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                start((Step)STEP("s", rows[i].action, .start = (char *) rows[i].start, .shield = GLOBS(GLOB("a*"))), RANK_USAGE);
                fixture_stop(&f);
                f.settings.max_actions = 0;
                fixture_start(&f, (Policy *[]){ &policy }, 1);
                feed_new(&f, SLICE, CGROUP_SLICE, "s.slice");
                feed_new(&f, A, CGROUP_UNIT, "s.slice/a.service");
                feed_look(&f, SLICE);
                feed_survey(&f, SLICE, (Candidate[]){ { A, 1000, 0, 0 } }, 1);
                if (strcmp(effect_words(&f), rows[i].charged ? "refuse" : "act") != 0)
                        fail_msg("row %zu: %s", i, effect_words(&f));
                fixture_stop(&f);
        }
}

/* What Start= says needs a victim, or cannot be: the step is refused, in a dry run as well. */
static void test_names(void **state) {
        static const struct {
                ActionKind action;
                const char *start;
                uint64_t candidate; /* 0: none */
                bool dry_run;
                int refusal;        /* -1: none */
        } rows[] = {
                { ACTION_START, "x.service", 0, false, -1 },
                { ACTION_START, "x@%i.service", 0, false, -1 },
                { ACTION_START, "x@%n.service", 0, false, REFUSAL_NOBODY },
                { ACTION_START, "x@%n.service", 0, true, REFUSAL_NOBODY },
                { ACTION_START, "x@%n.service", 13, false, REFUSAL_PROTECTED },
                { ACTION_START, "x.service", 13, false, -1 },
                { ACTION_START, "x@%n.service", A, false, -1 },
                { ACTION_START, "x@%q.service", A, false, REFUSAL_NAME },
                { ACTION_KILL, "x@%q.service", A, false, REFUSAL_NAME },
                { ACTION_KILL, "x@%q.service", A, true, REFUSAL_NAME },
                { ACTION_KILL, "x@%q.service", 0, false, REFUSAL_NOBODY },
                { ACTION_LOG, "x@%n.service", 0, false, REFUSAL_NOBODY },
                { ACTION_LOG, "x.service", 0, false, -1 },
                { ACTION_LOG, NULL, 0, false, -1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Step step = STEP("s", rows[i].action, .start = (char *) rows[i].start, .dry_run = rows[i].dry_run);

                start(step, RANK_USAGE);
                feed_new(&f, 13, CGROUP_UNIT, "s.slice/dbus.service");
                feed_survey(&f, SLICE, &(Candidate){ .cgroup_id = rows[i].candidate }, rows[i].candidate != 0);
                if (rows[i].refusal < 0) {
                        assert_int_equal(f.effects->n_items, 1);
                        assert_int_not_equal(f.effects->items[0].kind, EFFECT_REFUSE);
                } else {
                        assert_effects(&f, "refuse");
                        assert_int_equal(effect_of(&f, EFFECT_REFUSE)->refusal.reason, rows[i].refusal);
                        assert_int_equal(effect_of(&f, EFFECT_REFUSE)->refusal.victim.id,
                                         rows[i].refusal == REFUSAL_NAME ? A : 0);
                }
                fixture_stop(&f);
        }
}

/* ManagedOOMPreference= of the units counts as long as ManagedOOM= does. */
static void test_preference(void **state) {
        const Candidate omit = { .cgroup_id = A, .usage_bytes = 1000, .preference = PREFERENCE_OMIT };

        for (unsigned managed = 0; managed < 2; managed++) {
                start((Step)STEP("end", ACTION_KILL), RANK_USAGE);
                f.settings.managed_oom = managed;
                feed_survey(&f, SLICE, &omit, 1);
                assert_effects(&f, managed ? "refuse" : "act");
                fixture_stop(&f);
        }
}

/* Which measures need a second survey: those that grow from a base, and blame where there are others to blame. */
static void test_needs_growth(void **state) {
        static const struct {
                RankMeasure rank, own;
                bool has_own, unit, from, shield;
                ActionKind action;
                bool waits;
        } rows[] = {
                { RANK_USAGE, .action = ACTION_KILL },
                { RANK_SWAP, .action = ACTION_KILL },
                { RANK_GROWTH, .action = ACTION_KILL, .waits = true },
                { RANK_PRESSURE, .action = ACTION_KILL, .waits = true },
                { RANK_RECLAIM, .action = ACTION_KILL, .waits = true },
                { RANK_CULPRIT, .action = ACTION_KILL, .waits = true },
                { RANK_CULPRIT, .unit = true, .action = ACTION_KILL },
                { RANK_CULPRIT, .unit = true, .from = true, .action = ACTION_KILL, .waits = true },
                { RANK_GROWTH, RANK_USAGE, .has_own = true, .action = ACTION_KILL },
                { RANK_USAGE, RANK_GROWTH, .has_own = true, .action = ACTION_KILL, .waits = true },
                { RANK_USAGE, .action = ACTION_PROTECT, .waits = true },
                { RANK_GROWTH, .shield = true, .action = ACTION_PROTECT },
                { RANK_GROWTH, .unit = true, .action = ACTION_PROTECT },
        };

        static char *from[] = { (char *) "a*", NULL }, *units[] = { (char *) "a.service", NULL };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Step step = STEP("s", rows[i].action, .shield = rows[i].shield ? GLOBS(GLOB("a*")) : NULL);

                step.rank[0] = rows[i].own;
                step.n_rank = rows[i].has_own;
                start(step, rows[i].rank);
                policy.victim.n_rank = rows[i].has_own ? 2 : 1; /* which the step's own one does not go by */
                policy.victim.from = rows[i].from ? from : NULL;
                if (rows[i].unit) {
                        fixture_stop(&f);
                        policy.match.units = units;
                        policy.match.slices = NULL;
                        fixture_start(&f, (Policy *[]){ &policy }, 1);
                        feed_new(&f, A, CGROUP_UNIT, "s.slice/a.service");
                        feed_look(&f, A);
                }
                feed_survey(&f, rows[i].unit ? A : SLICE, (Candidate[]){ { A, 1000, 0, 0 } }, 1);
                if ((f.effects->n_items == 0) != rows[i].waits)
                        fail_msg("row %zu: %s", i, effect_words(&f));
                fixture_stop(&f);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_memory_high),
                cmocka_unit_test(test_what_a_decision_tells),
                cmocka_unit_test(test_waits_for_growth),
                cmocka_unit_test(test_dry_run_is_no_budget_and_no_hold),
                cmocka_unit_test(test_refusals),
                cmocka_unit_test(test_reasons),
                cmocka_unit_test(test_conditions_seen),
                cmocka_unit_test(test_cause_by_counters),
                cmocka_unit_test(test_events_before_the_first_look),
                cmocka_unit_test(test_log),
                cmocka_unit_test(test_full),
                cmocka_unit_test(test_actions),
                cmocka_unit_test(test_answer_limits),
                cmocka_unit_test(test_budgets),
                cmocka_unit_test(test_free_of_charge),
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_preference),
                cmocka_unit_test(test_needs_growth),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
