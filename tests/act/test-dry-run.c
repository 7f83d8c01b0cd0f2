/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The effector that does nothing. */

#include "act/dry-run.h"
#include "systemd-world.h"

static void test_dry_run(void **state) {
        World *w = *state;
        DryRun *dry = NULL;

        assert_int_equal(dry_run_new(&dry, w->event, world_on_answer, w), 0);
        for (uint64_t id = 1; id <= 3; id++) {
                Decision d = world_decision(id, ACTION_KILL);

                dry_run_act(dry, &d);
        }
        assert_int_equal(w->n_outcomes, 0);
        world_run(w, 3, SYSTEMD_DEADLINE_USEC);
        assert_int_equal(w->n_outcomes, 3);
        for (size_t i = 0; i < 3; i++) {
                assert_int_equal(w->outcomes[i].id, i + 1);
                assert_int_equal(w->outcomes[i].kind, OUTCOME_DRY_RUN);
        }
        assert_string_equal(fake_systemd_calls(w->fake), "");
        dry_run_free(dry);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_dry_run),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
