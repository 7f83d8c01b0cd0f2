/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* Keeps what the daemon needs in memory, before memory is short: the stack and a stretch of heap are touched, the heap
 * never gives pages back, and all that is mapped now or later stays (man:mlockall(2)). For the end of the set-up. 0, or
 * -errno of mlockall(): the daemon runs on, but may wait for its own pages when others do. */
int memory_lock(void);

/* How often the daemon has waited for a page from a disk so far: what /proc/self/stat has as majflt. */
uint64_t memory_major_faults(void);
