/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config-test.h"

#include "config/glob.h"

static void test_kinds(void **state) {
        static const struct {
                const char *glob;
                unsigned kinds;
        } rows[] = {
                { "a.service", GLOB_UNIT },  { "a.scope", GLOB_UNIT },       { "a.slice", GLOB_SLICE },
                { "*.service", GLOB_UNIT },  { "*", GLOB_UNIT | GLOB_SLICE }, { "a-?", GLOB_UNIT | GLOB_SLICE },
                { "a[bc]", GLOB_UNIT | GLOB_SLICE }, { "a", 0 },             { ".service", 0 },
                { "a.mount", 0 },            { "/a.service", GLOB_GROUP },   { "/a/*", GLOB_GROUP },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_int_equal(glob_kinds(rows[i].glob), rows[i].kinds);
}

static void test_brackets(void **state) {
        assert_true(glob_brackets_match("a"));
        assert_true(glob_brackets_match("a[b]c[!]d]"));
        assert_true(glob_brackets_match("a]"));
        assert_false(glob_brackets_match("a["));
        assert_false(glob_brackets_match("a[b]["));
        assert_false(glob_brackets_match("a[]"));
        assert_false(glob_brackets_match("a[!]"));
}

static void test_meet(void **state) {
        static const struct {
                const char *a, *b;
                bool meet;
        } rows[] = {
                { "a", "a", true },          { "a", "b", false },         { "a", "ab", false },
                { "*", "a", true },          { "*", "", true },           { "*", "*", true },
                { "a*", "*b", true },        { "a*", "b*", false },       { "*a", "*b", false },
                { "a*c", "ab*", true },      { "a*b*c", "a*c", true },    { "a?", "a", false },
                { "a?", "ab", true },        { "a?", "?b", true },        { "a[xy]", "ax", true },
                { "a[xy]b", "a*c", false },  { "a[^]x]b", "ayb", true },  { "a[^]x]b", "ayyb", false },  { "a[xy]", "a", false },     { "*.service", "*.scope", false },
                { "a-*.service", "*-b.service", true }, { "/a/*", "/a/b/c", true }, { "/a/*", "/b/*", false },
                { "aaa*aaa", "aaaaa", false }, { "aaa*aaa", "aaaaaa", true }, { "a**b", "ab", true },
                { "*a*", "b*b", true },      { "?*", "", false },         { "a[", "a[", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                if (globs_meet(rows[i].a, rows[i].b) != rows[i].meet || globs_meet(rows[i].b, rows[i].a) != rows[i].meet)
                        fail_msg("%s and %s", rows[i].a, rows[i].b);
        }
}

static void test_covers(void **state) {
        static const struct {
                const char *a, *b;
                bool covers;
        } rows[] = {
                { "a", "a", true },      { "a", "b", false },     { "*", "a", true },     { "a", "*", false },
                { "a*", "ab*", true },   { "ab*", "a*", false },  { "*", "a?[bc]*", true }, { "a?", "a*", false },
                { "a?", "a?", true },    { "a?", "ab", false },   { "[a]", "a", false },  { "*.service", "a-*.service", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (glob_covers(rows[i].a, rows[i].b) != rows[i].covers)
                        fail_msg("%s and %s", rows[i].a, rows[i].b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kinds),
                cmocka_unit_test(test_brackets),
                cmocka_unit_test(test_meet),
                cmocka_unit_test(test_covers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
