/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "core/series.h"

/* Readings at 1, 2, 3 and 5 seconds. */
static Series four(void) {
        Series s = { 0 };

        series_push(&s, 1 * SEC, 100, 0);
        series_push(&s, 2 * SEC, 200, 0);
        series_push(&s, 3 * SEC, 50, 0);
        series_push(&s, 5 * SEC, 400, 0);
        return s;
}

static void test_before_and_within(void **state) {
        static const struct {
                uint64_t age_usec, before_usec, within_usec; /* 0: none */
        } rows[] = {
                { 0, 5 * SEC, 5 * SEC },       { 1, 3 * SEC, 5 * SEC },           { 2 * SEC - 1, 3 * SEC, 5 * SEC },
                { 2 * SEC, 3 * SEC, 3 * SEC }, { 2 * SEC + 1, 2 * SEC, 3 * SEC }, { 3 * SEC, 2 * SEC, 2 * SEC },
                { 4 * SEC, 1 * SEC, 1 * SEC }, { 4 * SEC + 1, 0, 1 * SEC },       { UINT64_MAX, 0, 1 * SEC },
        };
        const Series s = four();

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Point *before = series_before(&s, rows[i].age_usec), *within = series_within(&s, rows[i].age_usec);

                if ((before ? before->now_usec : 0) != rows[i].before_usec || !within ||
                    within->now_usec != rows[i].within_usec)
                        fail_msg("row %zu", i);
        }
        assert_null(series_before(&(Series){ 0 }, 0));
        assert_null(series_within(&(Series){ 0 }, SEC));
        assert_null(series_last(&(Series){ 0 }));
        assert_int_equal(series_last(&s)->value, 400);
}

static void test_at(void **state) {
        Series s = { 0 };

        series_push(&s, 2 * SEC, 100, 0);
        assert_int_equal(series_at(&s, SEC), 100);
        assert_int_equal(series_at(&s, 3 * SEC), 100);
        series_push(&s, 4 * SEC, 300, 0);
        series_push(&s, 4 * SEC, 500, 0);
        assert_int_equal(series_at(&s, 1 * SEC), 100);
        assert_int_equal(series_at(&s, 3 * SEC), 200);
        assert_int_equal(series_at(&s, 4 * SEC), 300);
        assert_int_equal(series_at(&s, 4 * SEC + 1), 500);
}

/* A flood takes the place of the last reading; what is kept reaches back. */
static void test_spacing_and_ring(void **state) {
        Series s = { 0 };

        for (uint64_t i = 0; i <= 10000; i++)
                series_push(&s, SEC + i * 10 * MSEC, i, 100 * MSEC);
        assert_int_equal(s.n, SERIES_POINTS);
        assert_int_equal(series_last(&s)->value, 10000);
        assert_non_null(series_before(&s, (SERIES_POINTS - 2) * 100 * MSEC));
        assert_null(series_before(&s, SERIES_POINTS * 110 * MSEC));
        for (size_t i = 1; i < s.n; i++)
                assert_true(series_point(&s, i)->now_usec > series_point(&s, i - 1)->now_usec);

        /* Time that runs back starts anew. */
        series_push(&s, 1, 7, 100 * MSEC);
        assert_int_equal(s.n, 1);
        assert_int_equal(series_last(&s)->value, 7);
        series_clear(&s);
        assert_int_equal(s.n, 0);
}

/* Each answer is that of a look through all readings, some of which are of the same time. */
static void test_long(void **state) {
        Series s = { 0 };

        for (uint64_t i = 0; i < 3 * SERIES_POINTS; i++) {
                uint64_t now = 10 * SEC + i / 3 * SEC + i % 2 * 100 * MSEC * (i % 3 != 2);

                series_push(&s, now, i * i, 0);
                for (uint64_t age = 0; age < 140 * SEC; age += SEC / 2 + 1 - (age & 1)) {
                        const Point *before = NULL, *within = NULL;
                        uint64_t last = series_last(&s)->now_usec;

                        for (size_t j = 0; j < s.n; j++) {
                                if (last - series_point(&s, j)->now_usec >= age)
                                        before = series_point(&s, j);
                                else if (!within && last - series_point(&s, j)->now_usec <= age)
                                        within = series_point(&s, j);
                                if (!within && last - series_point(&s, j)->now_usec == age)
                                        within = series_point(&s, j);
                        }
                        assert_ptr_equal(series_before(&s, age), before);
                        assert_ptr_equal(series_within(&s, age), within);
                        if (age <= last && last - age >= series_point(&s, 0)->now_usec)
                                assert_in_range(series_at(&s, last - age),
                                                before->now_usec == last - age ? 0 : before->value, within->value);
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_before_and_within),
                cmocka_unit_test(test_at),
                cmocka_unit_test(test_spacing_and_ring),
                cmocka_unit_test(test_long),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
