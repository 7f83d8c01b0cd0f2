/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/explain.h"
#include "core/victim.h"
#include "fixture-unit.h"

enum { HOST = 1, HOG = 21, QUIET = 22, SSH = 23 };

static ExplainLook *look;

static void look_at(uint64_t id, const ExplainSight *sights, size_t n) {
        look = explain_look_free(look);
        assert_int_equal(explain_look_new(&look, f.core, id, sights, n), 0);
}

static ExplainStep step_of(size_t i) {
        ExplainStep s;

        assert_true(explain_step(look, i, &s));
        return s;
}

static ExplainCondition condition_of(size_t i, size_t j) {
        ExplainCondition c;

        assert_true(explain_condition(look, i, j, &c));
        return c;
}

static int done(void **state) {
        look = explain_look_free(look);
        if (f.core)
                fixture_stop(&f);
        f = (Fixture){ 0 };
        return 0;
}

/* ---- Which unit ---------------------------------------------------------------------------------- */

static void test_find(void **state) {
        fixture_start(&f, NULL, 0);
        feed_new(&f, HOST, CGROUP_HOST, "-.slice");
        feed_new(&f, SLICE, CGROUP_SLICE, "batch.slice");
        feed_new(&f, HOG, CGROUP_UNIT, "hog.service");

        assert_int_equal(explain_find(f.core, "hog.service"), HOG);
        assert_int_equal(explain_find(f.core, "/hog.service"), HOG);
        assert_int_equal(explain_find(f.core, "batch.slice"), SLICE);
        assert_int_equal(explain_find(f.core, "hog"), 0);
        feed_gone(&f, HOG);
        assert_int_equal(explain_find(f.core, "hog.service"), 0);
}

static void test_unit(void **state) {
        ExplainUnit u;

        f.settings = (Settings) SETTINGS_DEFAULT;
        fixture_start(&f, NULL, 0);
        feed_new(&f, SLICE, CGROUP_SLICE, "system.slice");
        feed_new(&f, SSH, CGROUP_UNIT, "system.slice/ssh.service");
        feed_new(&f, HOG, CGROUP_UNIT, "hog.service");

        assert_false(explain_unit(f.core, 99, &u));
        assert_true(explain_unit(f.core, SSH, &u));
        assert_int_equal(u.notes, UNIT_PROTECTED);
        assert_true(explain_unit(f.core, SLICE, &u));
        assert_int_equal(u.notes, UNIT_PROTECTED_BELOW);
        assert_true(explain_unit(f.core, HOG, &u));
        assert_int_equal(u.notes, 0);
        assert_int_equal(u.budget.max_actions, 30);
        assert_int_equal(u.budget.left, 30);
}

/* ---- Which policy -------------------------------------------------------------------------------- */

static void test_verdicts(void **state) {
        static Condition some[] = { SOME(10, 2 * SEC) };
        static Step one[] = { STEP("s", ACTION_LOG, .conditions = some, .n_conditions = 1) };
        Policy policies[] = {
                { .name = GLOB("10-off"), .match.units = GLOBS(GLOB("hog.service")), .disabled = true },
                { .name = GLOB("20-but"), .match.units = GLOBS(GLOB("*")), .match.except = GLOBS(GLOB("hog.*")) },
                { .name = GLOB("30-it"), .match.units = GLOBS(GLOB("hog.service")) },
                { .name = GLOB("40-late"), .match.units = GLOBS(GLOB("hog.service")) },
        };
        static const PolicyVerdict expected[] = { VERDICT_DISABLED, VERDICT_EXCEPT, VERDICT_WATCHES, VERDICT_LATER };
        Policy *list[ELEMENTSOF(policies)];
        const Policy *p;
        PolicyVerdict verdict;

        for (size_t i = 0; i < ELEMENTSOF(policies); i++) {
                policies[i].steps = one;
                policies[i].n_steps = 1;
                list[i] = policies + i;
        }
        fixture_start(&f, list, ELEMENTSOF(list));
        feed_new(&f, HOG, CGROUP_UNIT, "hog.service");
        feed_new(&f, SLICE, CGROUP_SLICE, "batch.slice");

        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                assert_true(explain_policy(f.core, HOG, i, &p, &verdict));
                assert_ptr_equal(p, list[i]);
                assert_int_equal(verdict, expected[i]);
        }
        assert_false(explain_policy(f.core, HOG, ELEMENTSOF(expected), &p, &verdict));
        assert_true(explain_policy(f.core, SLICE, 2, &p, &verdict));
        assert_int_equal(verdict, VERDICT_NO_MATCH);
        fixture_stop(&f);
        f.core = NULL;
}

static void test_expired(void **state) {
        static Condition some[] = { SOME(10, 2 * SEC) };
        static Step one[] = { STEP("s", ACTION_LOG, .conditions = some, .n_conditions = 1) };
        Policy once = { .name = GLOB("once"), .match.units = GLOBS(GLOB("hog.service")), .steps = one, .n_steps = 1,
                        .expires_usec = 5000 * SEC };
        const Effects *effects;
        const Policy *p;
        PolicyVerdict verdict;

        fixture_start(&f, (Policy *[]){ &once }, 1);
        feed_new(&f, HOG, CGROUP_UNIT, "hog.service");
        effects = core_step(f.core, &(Event){ .kind = EVENT_CLOCK, .now_usec = f.now_usec, .realtime_usec = 5001 * SEC });
        assert_non_null(effects);
        assert_true(explain_policy(f.core, HOG, 0, &p, &verdict));
        assert_int_equal(verdict, VERDICT_EXPIRED);
        fixture_stop(&f);
        f.core = NULL;
}

/* ---- Which watches ------------------------------------------------------------------------------- */

static void test_watches(void **state) {
        static Condition some[] = { SOME(10, 2 * SEC) };
        static Step one[] = { STEP("s", ACTION_KILL, .conditions = some, .n_conditions = 1) };
        Policy policies[] = {
                { .name = GLOB("slice"), .match.slices = GLOBS(GLOB("batch.slice")),
                  .victim = { .never = GLOBS(GLOB("hog.service")), .prefer = GLOBS(GLOB("quiet.*")) } },
                { .name = GLOB("unit"), .match.units = GLOBS(GLOB("hog.service")), .max_actions = 3, .max_actions_usec = SEC },
                { .name = GLOB("from"), .match.units = GLOBS(GLOB("db.service")),
                  .victim = { .from = GLOBS(GLOB("hog.*")), .avoid = GLOBS(GLOB("hog.service")) } },
        };
        Policy *list[ELEMENTSOF(policies)];
        ExplainWatch w;

        for (size_t i = 0; i < ELEMENTSOF(policies); i++) {
                policies[i].steps = one;
                policies[i].n_steps = 1;
                list[i] = policies + i;
        }
        fixture_start(&f, list, ELEMENTSOF(list));
        feed_new(&f, SLICE, CGROUP_SLICE, "batch.slice");
        feed_new(&f, HOG, CGROUP_UNIT, "batch.slice/hog.service");
        feed_new(&f, QUIET, CGROUP_UNIT, "batch.slice/quiet.service");
        feed_new(&f, 30, CGROUP_UNIT, "db.service");

        /* Its own first, then those that it may have to pay for. */
        assert_true(explain_watch(f.core, HOG, 0, &w));
        assert_true(w.itself);
        assert_string_equal(w.policy->name, "unit");
        assert_int_equal(w.standing, 0);
        assert_int_equal(w.budget.left, 3);
        assert_int_equal(w.looked_usec, 0);
        assert_int_equal(w.doing, DOING_NOTHING);
        assert_true(explain_watch(f.core, HOG, 1, &w));
        assert_false(w.itself);
        assert_string_equal(w.policy->name, "slice");
        assert_int_equal(w.standing, VICTIM_NEVER);
        assert_int_equal(w.budget.max_actions, 0);
        assert_true(explain_watch(f.core, HOG, 2, &w));
        assert_string_equal(w.policy->name, "from");
        assert_int_equal(w.standing, VICTIM_AVOID);
        assert_false(explain_watch(f.core, HOG, 3, &w));

        assert_true(explain_watch(f.core, QUIET, 0, &w));
        assert_string_equal(w.watch.unit, "batch.slice");
        assert_int_equal(w.standing, VICTIM_PREFER);
        assert_false(explain_watch(f.core, QUIET, 1, &w));

        /* A slice is no candidate of its own watch, and From= takes out what it does not name. */
        assert_true(explain_watch(f.core, SLICE, 0, &w));
        assert_int_equal(w.standing, VICTIM_NOT_FROM);
        assert_true(explain_watch(f.core, 30, 0, &w));
        assert_int_equal(w.standing, VICTIM_NOT_FROM);
        assert_int_equal(explain_look_new(&look, f.core, QUIET, NULL, 0), -ESRCH);
        fixture_stop(&f);
        f.core = NULL;
}

/* ---- Steps and conditions ------------------------------------------------------------------------ */

static void test_waits(void **state) {
        static Condition both[] = { SOME(10, 2 * SEC), USAGE_SHARE(50) };
        ExplainSight sights[2];

        unit_start((Step[]){ STEP("s", ACTION_LOG, .conditions = both, .n_conditions = 2) }, 1);
        look_at(A, NULL, 0);
        assert_int_equal(step_of(0).doing, STEP_WAITS);
        assert_int_equal(step_of(0).last_held_usec, 0);
        assert_int_equal(condition_of(0, 0).limit, 1000);
        assert_int_equal(condition_of(0, 0).value, 0);
        assert_false(condition_of(0, 0).holds);

        /* One of them holds at a look of the core's: it is remembered. */
        f.sample.limit_bytes = 100 * MIB;
        f.sample.usage_bytes = 60 * MIB;
        pass(&f, 10 * SEC, 0, 0);
        feed_look(&f, A);
        look_at(A, NULL, 0);
        assert_int_equal(condition_of(0, 1).limit, 50 * MIB);
        assert_int_equal(condition_of(0, 1).value, 60 * MIB);
        assert_true(condition_of(0, 1).holds);
        assert_int_equal(condition_of(0, 1).last_held_usec, f.now_usec);
        assert_int_equal(condition_of(0, 0).last_held_usec, 0);
        assert_int_equal(step_of(0).doing, STEP_WAITS);
        assert_int_equal(step_of(0).last_held_usec, 0);

        /* Two looks beside the core: they show what is, and it knows nothing of them. */
        sights[0] = (ExplainSight){ f.now_usec + 10 * SEC, f.sample };
        sights[1] = (ExplainSight){ f.now_usec + 12 * SEC, f.sample };
        sights[1].sample.usage_bytes = 20 * MIB;
        sights[1].sample.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME] += SEC;
        look_at(A, sights, 2);
        assert_int_equal(condition_of(0, 0).value, 5000);
        assert_true(condition_of(0, 0).holds);
        assert_false(condition_of(0, 1).holds);
        assert_int_equal(condition_of(0, 1).last_held_usec, sights[0].now_usec);
        look_at(A, NULL, 0);
        assert_int_equal(condition_of(0, 0).value, 0);
        assert_int_equal(condition_of(0, 1).value, 60 * MIB);
        assert_int_equal(condition_of(0, 0).last_held_usec, 0);
        assert_false(explain_step(look, 1, &(ExplainStep){ 0 }));
        assert_false(explain_condition(look, 0, 2, &(ExplainCondition){ 0 }));
        assert_false(explain_condition(look, 1, 0, &(ExplainCondition){ 0 }));
}

static void test_holds_for(void **state) {
        static Condition some[] = { SOME(10, 2 * SEC) };
        uint64_t since_usec;

        unit_start((Step[]){ STEP("s", ACTION_KILL, .conditions = some, .n_conditions = 1, .for_usec = 5 * SEC) }, 1);
        pass(&f, 2 * SEC, 5000, 0);
        feed_look(&f, A);
        since_usec = f.now_usec;
        look_at(A, NULL, 0);
        assert_int_equal(step_of(0).doing, STEP_HOLDS);
        assert_int_equal(step_of(0).since_usec, since_usec);
        assert_int_equal(step_of(0).until_usec, since_usec + 5 * SEC);
        assert_int_equal(step_of(0).last_held_usec, since_usec);

        pass(&f, 5 * SEC, 5000, 0);
        feed_look(&f, A);
        look_at(A, NULL, 0);
        assert_int_equal(step_of(0).doing, STEP_DUE);
}

static void test_acts_and_cools(void **state) {
        ExplainWatch w;
        ExplainUnit u;
        uint64_t id = unit_act((Step) STEP("s", ACTION_KILL, )), acted_usec = f.now_usec;

        assert_true(explain_watch(f.core, A, 0, &w));
        assert_true(w.in_incident);
        assert_int_equal(w.doing, DOING_ACTS);
        assert_true(explain_unit(f.core, A, &u));
        assert_int_equal(u.budget.left, 29);

        unit_answer(id, OUTCOME_DONE, 0);
        assert_true(explain_watch(f.core, A, 0, &w));
        assert_int_equal(w.doing, DOING_SETTLES);
        assert_int_equal(w.until_usec, f.now_usec + 2 * SEC);
        assert_int_equal(w.standing, VICTIM_DYING);
        assert_true(explain_unit(f.core, A, &u));
        assert_int_equal(u.notes, UNIT_DYING);

        /* What the window remembers from before does not count. */
        pass(&f, SEC, 0, 0);
        feed_look(&f, A);
        look_at(A, NULL, 0);
        assert_int_equal(step_of(0).doing, STEP_STALE);
        assert_int_equal(step_of(0).until_usec, acted_usec + 15 * SEC);
        assert_int_equal(step_of(0).n_acted, 1);
        assert_int_equal(step_of(0).acted_usec, acted_usec);

        pass(&f, 4 * SEC, 5000, 0);
        feed_look(&f, A);
        look_at(A, NULL, 0);
        assert_int_equal(step_of(0).doing, STEP_COOLS);
        assert_int_equal(step_of(0).until_usec, acted_usec + 15 * SEC);
}

static void test_behind(void **state) {
        static Condition some[] = { SOME(10, 2 * SEC) }, more[] = { SOME(20, 2 * SEC) };

        unit_start((Step[]){ STEP("a", ACTION_THROTTLE, .conditions = some, .n_conditions = 1),
                             STEP("b", ACTION_KILL, .conditions = more, .n_conditions = 1) }, 2);
        pass(&f, 2 * SEC, 5000, 0);
        feed_look(&f, A);
        look_at(A, NULL, 0);
        assert_int_equal(step_of(0).doing, STEP_BEHIND);
        assert_int_equal(step_of(1).doing, STEP_DUE);
}

static void test_refused(void **state) {
        static Condition some[] = { SOME(10, 2 * SEC) };

        unit_start((Step[]){ STEP("s", ACTION_KILL, .conditions = some, .n_conditions = 1) }, 1);
        policy.victim.never = GLOBS(GLOB("a.service"));
        pass(&f, 2 * SEC, 5000, 0);
        feed_look(&f, A);
        unit_survey();
        look_at(A, NULL, 0);
        assert_int_equal(step_of(0).refused, 1U << REFUSAL_NOBODY);
}

static void test_words(void **state) {
        for (PolicyVerdict v = 0; v < _VERDICT_MAX; v++)
                assert_non_null(verdict_to_string(v));
        for (WatchDoing d = 0; d < _DOING_MAX; d++)
                assert_non_null(watch_doing_to_string(d));
        for (StepDoing d = 0; d < _STEP_DOING_MAX; d++)
                assert_non_null(step_doing_to_string(d));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_find, done),
                cmocka_unit_test_teardown(test_unit, done),
                cmocka_unit_test_teardown(test_verdicts, done),
                cmocka_unit_test_teardown(test_expired, done),
                cmocka_unit_test_teardown(test_watches, done),
                cmocka_unit_test_teardown(test_waits, done),
                cmocka_unit_test_teardown(test_holds_for, done),
                cmocka_unit_test_teardown(test_acts_and_cools, done),
                cmocka_unit_test_teardown(test_behind, done),
                cmocka_unit_test_teardown(test_refused, done),
                cmocka_unit_test(test_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
