/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "core/livelock.h"

/* What three seconds bring. */
typedef struct Row {
        const char *what;
        uint64_t full_usec, high, scanned, reclaimed;
        bool livelock;
} Row;

static Sample sample(uint64_t full_usec, uint64_t high, uint64_t scanned, uint64_t reclaimed) {
        Sample s = { .events_high = high, .scanned = scanned, .reclaimed = reclaimed };

        s.pressure_usec[RESOURCE_MEMORY][PRESSURE_FULL] = full_usec;
        return s;
}

static bool see(Livelock *l, uint64_t now_usec, Sample s) {
        return livelock_see(l, now_usec, &s);
}

static void test_signs(void **state) {
        static const Row rows[] = {
                { "all of them", 3 * SEC, 100, 10000, 100, true },
                { "half of the time", 1500 * MSEC, 100, 10000, 100, true },
                { "less than half", 1500 * MSEC - 1, 100, 10000, 100, false },
                { "one event", 3 * SEC, 1, 10000, 100, true },
                { "no event: it is not the throttle", 3 * SEC, 0, 10000, 100, false },
                { "nearly a twentieth", 3 * SEC, 100, 10000, 499, true },
                { "a twentieth", 3 * SEC, 100, 10000, 500, false },
                { "all that is scanned", 3 * SEC, 100, 10000, 10000, false },
                { "nothing is left to scan", 3 * SEC, 100, 0, 0, true },
                { "one page scanned, none reclaimed", 3 * SEC, 100, 1, 0, true },
                { "one and one", 3 * SEC, 100, 1, 1, false },
                { "large numbers", 3 * SEC, 100, UINT64_MAX / 2, UINT64_MAX / 40 - 1, true },
                { "large numbers, enough", 3 * SEC, 100, UINT64_MAX / 2, UINT64_MAX / 40 + 1, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Row *row = rows + i;
                Livelock l = { 0 };

                assert_false(see(&l, 10 * SEC, sample(7, 7, 7, 7)));
                if (see(&l, 13 * SEC, sample(7 + row->full_usec, 7 + row->high, 7 + row->scanned, 7 + row->reclaimed)) !=
                    row->livelock)
                        fail_msg("%s", row->what);
        }
}

/* Only with three whole seconds behind it; looks that come more often change nothing. */
static void test_window(void **state) {
        Livelock l = { 0 };

        for (uint64_t t = 0; t < 3 * SEC; t += 100 * MSEC)
                assert_false(see(&l, 10 * SEC + t, sample(t, t, t, 0)));
        assert_false(see(&l, 13 * SEC - 1, sample(3 * SEC, 3 * SEC, 3 * SEC, 0)));
        assert_true(see(&l, 13 * SEC, sample(3 * SEC, 3 * SEC, 3 * SEC, 0)));
        assert_true(see(&l, 13 * SEC + 500 * MSEC, sample(3 * SEC, 4 * SEC, 3 * SEC, 0)));
        assert_false(see(&l, 13 * SEC + 500 * MSEC + 1, sample(4 * SEC, 5 * SEC, 3 * SEC, 0))); /* too close to the last */
}

/* It is the last three seconds that count: good times long ago do not, nor do bad ones. */
static void test_slides(void **state) {
        Livelock l = { 0 };
        uint64_t t = 0, full = 0;

        for (; t < 60 * SEC; t += SEC)
                assert_false(see(&l, t, sample(full, t, t, t))); /* all is reclaimed */
        for (unsigned i = 0; i < 60; i++, t += SEC) {
                full += SEC;
                assert_int_equal(see(&l, t, sample(full, t, t, 60 * SEC)), i >= 3); /* nothing more is */
        }
        for (unsigned i = 0; i < 60; i++, t += SEC)
                assert_int_equal(see(&l, t, sample(full, t, t, 60 * SEC)), i < 1); /* and nobody waits any more */
}

/* A look every half second reaches back as far. */
static void test_closest_looks(void **state) {
        Livelock l = { 0 };
        unsigned n = 0;

        for (uint64_t t = 0; t <= 10 * SEC; t += 500 * MSEC)
                n += see(&l, t, sample(t, t, t, 0));
        assert_int_equal(n, (10000 - 3000) / 500 + 1);
}

/* Counters and time that run back: another beginning. */
static void test_runs_back(void **state) {
        const Sample before = sample(10 * SEC, 10, 10000, 10);
        Sample after[4] = { before, before, before, before };

        after[0].pressure_usec[RESOURCE_MEMORY][PRESSURE_FULL]--;
        after[1].events_high--;
        after[2].scanned--;
        after[3].reclaimed--;
        for (size_t i = 0; i < ELEMENTSOF(after); i++) {
                Livelock l = { 0 };

                assert_false(see(&l, 10 * SEC, sample(0, 0, 0, 0)));
                assert_false(see(&l, 11 * SEC, before));
                assert_false(see(&l, 13 * SEC, after[i]));
                assert_int_equal(l.n, 1);
        }
        for (uint64_t now_usec = 9 * SEC; now_usec <= 11 * SEC; now_usec += SEC) {
                Livelock l = { 0 };

                (void) see(&l, 10 * SEC, before);
                (void) see(&l, now_usec, before);
                assert_int_equal(l.n, now_usec > 10 * SEC ? 2 : 1);
                assert_int_equal(l.points[0].now_usec, MIN(now_usec, 10 * SEC));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_signs),
                cmocka_unit_test(test_window),
                cmocka_unit_test(test_slides),
                cmocka_unit_test(test_closest_looks),
                cmocka_unit_test(test_runs_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
