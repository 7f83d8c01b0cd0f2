/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "core/presence.h"

static void test_counts(void **state) {
        Condition conditions[] = {
                SOME(10, SEC),
                { .kind = CONDITION_PRESENT, .globs = GLOBS(GLOB("backup@*.service"), GLOB("restore.service")) },
                { .kind = CONDITION_ABSENT, .globs = GLOBS(GLOB("*.slice")) },
        };
        Step step = STEP("1", ACTION_LOG, .conditions = conditions, .n_conditions = 3);
        Policy policies[] = { { .steps = &step, .n_steps = 1 }, { .steps = &step, .n_steps = 0 } };
        const PolicySet set = { (Policy *[]){ policies, policies + 1 }, 2 };
        NodeRegistry nodes = { 0 };
        Presence p;
        Node *backup = registry_put(&nodes, 1, CGROUP_UNIT, "backup@a\\x2db.service");
        Node *restore = registry_put(&nodes, 2, CGROUP_UNIT, "restore.service");
        Node *slice = registry_put(&nodes, 3, CGROUP_SLICE, "x.slice");
        Node *other = registry_put(&nodes, 4, CGROUP_UNIT, "other.service");
        Node *host = registry_put(&nodes, 5, CGROUP_HOST, "-.slice");
        Node *group = registry_put(&nodes, 6, CGROUP_GROUP, "restore.service");

        assert_int_equal(presence_init(&p, &set), 0);
        assert_int_equal(p.n, 2);
        assert_int_equal(presence_count(&p, conditions + 1), 0);

        /* What changes an answer is the first that comes and the last that goes. */
        assert_true(presence_note(&p, backup, true));
        assert_false(presence_note(&p, restore, true));
        assert_int_equal(presence_count(&p, conditions + 1), 2);
        assert_false(presence_note(&p, other, true));
        assert_false(presence_note(&p, host, true)); /* it is no unit that comes */
        assert_false(presence_note(&p, group, true));
        assert_int_equal(presence_count(&p, conditions + 2), 0);
        assert_true(presence_note(&p, slice, true));
        assert_int_equal(presence_count(&p, conditions + 2), 1);
        assert_false(presence_note(&p, backup, false));
        assert_false(presence_note(&p, group, false));
        assert_true(presence_note(&p, restore, false));
        assert_true(presence_note(&p, slice, false));
        assert_int_equal(presence_count(&p, conditions + 1), 0);
        assert_int_equal(presence_count(&p, conditions + 2), 0);
        assert_int_equal(presence_count(&p, conditions), 0); /* none of these */

        presence_done(&p);
        presence_done(&p);
        node_registry_done(&nodes);
}

static void test_none(void **state) {
        Presence p;

        assert_int_equal(presence_init(&p, &(PolicySet){ 0 }), 0);
        assert_int_equal(p.n, 0);
        presence_done(&p);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_counts),
                cmocka_unit_test(test_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
