/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "test.h"

#include "base/strv.h"
#include "core/policy.h"

static void test_words(void **state) {
        static const char *const actions[] = { "log",    "protect", "throttle", "reclaim", "freeze",
                                                "kill",   "stop",    "restart",  "start" };
        static const char *const ranks[] = { "culprit", "usage", "growth", "swap", "pressure", "reclaim" };
        static const char *const conditions[] = {
                "Pressure",   "HostPressure", "IOPressure", "CPUPressure", "Stall", "Available",  "HostAvailable",
                "SwapFree",   "Usage",        "Growth",     "Exhaustion",  "Refaults",   "Reclaim",
                "Efficiency", "Event",        "Cause",      "Present",     "Absent",     "DyingDescendants",
        };

        for (ActionKind a = 0; a < _ACTION_KIND_MAX; a++) {
                assert_string_equal(action_to_string(a), actions[a]);
                assert_int_equal(action_from_string(actions[a]), a);
        }
        for (RankMeasure m = 0; m < _RANK_MEASURE_MAX; m++) {
                assert_string_equal(rank_to_string(m), ranks[m]);
                assert_int_equal(rank_from_string(ranks[m]), m);
        }
        for (ConditionKind c = 0; c < _CONDITION_KIND_MAX; c++)
                assert_string_equal(condition_to_string(c), conditions[c]);
        assert_string_equal(pressure_to_string(PRESSURE_SOME), "some");
        assert_string_equal(pressure_to_string(PRESSURE_FULL), "full");

        assert_string_equal(action_to_string(_ACTION_KIND_INVALID), "none");
        assert_string_equal(action_to_string(_ACTION_KIND_MAX), "none");
        assert_int_equal(action_from_string("Kill"), _ACTION_KIND_INVALID);
        assert_int_equal(action_from_string(""), _ACTION_KIND_INVALID);
        assert_int_equal(action_from_string("killer"), _ACTION_KIND_INVALID);
        assert_int_equal(rank_from_string("size"), _RANK_MEASURE_INVALID);
}

static void test_action_holds(void **state) {
        assert_false(action_holds(ACTION_LOG));
        assert_true(action_holds(ACTION_PROTECT));
        assert_true(action_holds(ACTION_THROTTLE));
        assert_false(action_holds(ACTION_RECLAIM));
        assert_true(action_holds(ACTION_FREEZE));
        assert_false(action_holds(ACTION_KILL));
        assert_false(action_holds(_ACTION_KIND_INVALID));
}

static void test_done(void **state) {
        Policy *half = calloc(1, sizeof(*half)), *whole = calloc(1, sizeof(*whole));
        PolicySet set = { .policies = calloc(3, sizeof(Policy *)), .n_policies = 3 };
        Settings settings = SETTINGS_DEFAULT;

        whole->name = strdup("p");
        whole->file = strdup("/p.conf");
        whole->steps = calloc(2, sizeof(Step));
        whole->n_steps = 2;
        whole->steps[0].name = strdup("one");
        whole->steps[0].conditions = calloc(1, sizeof(Condition));
        assert_int_equal(strv_push(&whole->match.units, "a", 1), 0);
        assert_int_equal(strv_push(&whole->match.slices, "b", 1), 0);
        assert_int_equal(strv_push(&whole->match.except, "c", 1), 0);
        assert_int_equal(strv_push(&whole->victim.never, "d", 1), 0);
        set.policies[0] = whole;
        set.policies[1] = half;
        policy_set_done(&set);
        assert_null(set.policies);
        assert_int_equal(set.n_policies, 0);
        policy_set_done(&set);
        assert_null(policy_free(NULL));

        assert_int_equal(strv_push(&settings.protect, "e", 1), 0);
        settings_done(&settings);
        assert_null(settings.protect);
        assert_int_equal(settings.max_actions, 30);
        assert_int_equal(settings.max_actions_usec, UINT64_C(600000000));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_words),
                cmocka_unit_test(test_action_holds),
                cmocka_unit_test(test_done),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
