/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>

#include "test.h"

#include "base/parse.h"
#include "base/usec.h"

/* What a failed call must leave alone. */
#define UNTOUCHED UINT64_C(0xabcdef)

typedef struct Row {
        const char *text;
        int result;
        uint64_t value;
} Row;

static void check_rows(const Row *rows, size_t n_rows, int (*parse)(const char *s, uint64_t *ret)) {
        for (size_t i = 0; i < n_rows; i++) {
                uint64_t value = UNTOUCHED, expected = rows[i].result == 0 ? rows[i].value : UNTOUCHED;
                int r = parse(rows[i].text, &value);

                if (r != rows[i].result || value != expected)
                        fail_msg("\"%s\": %d and %" PRIu64 " instead of %d and %" PRIu64, rows[i].text, r, value,
                                 rows[i].result, expected);
        }
}

static void test_uint(void **state) {
        static const Row rows[] = {
                { "0", 0, 0 },
                { "007", 0, 7 },
                { "18446744073709551615", 0, UINT64_MAX },
                { "18446744073709551616", -ERANGE },
                { "99999999999999999999999999", -ERANGE },
                { "", -EINVAL },
                { " 1", -EINVAL },
                { "1 ", -EINVAL },
                { "-1", -EINVAL },
                { "+1", -EINVAL },
                { "1.0", -EINVAL },
                { "0x10", -EINVAL },
                { "1e3", -EINVAL },
                { "\xd9\xa1", -EINVAL }, /* a digit, but an Arabic one */
        };

        check_rows(rows, ELEMENTSOF(rows), parse_uint);
}

static void test_duration(void **state) {
        static const Row rows[] = {
                { "0", 0, 0 },
                { "2", 0, 2 * USEC_PER_SEC },
                { "2s", 0, 2 * USEC_PER_SEC },
                { "1min 30s", 0, 90 * USEC_PER_SEC },
                { "1min30s", 0, 90 * USEC_PER_SEC },
                { "  1 min\t30 s  ", 0, 90 * USEC_PER_SEC },
                { "500ms", 0, 500 * USEC_PER_MSEC },
                { "1.5s", 0, 1500 * USEC_PER_MSEC },
                { "0.000001s", 0, 1 },
                { "0.0000001s", 0, 0 },
                { "7us", 0, 7 },
                { "1msec 1usec", 0, 1001 },
                { "1w 1d 1h 1m 1s", 0, (((8 * 24 + 1) * 60 + 1) * 60 + 1) * USEC_PER_SEC },
                { "1hour 2hours 1hr 1day 2days 1week 2weeks 1second 2seconds 1minute 2minutes 1sec", 0,
                  4 * USEC_PER_HOUR + 3 * USEC_PER_DAY + 3 * USEC_PER_WEEK + 4 * USEC_PER_SEC + 3 * USEC_PER_MINUTE },
                { "infinity", 0, USEC_INFINITY },
                { "18446744073709551614us", 0, USEC_INFINITY - 1 },
                { "18446744073709551615us", -ERANGE }, /* a number must not mean infinity */
                { "18446744073709551614us 1us", -ERANGE },
                { "30500569w", -ERANGE },
                { "99999999999999999999s", -ERANGE },
                { "4 fortnights", -EINVAL },
                { "4M", -EINVAL }, /* months are no fixed time */
                { "", -EINVAL },
                { "   ", -EINVAL },
                { "-1s", -EINVAL },
                { "1s, 2s", -EINVAL },
                { "1s infinity", -EINVAL },
                { "infinity s", -EINVAL },
                { ".5s", -EINVAL },
                { "1.s", -EINVAL },
                { "1.5.5s", -EINVAL },
                { "s", -EINVAL },
                { "1 S", -EINVAL },
        };

        check_rows(rows, ELEMENTSOF(rows), parse_duration);
}

static void test_size(void **state) {
        static const Row rows[] = {
                { "0", 0, 0 },
                { "4096", 0, 4096 },
                { "1B", 0, 1 },
                { "512M", 0, UINT64_C(512) << 20 },
                { " 1.5 G ", 0, UINT64_C(3) << 29 },
                { "1K", 0, 1024 },
                { "1T", 0, UINT64_C(1) << 40 },
                { "1P", 0, UINT64_C(1) << 50 },
                { "15E", 0, UINT64_C(15) << 60 },
                { "15.5E", 0, UINT64_C(31) << 59 },
                { "16E", -ERANGE },
                { "18446744073709551615", 0, UINT64_MAX },
                { "18446744073709551616", -ERANGE },
                { "10%", -EINVAL },
                { "1m", -EINVAL },
                { "1MB", -EINVAL },
                { "1MiB", -EINVAL },
                { "1G 1M", -EINVAL },
                { "infinity", -EINVAL },
                { "", -EINVAL },
                { "-1M", -EINVAL },
                { "M", -EINVAL },
        };

        check_rows(rows, ELEMENTSOF(rows), parse_size);
}

static void test_percent(void **state) {
        static const Row rows[] = {
                { "0%", 0, 0 },
                { "100.01%", 0, 10001 },
                { " 250% ", 0, 25000 },
                { "184467440737095516.15%", 0, UINT64_MAX },
                { "184467440737095516.16%", -ERANGE },
                { "184467440737095517%", -ERANGE },
                { "1.005%", -EINVAL },
                { "250", -EINVAL },
                { "-1%", -EINVAL },
                { "50%%", -EINVAL },
                { "", -EINVAL },
        };

        check_rows(rows, ELEMENTSOF(rows), parse_percent);
}

static int parse_share_wide(const char *s, uint64_t *ret) {
        uint32_t share = (uint32_t) *ret;
        int r = parse_share(s, &share);

        *ret = share;
        return r;
}

static void test_share(void **state) {
        static const Row rows[] = {
                { "0%", 0, 0 },
                { "40%", 0, 4000 },
                { "2.5%", 0, 250 },
                { "0.07%", 0, 7 },
                { " 100% ", 0, 10000 },
                { "100.00%", 0, 10000 },
                { "2.500%", 0, 250 },
                { "100.01%", -ERANGE },
                { "101%", -ERANGE },
                { "18446744073709551615%", -ERANGE },
                { "18446744073709551616%", -ERANGE },
                { "0.005%", -EINVAL }, /* finer than anything here counts */
                { "10", -EINVAL },
                { "10 %", -EINVAL },
                { "10%%", -EINVAL },
                { "10% 2s", -EINVAL },
                { "%", -EINVAL },
                { "", -EINVAL },
                { "-1%", -EINVAL },
                { "1,5%", -EINVAL },
        };

        check_rows(rows, ELEMENTSOF(rows), parse_share_wide);
}

static int parse_boolean_wide(const char *s, uint64_t *ret) {
        bool value;
        int r = parse_boolean(s, &value);

        if (r == 0)
                *ret = value;
        return r;
}

static void test_boolean(void **state) {
        static const Row rows[] = {
                { "yes", 0, true },  { "Y", 0, true },   { "TRUE", 0, true },   { "t", 0, true },
                { "on", 0, true },   { "1", 0, true },   { "no", 0, false },    { "n", 0, false },
                { "False", 0, false }, { "f", 0, false }, { "off", 0, false },  { "0", 0, false },
                { "", -EINVAL },     { "yes ", -EINVAL }, { "2", -EINVAL },     { "maybe", -EINVAL },
                { "yesno", -EINVAL },
        };

        check_rows(rows, ELEMENTSOF(rows), parse_boolean_wide);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_uint),  cmocka_unit_test(test_duration), cmocka_unit_test(test_size),
                cmocka_unit_test(test_percent),
                cmocka_unit_test(test_share), cmocka_unit_test(test_boolean),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
