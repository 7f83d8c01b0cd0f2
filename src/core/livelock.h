/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event.h"

/* A unit that has nothing left to give does not slow down under memory.high, it stands still: each of its allocations
 * reclaims and finds next to nothing, and then sleeps (kernel: mem_cgroup_handle_over_high()). Such a throttle frees
 * nothing and ends nothing. Seen in the wild for ninety minutes: memory.events high climbs, `full` at 86 %, three pages
 * reclaimed of a hundred scanned. */

#define LIVELOCK_WINDOW_USEC UINT64_C(3000000)
#define LIVELOCK_LOOK_USEC UINT64_C(1000000)   /* as often is a throttled unit looked at */
#define LIVELOCK_FULL_SHARE 5000U              /* full pressure over the window, hundredths of a percent: as much or more */
#define LIVELOCK_RECLAIMED_SHARE 500U          /* pages reclaimed of those scanned, hundredths of a percent: fewer */

#define LIVELOCK_POINTS 8U

typedef struct LivelockPoint {
        uint64_t now_usec;
        uint64_t full_usec, high, scanned, reclaimed; /* so far */
} LivelockPoint;

/* The recent past of a throttled unit, oldest first. */
typedef struct Livelock {
        LivelockPoint points[LIVELOCK_POINTS];
        size_t n;
} Livelock;

/* Takes in a look at the unit. True if over the last LIVELOCK_WINDOW_USEC its memory.events high climbed, it stalled in
 * full for LIVELOCK_FULL_SHARE of the time, and of the pages scanned for it (if any were) fewer than
 * LIVELOCK_RECLAIMED_SHARE were reclaimed. */
bool livelock_see(Livelock *l, uint64_t now_usec, const Sample *values);
