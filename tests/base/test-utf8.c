/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "test.h"

#include "base/utf8.h"

static void test_valid(void **state) {
        static const struct {
                const char *text;
                size_t valid; /* SIZE_MAX: all */
        } rows[] = {
                { "", SIZE_MAX },
                { "[Match]\nUnit=a.service\n", SIZE_MAX },
                { "a\tb\r\nc", SIZE_MAX },
                { "# K\xc3\xa4se \xe2\x82\xac \xf0\x9f\xa6\x86", SIZE_MAX },
                { "\xf4\x8f\xbf\xbf", SIZE_MAX },     /* the last code point */
                { "a\x01", 1 },                       /* control characters */
                { "a\x1b[31m", 1 },
                { "a\x7f", 1 },
                { "a\xc2\x9b" "31m", 1 },             /* CSI in one character */
                { "a\rb", 1 },                        /* a carriage return alone */
                { "a\r", 1 },
                { "a\x80", 1 },                       /* a continuation without a start */
                { "a\xff", 1 },
                { "a\xc3", 1 },                       /* cut short */
                { "a\xc3(", 1 },
                { "a\xe2\x82", 1 },
                { "a\xc0\xaf", 1 },                   /* overlong */
                { "a\xe0\x80\xaf", 1 },
                { "a\xf0\x80\x80\xaf", 1 },
                { "a\xed\xa0\x80", 1 },               /* a surrogate */
                { "a\xf4\x90\x80\x80", 1 },           /* above the last code point */
                { "a\xf8\x88\x80\x80\x80", 1 },       /* five bytes */
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                size_t size = strlen(rows[i].text), n = utf8_text_length(rows[i].text, size);

                if (n != MIN(rows[i].valid, size))
                        fail_msg("row %zu: %zu of %zu bytes", i, n, size);
        }
}

static void test_nul(void **state) {
        assert_int_equal(utf8_text_length("a\0b", 3), 1);
}

static void test_kinds(void **state) {
        static const struct {
                const char *text;
                size_t length;
                uint32_t character;
                bool control, misleads;
        } rows[] = {
                { "a", 1, 'a', false, false },        { "\t", 1, '\t', true, false },
                { "\xc2\x9b", 2, 0x9b, true, false }, { "\xc3\xa4", 2, 0xe4, false, false },
                { "\xe2\x80\xae", 3, 0x202e, false, true }, /* right to left from here */
                { "\xe2\x80\xa8", 3, 0x2028, false, true }, /* a line's end */
                { "\xe2\x81\xa6", 3, 0x2066, false, true }, { "\xef\xbb\xbf", 3, 0xfeff, false, true },
                { "\xe2\x82\xac", 3, 0x20ac, false, false }, { "\xff", 0, 0, false, false },
                { "", 0, 0, false, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint32_t character = 0;

                assert_int_equal(utf8_character(rows[i].text, strlen(rows[i].text), &character), rows[i].length);
                assert_int_equal(character, rows[i].character);
                if (rows[i].length == 0)
                        continue;
                assert_int_equal(utf8_is_control(character), rows[i].control);
                assert_int_equal(utf8_misleads(character), rows[i].misleads);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_valid),
                cmocka_unit_test(test_nul),
                cmocka_unit_test(test_kinds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
