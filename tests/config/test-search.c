/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/stat.h>

#include "config-test.h"

#include "base/strv.h"
#include "config/search.h"

static void write_file(void **state, const char *name) {
        (void) folder_write(state, name, "x", 1);
}

static void check_files(void **state, const char *const *expected, size_t n_expected) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(strv_freep) char **files = NULL;

        assert_int_equal(search_files(*state, "memstalld", "policy.d", &files, &errors), 0);
        assert_string_equal(errors_text(&errors), "");
        assert_int_equal(strv_length(files), n_expected);
        for (size_t i = 0; i < n_expected; i++)
                assert_string_equal(files[i], folder_path(state, expected[i]));
}

static void test_files(void **state) {
        static const char *const expected[] = {
                "etc/memstalld/policy.d/10-a.conf",
                "usr/lib/memstalld/policy.d/20-b.conf",
                "run/memstalld/policy.d/30-c.conf",
                "usr/local/lib/memstalld/policy.d/40-d.conf",
                "etc/memstalld/policy.d/9.conf",
        };

        check_files(state, NULL, 0);

        for (size_t i = 0; i < ELEMENTSOF(expected); i++)
                write_file(state, expected[i]);
        /* Hidden behind the earlier folder, */
        write_file(state, "run/memstalld/policy.d/10-a.conf");
        write_file(state, "usr/lib/memstalld/policy.d/30-c.conf");
        write_file(state, "usr/lib/memstalld/policy.d/40-d.conf");
        /* and not meant for us. */
        write_file(state, "etc/memstalld/policy.d/.hidden.conf");
        write_file(state, "etc/memstalld/policy.d/.conf");
        write_file(state, "etc/memstalld/policy.d/README");
        write_file(state, "etc/memstalld/policy.d/10-a.conf~");
        write_file(state, "etc/memstalld/policy.d/10-a.conf.dpkg-old");
        write_file(state, "etc/memstalld/10-x.conf");
        check_files(state, expected, ELEMENTSOF(expected));
}

static void test_all(void **state) {
        static const char *const names[] = {
                "etc/memstalld/policy.d/a.conf", "usr/local/lib/memstalld/policy.d/a.conf",
                "usr/lib/memstalld/policy.d/a.conf",
        };
        _cleanup_(strv_freep) char **files = NULL;

        assert_int_equal(search_all(*state, "memstalld", "policy.d/a.conf", &files), 0);
        assert_null(files);
        for (size_t i = ELEMENTSOF(names); i-- > 0;)
                write_file(state, names[i]);
        write_file(state, "run/memstalld/policy.d/b.conf");
        assert_int_equal(search_all(*state, "memstalld", "policy.d/a.conf", &files), 0);
        assert_int_equal(strv_length(files), ELEMENTSOF(names));
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                assert_string_equal(files[i], folder_path(state, names[i]));
}

static void test_unreadable_folder(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(strv_freep) char **files = NULL;

        write_file(state, "etc/memstalld/policy.d");
        write_file(state, "usr/lib/memstalld/policy.d/a.conf");
        assert_int_equal(search_files(*state, "memstalld", "policy.d", &files, &errors), 0);
        assert_string_equal(errors_text(&errors), "1: cannot be read: Not a directory\n");
        assert_string_equal(errors.items[0].file, folder_path(state, "etc/memstalld/policy.d"));
        assert_int_equal(strv_length(files), 1);
}

static void check_file(void **state, const char *expected) {
        _cleanup_(freep) char *path = NULL;

        assert_int_equal(search_file(*state, "memstalld", "memstalld.conf", &path), 0);
        if (expected)
                assert_string_equal(path, folder_path(state, expected));
        else
                assert_null(path);
}

static void test_file(void **state) {
        check_file(state, NULL);
        write_file(state, "usr/lib/memstalld/memstalld.conf");
        check_file(state, "usr/lib/memstalld/memstalld.conf");
        write_file(state, "usr/local/lib/memstalld/memstalld.conf");
        check_file(state, "usr/local/lib/memstalld/memstalld.conf");
        write_file(state, "run/memstalld/memstalld.conf");
        check_file(state, "run/memstalld/memstalld.conf");
        write_file(state, "etc/memstalld/other.conf");
        assert_int_equal(symlink("/nowhere", folder_path(state, "etc/memstalld/memstalld.conf")), 0);
        check_file(state, "etc/memstalld/memstalld.conf");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_files),
                folder_test(test_all),
                folder_test(test_unreadable_folder),
                folder_test(test_file),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
