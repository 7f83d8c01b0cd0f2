/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* When to look again at something that is not yet under (or over) its limit: seldom while there is room, closer as
 * the room shrinks and the faster it does. This takes the place of a fixed polling pace; what grows faster still is
 * caught by the kernel's own wake-ups (a PSI trigger for the first reclaim, memory.events). */

#define ROOM_LOOK_MIN_USEC UINT64_C(100000)
#define ROOM_LOOK_MAX_USEC UINT64_C(20000000)

typedef struct Room {
        uint64_t bytes; /* at the last look */
        uint64_t now_usec;
        uint64_t rate; /* bytes a second at which it shrank between the last two looks */
} Room;

/* Notes a look: `bytes` are left before the limit is met. Returns the time until the next one, in microseconds: that
 * in which the room cannot be gone, neither at twice the rate seen nor at 32 MiB or a twentieth of `total_bytes` a
 * second. */
uint64_t room_next_look(Room *room, uint64_t now_usec, uint64_t bytes, uint64_t total_bytes);
