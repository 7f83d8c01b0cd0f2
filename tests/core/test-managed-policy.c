/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "core/managed-policy.h"

static Settings settings = SETTINGS_DEFAULT;

static void test_pressure(void **state) {
        static const struct {
                uint32_t share, share_made;
                uint64_t duration_usec, window_usec, for_usec;
        } rows[] = {
                { 0, 6000, 0, 10 * SEC, 30 * SEC }, /* man:oomd.conf(5) */
                { 2000, 2000, 2 * SEC, 2 * SEC, 2 * SEC },
                { 1, 1, SEC, SEC, SEC },
                { 1, 1, SEC - 1, SEC, SEC - 1 },
                { 1, 1, 1, SEC, 1 },
                { 10000, 10000, 10 * SEC, 10 * SEC, 10 * SEC },
                { 5000, 5000, 20 * SEC, 10 * SEC, 20 * SEC },
                { 5000, 5000, USEC_INFINITY, 10 * SEC, USEC_INFINITY },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Managed values = { .pressure = true, .share = rows[i].share,
                                         .duration_usec = rows[i].duration_usec };
                _cleanup_(policy_freep) Policy *p = NULL;
                const Condition *c;

                assert_int_equal(managed_policy_new(&p, &values, &settings), 0);
                assert_string_equal(p->name, "managed-oom");
                assert_string_equal(p->file, "");
                assert_int_equal(p->n_steps, 1);
                assert_string_equal(p->steps[0].name, "pressure");
                assert_int_equal(p->steps[0].action, ACTION_KILL);
                assert_int_equal(p->steps[0].signal, SIGKILL);
                assert_int_equal(p->steps[0].for_usec, rows[i].for_usec);
                assert_int_equal(p->steps[0].settle_usec, 2 * SEC);
                assert_int_equal(p->steps[0].cooldown_usec, 15 * SEC);
                assert_int_equal(p->steps[0].n_conditions, 1);
                c = p->steps[0].conditions;
                assert_int_equal(c->kind, CONDITION_PRESSURE);
                assert_int_equal(c->pressure.kind, PRESSURE_FULL);
                assert_int_equal(c->pressure.resource, RESOURCE_MEMORY);
                assert_int_equal(c->pressure.share, rows[i].share_made);
                assert_int_equal(c->pressure.window_usec, rows[i].window_usec);
                assert_int_equal(p->victim.n_rank, 2);
                assert_int_equal(p->victim.rank[0], RANK_RECLAIM);
                assert_int_equal(p->victim.rank[1], RANK_USAGE);
                assert_int_equal(p->steps[0].n_rank, 0);
        }
}

static void test_swap(void **state) {
        const Managed values = { .swap = true }, both = { .swap = true, .pressure = true };
        Policy *p;

        assert_int_equal(managed_policy_new(&p, &values, &settings), 0);
        assert_int_equal(p->n_steps, 1);
        assert_string_equal(p->steps[0].name, "swap");
        assert_int_equal(p->steps[0].n_conditions, 2);
        assert_int_equal(p->steps[0].conditions[0].kind, CONDITION_SWAP_FREE);
        assert_int_equal(p->steps[0].conditions[1].kind, CONDITION_HOST_AVAILABLE);
        for (size_t i = 0; i < 2; i++) {
                assert_true(p->steps[0].conditions[i].amount.is_share);
                assert_int_equal(p->steps[0].conditions[i].amount.share, 1000);
        }
        assert_int_equal(p->steps[0].n_rank, 2);
        assert_int_equal(p->steps[0].rank[0], RANK_SWAP);
        assert_int_equal(p->steps[0].rank[1], RANK_USAGE);
        policy_free(p);

        assert_int_equal(managed_policy_new(&p, &both, &settings), 0);
        assert_int_equal(p->n_steps, 2);
        assert_string_equal(p->steps[0].name, "pressure");
        assert_string_equal(p->steps[1].name, "swap");
        policy_free(p);

        settings.managed.swap_used_share = 20000; /* config refuses it; here it must not wrap */
        assert_int_equal(managed_policy_new(&p, &values, &settings), 0);
        assert_int_equal(p->steps[0].conditions[0].amount.share, 0);
        policy_free(p);
}

static void test_equal(void **state) {
        const Managed none = { 0 }, a = { .pressure = true, .share = 1, .duration_usec = 2 }, swap = { .swap = true };
        Managed b = a;

        assert_false(managed_is_set(&none));
        assert_true(managed_is_set(&a));
        assert_true(managed_is_set(&swap));
        assert_true(managed_equal(&a, &b));
        b.share = 3;
        assert_false(managed_equal(&a, &b));
        b = a;
        b.duration_usec = 3;
        assert_false(managed_equal(&a, &b));
        b = a;
        b.swap = true;
        assert_false(managed_equal(&a, &b));
        assert_false(managed_equal(&a, &none));
        b = swap;
        b.share = 7; /* a limit that counts for nothing */
        assert_true(managed_equal(&swap, &b));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pressure),
                cmocka_unit_test(test_swap),
                cmocka_unit_test(test_equal),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
