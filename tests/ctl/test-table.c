/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/table.h"

static void assert_prints(const Table *t, const char *text) {
        _cleanup_(freep) char *printed = NULL;
        size_t size;
        FILE *f = open_memstream(&printed, &size);

        assert_non_null(f);
        table_print(t, f);
        assert_int_equal(fclose(f), 0);
        assert_string_equal(printed, text);
}

static void test_columns(void **state) {
        _cleanup_(table_done) Table t = { .n_columns = 3 };

        assert_int_equal(table_add(&t, (const char *const[]){ "UNIT", "BY", "FOR" }), 0);
        assert_int_equal(table_add(&t, (const char *const[]){ "a.service", "freeze", "2s" }), 0);
        assert_int_equal(table_add(&t, (const char *const[]){ "b", "", "10s" }), 0);
        assert_int_equal(t.n_rows, 3);
        assert_prints(&t, "UNIT       BY      FOR\n"
                          "a.service  freeze  2s\n"
                          "b                  10s\n");
}

static void test_colors(void **state) {
        _cleanup_(table_done) Table t = { .n_columns = 2, .colors = true };

        assert_int_equal(table_add(&t, (const char *const[]){ "UNIT", "BY" }), 0);
        assert_int_equal(table_add(&t, (const char *const[]){ "a", "freeze" }), 0);
        table_stress(&t);
        assert_int_equal(table_add(&t, (const char *const[]){ "b", "kill" }), 0);
        assert_prints(&t, "\x1b[4mUNIT  BY\x1b[0m\n"
                          "\x1b[1ma     freeze\x1b[0m\n"
                          "b     kill\n");
}

/* Whoever makes a cgroup chooses its name. */
static void test_control_characters(void **state) {
        _cleanup_(table_done) Table t = { .n_columns = 1 };

        assert_int_equal(table_add(&t, (const char *const[]){ "a\x1b[31m\nb\x7f" }), 0);
        assert_prints(&t, "a?[31m?b?\n");
}

static void test_empty(void **state) {
        _cleanup_(table_done) Table t = { .n_columns = 2 };

        assert_prints(&t, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_columns),
                cmocka_unit_test(test_colors),
                cmocka_unit_test(test_control_characters),
                cmocka_unit_test(test_empty),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
