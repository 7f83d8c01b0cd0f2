/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "config-test.h"

#include "base/strv.h"
#include "config/value.h"

static void check(const ValueType *type, const char *value, const char *expected_list, const char *expected_errors) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        const Place place = { .errors = &errors, .file = "x", .line = 1, .key = "K" };
        _cleanup_(strv_freep) char **globs = NULL;
        char list[256] = "";
        size_t used = 0;

        assert_int_equal(type->parse(&place, value, &globs), 0);
        for (size_t i = 0; i < strv_length(globs); i++)
                used += (size_t) snprintf(list + used, sizeof(list) - used, "%s|", globs[i]);
        assert_string_equal(list, expected_list);
        assert_string_equal(errors_text(&errors), expected_errors);
}

#define WRONG(glob, text) "1: K=: \"" glob "\" " text "\n"
#define BAD_CHARACTERS "holds characters that no unit name has, write names without quotes and with spaces between them"

static void test_units(void **state) {
        static const struct {
                const char *value, *list, *errors;
        } rows[] = {
                { "a.service", "a.service|", "" },
                { "  a.service \t b.scope ", "a.service|b.scope|", "" },
                { "a@*.service b-?.scope [ab].service *", "a@*.service|b-?.scope|[ab].service|*|", "" },
                { "job-* [!a-z] x:y_z\\x2d.service", "job-*|[!a-z]|x:y_z\\x2d.service|", "" },
                { "nginx", "", WRONG("nginx", "does not end in .service or .scope, write the whole name") },
                { ".service", "", WRONG(".service", "does not end in .service or .scope, write the whole name") },
                { "a.socket", "", WRONG("a.socket", "does not end in .service or .scope, write the whole name") },
                { "a.service b.slice c.scope", "a.service|", WRONG("b.slice", "is a slice, write it in Slice=") },
                { "\"a.service\"", "", WRONG("\"a.service\"", BAD_CHARACTERS) },
                { "a.service,b.service", "", WRONG("a.service,b.service", BAD_CHARACTERS) },
                { "K\xc3\xa4se.service", "", WRONG("K\xc3\xa4se.service", BAD_CHARACTERS) },
                { "system.slice/a.service", "", WRONG("system.slice/a.service", "is a path, write the name of a unit") },
                { "a[.service", "", WRONG("a[.service", "has no ] for its [, write for example job-[0-9].service") },
                { "a[", "", WRONG("a[", "has no ] for its [, write for example job-[0-9].service") },
                { "a[!", "", WRONG("a[!", "has no ] for its [, write for example job-[0-9].service") },
                { "a[]", "", WRONG("a[]", "has no ] for its [, write for example job-[0-9].service") },
                { "a[]].service a[!]].service a[[].service", "a[]].service|a[!]].service|a[[].service|", "" },
                { "a[b]c[", "", WRONG("a[b]c[", "has no ] for its [, write for example job-[0-9].service") },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                check(&value_unit_globs, rows[i].value, rows[i].list, rows[i].errors);
}

#define NO_PATH(s, text) "1: K=: \"" s "\" is no path, " text "\n"
#define BAD_PATH(s) WRONG(s, "is no path below /sys/fs/cgroup, write for example /system.slice/docker.service/*")

static void test_paths(void **state) {
        static const struct {
                const char *value, *list, *errors;
        } rows[] = {
                { "/system.slice/docker.service/*", "/system.slice/docker.service/*|", "" },
                { "/a,b /c\xc3\xa4/[de]", "/a,b|/c\xc3\xa4/[de]|", "" },
                { "/a..b/.c", "/a..b/.c|", "" },
                { "/", "", WRONG("/", "is the host, write System=yes to watch it") },
                { "/a/../b", "", BAD_PATH("/a/../b") },
                { "/a/..", "", BAD_PATH("/a/..") },
                { "/./a", "", BAD_PATH("/./a") },
                { "//a", "", BAD_PATH("//a") },
                { "/a/", "", BAD_PATH("/a/") },
                { "/a[", "", WRONG("/a[", "has no ] for its [, write for example job-[0-9].service") },
                { "a/b", "", WRONG("a/b", "is a path that does not start with /, write all of it") },
                { "a.service", "", NO_PATH("a.service", "write it in Unit=") },
                { "a.slice", "", NO_PATH("a.slice", "write it in Slice=") },
                { "*", "", NO_PATH("*", "write for example /system.slice/docker.service/*") },
                { "a", "", NO_PATH("a", "write for example /system.slice/docker.service/*") },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                check(&value_path_globs, rows[i].value, rows[i].list, rows[i].errors);
}

static void test_other_kinds(void **state) {
        check(&value_slice_globs, "a.slice a-*.slice *", "a.slice|a-*.slice|*|", "");
        check(&value_slice_globs, "a.scope", "", WRONG("a.scope", "is no slice, write it in Unit="));
        check(&value_slice_globs, "batch", "", WRONG("batch", "does not end in .slice, write the whole name"));
        check(&value_victim_globs, "a.service", "a.service|", "");
        check(&value_victim_globs, "a.slice", "",
              WRONG("a.slice", "is a slice, name the services and scopes in it"));
        check(&value_victim_globs, "/a/b", "/a/b|", "");
        check(&value_unit_globs, "/a/b", "", WRONG("/a/b", "is a path, write it in CGroup="));
        check(&value_slice_globs, "/a/b", "", WRONG("/a/b", "is a path, write it in CGroup="));
        check(&value_running_globs, "a.service b.slice", "a.service|b.slice|", "");
        check(&value_running_globs, "a", "",
              WRONG("a", "does not end in .service, .scope or .slice, write the whole name"));
        check(&value_running_globs, "/a/b", "", WRONG("/a/b", "is a path, write the name of a unit"));
        check(&value_any_globs, "/a/b", "/a/b|", "");
        check(&value_any_globs, "a.service b.scope c.slice *", "a.service|b.scope|c.slice|*|", "");
        check(&value_any_globs, "a.mount", "",
              WRONG("a.mount", "does not end in .service, .scope or .slice, write the whole name"));
}

/* A second assignment adds, an empty one clears. */
static void test_list(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        const Place place = { .errors = &errors, .file = "x", .line = 1, .key = "K" };
        _cleanup_(strv_freep) char **globs = NULL;

        assert_int_equal(value_unit_globs.parse(&place, "a.service", &globs), 0);
        assert_int_equal(value_unit_globs.parse(&place, "b.service c.service", &globs), 0);
        assert_int_equal(strv_length(globs), 3);
        assert_string_equal(globs[2], "c.service");
        assert_int_equal(value_unit_globs.parse(&place, "", &globs), 0);
        assert_null(globs);
        assert_int_equal(errors.n_items, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_units),
                cmocka_unit_test(test_paths),
                cmocka_unit_test(test_other_kinds),
                cmocka_unit_test(test_list),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
