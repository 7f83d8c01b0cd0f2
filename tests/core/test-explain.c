/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture-unit.h"

#include "core/explain.h"
#include "core/victim.h"

enum { HOST = 1, HOG = 21, QUIET = 22, SSH = 23 };

static int done(void **state) {
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
        assert_int_equal(explain_look_new(&(ExplainLook *){ NULL }, f.core, QUIET, NULL, 0), -ESRCH);
        fixture_stop(&f);
        f.core = NULL;
}

static void test_words(void **state) {
        for (PolicyVerdict v = 0; v < _VERDICT_MAX; v++)
                assert_non_null(verdict_to_string(v));
        for (WatchDoing d = 0; d < _DOING_MAX; d++)
                assert_non_null(watch_doing_to_string(d));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_find, done),
                cmocka_unit_test_teardown(test_unit, done),
                cmocka_unit_test_teardown(test_verdicts, done),
                cmocka_unit_test_teardown(test_expired, done),
                cmocka_unit_test_teardown(test_watches, done),
                cmocka_unit_test(test_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
