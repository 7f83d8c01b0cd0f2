/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/cleanup.h"
#include "core/livelock.h"

/* Looks that come closer than this say nothing new, and push nothing out. */
#define SPACING_USEC (LIVELOCK_LOOK_USEC / 2)

static bool runs_back(const LivelockPoint *before, const LivelockPoint *now) {
        return now->now_usec < before->now_usec || now->full_usec < before->full_usec || now->high < before->high ||
               now->scanned < before->scanned || now->reclaimed < before->reclaimed;
}

static void push(Livelock *l, const LivelockPoint *p) {
        if (l->n > 0 && runs_back(l->points + l->n - 1, p))
                l->n = 0;
        if (l->n == LIVELOCK_POINTS) {
                memmove(l->points, l->points + 1, (LIVELOCK_POINTS - 1) * sizeof(*l->points));
                l->n--;
        }
        l->points[l->n++] = *p;
}

static bool is_livelock(const LivelockPoint *before, const LivelockPoint *now) {
        uint64_t span_usec = now->now_usec - before->now_usec, full_usec = now->full_usec - before->full_usec;
        uint64_t scanned = now->scanned - before->scanned, reclaimed = now->reclaimed - before->reclaimed;

        if (now->high == before->high ||
            (unsigned __int128) full_usec * 10000 < (unsigned __int128) span_usec * LIVELOCK_FULL_SHARE)
                return false;
        return scanned == 0 ||
               (unsigned __int128) reclaimed * 10000 < (unsigned __int128) scanned * LIVELOCK_RECLAIMED_SHARE;
}

bool livelock_see(Livelock *l, uint64_t now_usec, const Sample *values) {
        const LivelockPoint p = {
                .now_usec = now_usec,
                .full_usec = values->pressure_usec[RESOURCE_MEMORY][PRESSURE_FULL],
                .high = values->events_high,
                .scanned = values->scanned,
                .reclaimed = values->reclaimed,
        };
        uint64_t last_usec = l->n > 0 ? l->points[l->n - 1].now_usec : 0;

        if (l->n > 0 && now_usec >= last_usec && now_usec - last_usec < SPACING_USEC)
                return false;
        push(l, &p);
        /* The youngest that is old enough: the last three seconds, not more. */
        for (size_t i = l->n - 1; i-- > 0;)
                if (p.now_usec - l->points[i].now_usec >= LIVELOCK_WINDOW_USEC)
                        return is_livelock(l->points + i, &p);
        return false;
}
