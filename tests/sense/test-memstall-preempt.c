/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What uname(2) and the scheduler say about preemption. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "sense/memstall-private.h"

typedef struct Case {
        const char *version, *mode;
        bool preemptible;
} Case;

static void test_texts(void **state) {
        static const Case cases[] = {
                { "#1 SMP Debian 6.1.0", NULL, false },
                { "#1 SMP Debian 6.1.0", "none voluntary (full)\n", false },
                { "#1 SMP PREEMPT_DYNAMIC Debian 6.12.1", NULL, true },
                { "#1 SMP PREEMPT_DYNAMIC Debian 6.12.1", "", true },
                { "#1 SMP PREEMPT_DYNAMIC Debian 6.12.1", "none (voluntary) full\n", false },
                { "#1 SMP PREEMPT_DYNAMIC Debian 6.12.1", "(none) voluntary full\n", false },
                { "#1 SMP PREEMPT_DYNAMIC Debian 7.2.1", "full (lazy)\n", true },
                { "#1 SMP PREEMPT_DYNAMIC Debian 7.2.1", "none voluntary (full) lazy\n", true },
                { "#1 SMP PREEMPT_RT Debian 6.12.1", NULL, true },
                { "#1 SMP PREEMPT x", NULL, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_int_equal(memstall_preemption(cases[i].version, cases[i].mode), cases[i].preemptible);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_texts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
