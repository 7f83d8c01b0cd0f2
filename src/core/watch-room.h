/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/watch.h"

/* For watch-look.c alone: looks at what waits for room, and at what matters only where there is little. Whose room it is
 * decides: of the host's the kernel warns (core/warning.h), of a cgroup's below its limit nothing tells but
 * memory.events, at the limit. */

typedef struct RoomPlan {
        uint64_t own_bytes;  /* how near the next level is, below a limit or of usage or swap; UINT64_MAX: none is waited for */
        uint64_t host_bytes; /* the same of the host's room, as far as it is to be watched */
        uint64_t host_beyond_bytes; /* what is left behind that level */
        uint64_t look_usec;
        bool waits; /* for a warning: it brings looks forward */
} RoomPlan;

/* A level does not hold. */
void room_plan_level(const Watch *w, const Condition *c, uint64_t now_usec, RoomPlan *plan);

/* An Exhaustion= does not hold. */
void room_plan_exhaustion(const Watch *w, const Condition *c, uint64_t now_usec, RoomPlan *plan);

/* A rate does not hold, which otherwise is looked at after `pace_usec`. */
void room_plan_rate(const Watch *w, const Condition *c, uint64_t now_usec, uint64_t pace_usec, RoomPlan *plan);

/* When the next look is due for what was planned. Keeps the slopes, and notes who waits for a warning. */
uint64_t room_plan_end(Watch *w, uint64_t now_usec, const RoomPlan *plan);
