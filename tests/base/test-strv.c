/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include "base/strv.h"

static void test_push(void **state) {
        _cleanup_(strv_freep) char **strv = NULL;

        assert_int_equal(strv_length(NULL), 0);
        assert_int_equal(strv_push(&strv, "one two", 3), 0);
        assert_int_equal(strv_push(&strv, "two", 3), 0);
        assert_int_equal(strv_push(&strv, "", 0), 0);
        assert_int_equal(strv_length(strv), 3);
        assert_string_equal(strv[0], "one");
        assert_string_equal(strv[1], "two");
        assert_string_equal(strv[2], "");
        assert_null(strv[3]);
        assert_null(strv_free(TAKE_PTR(strv)));
        assert_null(strv_free(NULL));
}

static void test_fnmatch(void **state) {
        static const struct {
                const char *glob, *name;
                bool matches;
        } rows[] = {
                { "batch.service", "batch.service", true },
                { "batch.service", "batch.service2", false },
                { "batch", "batch.service", false },
                { "batch-*.service", "batch-7.service", true },
                { "batch-*.service", "batch-.service", true },
                { "job-[0-9].service", "job-7.service", true },
                { "job-[!0-9].service", "job-7.service", false },
                { "job-?.service", "job-10.service", false },
                { "*", "a/b/c", true },
                { "*", "", true },
                { "", "a", false },
                { "*.service", ".hidden.service", true },
                { "disk\\x2d1.service", "disk\\x2d1.service", true },
                { "disk\\x2d1.service", "diskx2d1.service", false },
                { "disk\\*", "disk\\x2d1.service", true },
                { "[", "[", true },
        };

        assert_false(strv_fnmatch(NULL, "any"));
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                char *globs[] = { (char *) "other.scope", (char *) rows[i].glob, NULL };

                if (strv_fnmatch(globs, rows[i].name) != rows[i].matches)
                        fail_msg("\"%s\" and \"%s\"", rows[i].glob, rows[i].name);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_push),
                cmocka_unit_test(test_fnmatch),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
