/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture-unit.h"

#include "core/explain.h"
#include "core/victim.h"

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
        for (StepDoing d = 0; d < _STEP_DOING_MAX; d++)
                assert_non_null(step_doing_to_string(d));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_waits, done),
                cmocka_unit_test_teardown(test_holds_for, done),
                cmocka_unit_test_teardown(test_acts_and_cools, done),
                cmocka_unit_test_teardown(test_behind, done),
                cmocka_unit_test_teardown(test_refused, done),
                cmocka_unit_test(test_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
