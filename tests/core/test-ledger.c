/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "core/ledger.h"

static Step step = STEP("s", ACTION_FREEZE);
static Policy policy = { .steps = &step, .n_steps = 1 };

static Decision decision(uint64_t id, ActionKind action) {
        return (Decision){ .id = id, .incident = { 1, id }, .policy = &policy, .step = &step, .action = action };
}

static void test_find(void **state) {
        NodeRegistry r = { 0 };
        Ledger *l = calloc(1, sizeof(*l));
        Node *watch = registry_put(&r, 1, CGROUP_SLICE, "w"), *a = registry_put(&r, 2, CGROUP_UNIT, "a"),
             *b = registry_put(&r, 3, CGROUP_UNIT, "b");
        Decision freeze = decision(10, ACTION_FREEZE), throttle = decision(11, ACTION_THROTTLE);
        Hold *h, *t;

        assert_null(ledger_find(l, a, ACTION_FREEZE));
        assert_null(ledger_find_id(l, 0));
        h = ledger_add(l, &freeze, watch, a, 100 * SEC);
        t = ledger_add(l, &throttle, watch, a, 100 * SEC);
        assert_int_equal(l->n, 2);
        assert_int_equal(l->generation, 2); /* none comes again, whatever is added and removed */
        assert_int_equal(h->state, HOLD_PENDING);
        assert_int_equal(h->since_usec, 100 * SEC);
        assert_int_equal(h->deadline_usec, 130 * SEC);
        assert_int_equal(h->incident.low, 10);

        assert_ptr_equal(ledger_find(l, a, ACTION_FREEZE), h);
        assert_ptr_equal(ledger_find(l, a, ACTION_THROTTLE), t);
        assert_null(ledger_find(l, b, ACTION_FREEZE));
        assert_null(ledger_find(l, a, ACTION_KILL));
        assert_true(ledger_holds(l, a, ACTION_FREEZE));
        assert_false(ledger_holds(l, b, ACTION_FREEZE));

        /* Only what waits for an answer can be found by it. */
        assert_ptr_equal(ledger_find_id(l, 10), h);
        h->state = HOLD_HELD;
        assert_null(ledger_find_id(l, 10));
        h->state = HOLD_UNDOING;
        assert_ptr_equal(ledger_find_id(l, 10), h);
        h->state = HOLD_RETRY;
        assert_null(ledger_find_id(l, 10));
        assert_ptr_equal(ledger_find(l, a, ACTION_FREEZE), h);

        ledger_remove(l, h);
        assert_int_equal(l->n, 1);
        assert_int_equal(l->generation, 3);
        assert_null(ledger_find(l, a, ACTION_FREEZE));
        assert_null(ledger_find_id(l, 10));
        ledger_done(l);
        assert_int_equal(l->n, 0);
        free(l);
        node_registry_done(&r);
}

/* A hold keeps its nodes alive, and none of the places is lost. */
static void test_bound(void **state) {
        NodeRegistry r = { 0 };
        Ledger *l = calloc(1, sizeof(*l));
        Node *watch = registry_put(&r, 1, CGROUP_SLICE, "w"), *a = registry_put(&r, 2, CGROUP_UNIT, "a");
        Decision d = decision(1, ACTION_THROTTLE);
        Hold *last = NULL;

        step.max_hold_usec = USEC_INFINITY;
        for (d.id = 1; d.id <= HOLDS_MAX; d.id++)
                assert_non_null(last = ledger_add(l, &d, watch, a, SEC));
        assert_int_equal(last->deadline_usec, USEC_INFINITY);
        assert_null(ledger_add(l, &d, watch, a, SEC));
        assert_ptr_equal(ledger_find_id(l, HOLDS_MAX), last);
        ledger_remove(l, ledger_find_id(l, 5));
        assert_non_null(ledger_add(l, &d, watch, a, SEC));
        assert_int_equal(a->n_refs, HOLDS_MAX + 1);
        node_registry_done(&r);
        assert_string_equal(l->holds[0].victim->unit, "a");
        ledger_done(l);
        free(l);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_find),
                cmocka_unit_test(test_bound),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
