/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/cleanup.h"
#include "base/usec.h"
#include "core/room.h"

#define RATE_FLOOR (UINT64_C(32) << 20)
#define RATE_PARTS 20U
#define RATE_MAX (UINT64_MAX / 2)

uint64_t room_next_look(Room *room, uint64_t now_usec, uint64_t bytes, uint64_t total_bytes) {
        uint64_t span = usec_sub(now_usec, room->now_usec), rate;
        unsigned __int128 delay;

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
        return delay < ROOM_LOOK_MAX_USEC ? (uint64_t) delay : ROOM_LOOK_MAX_USEC;
}
