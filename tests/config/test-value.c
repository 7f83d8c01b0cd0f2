/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
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
                ActionKind action;
                int signal;
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

static void test_action(void **state) {
        CHECK(&value_action, { "log", NULL, { .action = ACTION_LOG } },
              { "throttle", NULL, { .action = ACTION_THROTTLE } }, { "freeze", NULL, { .action = ACTION_FREEZE } },
              { "kill", NULL, { .action = ACTION_KILL } },
              { "thrttle", "\"thrttle\" is no action, did you mean throttle?" },
              { "Kill", "\"Kill\" is no action, did you mean kill?" },
              { "reset", "\"reset\" is no action, write log, throttle, freeze or kill" });
}

#define NO_SIGNAL(s) "\"" s "\" is no signal, write for example SIGTERM"

static void test_signal(void **state) {
        CHECK(&value_signal, { "SIGTERM", NULL, { .signal = SIGTERM } }, { "TERM", NULL, { .signal = SIGTERM } },
              { "SIGKILL", NULL, { .signal = SIGKILL } }, { "15", NULL, { .signal = SIGTERM } },
              { "64", NULL, { .signal = 64 } }, { "SIGUSR1", NULL, { .signal = SIGUSR1 } }, { "0", NO_SIGNAL("0") },
              { "65", NO_SIGNAL("65") }, { "4294967311", NO_SIGNAL("4294967311") }, { "SIG", NO_SIGNAL("SIG") },
              { "sigterm", NO_SIGNAL("sigterm") }, { "SIGSIGTERM", NO_SIGNAL("SIGSIGTERM") },
              { "SIGTERM SIGINT", NO_SIGNAL("SIGTERM SIGINT") }, { "-1", NO_SIGNAL("-1") });
}

static void test_word(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        const Place place = { .errors = &errors, .file = "x", .line = 1, .key = "K" };
        _cleanup_(freep) char *word = NULL;
        char longest[66];

        assert_int_equal(value_word.parse(&place, "first", &word), 0);
        assert_int_equal(value_word.parse(&place, "slow-down", &word), 0);
        assert_string_equal(word, "slow-down");
        assert_int_equal(value_word.parse(&place, "slow down", &word), 0);
        memset(longest, 'x', sizeof(longest));
        longest[65] = '\0';
        assert_int_equal(value_word.parse(&place, longest, &word), 0);
        assert_string_equal(errors_text(&errors),
                            "1: K=: \"slow down\" is no single word, write for example slow-down\n"
                            "1: K=: the name is longer than 64 bytes, write for example slow-down\n");
        assert_string_equal(word, "slow-down");
        longest[64] = '\0';
        assert_int_equal(value_word.parse(&place, longest, &word), 0);
        assert_string_equal(word, longest);
        assert_int_equal(value_word.parse(&place, "", &word), 0);
        assert_null(word);
        assert_int_equal(errors.n_items, 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_boolean),  cmocka_unit_test(test_duration),
                cmocka_unit_test(test_pressure), cmocka_unit_test(test_pressure_long_word),
                cmocka_unit_test(test_amount),   cmocka_unit_test(test_amount_value),
                cmocka_unit_test(test_action),   cmocka_unit_test(test_signal),
                cmocka_unit_test(test_word),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
