/* SPDX-License-Identifier: LGPL-2.1-or-later */

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
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
