/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include "base/usec.h"
#include "core/room.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define SEC USEC_PER_SEC
#define SMALL (640 * MIB) /* a twentieth of it is 32 MiB */

/* The first look has no slope to go by: the room may be gone at 32 MiB or a twentieth of all memory a second. */
static void test_first_look(void **state) {
        static const struct {
                uint64_t bytes, total_bytes, next_usec;
        } rows[] = {
                { 0, SMALL, ROOM_LOOK_MIN_USEC },
                { 32 * MIB / 10, SMALL, ROOM_LOOK_MIN_USEC },
                { 32 * MIB / 5, SMALL, 2 * ROOM_LOOK_MIN_USEC - 1 },
                { 32 * MIB, SMALL, SEC },
                { 32 * MIB, 0, SEC },
                { 320 * MIB, SMALL, 10 * SEC },
                { 320 * MIB, 16 * GIB, 390625 },
                { 19 * 32 * MIB, SMALL, 19 * SEC },
                { 20 * 32 * MIB, SMALL, ROOM_LOOK_MAX_USEC },
                { 21 * 32 * MIB, SMALL, ROOM_LOOK_MAX_USEC },
                { UINT64_MAX, 0, ROOM_LOOK_MAX_USEC },
                { UINT64_MAX, UINT64_MAX, ROOM_LOOK_MAX_USEC },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Room room = { 0 };
                uint64_t next_usec = room_next_look(&room, SEC, rows[i].bytes, rows[i].total_bytes, false);

                if (next_usec != rows[i].next_usec)
                        fail_msg("row %zu: %llu, not %llu", i, (unsigned long long) next_usec,
                                 (unsigned long long) rows[i].next_usec);
        }
}

static void test_slope(void **state) {
        Room room = { 0 };

        (void) room_next_look(&room, 10 * SEC, 1000 * MIB, GIB, false);
        assert_int_equal(room.rate, 0);

        /* 100 MiB a second: twice that may come. */
        assert_int_equal(room_next_look(&room, 12 * SEC, 800 * MIB, GIB, false), 4 * SEC);
        assert_int_equal(room.rate, 100 * MIB);

        /* It stands still, it grows: the slope is forgotten by halves. */
        assert_int_equal(room_next_look(&room, 13 * SEC, 800 * MIB, GIB, false), 8 * SEC);
        assert_int_equal(room.rate, 50 * MIB);
        (void) room_next_look(&room, 14 * SEC, 900 * MIB, GIB, false);
        assert_int_equal(room.rate, 25 * MIB);

        /* A second look at the same moment says nothing about a slope. */
        (void) room_next_look(&room, 14 * SEC, 100 * MIB, GIB, false);
        assert_int_equal(room.rate, 25 * MIB / 2);

        /* Time that runs back neither. */
        (void) room_next_look(&room, 1 * SEC, 50 * MIB, GIB, false);
        assert_int_equal(room.rate, 25 * MIB / 4);
        assert_int_equal(room_next_look(&room, 2 * SEC, 0, GIB, false), ROOM_LOOK_MIN_USEC);
}

/* A fall that no host has makes the next look the soonest, not the latest. */
static void test_hostile_slope(void **state) {
        Room room = { 0 };

        (void) room_next_look(&room, 1, UINT64_MAX, GIB, false);
        assert_int_equal(room_next_look(&room, 2, GIB, GIB, false), ROOM_LOOK_MIN_USEC);
        assert_true(room.rate >= UINT64_MAX / 4);
}

/* What the header promises: before the next look the room cannot be gone at twice the slope, wherever it stands. */
static void test_leak_is_met_in_time(void **state) {
        static const uint64_t rates[] = { MIB, 20 * MIB, 60 * MIB, 64 * MIB, 300 * MIB, 2 * GIB };

        for (size_t i = 0; i < ELEMENTSOF(rates); i++) {
                Room room = { 0 };
                uint64_t bytes = 16 * GIB, now_usec = SEC, delay_usec, spent;

                do {
                        delay_usec = room_next_look(&room, now_usec, bytes, 16 * GIB, false);
                        spent = rates[i] * delay_usec / SEC;
                        now_usec += delay_usec;
                        if (spent > bytes)
                                assert_true(delay_usec <= ROOM_LOOK_MIN_USEC || rates[i] > GIB);
                        bytes -= MIN(spent, bytes);
                } while (bytes > 0);
        }
}

/* After a warning a second look shows how fast it goes. */
static void test_alert(void **state) {
        static const struct {
                bool alert;
                uint64_t before_usec, bytes, total_bytes, next_usec;
        } rows[] = {
                { true, 0, 320 * MIB, SMALL, ROOM_LOOK_MIN_USEC },
                { true, 20 * SEC, 320 * MIB, SMALL, 10 * SEC },
                { true, 20 * SEC + 1, 320 * MIB, SMALL, ROOM_LOOK_MIN_USEC },
                { true, 20 * SEC, GIB, SMALL, ROOM_LOOK_MAX_USEC },
                { false, 0, 320 * MIB, SMALL, 10 * SEC },
                { false, 20 * SEC + 1, 320 * MIB, SMALL, 10 * SEC },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Room room = { 0 };
                uint64_t next_usec;

                if (rows[i].before_usec > 0)
                        (void) room_next_look(&room, 100 * SEC - rows[i].before_usec, rows[i].bytes, rows[i].total_bytes,
                                              rows[i].alert);
                next_usec = room_next_look(&room, 100 * SEC, rows[i].bytes, rows[i].total_bytes, rows[i].alert);
                if (next_usec != rows[i].next_usec)
                        fail_msg("row %zu: %llu", i, (unsigned long long) next_usec);
        }
}

/* What the header promises: at 10 GB a second a look falls before the end, with half of what is behind the limit left. */
static void test_unwarned(void **state) {
        static const struct {
                uint64_t bytes, beyond_bytes;
                size_t n_watches;
                uint64_t next_usec;
        } rows[] = {
                { 0, 0, 0, ROOM_UNWARNED_MIN_USEC },
                { 100000000, 0, 1, 10 * USEC_PER_MSEC },
                { 110000000, 0, 1, 11 * USEC_PER_MSEC },
                { 110000000, 0, 12, 12 * USEC_PER_MSEC },
                { 1, 400000000, 1, 20 * USEC_PER_MSEC },
                { 300000000, 400000000, 1, 30 * USEC_PER_MSEC },
                { UINT64_C(190000000000), 0, 1, 19 * SEC },
                { UINT64_C(200000000001), 0, 1, ROOM_LOOK_MAX_USEC },
                { UINT64_MAX, UINT64_MAX, 0, ROOM_LOOK_MAX_USEC },
                { 0, 0, 3000, 3 * SEC },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (room_unwarned_look(rows[i].bytes, rows[i].beyond_bytes, rows[i].n_watches) != rows[i].next_usec)
                        fail_msg("row %zu", i);

        for (uint64_t room = 16 * GIB; room >= 256 * MIB; room -= 100 * MIB) {
                uint64_t level = GIB, bytes = room > level ? room - level : 0;
                uint64_t lost = room_unwarned_look(bytes, room - bytes, 1) * (ROOM_FASTEST / SEC);

                assert_true(lost <= bytes || room - lost >= MIN(level, room) / 2);
        }
}

static void test_align(void **state) {
        static const struct {
                uint64_t delay_usec, next_usec;
        } rows[] = {
                { 60 * SEC, 1060 * SEC }, { 20 * SEC, 1020 * SEC }, { 23 * SEC, 1020 * SEC },
                { 20 * SEC - 1, 1019 * SEC }, { 4 * SEC, 1004 * SEC }, { 4500000, 1004 * SEC },
                { 4 * SEC - 1, 1003750000 }, { SEC, 1001 * SEC }, { 999999, 1000950000 }, { 234567, 1000200000 },
                { 199999, 1000190000 }, { 40000, 1000040000 }, { 39999, 1000039999 }, { 0, 1000 * SEC },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (room_align(1000 * SEC, 1000 * SEC + rows[i].delay_usec) != rows[i].next_usec)
                        fail_msg("row %zu", i);
        assert_int_equal(room_align(SEC, USEC_INFINITY), USEC_INFINITY);
        for (uint64_t delay = 0; delay < 30 * SEC; delay += 7777) { /* a quarter sooner at most, never in the past */
                uint64_t next = room_align(1000 * SEC + 123457, 1000 * SEC + 123457 + delay);

                assert_true(next <= 1000 * SEC + 123457 + delay && next >= 1000 * SEC + 123457 + delay / 4 * 3);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_first_look),
                cmocka_unit_test(test_slope),
                cmocka_unit_test(test_hostile_slope),
                cmocka_unit_test(test_leak_is_met_in_time),
                cmocka_unit_test(test_alert),
                cmocka_unit_test(test_unwarned),
                cmocka_unit_test(test_align),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
