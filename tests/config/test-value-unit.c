/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "config-test.h"

#define NO_NAME(s) "\"" s "\" holds characters that no unit name has, write the name of one unit"
#define NO_UNIT(s) "\"" s "\" is no unit that can be started, write for example heap-dump@%n.service"
#define NO_SPECIFIER(s) "\"" s "\" is no specifier, write %n for the victim or %i for the incident"

static void test_start(void **state) {
        static const struct {
                const char *value, *error;
        } rows[] = {
                { "drain.service", "" },
                { "heap-dump@%n.service", "" },
                { "a@%i.service", "" },
                { "a@%n-%i.service", "" },
                { "x:y_z\\x2d.target", "" },
                { "a.timer", "" },
                { "drain", NO_UNIT("drain") },
                { ".service", NO_UNIT(".service") },
                { "a.scope", NO_UNIT("a.scope") },
                { "dev-sda.device", NO_UNIT("dev-sda.device") },
                { "a@%n", NO_UNIT("a@%n") },
                { "a.service b.service", NO_NAME("a.service b.service") },
                { "/usr/bin/a.service", NO_NAME("/usr/bin/a.service") },
                { "a*.service", NO_NAME("a*.service") },
                { "a@%u.service", NO_SPECIFIER("%u") },
                { "a.service%", NO_SPECIFIER("%") },
                { "a@%%%n%N.service", NO_SPECIFIER("%N") },
                { "a@%%.service", "\"a@%%.service\" would hold a %, which no unit name has, write %n for the victim or "
                                  "%i for the incident" },
        };
        _cleanup_(freep) char *start = strdup("old.service");

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(freep) char *before = strdup(start);

                assert_string_equal(value_error(&value_start, rows[i].value, &start), rows[i].error);
                assert_string_equal(start, *rows[i].error ? before : rows[i].value);
        }
        assert_string_equal(value_error(&value_start, "", &start), "");
        assert_null(start);
}

static void test_length(void **state) {
        _cleanup_(freep) char *start = NULL;
        char name[257];

        memset(name, 'x', sizeof(name));
        strcpy(name + 247, ".service");
        assert_string_equal(value_error(&value_start, name, &start), "");
        assert_int_equal(strlen(start), 255);
        memset(name, 'x', sizeof(name));
        strcpy(name + 248, ".service");
        assert_int_equal(strncmp(value_error(&value_start, name, &start), "\"xxx", 4), 0);
        assert_int_equal(strlen(start), 255);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_start),
                cmocka_unit_test(test_length),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
