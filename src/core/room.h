/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* When to look again at something that is not yet under (or over) its limit: seldom while there is room, closer as
 * the room shrinks and the faster it does. This takes the place of a fixed polling pace; what goes faster still is
 * caught by the kernel's own wake-ups (its warnings, a PSI trigger for the first reclaim, memory.events). */

#define ROOM_LOOK_MIN_USEC UINT64_C(100000)
#define ROOM_LOOK_MAX_USEC UINT64_C(20000000)

/* Where nothing warns: no host fills its memory faster. */
#define ROOM_FASTEST UINT64_C(10000000000) /* bytes a second */
#define ROOM_UNWARNED_MIN_USEC UINT64_C(10000)
#define ROOM_WATCH_USEC UINT64_C(1000) /* more than a look at one watch takes */

typedef struct Room {
        uint64_t bytes; /* at the last look */
        uint64_t now_usec;
        uint64_t rate; /* bytes a second at which it shrank between the last two looks */
} Room;

/* Notes a look: `bytes` are left before the limit is met. Returns the time until the next one, in microseconds: that
 * in which the room cannot be gone, neither at twice the rate seen nor at 32 MiB or a twentieth of `total_bytes` a
 * second. `total_bytes` is what there is at most: MemTotal, or the limit that the room lies below. With `alert` the first
 * look after a long time is followed at once by one that shows a slope. */
uint64_t room_next_look(Room *room, uint64_t now_usec, uint64_t bytes, uint64_t total_bytes, bool alert);

/* The time until the next look at the host's room where nothing warns of its end: at 10 GB a second the limit cannot be
 * met, or no more than half of what lies beyond it (`beyond_bytes`) can be gone; so a look always falls before the end.
 * No less than 10 ms, nor than 1 ms for each of the `n_watches` that look. */
uint64_t room_unwarned_look(uint64_t bytes, uint64_t beyond_bytes, size_t n_watches);

/* The time of a look that is wanted at `look_usec`, a little sooner, so that the looks of many watches fall together: on
 * whole 5 s, 1 s, 250 ms, 50 ms or 10 ms, whichever is no more than a quarter of the time until then. */
uint64_t room_align(uint64_t now_usec, uint64_t look_usec);
