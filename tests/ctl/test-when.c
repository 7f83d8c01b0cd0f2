/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/usec.h"
#include "ctl/when.h"

#define NOW (UINT64_C(1795403529) * USEC_PER_SEC) /* 2026-11-23 03:12:09 UTC */
#define MIDNIGHT (UINT64_C(1795392000) * USEC_PER_SEC)

static void test_times(void **state) {
        static const struct {
                const char *text;
                uint64_t usec;
        } cases[] = {
                { "now", NOW },
                { "today", MIDNIGHT },
                { "yesterday", MIDNIGHT - USEC_PER_DAY },
                { "2026-11-23", MIDNIGHT },
                { "2026-11-23 03:12", NOW - 9 * USEC_PER_SEC },
                { "2026-11-23 03:12:09", NOW },
                { "03:12:09", NOW },
                { "-2h", NOW - 2 * USEC_PER_HOUR },
                { "1min 30s ago", NOW - 90 * USEC_PER_SEC },
                { "@1795403529", NOW },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t usec = 0;

                assert_int_equal(when_parse(cases[i].text, NOW, &usec), 0);
                assert_int_equal(usec, cases[i].usec);
        }
}

static void test_no_times(void **state) {
        static const char *const texts[] = { "", "tomorrow", "2026-13-01", "2026-11-23T03:12", "2026-11-23 25:00", "3",
                                             "24:00", "03:60", "03:10:", "-", "-x", "2h", "ago", " ago", "@", "@x",
                                             "99999999999w ago", "@99999999999999999999", "2026-11-23 " };
        uint64_t usec;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                assert_int_equal(when_parse(texts[i], NOW, &usec), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_times),
                cmocka_unit_test(test_no_times),
        };

        (void) setenv("TZ", "UTC", 1);
        tzset();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
