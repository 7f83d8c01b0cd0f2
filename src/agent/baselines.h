/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "act/journal.h"
#include "base/id128.h"
#include "sense/counters.h"

/* The kernel's counters as they were when something woke a watch that was calm so far: what they are held against when a
 * step acts. Of each watch the last two readings are kept, of a bounded number of watches those that were read last.
 * All zero is an empty list. */

#define BASELINES_MAX 32U

typedef struct Baseline {
        uint64_t cgroup_id; /* 0: free */
        Id128 incident;     /* which the last reading is the beginning of, as far as anybody has asked */
        struct {
                uint64_t usec; /* 0: none */
                Counters counters;
        } readings[2]; /* the last one, and the one before */
} Baseline;

typedef struct Baselines {
        Baseline items[BASELINES_MAX];
        Counters now;
        char lines[4096], brief[256];
        JournalCounters told;
} Baselines;

/* Takes a reading of a watch without an incident, if the last one is older than half a second. */
void baselines_note(Baselines *b, Tree *tree, uint64_t cgroup_id, uint64_t now_usec);

/* What moved since the incident began, with how long that took; valid until the next call. Where it began just now it is
 * what moved since the reading before, if that is not older than a minute. NULL where there is nothing to compare with,
 * or nothing moved; in the first case the incident counts as begun now. */
const JournalCounters *baselines_compare(Baselines *b, Tree *tree, uint64_t cgroup_id, Id128 incident,
                                         uint64_t now_usec);
