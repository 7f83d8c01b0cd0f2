/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When a step may not act: nobody is left, budgets, names that Start= cannot make. */

#include <string.h>

#include "fixture-unit.h"

/* One who may not pay is refused once in an incident, and asked for again after Cooldown=. */
static void test_refusals(void **state) {
        slice_start((Step)STEP("end", ACTION_KILL), RANK_USAGE);
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

        slice_start((Step)STEP("end", ACTION_KILL), RANK_USAGE);
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

/* No more is held than the ledger holds. */
static void test_full(void **state) {
        enum { N = 300 };
        static Candidate candidates[N];
        Step step = STEP("slow", ACTION_THROTTLE);
        size_t n_acts = 0;

        step.cooldown_usec = 0;
        step.settle_usec = 0;
        slice_start(step, RANK_USAGE);
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

/* Two candidates, one after the other, in a core whose budgets are these. */
static void start_budgets(unsigned host, uint64_t host_usec, unsigned own, uint64_t own_usec) {
        Step step = STEP("end", ACTION_KILL);

        step.cooldown_usec = 0;
        step.settle_usec = 0;
        slice_start(step, RANK_USAGE);
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
                slice_start((Step)STEP("s", rows[i].action, .start = (char *) rows[i].start, .shield = GLOBS(GLOB("a*"))), RANK_USAGE);
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

                slice_start(step, RANK_USAGE);
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
                slice_start((Step)STEP("end", ACTION_KILL), RANK_USAGE);
                f.settings.managed_oom = managed;
                feed_survey(&f, SLICE, &omit, 1);
                assert_effects(&f, managed ? "refuse" : "act");
                fixture_stop(&f);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_refusals),
                cmocka_unit_test(test_reasons),
                cmocka_unit_test(test_full),
                cmocka_unit_test(test_budgets),
                cmocka_unit_test(test_free_of_charge),
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_preference),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
