/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config-test.h"

static int add(ConfigErrors *errors, const char *file, unsigned line, const char *key, const char *text) {
        const Place place = { .errors = errors, .file = file, .line = line, .key = key };

        return place_error(&place, "%s", text);
}

/* By line within a file; files stay in the order in which they were read. */
static void test_order(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };

        assert_int_equal(add(&errors, "b", 9, "Key", "nine"), 0);
        assert_int_equal(add(&errors, "b", 2, NULL, "two"), 0);
        assert_int_equal(add(&errors, "b", 9, NULL, "nine again"), 0);
        assert_int_equal(add(&errors, "a", 3, NULL, "other"), 0);
        assert_int_equal(add(&errors, "a", 1, NULL, "100%s"), 0);
        assert_string_equal(errors_text(&errors), "2: two\n9: Key=: nine\n9: nine again\n1: 100%s\n3: other\n");
        assert_string_equal(errors.items[0].file, "b");
        assert_string_equal(errors.items[3].file, "a");
}

static void test_bound(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };

        for (unsigned i = 0; i < 10 * CONFIG_FILE_ERRORS_MAX; i++)
                assert_int_equal(add(&errors, "a", i + 1, NULL, "wrong"), 0);
        assert_int_equal(errors.n_items, CONFIG_FILE_ERRORS_MAX + 1);
        assert_string_equal(errors.items[CONFIG_FILE_ERRORS_MAX].text,
                            "more errors follow and are not shown, mend these first");
        assert_int_equal(add(&errors, "b", 1, NULL, "the next file has its own"), 0);
        assert_int_equal(errors.n_items, CONFIG_FILE_ERRORS_MAX + 2);
}

/* Warnings are counted apart, and do not take the errors' room. */
static void test_warnings(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        const Place place = { .errors = &errors, .file = "a", .line = 2, .key = "For" };

        assert_int_equal(place_warning(&place, "%s", "hardly"), 0);
        assert_int_equal(config_errors_count(&errors), 0);
        assert_int_equal(config_errors_count_warnings(&errors), 1);
        assert_int_equal(add(&errors, "a", 1, NULL, "wrong"), 0);
        assert_string_equal(errors_text(&errors), "1: wrong\n2: warning: For=: hardly\n");
        assert_int_equal(config_errors_count(&errors), 1);

        for (unsigned i = 0; i < 2 * CONFIG_FILE_ERRORS_MAX; i++)
                assert_int_equal(place_warning(&place, "hardly"), 0);
        assert_int_equal(config_errors_count_warnings(&errors), CONFIG_FILE_ERRORS_MAX);
        for (unsigned i = 0; i < 2 * CONFIG_FILE_ERRORS_MAX; i++)
                assert_int_equal(add(&errors, "a", 1, NULL, "wrong"), 0);
        assert_int_equal(config_errors_count(&errors), CONFIG_FILE_ERRORS_MAX + 1);
}

static void test_done(void **state) {
        ConfigErrors errors = { 0 };

        config_errors_done(&errors);
        assert_int_equal(add(&errors, "a", 1, NULL, "wrong"), 0);
        config_errors_done(&errors);
        assert_null(errors.items);
        assert_int_equal(errors.n_items, 0);
        config_errors_done(&errors);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_order),
                cmocka_unit_test(test_bound),
                cmocka_unit_test(test_warnings),
                cmocka_unit_test(test_done),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
