/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include "base/usec.h"
#include "core/budget.h"

static void test_take(void **state) {
        static const struct {
                const char *what;
                unsigned max;
                uint64_t time_usec;
                uint64_t taken_usec[6];
                const char *answers; /* one for each: y or n */
        } rows[] = {
                { "none at all", 0, 10, { 1, 2, 3 }, "nnn" },
                { "none at all, in no time", 0, 0, { 1, 2 }, "nn" },
                { "one", 1, 10, { 1, 2, 10, 11, 12, 21 }, "ynnyny" },
                { "two, the end slides", 2, 10, { 1, 5, 10, 11, 12, 15 }, "yynyny" },
                { "three, the end slides", 3, 10, { 1, 2, 3, 10, 11, 11 }, "yyynyn" },
                { "what is refused costs nothing", 1, 10, { 1, 9, 10, 11, 20, 21 }, "ynnyny" },
                { "at one moment", 3, 10, { 7, 7, 7, 7, 16, 17 }, "yyynny" },
                { "for ever", 2, USEC_INFINITY, { 1, 2, 3, UINT64_MAX - 1 }, "yynn" },
                { "no time: any number", 1, 0, { 1, 1, 1, 0 }, "yyyy" },
                { "time runs back", 1, 10, { 100, 50, 109, 110 }, "ynny" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Budget b;

                assert_int_equal(budget_init(&b, rows[i].max, rows[i].time_usec), 0);
                for (size_t j = 0; rows[i].answers[j]; j++)
                        if (budget_take(&b, rows[i].taken_usec[j]) != (rows[i].answers[j] == 'y'))
                                fail_msg("%s: number %zu is not '%c'", rows[i].what, j, rows[i].answers[j]);
                budget_done(&b);
        }
}

static void test_bound(void **state) {
        Budget b;
        unsigned n = 0;

        assert_int_equal(budget_init(&b, UINT32_MAX, USEC_PER_SEC), 0);
        while (budget_take(&b, 5))
                n++;
        assert_int_equal(n, BUDGET_ACTIONS_MAX);
        assert_true(budget_take(&b, 5 + USEC_PER_SEC));
        budget_done(&b);
        budget_done(&b);
}

/* Asking takes nothing. */
static void test_left(void **state) {
        Budget b;

        assert_int_equal(budget_init(&b, 2, 10 * USEC_PER_SEC), 0);
        for (unsigned i = 0; i < 5; i++)
                assert_true(budget_left(&b, 100 * USEC_PER_SEC));
        assert_true(budget_take(&b, 100 * USEC_PER_SEC));
        assert_true(budget_left(&b, 100 * USEC_PER_SEC));
        assert_true(budget_take(&b, 101 * USEC_PER_SEC));
        assert_false(budget_left(&b, 101 * USEC_PER_SEC));
        assert_int_equal(budget_used(&b, 101 * USEC_PER_SEC), 2);
        assert_int_equal(budget_used(&b, 110 * USEC_PER_SEC), 1);
        assert_int_equal(budget_used(&b, 200 * USEC_PER_SEC), 0);
        assert_false(budget_left(&b, 110 * USEC_PER_SEC - 1));
        assert_true(budget_left(&b, 110 * USEC_PER_SEC));
        budget_done(&b);
        assert_int_equal(budget_init(&b, 0, 10 * USEC_PER_SEC), 0);
        assert_false(budget_left(&b, 100 * USEC_PER_SEC));
        budget_done(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_take),
                cmocka_unit_test(test_bound),
                cmocka_unit_test(test_left),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
