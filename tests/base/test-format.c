/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "test.h"

#include "base/format.h"
#include "base/parse.h"
#include "base/usec.h"

typedef struct Row {
        uint64_t value;
        const char *text;
} Row;

static void check_rows(const Row *rows, size_t n_rows, char *(*format)(char *buf, size_t size, uint64_t value)) {
        for (size_t i = 0; i < n_rows; i++) {
                char buf[FORMAT_MAX], cut[4];

                assert_string_equal(format(buf, sizeof(buf), rows[i].value), rows[i].text);
                /* Cut, but terminated. */
                assert_true(strlen(format(cut, sizeof(cut), rows[i].value)) < sizeof(cut));
        }
}

static void test_duration(void **state) {
        static const Row rows[] = {
                { 0, "0" },
                { 1, "1us" },
                { 999, "999us" },
                { 500 * USEC_PER_MSEC, "500ms" },
                { 90 * USEC_PER_SEC, "1min 30s" },
                { USEC_PER_WEEK + USEC_PER_SEC, "1w 1s" },
                { USEC_PER_DAY + USEC_PER_HOUR + USEC_PER_MINUTE, "1d 1h" }, /* two units are enough */
                { USEC_INFINITY - 1, "30500568w 6d" },
                { USEC_INFINITY, "infinity" },
        };

        check_rows(rows, ELEMENTSOF(rows), format_duration);
}

static void test_size(void **state) {
        static const Row rows[] = {
                { 0, "0B" },
                { 1023, "1023B" },
                { 1024, "1K" },
                { 1536, "1.5K" },
                { 1024 * 1024 - 1, "1023.9K" }, /* down, never up to what is not there */
                { UINT64_C(512) << 20, "512M" },
                { (UINT64_C(512) << 20) + 1, "512M" },
                { UINT64_MAX, "15.9E" },
        };

        check_rows(rows, ELEMENTSOF(rows), format_size);
}

static void test_share(void **state) {
        static const Row rows[] = {
                { 0, "0%" },       { 7, "0.07%" },    { 70, "0.7%" },     { 250, "2.5%" },
                { 255, "2.55%" },  { 4000, "40%" },   { 10000, "100%" },  { UINT64_MAX, "184467440737095516.15%" },
        };

        check_rows(rows, ELEMENTSOF(rows), format_share);
}

/* What is printed can be written into a file. */
static void test_round_trip(void **state) {
        static const uint64_t values[] = { 0, 1, 500000, 2000000, 90000000, 3600000000, UINT64_MAX };
        uint64_t value;
        uint32_t share;

        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                assert_int_equal(parse_duration(FORMAT_DURATION(values[i]), &value), 0);
                assert_int_equal(value, values[i]);
        }
        for (uint32_t n = 0; n <= 10000; n += 7) {
                assert_int_equal(parse_share(FORMAT_SHARE(n), &share), 0);
                assert_int_equal(share, n);
        }
        for (unsigned shift = 0; shift < 64; shift++) {
                assert_int_equal(parse_size(FORMAT_SIZE(UINT64_C(1) << shift), &value), 0);
                assert_int_equal(value, UINT64_C(1) << shift);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_duration),
                cmocka_unit_test(test_size),
                cmocka_unit_test(test_share),
                cmocka_unit_test(test_round_trip),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
