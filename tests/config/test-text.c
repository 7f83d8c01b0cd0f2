/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "test.h"

#include "config/text.h"

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
                size_t size = strlen(rows[i].text), n = text_valid_length(rows[i].text, size);

                if (n != MIN(rows[i].valid, size))
                        fail_msg("row %zu: %zu of %zu bytes", i, n, size);
        }
}

static void test_nul(void **state) {
        assert_int_equal(text_valid_length("a\0b", 3), 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_valid),
                cmocka_unit_test(test_nul),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
