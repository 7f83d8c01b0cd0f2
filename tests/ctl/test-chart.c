/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/usec.h"
#include "ctl/chart.h"

#define S USEC_PER_SEC

static char *print(const Chart *c) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        chart_print(f, c, 0, false);
        assert_int_equal(fclose(f), 0);
        return text;
}

static void test_shares(void **state) {
        _cleanup_(chart_done) Chart c = { 0 };

        assert_int_equal(chart_span_usec(&c), 0);
        assert_int_equal(chart_add(&c, 100 * S, 5 * S), 0);
        assert_int_equal(chart_span_usec(&c), 0);
        assert_int_equal(chart_add(&c, 130 * S, 5 * S), 0);
        assert_int_equal(chart_add(&c, 130 * S, 6 * S), 0); /* no later */
        assert_int_equal(chart_add(&c, 140 * S, 4 * S), 0); /* shrank */
        assert_int_equal(c.n_points, 2);
        assert_int_equal(chart_add(&c, 160 * S, 20 * S), 0);
        assert_int_equal(chart_span_usec(&c), 60 * S);
        for (size_t i = 0; i < CHART_COLUMNS; i++)
                assert_int_equal(chart_share(&c, i), i < 30 ? 0 : 5000);
}

static void test_nothing(void **state) {
        _cleanup_(chart_done) Chart c = { 0 };
        _cleanup_(freep) char *text = print(&c);

        assert_string_equal(text, "");
}

static void test_drawing(void **state) {
        _cleanup_(chart_done) Chart c = { 0 };
        _cleanup_(freep) char *text = NULL;

        /* Never more than all of the time, even where the kernel's clock says so. */
        assert_int_equal(chart_add(&c, 0, 0), 0);
        assert_int_equal(chart_add(&c, 58 * S, 0), 0);
        assert_int_equal(chart_add(&c, 59 * S, S / 10), 0);
        assert_int_equal(chart_add(&c, 60 * S, 9 * S), 0);
        chart_mark(&c, 0, 'a');
        chart_mark(&c, 60 * S, 'z');
        chart_mark(&c, 61 * S, 'x');
        text = print(&c);
        assert_string_equal(text,
                            "100% |                                                           #\n"
                            "     |                                                           #\n"
                            "  0% |                                                          .#\n"
                            "      a                                                          z\n"
                            "      0s                                                      1min\n");
}

static void test_trim(void **state) {
        _cleanup_(chart_done) Chart c = { 0 };

        assert_int_equal(chart_add(&c, 0, 0), 0);
        assert_int_equal(chart_add(&c, 40 * S, 4 * S), 0);
        assert_int_equal(chart_add(&c, 60 * S, 6 * S), 0);
        assert_int_equal(chart_add(&c, 70 * S, 7 * S), 0);
        chart_trim(&c, S); /* nothing was done: all of it counts */
        assert_int_equal(chart_span_usec(&c), 70 * S);
        chart_mark(&c, 65 * S, 'k');
        chart_trim(&c, 15 * S);
        assert_int_equal(chart_span_usec(&c), 20 * S);
        assert_int_equal(c.points[0].total_usec, 5 * S);
        chart_trim(&c, 15 * S);
        assert_int_equal(c.n_points, 3);
}

static void test_bounds(void **state) {
        _cleanup_(chart_done) Chart c = { 0 };

        for (unsigned i = 0; i < CHART_POINTS_MAX; i++)
                assert_int_equal(chart_add(&c, i + 1, 0), 0);
        assert_int_equal(chart_add(&c, CHART_POINTS_MAX + 1, 0), -ENOBUFS);
        for (unsigned i = 0; i < 2 * CHART_MARKS_MAX; i++)
                chart_mark(&c, i, 'x');
        assert_int_equal(c.n_marks, CHART_MARKS_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_shares),
                cmocka_unit_test(test_nothing),
                cmocka_unit_test(test_drawing),
                cmocka_unit_test(test_trim),
                cmocka_unit_test(test_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
