/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "core/track.h"

/* A reading: when, in milliseconds, and the value then. */
typedef struct Reading {
        uint64_t now_msec, value;
} Reading;

static Track track_of(Quantity quantity, uint64_t window_usec, const Reading *readings, size_t n) {
        Track t = { .quantity = quantity, .window_usec = window_usec };

        for (size_t i = 0; i < n; i++) {
                const uint64_t v = readings[i].value;

                track_push(&t, readings[i].now_msec * MSEC,
                           &(Sample){ .usage_bytes = v, .room_bytes = v, .refaults = v, .scanned = v, .reclaimed = v,
                                      .events_high = v, .events_max = v, .events_oom = v });
        }
        return t;
}

static void test_rate(void **state) {
        static const struct {
                const char *what;
                Quantity quantity;
                Reading readings[5];
                size_t n;
                uint64_t rate; /* over two seconds */
        } rows[] = {
                { "nothing seen", QUANTITY_USAGE, { { 0 } }, 0, 0 },
                { "one reading", QUANTITY_USAGE, { { 1000, 500 } }, 1, 0 },
                { "not covered yet", QUANTITY_USAGE, { { 1000, 0 }, { 2999, 4000 } }, 2, 0 },
                { "just covered", QUANTITY_USAGE, { { 1000, 0 }, { 3000, 4000 } }, 2, 2000 },
                { "rounded down", QUANTITY_USAGE, { { 1000, 0 }, { 4000, 1000 } }, 2, 333 },
                { "the newest that is old enough", QUANTITY_USAGE, { { 1000, 0 }, { 2000, 500 }, { 4000, 900 } }, 3, 200 },
                { "a mean over longer", QUANTITY_USAGE, { { 1000, 0 }, { 9000, 8000 } }, 2, 1000 },
                { "too long ago to say", QUANTITY_USAGE, { { 1000, 0 }, { 9001, 8000 } }, 2, 0 },
                { "it shrinks", QUANTITY_USAGE, { { 1000, 4000 }, { 3000, 0 } }, 2, 0 },
                { "it grows again", QUANTITY_USAGE, { { 1000, 4000 }, { 2000, 0 }, { 4000, 4000 } }, 3, 2000 },
                { "a counter: what is covered counts", QUANTITY_REFAULTS, { { 2000, 0 }, { 3000, 3000 } }, 2, 1500 },
                { "also after a long sleep", QUANTITY_SCANNED, { { 1000, 0 }, { 100000, 500 }, { 100500, 2500 } }, 3,
                  1000 },
                { "but not what the sleep hides", QUANTITY_SCANNED, { { 1000, 0 }, { 100000, 500000 } }, 2, 0 },
                { "a counter: the larger of both", QUANTITY_RECLAIMED,
                  { { 1000, 0 }, { 4000, 0 }, { 5000, 3000 }, { 6000, 3000 } }, 4, 1500 },
                { "a counter that starts anew", QUANTITY_REFAULTS, { { 1000, 9000 }, { 2000, 0 }, { 3000, 1000 } }, 3,
                  500 },
                { "another one", QUANTITY_RECLAIMED, { { 1000, 9000 }, { 2000, 0 }, { 3000, 1000 } }, 3, 500 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Track t = track_of(rows[i].quantity, 2 * SEC, rows[i].readings, rows[i].n);
                uint64_t rate = track_rate(&t, 2 * SEC);

                if (rate != rows[i].rate)
                        fail_msg("%s: %llu", rows[i].what, (unsigned long long) rate);
        }
}

/* Short windows reach back two seconds, and no window says nothing. */
static void test_short_windows(void **state) {
        Track t = track_of(QUANTITY_USAGE, 100 * MSEC, (Reading[]){ { 1000, 0 }, { 3000, 2000 } }, 2);

        assert_int_equal(track_rate(&t, 100 * MSEC), 1000);
        assert_int_equal(track_rate(&t, 0), 0);
        t = track_of(QUANTITY_USAGE, 100 * MSEC, (Reading[]){ { 1000, 0 }, { 3001, 2000 } }, 2);
        assert_int_equal(track_rate(&t, 100 * MSEC), 0);
        t = track_of(QUANTITY_REFAULTS, 100 * MSEC, (Reading[]){ { 1000, 0 }, { 1000, 2000 } }, 2);
        assert_int_equal(track_rate(&t, 0), 0);
        t = track_of(QUANTITY_USAGE, UINT64_MAX, (Reading[]){ { 0, 0 }, { 1, UINT64_MAX } }, 2);
        assert_int_equal(track_rate(&t, UINT64_MAX), 0);
        assert_int_equal(track_rate(&t, 1), UINT64_MAX);
}

static void test_count(void **state) {
        static const struct {
                const char *what;
                Reading readings[4];
                size_t n;
                uint64_t count; /* within five seconds */
        } rows[] = {
                { "nothing seen", { { 0 } }, 0, 0 },
                { "what was counted before is not counted now", { { 1000, 70 } }, 1, 0 },
                { "since the first look", { { 1000, 70 }, { 2000, 73 } }, 2, 3 },
                { "asleep for long, then woken by its count", { { 1000, 70 }, { 999000, 71 } }, 2, 1 },
                { "only within the window", { { 1000, 0 }, { 2000, 5 }, { 6999, 5 }, { 7000, 7 } }, 4, 2 },
                { "with its beginning", { { 1000, 0 }, { 2001, 5 }, { 7000, 7 } }, 3, 7 },
                { "none any more", { { 1000, 0 }, { 2000, 5 }, { 8000, 5 } }, 3, 0 },
                { "it starts anew", { { 1000, 50 }, { 2000, 0 }, { 3000, 1 } }, 3, 1 },
        };

        for (Quantity q = QUANTITY_EVENTS_HIGH; q <= QUANTITY_EVENTS_OOM; q++)
                for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                        Track t = track_of(q, 5 * SEC, rows[i].readings, rows[i].n);

                        if (track_count(&t, 5 * SEC) != rows[i].count)
                                fail_msg("%s", rows[i].what);
                }
}

static void test_time_left(void **state) {
        static const struct {
                const char *what;
                Reading readings[5];
                size_t n;
                uint64_t left_usec;
                bool may; /* run out within ten seconds, were the slope known */
        } rows[] = {
                { "nothing seen", { { 0 } }, 0, USEC_INFINITY, false },
                { "one reading", { { 1000, 0 } }, 1, USEC_INFINITY, false },
                { "half a second less a little", { { 1000, 1000 }, { 1499, 500 } }, 2, USEC_INFINITY, false },
                { "half a second", { { 1000, 1000 }, { 1500, 500 } }, 2, 500 * MSEC, false },
                { "two seconds", { { 1000, 1000 }, { 3000, 800 } }, 2, 8 * SEC, false },
                { "only the last two", { { 1000, 9000 }, { 2000, 1000 }, { 4000, 900 } }, 3, 18 * SEC, false },
                { "it stands", { { 1000, 1000 }, { 3000, 1000 } }, 2, USEC_INFINITY, false },
                { "it grows", { { 1000, 1000 }, { 3000, 1001 } }, 2, USEC_INFINITY, false },
                { "there is none left", { { 1000, 1000 }, { 3000, 0 } }, 2, 0, false },
                { "none left for long", { { 1000, 0 }, { 3000, 0 } }, 2, USEC_INFINITY, false },
                { "four seconds are not too long", { { 1000, 1000 }, { 5000, 500 } }, 2, 4 * SEC, false },
                { "more are", { { 1000, 1000 }, { 5001, 500 } }, 2, USEC_INFINITY, true },
                { "and just would do", { { 1000, 3000 }, { 6000, 2000 } }, 2, USEC_INFINITY, true },
                { "and if it fell by little", { { 1000, 1000 }, { 5001, 900 } }, 2, USEC_INFINITY, false },
                { "a second look later it is known", { { 1000, 1000 }, { 9000, 500 }, { 9500, 490 } }, 3, 24500 * MSEC,
                  false },
                { "or still is not", { { 1000, 1000 }, { 9000, 500 }, { 9400, 490 } }, 3, USEC_INFINITY, true },
                { "a little in a long time", { { 1000, UINT64_MAX }, { 3000, UINT64_MAX - 1 } }, 2, USEC_INFINITY,
                  false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Track t = track_of(QUANTITY_ROOM, TRACK_SLOPE_USEC, rows[i].readings, rows[i].n);

                if (track_time_left(&t, TRACK_SLOPE_USEC) != rows[i].left_usec ||
                    track_may_run_out(&t, TRACK_SLOPE_USEC, 10 * SEC) != rows[i].may)
                        fail_msg("%s: %llu", rows[i].what,
                                 (unsigned long long) track_time_left(&t, TRACK_SLOPE_USEC));
        }
}

/* Since an action, for example: what the slope is taken over may be shorter, but not than half a second. */
static void test_time_left_of_late(void **state) {
        const Reading readings[] = { { 1000, 1000 }, { 2000, 1000 }, { 2500, 900 }, { 2700, 800 }, { 3000, 600 } };
        const Track t = track_of(QUANTITY_ROOM, TRACK_SLOPE_USEC, readings, ELEMENTSOF(readings));

        assert_int_equal(track_time_left(&t, 2 * SEC), 3 * SEC);
        assert_int_equal(track_time_left(&t, SEC), 1500 * MSEC);
        assert_int_equal(track_time_left(&t, 500 * MSEC), SEC);
        assert_int_equal(track_time_left(&t, 300 * MSEC), USEC_INFINITY);
        assert_int_equal(track_time_left(&t, 0), USEC_INFINITY);
}

/* A reading of each number is of that number. */
static void test_quantities(void **state) {
        const Sample sample = { .usage_bytes = 1, .room_bytes = 2, .refaults = 3, .scanned = 4, .reclaimed = 5,
                                .events_high = 6, .events_max = 7, .events_oom = 8 };
        Condition c = { .kind = CONDITION_EFFICIENCY };
        Quantity q[2];

        for (Quantity i = 0; i < _QUANTITY_MAX; i++) {
                Track t = { .quantity = i };

                track_push(&t, SEC, &sample);
                assert_int_equal(series_last(&t.series)->value, i + 1);
        }

        assert_int_equal(track_quantities(&c, q), 2);
        assert_int_equal(q[0], QUANTITY_SCANNED);
        assert_int_equal(q[1], QUANTITY_RECLAIMED);
        assert_int_equal(track_window(&c), 2 * SEC);
        for (MemoryEvent e = 0; e < _MEMORY_EVENT_MAX; e++) {
                c = (Condition){ .kind = CONDITION_EVENT, .event = { .event = e, .window_usec = 7 } };
                assert_int_equal(track_quantities(&c, q), 1);
                assert_int_equal(q[0], QUANTITY_EVENTS_HIGH + e);
                assert_int_equal(track_window(&c), 7);
        }
        for (ConditionKind k = CONDITION_GROWTH; k <= CONDITION_RECLAIM; k++) {
                c = (Condition){ .kind = k, .rate.window_usec = 9 };
                assert_int_equal(track_quantities(&c, q), 1);
                assert_int_equal(track_window(&c), k == CONDITION_EXHAUSTION ? 2 * SEC : 9);
        }
        c = (Condition)SOME(10, SEC);
        assert_int_equal(track_quantities(&c, q), 0);
        assert_int_equal(track_window(&c), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rate),
                cmocka_unit_test(test_short_windows),
                cmocka_unit_test(test_count),
                cmocka_unit_test(test_time_left),
                cmocka_unit_test(test_time_left_of_late),
                cmocka_unit_test(test_quantities),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
