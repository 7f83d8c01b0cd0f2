/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "config-test.h"

#include "base/strv.h"
#include "base/usec.h"
#include "config/print-value.h"

/* What the statement prints to `f` must be this text. */
#define CHECK(statement, expected)                                                                            \
        do {                                                                                                  \
                _cleanup_(freep) char *printed = NULL;                                                           \
                size_t size;                                                                                  \
                FILE *f = open_memstream(&printed, &size);                                                       \
                                                                                                              \
                assert_non_null(f);                                                                           \
                statement;                                                                                    \
                assert_int_equal(fclose(f), 0);                                                               \
                assert_string_equal(printed, expected);                                                          \
        } while (0)

static void test_duration(void **state) {
        CHECK(print_duration(f, "For", 0), "For=0\n");
        CHECK(print_duration(f, "For", 1), "For=1us\n");
        CHECK(print_duration(f, "For", 90 * USEC_PER_SEC), "For=1min 30s\n");
        CHECK(print_duration(f, "For", USEC_INFINITY), "For=infinity\n");
        CHECK(print_duration(f, "For", 8 * USEC_PER_DAY + 2 * USEC_PER_HOUR + 3 * USEC_PER_MINUTE + 4 * USEC_PER_SEC +
                                               5 * USEC_PER_MSEC + 6),
              "For=8d 2h 3min 4s 5ms 6us\n");
        CHECK(print_duration(f, "For", USEC_INFINITY - 1), "For=213503982d 8h 1min 49s 551ms 614us\n");
}

static void test_amount(void **state) {
        CHECK(print_amount(f, "Usage", &(Amount){ .bytes = 1 }), "Usage=1\n");
        CHECK(print_amount(f, "Usage", &(Amount){ .bytes = 1025 }), "Usage=1025\n");
        CHECK(print_amount(f, "Usage", &(Amount){ .bytes = 1536 << 10 }), "Usage=1536K\n");
        CHECK(print_amount(f, "Usage", &(Amount){ .bytes = UINT64_C(15) << 60 }), "Usage=15E\n");
        CHECK(print_amount(f, "Usage", &(Amount){ .bytes = UINT64_MAX }), "Usage=18446744073709551615\n");
        CHECK(print_amount(f, "Usage", &(Amount){ .is_share = true, .share = 1250 }), "Usage=12.5%\n");
}

static void test_signal(void **state) {
        CHECK(print_signal(f, "Signal", SIGTERM), "Signal=SIGTERM\n");
        CHECK(print_signal(f, "Signal", SIGRTMIN + 3), "Signal=37\n");
}

static void test_time(void **state) {
        CHECK(print_time(f, "Expires", 1798740059 * USEC_PER_SEC), "Expires=2026-12-31 18:00:59 UTC\n");
        CHECK(print_time(f, "Expires", 253402300799 * USEC_PER_SEC), "Expires=9999-12-31 23:59:59 UTC\n");
        CHECK(print_time(f, "Expires", 253402300800 * USEC_PER_SEC), "Expires=@253402300800\n");
}

static void test_others(void **state) {
        CHECK(print_boolean(f, "DryRun", true), "DryRun=yes\n");
        CHECK(print_boolean(f, "DryRun", false), "DryRun=no\n");
        CHECK(print_budget(f, "MaxActions", 30, 10 * USEC_PER_MINUTE), "MaxActions=30 10min\n");
        CHECK(print_pressure(f, "Until", &(PressureLimit){ PRESSURE_FULL, 250, 1500 * USEC_PER_MSEC }),
              "Until=full 2.5% 1s 500ms\n");
}

/* A line is filled as far as it is read. */
static void test_list(void **state) {
        char name[100], expected[512];
        char *list[] = { name, name, name, NULL };

        CHECK(print_list(f, "Unit", NULL), "");
        for (size_t n = 96; n <= 97; n++) {
                memset(name, 'x', sizeof(name));
                name[n] = '\0';
                (void) snprintf(expected, sizeof(expected), "Unit=%s%s%s\nUnit=%s\n", name, n == 96 ? " " : "\nUnit=", name,
                                name);
                CHECK(print_list(f, "Unit", list), expected);
        }
}

/* What is read in test-policy-step.c. */
static void test_conditions(void **state) {
        static const char *const lines[] = {
                "Pressure=some 10% 2s\n", "HostPressure=full 5% 1s\n", "IOPressure=some 50% 10s\n",
                "CPUPressure=some 50% 500ms\n", "Stall=20% 2s\n", "Available=10%\n", "HostAvailable=512M\n", "SwapFree=20%\n",
                "Usage=1G\n", "Growth=20M 5s\n", "Exhaustion=1min 30s\n", "Refaults=2000 5s\n",
                "Reclaim=100000 1s\n", "Efficiency=5%\n", "Event=max 10 5s\n", "Cause=refault swap\n", "Cause=io\n",
                "Present=a.service b-*.scope\n", "Absent=c.service\n", "DyingDescendants=1000\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                _cleanup_(policy_freep) Policy *p = NULL;
                char text[256];

                (void) snprintf(text, sizeof(text), "[Match]\nUnit=a.service\n[Step]\nAction=log\n%sUsage=1\n", lines[i]);
                p = policy_read_text(state, text, "");
                CHECK(print_condition(f, p->steps->conditions), lines[i]);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_duration), cmocka_unit_test(test_amount), cmocka_unit_test(test_signal),
                cmocka_unit_test(test_time),     cmocka_unit_test(test_others), cmocka_unit_test(test_list),
                folder_test(test_conditions),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
