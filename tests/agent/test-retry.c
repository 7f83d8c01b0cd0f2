/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "agent/retry.h"

#define NOW (1000 * USEC_PER_SEC)

static void assert_about(uint64_t delay_usec, uint64_t expected_usec, uint64_t step_usec) {
        assert_true(delay_usec >= expected_usec && delay_usec <= expected_usec + step_usec);
}

/* 1 s, 2 s, 4 s … 256 s, then 5 min for ever. */
static void test_backoff(void **state) {
        uint64_t now_usec = NOW;
        Retry r = { 0 };

        for (unsigned i = 0; i < 30; i++) {
                bool last = i > 8;

                assert_false(retry_is_due(&r, now_usec));
                retry_later(&r, now_usec);
                assert_about(r.due_usec - now_usec, last ? RETRY_LATEST_USEC : USEC_PER_SEC << i,
                             last ? RETRY_LATEST_USEC : USEC_PER_SEC / 4);
                assert_false(retry_is_due(&r, r.due_usec - 1));
                assert_true(retry_is_due(&r, r.due_usec));
                now_usec = r.due_usec;
                r.waits = false;
        }
}

/* What comes and goes is tried ever more seldom; what was there for long at once. */
static void test_flapping(void **state) {
        uint64_t now_usec = NOW;
        Retry r = { 0 };

        for (unsigned i = 0; i < 4; i++) {
                retry_later(&r, now_usec);
                retry_done(&r, now_usec + USEC_PER_SEC);
                retry_done(&r, now_usec + USEC_PER_MINUTE); /* still */
                assert_false(r.waits);
                now_usec += USEC_PER_MINUTE;
        }
        now_usec = r.good_since_usec + RETRY_LATEST_USEC - 1;
        retry_later(&r, now_usec);
        assert_about(r.due_usec - now_usec, 16 * USEC_PER_SEC, USEC_PER_SEC / 4);
        retry_done(&r, now_usec);
        now_usec += RETRY_LATEST_USEC;
        retry_later(&r, now_usec);
        assert_about(r.due_usec - now_usec, USEC_PER_SEC, USEC_PER_SEC / 4);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_backoff),
                cmocka_unit_test(test_flapping),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
