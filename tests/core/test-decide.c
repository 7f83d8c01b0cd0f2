/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture-unit.h"

static void test_what_a_decision_tells(void **state) {
        const Decision *d;

        slice_start((Step)STEP("end", ACTION_KILL), RANK_USAGE);
        pass(&f, 10 * MSEC, 0, 0);
        d = slice_survey(500, 2000);
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
        slice_start((Step)STEP("end", ACTION_KILL), RANK_GROWTH);
        feed_survey(&f, SLICE, (Candidate[]){ { A, 500, 0, 0 }, { B, 2000, 0, 0 } }, 2);
        assert_effects(&f, "");
        assert_int_equal(f.effects->wakeup_usec, f.now_usec + 100 * MSEC);
        pass(&f, 100 * MSEC, 0, 0);
        assert_string_equal(slice_survey(600, 2000)->victim.unit, "a.service");
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.event_usec, f.now_usec - 100 * MSEC);
        fixture_stop(&f);

        /* Units that come and come keep it waiting no longer than that. */
        slice_start((Step)STEP("end", ACTION_KILL), RANK_GROWTH);
        pass(&f, SEC - 1, 0, 0);
        feed_survey(&f, SLICE, (Candidate[]){ { A, 500, 0, 0 } }, 1);
        assert_effects(&f, "");
        pass(&f, 1, 0, 0);
        assert_string_equal(slice_survey(600, 2000)->victim.unit, "a.service");
        fixture_stop(&f);
}

static void test_dry_run_is_no_budget_and_no_hold(void **state) {
        Step step = STEP("pause", ACTION_FREEZE);

        step.dry_run = true;
        slice_start(step, RANK_USAGE);
        assert_true(slice_survey(1000, 1)->dry_run);
        assert_int_equal(core_counts(f.core).n_open, 1); /* the answer */
        feed_outcome(&f, (Outcome){ .id = 1, .kind = OUTCOME_DRY_RUN });
        assert_effects(&f, "report");
        assert_int_equal(core_counts(f.core).n_open, 0);
        fixture_stop(&f);
}

/* Each condition with its own value. */
static void test_conditions_seen(void **state) {
        Condition conditions[] = { USAGE_BYTES(1), AVAILABLE_BYTES(GIB), SOME(10, 2 * SEC) };
        const Decision *d;

        slice_start((Step)STEP("end", ACTION_KILL), RANK_USAGE);
        steps[0].conditions = conditions;
        steps[0].n_conditions = 3;
        f.sample.room_bytes = 77;
        pass(&f, 2 * SEC, 2500, 1000);
        feed_look(&f, SLICE);
        d = slice_survey(500, 1);
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

                slice_start((Step)STEP("end", ACTION_KILL), RANK_USAGE);
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
                assert_int_equal(slice_survey(500, 1)->cause, rows[i].cause);
                fixture_stop(&f);
        }
}

/* What was before anybody looked is not the incident's. */
static void test_events_before_the_first_look(void **state) {
        slice_start((Step)STEP("end", ACTION_KILL), RANK_USAGE);
        fixture_stop(&f);
        f.sample.events_high = 7;
        f.sample.events_max = 2;
        f.sample.room_cgroup_id = 1; /* not known: the host's */
        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, SLICE, CGROUP_SLICE, "s.slice");
        feed_new(&f, A, CGROUP_UNIT, "s.slice/a.service");
        feed_look(&f, SLICE);
        assert_int_equal(slice_survey(500, 1)->cause, CAUSE_UNKNOWN);
        fixture_stop(&f);
}

/* Which measures need a second survey: those that grow from a base, and blame where there are others to blame. */
static void test_needs_growth(void **state) {
        static const struct {
                RankMeasure rank, own;
                bool has_own, unit, from, shield;
                ActionKind action;
                bool waits, around;
        } rows[] = {
                { RANK_USAGE, .action = ACTION_KILL },
                { RANK_SWAP, .action = ACTION_KILL },
                { RANK_GROWTH, .action = ACTION_KILL, .waits = true },
                { RANK_PRESSURE, .action = ACTION_KILL, .waits = true },
                { RANK_RECLAIM, .action = ACTION_KILL, .waits = true },
                { RANK_CULPRIT, .action = ACTION_KILL, .waits = true },
                { RANK_CULPRIT, .unit = true, .action = ACTION_KILL },
                { RANK_CULPRIT, .unit = true, .from = true, .action = ACTION_KILL, .waits = true },
                { RANK_CULPRIT, .unit = true, .around = true, .action = ACTION_KILL, .waits = true },
                { RANK_USAGE, .unit = true, .around = true, .action = ACTION_KILL },
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
                slice_start(step, rows[i].rank);
                policy.victim.n_rank = rows[i].has_own ? 2 : 1; /* which the step's own one does not go by */
                policy.victim.from = rows[i].from ? from : NULL;
                if (rows[i].unit) {
                        fixture_stop(&f);
                        policy.match.units = units;
                        policy.match.slices = NULL;
                        fixture_start(&f, (Policy *[]){ &policy }, 1);
                        feed_new(&f, A, CGROUP_UNIT, "s.slice/a.service");
                        feed_new(&f, B, CGROUP_UNIT, "s.slice/b.service");
                        feed_look(&f, A);
                }
                feed_survey(&f, rows[i].unit ? A : SLICE, (Candidate[]){ { A, 1000, 0, 0 }, { B, 1000, 0, 0 } },
                            rows[i].around ? 2 : 1);
                if ((f.effects->n_items == 0) != rows[i].waits)
                        fail_msg("row %zu: %s", i, effect_words(&f));
                fixture_stop(&f);
        }
}

/* The watch is a alone and the host is short: b grows, which is not watched. Who is to blame is told, and a pays for it only
 * where another measure says so. */
static void test_doing_of_another(void **state) {
        static const Stall stall = { A, 0, 1, STALL_DIRECT_RECLAIM, SEC, 9 };
        static const struct {
                size_t n_rank;
                ActionKind action;
                const char *effects, *victim;
        } rows[] = {
                { 1, ACTION_KILL, "refuse", NULL },
                { 1, ACTION_LOG, "act", NULL },
                { 2, ACTION_KILL, "act", "a.service" },
                { 2, ACTION_LOG, "act", "a.service" },
        };
        static char *units[] = { (char *) "a.service", NULL };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Candidate candidates[] = { { A, GIB, 0, 0 }, { B, GIB, 0, 0 } };
                Event event = { .kind = EVENT_SURVEY, .cgroup_id = A,
                                .survey = { .candidates = candidates, .n_candidates = 2, .stalls = &stall, .n_stalls = 1 } };

                slice_start((Step)STEP("s", rows[i].action), RANK_CULPRIT);
                fixture_stop(&f);
                policy.victim.rank[1] = RANK_USAGE;
                policy.victim.n_rank = rows[i].n_rank;
                policy.match.units = units;
                policy.match.slices = NULL;
                fixture_start(&f, (Policy *[]){ &policy }, 1);
                feed_new(&f, A, CGROUP_UNIT, "a.service");
                feed_new(&f, B, CGROUP_UNIT, "b.service");
                feed_look(&f, A);
                for (unsigned k = 0; k < 2; k++) {
                        event.now_usec = f.now_usec;
                        event.survey.values = f.sample;
                        f.effects = core_step(f.core, &event);
                        assert_effects(&f, k == 0 ? "" : rows[i].effects);
                        candidates[1].usage_bytes += 100 * MIB;
                        pass(&f, 600 * MSEC, 0, 0);
                }
                if (strcmp(rows[i].effects, "act") == 0) {
                        const Decision *d = &effect_of(&f, EFFECT_ACT)->decision;

                        assert_int_equal(d->cause, CAUSE_HOST_SHORT);
                        assert_int_equal(d->n_blames, 1);
                        assert_string_equal(d->blames[0].unit.unit, "b.service");
                        assert_int_equal(d->blames[0].share, 10000);
                        assert_int_equal(d->culprits[0].role, ROLE_SUFFERER);
                        assert_string_equal(rows[i].victim ?: "", d->victim.unit ?: "");
                }
                fixture_stop(&f);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_a_decision_tells),
                cmocka_unit_test(test_waits_for_growth),
                cmocka_unit_test(test_dry_run_is_no_budget_and_no_hold),
                cmocka_unit_test(test_conditions_seen),
                cmocka_unit_test(test_cause_by_counters),
                cmocka_unit_test(test_events_before_the_first_look),
                cmocka_unit_test(test_needs_growth),
                cmocka_unit_test(test_doing_of_another),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
