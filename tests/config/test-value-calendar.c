/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <time.h>

#include "config-test.h"

#include "base/usec.h"

static void check(const char *value, uint64_t seconds) {
        uint64_t usec = 7;
        char expected[256] = "";

        if (seconds == 0)
                (void) snprintf(expected, sizeof(expected), "\"%s\" is no date, write for example 2026-12-31, "
                                                            "2026-12-31 18:00 or 2026-12-31 18:00 UTC", value);
        assert_string_equal(value_error(&value_calendar, value, &usec), expected);
        assert_int_equal(usec, seconds > 0 ? seconds * USEC_PER_SEC : 7);
}

static void test_utc(void **state) {
        check("2026-12-31 UTC", 1798675200);
        check("2026-12-31 18:00 UTC", 1798740000);
        check("2026-12-31  18:00:59\tUTC", 1798740059);
        check("2028-02-29 UTC", 1835395200);
        check("2026-12-31 09:00 UTC", 1798707600);
        check("2026-12-31 19:00 UTC", 1798743600);
        check("@1798740000", 1798740000);
        check("9999-12-31 23:59:59 UTC", 253402300799);
}

/* In the summer and in the winter of a place that has both. */
static void test_local(void **state) {
        assert_int_equal(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
        tzset();
        check("2026-12-31", 1798675200 - 3600);
        check("2026-12-31 18:00", 1798740000 - 3600);
        check("2026-07-01 12:00", 1782907200 - 7200);
        check("2026-07-01 12:00 UTC", 1782907200);
        assert_int_equal(unsetenv("TZ"), 0);
        tzset();
}

static void test_wrong(void **state) {
        static const char *const rows[] = {
                "tomorrow", "now", "+5min", "2026", "2026-12", "2026-12-31T18:00", "2026-12-31 18", "2026-12-31 18:00:",
                "26-12-31", "202a-01-01", "2026x12-31", "2026-12x31", "2026-12-31 18x00", "2026-12-31 90:00", "2026-1-1", "31.12.2026", "2026-13-01", "2026-00-01", "2026-02-29", "2026-01-32",
                "2026-01-00", "2026-12-31 24:00", "2026-12-31 18:60", "2026-12-31 18:00:60", "2026-12-31 18:00 CET",
                "2026-12-31 18:00 UTC+1", "2026-12-31 18:00 utc", "1969-12-31 UTC", "1970-01-01 UTC", "x2026-12-31",
                "2026-12-31 UTC 18:00", "2026-12-31UTC", "@0", "@18446744073710",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                check(rows[i], 0);
}

static void test_wrong_seconds(void **state) {
        uint64_t usec = 7;

        assert_string_equal(value_error(&value_calendar, "@soon", &usec),
                            "\"@soon\" is no date, write seconds since 1970 after the @");
        assert_string_equal(value_error(&value_calendar, "@-1", &usec),
                            "\"@-1\" is no date, write seconds since 1970 after the @");
        assert_int_equal(usec, 7);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_utc),
                cmocka_unit_test(test_local),
                cmocka_unit_test(test_wrong),
                cmocka_unit_test(test_wrong_seconds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
