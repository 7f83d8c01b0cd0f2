/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "core/stall.h"

/* A reading that the daemon gives for `memstallctl top` (see sense/memstall-live.h): sums that only grow, and what still
 * runs; and the difference of two. */

typedef struct TopRow {
        char *unit, *cgroup, *limit; /* `limit`: whose limit the reclaim was for, a path; empty: nobody's */
        char *comm, *stack;          /* `stack`: innermost first, a function a line */
        StallClass class;
        uint32_t pid;
        bool running;
        uint64_t key, stall_usec, count;
} TopRow;

typedef struct TopReading {
        uint64_t now_usec; /* 0: there was none yet */
        uint64_t left_out_usec;
        TopRow *rows; /* owned, with their strings */
        size_t n_rows;
} TopReading;

/* Adds a row; all strings are copied. 0 or -ENOMEM. */
int top_reading_add(TopReading *r, const TopRow *row);
void top_reading_done(TopReading *r);

/* What came between two readings. */
typedef struct TopDelta {
        const TopRow *row; /* of the newer one, or of the older if it is gone since */
        int64_t usec;
        uint64_t count;
} TopDelta;

/* What of `now` came after `last`, each with some time; nothing that was told as running is told again when it has ended,
 * whatever class it turned out to be. Sets `*ret` (to be freed; its rows are those of the readings). 0 or -ENOMEM. */
int top_reading_compare(const TopReading *last, const TopReading *now, TopDelta **ret, size_t *ret_n);
