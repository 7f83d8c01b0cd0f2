/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <string.h>

#include "config-test.h"

typedef struct Row {
        const char *value;
        int expected;
        const char *error; /* NULL: none */
} Row;

static void check_rows(const ValueType *type, const Row *rows, size_t n_rows) {
        for (size_t i = 0; i < n_rows; i++) {
                int field = -12345; /* enums, signals and bits are as large */

                assert_int_equal(type->size, sizeof(field));
                assert_string_equal(value_error(type, rows[i].value, &field), rows[i].error ? rows[i].error : "");
                assert_int_equal(field, rows[i].error ? -12345 : rows[i].expected);
        }
}

#define CHECK(type, ...)                                                                                      \
        do {                                                                                                  \
                static const Row rows[] = { __VA_ARGS__ };                                                    \
                check_rows(type, rows, ELEMENTSOF(rows));                                                     \
        } while (0)

static void test_action(void **state) {
        CHECK(&value_action, { "log", ACTION_LOG }, { "protect", ACTION_PROTECT }, { "throttle", ACTION_THROTTLE },
              { "reclaim", ACTION_RECLAIM }, { "freeze", ACTION_FREEZE }, { "kill", ACTION_KILL },
              { "stop", ACTION_STOP }, { "restart", ACTION_RESTART }, { "start", ACTION_START },
              { "thrttle", 0, "\"thrttle\" is no action, did you mean throttle?" },
              { "Kill", 0, "\"Kill\" is no action, did you mean kill?" },
              { "reset", 0, "\"reset\" is no action, write log, protect, throttle, reclaim, freeze, kill, stop, "
                            "restart or start" });
}

static void test_grain(void **state) {
        CHECK(&value_grain, { "unit", GRAIN_UNIT }, { "process", GRAIN_PROCESS },
              { "procress", 0, "\"procress\" is no grain, did you mean process?" },
              { "thread", 0, "\"thread\" is no grain, write unit or process" });
}

static void test_causes(void **state) {
        CHECK(&value_causes, { "unit-limit", 1 << CAUSE_UNIT_LIMIT }, { "slice-limit", 1 << CAUSE_SLICE_LIMIT },
              { "host-short", 1 << CAUSE_HOST_SHORT }, { "refault", 1 << CAUSE_REFAULT }, { "swap", 1 << CAUSE_SWAP },
              { "throttled", 1 << CAUSE_THROTTLED }, { "compaction", 1 << CAUSE_COMPACTION }, { "io", 1 << CAUSE_IO },
              { "refault  swap", 1 << CAUSE_REFAULT | 1 << CAUSE_SWAP }, { "io io", 1 << CAUSE_IO },
              { "io swapp", 0, "\"swapp\" is no cause, did you mean swap?" },
              { "unknown", 0, "\"unknown\" is no cause, write unit-limit, slice-limit, host-short, refault, swap, "
                              "throttled, compaction or io" });
}

#define NO_SIGNAL(s) "\"" s "\" is no signal, write for example SIGTERM"

static void test_signal(void **state) {
        CHECK(&value_signal, { "SIGTERM", SIGTERM }, { "TERM", SIGTERM }, { "SIGKILL", SIGKILL }, { "15", SIGTERM },
              { "64", 64 }, { "SIGUSR1", SIGUSR1 }, { "0", 0, NO_SIGNAL("0") }, { "65", 0, NO_SIGNAL("65") },
              { "4294967311", 0, NO_SIGNAL("4294967311") }, { "SIG", 0, NO_SIGNAL("SIG") },
              { "sigterm", 0, NO_SIGNAL("sigterm") }, { "SIGSIGTERM", 0, NO_SIGNAL("SIGSIGTERM") },
              { "SIGTERM SIGINT", 0, NO_SIGNAL("SIGTERM SIGINT") }, { "-1", 0, NO_SIGNAL("-1") });
}

static void test_word(void **state) {
        _cleanup_(freep) char *word = NULL;
        char longest[66];

        assert_string_equal(value_error(&value_word, "first", &word), "");
        assert_string_equal(value_error(&value_word, "slow-down", &word), "");
        assert_string_equal(word, "slow-down");
        assert_string_equal(value_error(&value_word, "slow down", &word),
                            "\"slow down\" is no single word, write for example slow-down");
        memset(longest, 'x', sizeof(longest));
        longest[65] = '\0';
        assert_string_equal(value_error(&value_word, longest, &word),
                            "the name is longer than 64 bytes, write for example slow-down");
        assert_string_equal(word, "slow-down");
        longest[64] = '\0';
        assert_string_equal(value_error(&value_word, longest, &word), "");
        assert_string_equal(word, longest);
        assert_string_equal(value_error(&value_word, "", &word), "");
        assert_null(word);
}

static void test_text(void **state) {
        _cleanup_(freep) char *text = NULL;

        assert_string_equal(value_error(&value_text, "for the night", &text), "");
        assert_string_equal(value_error(&value_text, "\"K\xc3\xa4se\" = 1%", &text), "");
        assert_string_equal(text, "\"K\xc3\xa4se\" = 1%");
        assert_string_equal(value_error(&value_text, "", &text), "");
        assert_null(text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_action),
                cmocka_unit_test(test_grain),
                cmocka_unit_test(test_causes),
                cmocka_unit_test(test_signal),
                cmocka_unit_test(test_word),
                cmocka_unit_test(test_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
