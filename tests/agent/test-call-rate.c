/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "agent/call-rate.h"
#include "base/usec.h"

#define NOW (100 * USEC_PER_SEC)
#define PER_CALLER 5U
#define TOTAL 40U

static void test_one_caller(void **state) {
        CallRate r = { .per_caller = PER_CALLER, .total = TOTAL };

        for (unsigned i = 0; i < PER_CALLER; i++)
                assert_true(call_rate_allows(&r, ":1.7", NOW + i));
        assert_false(call_rate_allows(&r, ":1.7", NOW + USEC_PER_SEC - 1));
        assert_true(call_rate_allows(&r, ":1.8", NOW + USEC_PER_SEC - 1)); /* not its fault */
        assert_true(call_rate_allows(&r, ":1.7", NOW + USEC_PER_SEC));
}

static void test_many_callers(void **state) {
        unsigned n_allowed = 0;
        CallRate r = { .per_caller = PER_CALLER, .total = TOTAL };

        for (unsigned i = 0; i < 400; i++) {
                char name[16];

                (void) snprintf(name, sizeof(name), ":1.%u", i % 100);
                n_allowed += call_rate_allows(&r, name, NOW);
        }
        assert_true(n_allowed >= CALL_RATE_CALLERS && n_allowed <= TOTAL);

        for (unsigned i = 0, n = 0; i < 400; i++) {
                char name[16];

                (void) snprintf(name, sizeof(name), ":1.%u", i % 5);
                n += call_rate_allows(&r, name, NOW + USEC_PER_SEC);
                assert_true(n <= TOTAL);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_caller),
                cmocka_unit_test(test_many_callers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
