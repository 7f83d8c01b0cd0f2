/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/usec.h"

/* Cgroups of our own in the running kernel, and single tasks in them that stall: for the programs that hold BPF and PSI
 * beside each other. What cannot be done ends the program. */

#define CGROUP_ROOT "/sys/fs/cgroup"

#define CHECK(condition)                                                                                    \
        do {                                                                                                \
                if (!(condition)) {                                                                         \
                        (void) fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);              \
                        exit(EXIT_FAILURE);                                                                 \
                }                                                                                           \
        } while (false)

typedef struct Cgroup {
        char path[128];
        uint64_t id;
} Cgroup;

/* Below the root, with a limit in its file; false where there is no memory controller. */
bool cgroup_make(Cgroup *ret, const char *name, const char *file, const char *limit);
void cgroup_write(const Cgroup *c, const char *file, const char *text);

/* Reads at most so many times a second from the disk that holds the file, 0 for any number; false where that cannot be
 * had. */
bool cgroup_slow_down(const Cgroup *c, const char *file, unsigned reads);

/* How the kernel tells which pages are in use: by generations (CONFIG_LRU_GEN), or, with 0, by its two lists, which take
 * what was used twice for in use, in all kernels alike. Returns what it was, to be set again. */
unsigned lru_generations(unsigned set);

/* The sum of time that PSI has some task of the cgroup stalled, microseconds; the file is memory.pressure or
 * io.pressure. PSI brings both up to date every 2 s. */
uint64_t cgroup_stall_usec(const Cgroup *c, const char *file);

/* So long a task goes on, once it stalls, where the sums are held against PSI. */
#define STALL_FOR_USEC (2 * USEC_PER_SEC)

/* Waits until memstall_read() will show all that comes now for SHOWN_USEC at least: until early in an epoch of the BPF
 * programs (bpf/memstall.h). What PSI has of a cgroup from its beginning can be held against that. */
#define SHOWN_USEC (12 * USEC_PER_SEC)
void wait_for_epoch(void);

/* Stops the process, so that nothing stalls any longer, and waits until its cgroup's memory.pressure is up to date. */
uint64_t cgroup_settle(const Cgroup *c, pid_t pid);

/* Tells both, microseconds, and whether they are within a fifth of each other: where both have to be alike, but CPUs are
 * taken away from an emulated machine at any time, inside of sections or between PSI and a hook. */
bool is_near(const char *what, uint64_t psi, uint64_t sum);

/* A process in the cgroup that does the work, on the first CPU. */
pid_t cgroup_fork(const Cgroup *c, void (*work)(void));

/* Kills the process and removes the cgroup. */
void cgroup_end(const Cgroup *c, pid_t pid);

void sleep_usec(uint64_t usec);

/* A number below n; the same ones each time. */
size_t draw(size_t n);

/* Work: names that do not exist; and anonymous memory that, without swap, no reclaim can take back. */
void look_up_nothing(void);
void fill_memory(void);
