/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "fixture.h"

#include "core/decisions.h"

static Step steps[] = { STEP("s", ACTION_LOG, CONDITIONS(SOME(10, 2 * SEC))) };
static Policy policy = { .name = (char *) "p", .steps = steps, .n_steps = 1 };

static void test_shared(void **state) {
        enum { N = DECISIONS_MAX + 2 };
        NodeRegistry nodes = { 0 };
        Watch *watches[N];
        Decisions d;

        assert_int_equal(decisions_init(&d), 0);
        for (size_t i = 0; i < N; i++) {
                char unit[32];

                (void) snprintf(unit, sizeof(unit), "u%zu.service", i);
                assert_int_equal(watch_new(watches + i, registry_put(&nodes, 10 + i, CGROUP_UNIT, unit), &policy, NULL), 0);
        }

        /* As many as there are, each its own; then none. */
        for (size_t i = 0; i < DECISIONS_MAX; i++) {
                assert_true(decisions_take(&d, watches[i]));
                watches[i]->decision->id = i;
                watches[i]->in_flight = true;
        }
        for (size_t i = 0; i < DECISIONS_MAX; i++)
                assert_int_equal(watches[i]->decision->id, i);
        assert_false(decisions_take(&d, watches[DECISIONS_MAX]));
        assert_null(watches[DECISIONS_MAX]->decision);
        assert_true(decisions_take(&d, watches[7])); /* it has one */
        assert_int_equal(watches[7]->decision->id, 7);

        /* Its answer is here, but its effect is awaited; then nothing any more. */
        watches[7]->in_flight = false;
        watches[7]->settle_usec = SEC;
        assert_false(decisions_take(&d, watches[DECISIONS_MAX]));
        watches[7]->settle_usec = USEC_INFINITY;
        watches[7]->escalate_usec = SEC;
        assert_false(decisions_take(&d, watches[DECISIONS_MAX]));
        watches[7]->escalate_usec = USEC_INFINITY;
        assert_int_equal(watches[7]->decision->id, 7);
        assert_true(decisions_take(&d, watches[DECISIONS_MAX]));
        assert_null(watches[7]->decision);
        watches[DECISIONS_MAX]->in_flight = true;

        /* Or the watch ends. */
        assert_false(decisions_take(&d, watches[DECISIONS_MAX + 1]));
        decisions_drop(&d, watches[3]);
        assert_true(decisions_take(&d, watches[DECISIONS_MAX + 1]));
        decisions_drop(&d, watches[3]); /* it has none */

        for (size_t i = 0; i < N; i++)
                watch_free(watches[i]);
        decisions_done(&d);
        node_registry_done(&nodes);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_shared),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
