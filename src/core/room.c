/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/cleanup.h"
#include "base/usec.h"
#include "core/room.h"

#define RATE_FLOOR (UINT64_C(32) << 20)
#define RATE_PARTS 20U
#define RATE_MAX (UINT64_MAX / 2)

uint64_t room_next_look(Room *room, uint64_t now_usec, uint64_t bytes, uint64_t total_bytes, bool alert) {
        uint64_t span = usec_sub(now_usec, room->now_usec), rate, max_usec = ROOM_LOOK_MAX_USEC;
        unsigned __int128 delay;

        if (alert && (room->now_usec == 0 || span > ROOM_LOOK_MAX_USEC))
                max_usec = ROOM_LOOK_MIN_USEC; /* what was long ago is no slope */
        if (room->now_usec == 0 || span == 0 || bytes >= room->bytes)
                room->rate /= 2; /* a pause in the growth is no end of it */
        else
                room->rate = (uint64_t) MIN((unsigned __int128) (room->bytes - bytes) * USEC_PER_SEC / span, RATE_MAX);
        room->bytes = bytes;
        room->now_usec = now_usec;

        rate = MAX(2 * room->rate, MAX(RATE_FLOOR, total_bytes / RATE_PARTS));
        delay = (unsigned __int128) bytes * USEC_PER_SEC / rate;
        if (delay <= ROOM_LOOK_MIN_USEC)
                return ROOM_LOOK_MIN_USEC;
        return delay < max_usec ? (uint64_t) delay : max_usec;
}

uint64_t room_unwarned_look(uint64_t bytes, uint64_t beyond_bytes, size_t n_watches) {
        uint64_t delay = MAX(bytes, beyond_bytes / 2) / (ROOM_FASTEST / USEC_PER_SEC);

        return MAX(MIN(delay, ROOM_LOOK_MAX_USEC), MAX(ROOM_UNWARNED_MIN_USEC, n_watches * ROOM_WATCH_USEC));
}

uint64_t room_align(uint64_t now_usec, uint64_t look_usec) {
        static const uint64_t grids[] = { 5 * USEC_PER_SEC, USEC_PER_SEC, 250 * USEC_PER_MSEC, 50 * USEC_PER_MSEC,
                                          10 * USEC_PER_MSEC };
        uint64_t delay = usec_sub(look_usec, now_usec);

        if (look_usec == USEC_INFINITY)
                return USEC_INFINITY;
        for (size_t i = 0; i < ELEMENTSOF(grids); i++)
                if (grids[i] <= delay / 4)
                        return look_usec - look_usec % grids[i];
        return look_usec;
}
