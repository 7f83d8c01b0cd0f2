/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a watch needs to see, beside what every look shows: each costs files. A bit each, in Effect.arm.wants. */
enum {
        WANT_EVENTS = 1 << 0,           /* memory.events.local wakes it, too */
        WANT_STAT = 1 << 1,             /* refaults, scanned, reclaimed: memory.stat, /proc/vmstat for the host */
        WANT_IO = 1 << 2,               /* io.pressure */
        WANT_CPU = 1 << 3,              /* cpu.pressure */
        WANT_DYING = 1 << 4,            /* cgroup.stat */
        WANT_CANDIDATE_SWAP = 1 << 5,   /* memory.swap.current of each candidate */
        WANT_CANDIDATE_STAT = 1 << 6,   /* pages scanned of each candidate */
        WANT_CANDIDATE_SLICES = 1 << 7, /* slices are candidates, too */
        WANT_CANDIDATE_ALL = 1 << 8,    /* candidates from the whole host, not only from beneath the watch */
        WANT_CANDIDATE_OTHERS = 1 << 10, /* those outside the watch stay open, for watch_survey_around() */
        WANT_WAITS = 1 << 9,            /* time in the waits that PSI does not count, from BPF */
};
