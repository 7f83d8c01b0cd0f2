/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "config-test.h"

#include "base/usec.h"
#include "config/value.h"
#include "core/policy.h"

/* Each row is a value and what is wrong with it; NULL if nothing is, and then `expected` is what the field holds. */
typedef struct Row {
        const char *value;
        const char *error;
        union {
                bool boolean;
                uint64_t usec;
                PressureLimit pressure;
                Amount amount;
        } expected;
} Row;

static void check_rows(const ValueType *type, const Row *rows, size_t n_rows) {
        for (size_t i = 0; i < n_rows; i++) {
                _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
                const Place place = { .errors = &errors, .file = "x", .line = 1, .key = "K" };
                _Alignas(uint64_t) char field[32], untouched[32];

                memset(field, 0xaa, sizeof(field));
                memset(untouched, 0xaa, sizeof(untouched));
                assert_true(type->size <= sizeof(field));
                assert_int_equal(type->parse(&place, rows[i].value, field), 0);
                if (rows[i].error) {
                        assert_int_equal(errors.n_items, 1);
                        assert_int_equal(strncmp(errors.items[0].text, "K=: ", 4), 0);
                        assert_string_equal(errors.items[0].text + 4, rows[i].error);
                        assert_memory_equal(field, untouched, sizeof(field));
                } else {
                        assert_string_equal(errors_text(&errors), "");
                        assert_memory_equal(field, &rows[i].expected, type->size);
                }
        }
}

#define CHECK(type, ...)                                                                                      \
        do {                                                                                                  \
                static const Row rows[] = { __VA_ARGS__ };                                                    \
                check_rows(type, rows, ELEMENTSOF(rows));                                                     \
        } while (0)

static void test_boolean(void **state) {
        CHECK(&value_boolean, { "yes", NULL, { .boolean = true } }, { "off", NULL, { .boolean = false } },
              { "maybe", "\"maybe\" is no boolean, write yes or no" });
}

#define NO_DURATION(s) "\"" s "\" is no duration, write for example 2s or 1min 30s"
#define TOO_LONG(s) "\"" s "\" is too long, write infinity if it should never end"
#define NO_INFINITY "must not be infinity, write for example 2s or 1min 30s"

static void test_duration(void **state) {
        CHECK(&value_duration, { "1min 30s", NULL, { .usec = 90 * USEC_PER_SEC } }, { "0", NULL, { .usec = 0 } },
              { "infinity", NULL, { .usec = USEC_INFINITY } }, { "4 fortnights", NO_DURATION("4 fortnights") },
              { "-1s", NO_DURATION("-1s") }, { "99999999999999999999s", TOO_LONG("99999999999999999999s") });
        CHECK(&value_duration_finite, { "0", NULL, { .usec = 0 } }, { "infinity", NO_INFINITY },
              { "x", NO_DURATION("x") });
        CHECK(&value_duration_above_zero, { "1us", NULL, { .usec = 1 } },
              { "infinity", NULL, { .usec = USEC_INFINITY } },
              { "0", "must be longer than 0, write for example 30s or infinity" }, { "x", NO_DURATION("x") });
        CHECK(&value_duration_bounded, { "1us", NULL, { .usec = 1 } }, { "infinity", NO_INFINITY },
              { "0", "must be longer than 0, write for example 2s or 1min 30s" }, { "x", NO_DURATION("x") });
}

static void test_pressure(void **state) {
        CHECK(&value_pressure,
              { "some 10% 2s", NULL, { .pressure = { PRESSURE_SOME, 1000, 2 * USEC_PER_SEC } } },
              { "full\t 2.5%  1s 500ms ", NULL, { .pressure = { PRESSURE_FULL, 250, 1500 * USEC_PER_MSEC } } },
              { "some 100% 10s", NULL, { .pressure = { PRESSURE_SOME, 10000, 10 * USEC_PER_SEC } } },
              { "some 0.01% 500ms", NULL, { .pressure = { PRESSURE_SOME, 1, 500 * USEC_PER_MSEC } } },
              { "10% 2s", "\"10%\" is neither some nor full, write for example some 10% 2s" },
              { "Some 10% 2s", "\"Some\" is neither some nor full, write for example some 10% 2s" },
              { "full", "\"full\" lacks its share and window, write for example full 10% 2s" },
              { "full 10%", "\"full 10%\" lacks its window, write for example full 10% 2s" },
              { "some 10 2s", "\"10\" is no share of at most 100%, write for example some 10% 2s" },
              { "some 101% 2s", "\"101%\" is no share of at most 100%, write for example some 10% 2s" },
              { "some -1% 2s", "\"-1%\" is no share of at most 100%, write for example some 10% 2s" },
              { "some 0% 2s", "a share of 0% is always reached, write for example some 10% 2s" },
              { "some 10% soon", "\"soon\" is no window, write for example some 10% 2s" },
              { "full 5% 499ms", "a window of 499ms is not possible, the kernel takes 500ms to 10s" },
              { "full 5% 10s 1us", "a window of 10s 1us is not possible, the kernel takes 500ms to 10s" },
              { "full 5% infinity", "a window of infinity is not possible, the kernel takes 500ms to 10s" });
}

/* A word of any length is cut where nothing that means anything is as long. */
static void test_pressure_long_word(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        const Place place = { .errors = &errors, .file = "x", .line = 1, .key = "K" };
        char value[190];
        PressureLimit limit;

        memset(value, 'x', sizeof(value));
        value[sizeof(value) - 1] = '\0';
        assert_int_equal(value_pressure.parse(&place, value, &limit), 0);
        assert_int_equal(errors.n_items, 1);
}

#define NO_AMOUNT(s) "\"" s "\" is neither a size nor a share of at most 100%, write for example 512M or 10%"
#define NOT_ABOVE_ZERO "must be more than 0, write for example 512M or 10%"

static void test_amount(void **state) {
        CHECK(&value_amount, { "0", NOT_ABOVE_ZERO }, { "0%", NOT_ABOVE_ZERO }, { "0.0000001K", NOT_ABOVE_ZERO },
              { "101%", NO_AMOUNT("101%") }, { "512 MB", NO_AMOUNT("512 MB") },
              { "infinity", NO_AMOUNT("infinity") }, { "16E", NO_AMOUNT("16E") });
}

/* Compared by member: there is room between them that nobody fills. */
static void test_amount_value(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        const Place place = { .errors = &errors, .file = "x", .line = 1, .key = "K" };
        Amount amount;

        assert_int_equal(value_amount.parse(&place, "512M", &amount), 0);
        assert_false(amount.is_share);
        assert_int_equal(amount.bytes, 512 << 20);
        assert_int_equal(value_amount.parse(&place, "12.5%", &amount), 0);
        assert_true(amount.is_share);
        assert_int_equal(amount.share, 1250);
        assert_int_equal(errors.n_items, 0);
}

static void test_share(void **state) {
        uint32_t share = 7;

        assert_string_equal(value_error(&value_share, "20%", &share), "");
        assert_int_equal(share, 2000);
        assert_string_equal(value_error(&value_share, "0%", &share), "must be more than 0, write for example 10%");
        assert_string_equal(value_error(&value_share, "101%", &share),
                            "\"101%\" is no share of at most 100%, write for example 10%");
        assert_string_equal(value_error(&value_share, "20", &share),
                            "\"20\" is no share of at most 100%, write for example 10%");
        assert_int_equal(share, 2000);
}

#define NO_CPU(s) "\"" s "\" is no share of a CPU, write for example 50%, or 200% for two of them"

static void test_percent(void **state) {
        CHECK(&value_percent, { "50%", NULL, { .usec = 5000 } }, { "250.5%", NULL, { .usec = 25050 } },
              { "1000000%", NULL, { .usec = 100000000 } }, { "1000001%", NO_CPU("1000001%") },
              { "0%", "must be more than 0, write for example 50%" }, { "50", NO_CPU("50") },
              { "infinity", NO_CPU("infinity") });
}

#define NO_CPU_WEIGHT(s) "\"" s "\" is no weight, write a number from 1 to 10000, or idle"
#define NO_IO_WEIGHT(s) "\"" s "\" is no weight, write a number from 1 to 10000"

static void test_weight(void **state) {
        CHECK(&value_cpu_weight, { "1", NULL, { .usec = 1 } }, { "10000", NULL, { .usec = 10000 } },
              { "idle", NULL, { .usec = 0 } }, { "0", NO_CPU_WEIGHT("0") }, { "10001", NO_CPU_WEIGHT("10001") },
              { "10%", NO_CPU_WEIGHT("10%") });
        CHECK(&value_io_weight, { "1", NULL, { .usec = 1 } }, { "10000", NULL, { .usec = 10000 } },
              { "idle", NO_IO_WEIGHT("idle") }, { "0", NO_IO_WEIGHT("0") }, { "10001", NO_IO_WEIGHT("10001") });
}

static void test_inverted(void **state) {
        CHECK(&value_boolean_inverted, { "yes", NULL, { .boolean = false } }, { "no", NULL, { .boolean = true } });
        for (int i = 0; i < 2; i++) {
                bool field = i;

                assert_string_equal(value_error(&value_boolean_inverted, "x", &field),
                                    "\"x\" is no boolean, write yes or no");
                assert_int_equal(field, i);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_boolean),  cmocka_unit_test(test_duration),
                cmocka_unit_test(test_pressure), cmocka_unit_test(test_pressure_long_word),
                cmocka_unit_test(test_amount),   cmocka_unit_test(test_amount_value),
                cmocka_unit_test(test_share),    cmocka_unit_test(test_percent),
                cmocka_unit_test(test_weight),   cmocka_unit_test(test_inverted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
