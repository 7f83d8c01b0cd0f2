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
                uint64_t next_usec = room_next_look(&room, SEC, rows[i].bytes, rows[i].total_bytes);

                if (next_usec != rows[i].next_usec)
                        fail_msg("row %zu: %llu, not %llu", i, (unsigned long long) next_usec,
                                 (unsigned long long) rows[i].next_usec);
        }
}

static void test_slope(void **state) {
        Room room = { 0 };

        (void) room_next_look(&room, 10 * SEC, 1000 * MIB, GIB);
        assert_int_equal(room.rate, 0);

        /* 100 MiB a second: twice that may come. */
        assert_int_equal(room_next_look(&room, 12 * SEC, 800 * MIB, GIB), 4 * SEC);
        assert_int_equal(room.rate, 100 * MIB);

        /* It stands still, it grows: the slope is forgotten by halves. */
        assert_int_equal(room_next_look(&room, 13 * SEC, 800 * MIB, GIB), 8 * SEC);
        assert_int_equal(room.rate, 50 * MIB);
        (void) room_next_look(&room, 14 * SEC, 900 * MIB, GIB);
        assert_int_equal(room.rate, 25 * MIB);

        /* A second look at the same moment says nothing about a slope. */
        (void) room_next_look(&room, 14 * SEC, 100 * MIB, GIB);
        assert_int_equal(room.rate, 25 * MIB / 2);

        /* Time that runs back neither. */
        (void) room_next_look(&room, 1 * SEC, 50 * MIB, GIB);
        assert_int_equal(room.rate, 25 * MIB / 4);
        assert_int_equal(room_next_look(&room, 2 * SEC, 0, GIB), ROOM_LOOK_MIN_USEC);
}

/* A fall that no host has makes the next look the soonest, not the latest. */
static void test_hostile_slope(void **state) {
        Room room = { 0 };

        (void) room_next_look(&room, 1, UINT64_MAX, GIB);
        assert_int_equal(room_next_look(&room, 2, GIB, GIB), ROOM_LOOK_MIN_USEC);
        assert_true(room.rate >= UINT64_MAX / 4);
}

/* What the header promises: before the next look the room cannot be gone at twice the slope, wherever it stands. */
static void test_leak_is_met_in_time(void **state) {
        static const uint64_t rates[] = { MIB, 20 * MIB, 60 * MIB, 64 * MIB, 300 * MIB, 2 * GIB };

        for (size_t i = 0; i < ELEMENTSOF(rates); i++) {
                Room room = { 0 };
                uint64_t bytes = 16 * GIB, now_usec = SEC, delay_usec, spent;

                do {
                        delay_usec = room_next_look(&room, now_usec, bytes, 16 * GIB);
                        spent = rates[i] * delay_usec / SEC;
                        now_usec += delay_usec;
                        if (spent > bytes)
                                assert_true(delay_usec <= ROOM_LOOK_MIN_USEC || rates[i] > GIB);
                        bytes -= MIN(spent, bytes);
                } while (bytes > 0);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_first_look),
                cmocka_unit_test(test_slope),
                cmocka_unit_test(test_hostile_slope),
                cmocka_unit_test(test_leak_is_met_in_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
