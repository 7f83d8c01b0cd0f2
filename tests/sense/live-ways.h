/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/decision.h"

/* The ways to stall on memory that one task can be brought to, for live-accuracy. */

typedef struct Way {
        const char *name;
        const char *file, *limit;       /* of its cgroup */
        void (*work)(void);             /* does not end */
        StallClass class;               /* more than half of what is measured */
        const char *swap_max;           /* NULL: as much as there is */
        void (*prepare)(void);          /* by a process outside of the cgroup, which then stays until the end: takes all
                                         * of the host's memory, so only on a machine of our own; or NULL */
        unsigned reads;                 /* a second, of a disk that is slowed down; 0: as fast as it is */
        bool warm_up;                   /* it is slowed down only when the kernel has seen what is in use */
        bool swaps;
} Way;

extern const Way ways[];
extern const size_t n_ways;

/* Makes and removes the files that some of them read, on the disk of WAYS_FILE, and what they need of the host. */
#define WAYS_FILE "/var/tmp/live-accuracy"
void ways_begin(void);
void ways_end(void);
