/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include "base/usec.h"
#include "core/psi-window.h"

#define MSEC USEC_PER_MSEC
#define SEC USEC_PER_SEC

/* A reading, in milliseconds: when, and the total by then. */
typedef struct Reading {
        uint64_t now_msec, total_msec;
} Reading;

static PsiWindow window_of(const Reading *readings, size_t n) {
        PsiWindow w = { 0 };

        for (size_t i = 0; i < n; i++)
                psi_window_push(&w, readings[i].now_msec * MSEC, readings[i].total_msec * MSEC, 0);
        return w;
}

static void test_share(void **state) {
        static const struct {
                const char *what;
                Reading readings[5];
                size_t n;
                uint64_t window_usec;
                uint32_t share;
        } rows[] = {
                { "nothing read", { { 0 } }, 0, 2 * SEC, 0 },
                { "one reading tells nothing", { { 1000, 500 } }, 1, 2 * SEC, 0 },
                { "no window", { { 1000, 0 }, { 2000, 500 } }, 2, 0, 0 },
                { "a tenth", { { 1000, 0 }, { 3000, 200 } }, 2, 2 * SEC, 1000 },
                { "rounded down", { { 1000, 0 }, { 4000, 1 } }, 2, 3 * SEC, 3 },
                { "all of it", { { 1000, 0 }, { 3000, 2000 } }, 2, 2 * SEC, 10000 },
                { "never more than all", { { 1000, 0 }, { 3000, 9000 } }, 2, 2 * SEC, 10000 },
                { "what lies before counts as calm", { { 2000, 0 }, { 3000, 500 } }, 2, 2 * SEC, 2500 },
                { "half of a span of readings", { { 0, 0 }, { 4000, 800 } }, 2, 2 * SEC, 2000 },
                { "from one reading to the last", { { 0, 0 }, { 1000, 700 }, { 2000, 800 }, { 3000, 900 } }, 4,
                  2 * SEC, 1000 },
                { "between readings", { { 0, 0 }, { 1000, 700 }, { 2000, 800 }, { 3500, 800 } }, 4, 2 * SEC, 250 },
                { "two at once", { { 0, 0 }, { 1000, 100 }, { 1000, 300 }, { 2000, 400 } }, 4, SEC, 3000 },
                { "two at once, at the end", { { 0, 0 }, { 1000, 100 }, { 1000, 300 } }, 3, SEC, 3000 },
                { "time runs back: anew", { { 5000, 0 }, { 4000, 900 }, { 4500, 1000 } }, 3, SEC, 1000 },
                { "the total shrinks: anew", { { 1000, 900 }, { 2000, 0 }, { 3000, 100 } }, 3, 2 * SEC, 500 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                PsiWindow w = window_of(rows[i].readings, rows[i].n);
                uint32_t share = psi_window_share(&w, rows[i].window_usec);

                if (share != rows[i].share)
                        fail_msg("%s: %u, not %u", rows[i].what, share, rows[i].share);
        }
}

static void test_share_max(void **state) {
        static const struct {
                const char *what;
                Reading readings[4];
                size_t n;
                uint64_t window_usec;
                uint32_t share;
        } rows[] = {
                { "nothing read", { { 0 } }, 0, 2 * SEC, 0 },
                { "one reading tells nothing", { { 1000, 500 } }, 1, 2 * SEC, 0 },
                { "no window", { { 1000, 0 }, { 2000, 500 } }, 2, 0, 0 },
                { "a reading at its start", { { 0, 0 }, { 1000, 100 }, { 3000, 300 } }, 3, 2 * SEC, 1000 },
                { "all since the last one before it", { { 0, 0 }, { 1000, 100 }, { 3500, 300 } }, 3, 2 * SEC, 1000 },
                { "from the first on", { { 1000, 100 }, { 2000, 300 } }, 2, 2 * SEC, 1000 },
                { "never more than all", { { 0, 0 }, { 9000, 9000 } }, 2, 2 * SEC, 10000 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const PsiWindow w = window_of(rows[i].readings, rows[i].n);

                if (psi_window_share_max(&w, rows[i].window_usec) != rows[i].share)
                        fail_msg("%s: %u", rows[i].what, psi_window_share_max(&w, rows[i].window_usec));
        }
}

static void test_hostile_numbers(void **state) {
        PsiWindow w = { 0 };

        psi_window_push(&w, 0, 0, 0);
        psi_window_push(&w, UINT64_MAX - 1, UINT64_MAX, UINT64_MAX);
        assert_int_equal(psi_window_share(&w, 2 * SEC), 10000);
        assert_int_equal(psi_window_share(&w, UINT64_MAX - 1), 10000);
        psi_window_push(&w, 0, UINT64_MAX, 0);
        assert_int_equal(psi_window_share(&w, 2 * SEC), 0);
        psi_window_seed(&w, 0, UINT64_MAX, UINT64_MAX);
        psi_window_seed(&w, UINT64_MAX, 0, 0);
        psi_window_seed(&(PsiWindow){ 0 }, 1, 2, 3);
}

/* However densely and unevenly readings come, those kept reach back over a hundred spacings. */
static void test_reach(void **state) {
        static const struct {
                const char *what;
                uint64_t first_usec, second_usec; /* gaps between readings, in turn */
                uint64_t spacing_usec;
        } rows[] = {
                { "even", 100 * MSEC, 100 * MSEC, 100 * MSEC },
                { "a flood", MSEC, MSEC, 100 * MSEC },
                { "a look and its survey", 99 * MSEC, MSEC, 100 * MSEC },
                { "a survey and its look", MSEC, 99 * MSEC, 100 * MSEC },
                { "just too close", 99 * MSEC, 99 * MSEC, 100 * MSEC },
                { "wide", 250 * MSEC, 250 * MSEC, 100 * MSEC },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                PsiWindow w = { 0 };
                uint64_t now_usec = SEC, window_usec = 100 * rows[i].spacing_usec;
                uint32_t share;

                for (unsigned j = 0; now_usec < 60 * SEC; j++) {
                        psi_window_push(&w, now_usec, now_usec / 2, rows[i].spacing_usec);
                        now_usec += j % 2 ? rows[i].second_usec : rows[i].first_usec;
                }
                share = psi_window_share(&w, window_usec);
                if (share < 4999 || share > 5000)
                        fail_msg("%s: %u of 5000", rows[i].what, share);
        }
}

/* A ring that is full lets go of the oldest reading, and of no other. */
static void test_full_ring(void **state) {
        PsiWindow w = { 0 };

        for (uint64_t i = 1; i <= 200; i++)
                psi_window_push(&w, i * SEC, i <= 190 ? 0 : (i - 190) * SEC, SEC);
        assert_int_equal(psi_window_share(&w, 5 * SEC), 10000);
        assert_int_equal(psi_window_share(&w, 10 * SEC), 10000);
        assert_int_equal(psi_window_share(&w, 20 * SEC), 5000);
        assert_int_equal(psi_window_share(&w, 100 * SEC), 1000);
}

/* The last reading always counts, even when it takes the place of the one before. */
static void test_spacing(void **state) {
        PsiWindow w = { 0 };

        psi_window_push(&w, 1000 * MSEC, 0, 100 * MSEC);
        psi_window_push(&w, 1099 * MSEC, 10 * MSEC, 100 * MSEC);
        psi_window_push(&w, 1100 * MSEC, 60 * MSEC, 100 * MSEC);
        assert_int_equal(w.n, 2);
        assert_int_equal(psi_window_share(&w, 100 * MSEC), 6000);
        psi_window_push(&w, 1101 * MSEC, 60 * MSEC, 100 * MSEC);
        assert_int_equal(w.n, 3); /* the one before lies a spacing after its own predecessor: it stays */
        psi_window_push(&w, 1150 * MSEC, 70 * MSEC, 100 * MSEC);
        assert_int_equal(w.n, 3);
        assert_int_equal(psi_window_share(&w, 50 * MSEC), 2000);
}

static void test_seed(void **state) {
        static const struct {
                const char *what;
                Reading readings[5];
                size_t n;
                uint64_t window_usec, stall_usec;
                uint32_t before, after;
        } rows[] = {
                { "asleep for long, then the kernel knows better", { { 1000, 0 }, { 100000, 300 } }, 2, 2 * SEC,
                  200 * MSEC, 30, 1000 },
                { "growth just enough", { { 1000, 0 }, { 100000, 200 } }, 2, 2 * SEC, 200 * MSEC, 20, 1000 },
                { "growth just too little: a false event", { { 1000, 101 }, { 100000, 300 } }, 2, 2 * SEC,
                  200 * MSEC, 20, 20 },
                { "no growth at all", { { 1000, 300 }, { 100000, 300 } }, 2, 2 * SEC, 200 * MSEC, 0, 0 },
                { "the first reading of all: nothing to measure from", { { 100000, 90000 } }, 1, 2 * SEC, 200 * MSEC,
                  0, 0 },
                { "fires right after arming", { { 99900, 90000 }, { 100000, 90000 } }, 2, 2 * SEC, 200 * MSEC, 0, 0 },
                { "the readings see as much themselves", { { 97000, 0 }, { 98000, 0 }, { 100000, 200 } }, 3, 2 * SEC,
                  200 * MSEC, 1000, 1000 },
                { "the readings see more", { { 97000, 0 }, { 98000, 0 }, { 100000, 500 } }, 3, 2 * SEC, 200 * MSEC,
                  2500, 2500 },
                { "a reading where the window begins: a false event", { { 1000, 0 }, { 98000, 50 }, { 100000, 230 } }, 3,
                  2 * SEC, 200 * MSEC, 900, 900 },
                { "readings within the window stay", { { 1000, 0 }, { 99000, 50 }, { 100000, 250 } }, 3, 2 * SEC,
                  220 * MSEC, 1002, 1100 },
                { "and none of them shrinks", { { 1000, 0 }, { 99000, 10 }, { 100000, 250 } }, 3, 2 * SEC,
                  249 * MSEC, 1200, 1245 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                PsiWindow w = window_of(rows[i].readings, rows[i].n);
                uint64_t now_usec = rows[i].readings[rows[i].n - 1].now_msec * MSEC;
                uint32_t before = psi_window_share(&w, rows[i].window_usec), after;
                uint32_t half = psi_window_share(&w, rows[i].window_usec / 2);

                psi_window_seed(&w, now_usec, rows[i].window_usec, rows[i].stall_usec);
                after = psi_window_share(&w, rows[i].window_usec);
                if (before != rows[i].before || after != rows[i].after)
                        fail_msg("%s: %u then %u, not %u then %u", rows[i].what, before, after, rows[i].before,
                                 rows[i].after);
                if (rows[i].before == rows[i].after && psi_window_share(&w, rows[i].window_usec / 2) != half)
                        fail_msg("%s: the readings are not as they were", rows[i].what);
        }
}

/* A seed between full rings neither loses the last reading nor what follows. */
static void test_seed_of_a_full_ring(void **state) {
        PsiWindow w = { 0 };
        uint64_t now_usec = 0;

        for (unsigned i = 0; i < SERIES_POINTS * 3 + 7; i++) {
                now_usec += 10 * MSEC;
                psi_window_push(&w, now_usec, 0, 0);
        }
        psi_window_push(&w, now_usec + 20 * SEC, 5 * SEC, 0);
        now_usec += 20 * SEC;
        psi_window_seed(&w, now_usec, 10 * SEC, 4 * SEC);
        assert_int_equal(psi_window_share(&w, 10 * SEC), 4000);
        assert_int_equal(psi_window_share(&w, SEC), 4444);
        psi_window_push(&w, now_usec + SEC, 6 * SEC, 0);
        assert_int_equal(psi_window_share(&w, SEC), 10000);
        assert_int_equal(psi_window_share(&w, 11 * SEC), 4545);
}

/* After a long calm and a seed, the stall is where the kernel says: not spread over the calm, and for a tenth of the
 * window, which may be the kernel's delay, no less than it said. */
static void test_seed_then_readings(void **state) {
        PsiWindow w = { 0 };

        psi_window_push(&w, SEC, 0, 0);
        psi_window_push(&w, 100 * SEC, 200 * MSEC, 0);
        psi_window_seed(&w, 100 * SEC, 2 * SEC, 200 * MSEC);
        psi_window_push(&w, 100 * SEC + 200 * MSEC, 200 * MSEC, 0);
        assert_int_equal(psi_window_share(&w, 2 * SEC), 1000);
        psi_window_push(&w, 100 * SEC + 218 * MSEC, 200 * MSEC, 0);
        assert_int_equal(psi_window_share(&w, 2 * SEC), 990);
        psi_window_push(&w, 101 * SEC, 200 * MSEC, 0);
        assert_int_equal(psi_window_share(&w, 2 * SEC), 555);
        assert_int_equal(psi_window_share(&w, 3 * SEC), 666);
        assert_int_equal(psi_window_share(&w, 4 * SEC), 500);
}

/* A reading early in the window stays the next after the seed. */
static void test_seed_before_a_reading(void **state) {
        PsiWindow w = { 0 };

        psi_window_push(&w, SEC, 0, 0);
        psi_window_push(&w, 98100 * MSEC, 100 * MSEC, 0);
        psi_window_push(&w, 100 * SEC, 250 * MSEC, 0);
        psi_window_seed(&w, 100 * SEC, 2 * SEC, 240 * MSEC);
        assert_int_equal(psi_window_share(&w, 2 * SEC), 1200);
        psi_window_push(&w, 100150 * MSEC, 250 * MSEC, 0);
        assert_int_equal(psi_window_share(&w, 2 * SEC), 730);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_share),
                cmocka_unit_test(test_share_max),
                cmocka_unit_test(test_hostile_numbers),
                cmocka_unit_test(test_reach),
                cmocka_unit_test(test_full_ring),
                cmocka_unit_test(test_spacing),
                cmocka_unit_test(test_seed),
                cmocka_unit_test(test_seed_of_a_full_ring),
                cmocka_unit_test(test_seed_then_readings),
                cmocka_unit_test(test_seed_before_a_reading),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
