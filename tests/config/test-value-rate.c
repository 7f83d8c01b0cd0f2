/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config-test.h"

#include "base/usec.h"

#define WINDOW(s, what) "a window of " s " is not possible, " what " are kept over 500ms to 10s"

static void test_bytes(void **state) {
        static const struct {
                const char *value;
                Rate rate;
                const char *error;
        } rows[] = {
                { "20M 5s", { UINT64_C(20) << 20, 5 * USEC_PER_SEC }, "" },
                { " 1  500ms ", { 1, 500 * USEC_PER_MSEC }, "" },
                { "1.5G 1s 500ms", { UINT64_C(3) << 29, 1500 * USEC_PER_MSEC }, "" },
                { "1K 10s", { 1024, 10 * USEC_PER_SEC }, "" },
                { "1K 10s 1us", { 0 }, WINDOW("10s 1us", "rates") },
                { "1K 499ms", { 0 }, WINDOW("499ms", "rates") },
                { "1K infinity", { 0 }, WINDOW("infinity", "rates") },
                { "1K soon", { 0 }, "\"soon\" is no window, write for example 20M 5s" },
                { "20M", { 0 }, "\"20M\" lacks its window, write for example 20M 5s" },
                { "5%  5s", { 0 }, "\"5%\" is no size, write for example 20M 5s" },
                { "0 5s", { 0 }, "must be more than 0, write for example 20M 5s" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Rate rate = { 0 };

                assert_string_equal(value_error(&value_rate_bytes, rows[i].value, &rate), rows[i].error);
                assert_int_equal(rate.per_second, rows[i].rate.per_second);
                assert_int_equal(rate.window_usec, rows[i].rate.window_usec);
        }
}

static void test_pages(void **state) {
        Rate rate = { 0 };

        assert_string_equal(value_error(&value_rate_pages, "2000 5s", &rate), "");
        assert_int_equal(rate.per_second, 2000);
        assert_int_equal(rate.window_usec, 5 * USEC_PER_SEC);
        assert_string_equal(value_error(&value_rate_pages, "20M 5s", &rate),
                            "\"20M\" is no number of pages, write for example 2000 5s");
        assert_string_equal(value_error(&value_rate_pages, "0 5s", &rate),
                            "must be more than 0, write for example 2000 5s");
        assert_string_equal(value_error(&value_rate_pages, "1 11s", &rate), WINDOW("11s", "rates"));
        assert_int_equal(rate.per_second, 2000);
}

static void test_event(void **state) {
        static const struct {
                const char *value;
                EventCount count;
                const char *error;
        } rows[] = {
                { "high", { MEMORY_EVENT_HIGH, 1, 10 * USEC_PER_SEC }, "" },
                { "oom", { MEMORY_EVENT_OOM, 1, 10 * USEC_PER_SEC }, "" },
                { "max 10 5s", { MEMORY_EVENT_MAX, 10, 5 * USEC_PER_SEC }, "" },
                { "max 1 500ms", { MEMORY_EVENT_MAX, 1, 500 * USEC_PER_MSEC }, "" },
                { "low", { 0 }, "\"low\" is no event of memory.events, write high, max or oom" },
                { "hihg", { 0 }, "\"hihg\" is no event of memory.events, did you mean high?" },
                { "max 10", { 0 }, "\"max 10\" lacks its window, write for example max 10 5s" },
                { "max 5s", { 0 }, "\"5s\" is no number, write for example max 10 5s" },
                { "max 0 5s", { 0 }, "must be more than 0, write for example max 10 5s" },
                { "max 10 soon", { 0 }, "\"soon\" is no window, write for example max 10 5s" },
                { "oom 1 1min", { 0 }, WINDOW("1min", "events") },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                EventCount count = { 0 };

                assert_string_equal(value_error(&value_event_count, rows[i].value, &count), rows[i].error);
                assert_int_equal(count.event, rows[i].count.event);
                assert_int_equal(count.count, rows[i].count.count);
                assert_int_equal(count.window_usec, rows[i].count.window_usec);
        }
}

static void test_count(void **state) {
        uint64_t count = 7;

        assert_string_equal(value_error(&value_count, "1000", &count), "");
        assert_int_equal(count, 1000);
        assert_string_equal(value_error(&value_count, "0", &count), "");
        assert_int_equal(count, 0);
        assert_string_equal(value_error(&value_count, "1K", &count), "\"1K\" is no number, write for example 1000");
        assert_int_equal(count, 0);
}

/* Its errors are in test-settings-file.c. */
static void test_budget(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        const Place place = { .errors = &errors, .file = "x", .line = 1, .key = "K" };
        unsigned count = 0;
        uint64_t usec = 0;

        assert_int_equal(value_parse_budget(&place, "1000 1min 30s", &count, &usec), 0);
        assert_int_equal(count, 1000);
        assert_int_equal(usec, 90 * USEC_PER_SEC);
        assert_int_equal(value_parse_budget(&place, "1 1us", &count, &usec), 0);
        assert_int_equal(count, 1);
        assert_int_equal(usec, 1);
        assert_int_equal(value_parse_budget(&place, "1000 1us", &count, &usec), 0);
        assert_int_equal(value_parse_budget(&place, "1001 1min", &count, &usec), 0);
        assert_int_equal(errors.n_items, 1);
        assert_int_equal(count, 1000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bytes),
                cmocka_unit_test(test_pages),
                cmocka_unit_test(test_event),
                cmocka_unit_test(test_count),
                cmocka_unit_test(test_budget),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
