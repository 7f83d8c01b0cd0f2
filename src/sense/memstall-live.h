/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "sense/memstall.h"

/* The sums of the BPF program as they are, for whoever reads them again and again and wants to know what came in
 * between (memstallctl top). One that was told before has grown by the difference; one that was not has begun since;
 * one that is missing has been left, and says nothing. A section that still runs is told by itself: when it ends, all
 * of its time goes to a sum, and that of the running ones falls. */

#define LIVE_ENTRIES_MAX 384U

typedef struct LiveEntry {
        uint64_t key;     /* the same sum has the same key in each reading */
        bool running;     /* sections that have not ended: `count` of them, `stall_usec` from their beginnings to now */
        StallEntry stall; /* for a running one the stack is of what the process did before in that class, if anything */
} LiveEntry;

typedef struct LiveReading {
        const LiveEntry *entries; /* in no order; valid until the next reading */
        size_t n_entries;
        uint64_t now_usec;      /* CLOCK_MONOTONIC */
        uint64_t left_out_usec; /* entries that had no room are not greater than this; 0: all are told */
} LiveReading;

typedef struct MemstallLive MemstallLive;

/* Takes all memory, some 500 KB. 0 or -ENOMEM. */
int memstall_live_new(MemstallLive **ret);
MemstallLive *memstall_live_free(MemstallLive *l);
DEFINE_CLEANUP(MemstallLive *, memstall_live_free);

/* Reads what has a part in the differences to a reading at `since_usec`, which is at most 8 s ago; 0 for a first one.
 * Never waits. Returns 0 or a negative errno of bpf(2). */
int memstall_live_read(MemstallLive *l, Memstall *m, uint64_t since_usec, LiveReading *ret);
