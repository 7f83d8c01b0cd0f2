/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "config-test.h"

#include "config/ini-lines.h"

/* What was told, as text: "LINE[section]" and "LINE key=value|". */
typedef struct Told {
        char text[1024];
        size_t used;
        int result; /* what the callbacks answer */
} Told;

static int on_section(void *user, unsigned line, const char *name) {
        Told *told = user;

        told->used += (size_t) snprintf(told->text + told->used, sizeof(told->text) - told->used, "%u[%s]", line,
                                        name ? name : "?");
        return told->result;
}

static int on_assignment(void *user, unsigned line, const char *key, const char *value) {
        Told *told = user;

        told->used += (size_t) snprintf(told->text + told->used, sizeof(told->text) - told->used, "%u %s=%s|", line,
                                        key, value);
        return told->result;
}

static const IniEvents events = { .section = on_section, .assignment = on_assignment };

static int read_text(const char *text, size_t size, Told *told, ConfigErrors *errors) {
        Source source = { .path = (char *) "x.conf", .text = (char *) text, .size = size };

        return ini_read(&source, &events, told, errors);
}

#define LONG_LINE "the line is longer than 198 bytes, assign to the key again to add to a list\n"
#define CONTINUED                                                                                             \
        "the line ends with a backslash, write it on one line, or assign to the key again to add to a list\n"
#define COMMENT "a comment follows on the same line, write it on a line of its own\n"

static void test_lines(void **state) {
        static const struct {
                const char *text, *told, *errors;
        } rows[] = {
                { "", "", "" },
                { "\n\n", "", "" },
                { "[A]\nk=v\n", "1[A]2 k=v|", "" },
                { "[A]\nk=v", "1[A]2 k=v|", "" },                       /* no line feed at the end */
                { "[A]\r\nk=v\r\n", "1[A]2 k=v|", "" },
                { "[A]\n[A]\n[B]\n", "1[A]2[A]3[B]", "" },              /* empty and repeated */
                { "k=v\n", "1 k=v|", "" },
                { "[A]\n  k  =  v w  \n", "1[A]2 k=v w|", "" },
                { "[A]\nk=v\n   l=w\n", "1[A]2 k=v|3 l=w|", "" },       /* no continuation */
                { "[A]\n\tk=\n", "1[A]2 k=|", "" },
                { "  [A]  \nk==a=b:c\n", "1[A]2 k==a=b:c|", "" },
                { "# c\n ; c\n#\\\nk=a#b;c\n", "4 k=a#b;c|", "" },
                { "# k=v ; c\n[A]\n", "2[A]", "" },
                { "k=;v\n", "1 k=;v|", "" },
                { "[]\n", "1[]", "" },
                { "[A B:C]\n", "1[A B:C]", "" },
                { "[A\nk=v\n", "1[?]2 k=v|", "1: the section header has no ], write for example [Match]\n" },
                { "[A] k=v\n", "1[?]", "1: text follows the section header, write it on a line of its own\n" },
                { "[A]]\n", "1[?]", "1: text follows the section header, write it on a line of its own\n" },
                { "[A] # c\n", "1[?]", "1: " COMMENT },
                { "k\nl=v\n", "2 l=v|", "1: the line is no assignment, write Key=value\n" },
                { "k: v\n", "", "1: the line is no assignment, write Key=value\n" },
                { "k:l=v\n", "", "1: a colon stands in the key, write Key=value\n" },
                { "=v\n", "", "1: no key stands before the =, write Key=value\n" },
                { "k=v ; c\n", "", "1: " COMMENT },
                { "k=v\t# c\n", "", "1: " COMMENT },
                { "k= ;c\n", "", "1: " COMMENT },
                { "k=v \\\n  w\n", "", "1: " CONTINUED "2: the line is no assignment, write Key=value\n" },
                { "\\\n", "", "1: " CONTINUED },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
                Told told = { 0 };

                assert_int_equal(read_text(rows[i].text, strlen(rows[i].text), &told, &errors), 0);
                assert_string_equal(told.text, rows[i].told);
                assert_string_equal(errors_text(&errors), rows[i].errors);
        }
}

/* inih has room for 198 bytes; at the limit nothing is cut, and above it nothing is let through. */
static void test_length(void **state) {
        for (size_t length = INI_LINE_MAX - 3; length <= INI_LINE_MAX + 3; length++) {
                _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
                char text[INI_LINE_MAX + 16] = "k=", expected[INI_LINE_MAX + 32];
                Told told = { 0 };

                memset(text + 2, 'x', length - 2);
                (void) snprintf(expected, sizeof(expected), "1 %s|2 l=w|", text);
                strcat(text, "\nl=w\n");
                assert_int_equal(read_text(text, strlen(text), &told, &errors), 0);
                assert_string_equal(told.text, length <= INI_LINE_MAX ? expected : "2 l=w|");
                assert_string_equal(errors_text(&errors), length <= INI_LINE_MAX ? "" : "1: " LONG_LINE);
        }
}

static void test_huge_line(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        const size_t size = 1000000;
        _cleanup_(freep) char *text = malloc(size);
        Told told = { 0 };

        assert_non_null(text);
        memset(text, 'x', size);
        memcpy(text, "[A]\nk=", 6);
        memcpy(text + size - 5, "\nl=w\n", 5);
        assert_int_equal(read_text(text, size, &told, &errors), 0);
        assert_string_equal(told.text, "1[A]3 l=w|");
        assert_string_equal(errors_text(&errors), "2: " LONG_LINE);

        /* A comment may be as long as it likes. */
        config_errors_done(&errors);
        told = (Told){ 0 };
        memcpy(text, "[A]\n#=", 6);
        assert_int_equal(read_text(text, size, &told, &errors), 0);
        assert_string_equal(told.text, "1[A]3 l=w|");
        assert_int_equal(errors.n_items, 0);
}

/* A callback's error ends the reading at once. */
static void test_callback_error(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        Told told = { .result = -ENOMEM };

        assert_int_equal(read_text("[A]\nk=v\n", 8, &told, &errors), -ENOMEM);
        assert_string_equal(told.text, "1[A]");
        told = (Told){ .result = -ENOMEM };
        assert_int_equal(read_text("k=v\nl=w\n", 8, &told, &errors), -ENOMEM);
        assert_string_equal(told.text, "1 k=v|");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_length),
                cmocka_unit_test(test_huge_line),
                cmocka_unit_test(test_callback_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
