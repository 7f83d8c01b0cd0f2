/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/usec.h"
#include "sense/memstall.h"

/* Stalls made in cgroups of our own, for live-memstall: and what the BPF programs make of them. */

#define CHECK(condition)                                                                                    \
        do {                                                                                                \
                if (!(condition)) {                                                                         \
                        (void) fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);              \
                        exit(EXIT_FAILURE);                                                                 \
                }                                                                                           \
        } while (false)

enum {
        N_ENTRIES = 32,
};

typedef struct Cgroup {
        char path[128];
        uint64_t id;
} Cgroup;

/* Below the root, with a limit in its file; false where there is no memory controller. */
bool cgroup_make(Cgroup *ret, const char *name, const char *file, const char *limit);
void cgroup_write(const Cgroup *c, const char *file, const char *text);

/* The sum of time that PSI has some task of the cgroup stalled, microseconds; the file is memory.pressure or
 * io.pressure. */
uint64_t cgroup_stall_usec(const Cgroup *c, const char *file);

/* A process in the cgroup that does the work, on one CPU. */
pid_t cgroup_fork(const Cgroup *c, void (*work)(void));

/* Kills the process and removes the cgroup. */
void cgroup_end(const Cgroup *c, pid_t pid);

void sleep_usec(uint64_t usec);

/* Work: names that do not exist; and anonymous memory that, without swap, no reclaim can take back. */
void look_up_nothing(void);
void fill_memory(void);

typedef struct Reading {
        StallEntry entries[N_ENTRIES];
        size_t n;
} Reading;

void read_now(Memstall *m, Reading *ret);

/* The first entry of the process with the class; NULL for none. */
const StallEntry *find(const Reading *r, pid_t pid, StallClass class);
uint64_t sum_usec(const Reading *r, pid_t pid);

/* Reads until the process has stalled that long in all, for a minute at most: emulated guests are slow. */
void read_until(Memstall *m, pid_t pid, uint64_t usec, Reading *ret);

/* What is known of it: pages and times of this cgroup as the task's; NULL, 0 for none. */
bool find_reclaim(Memstall *m, uint64_t cgroup_id, uint64_t target_id, ReclaimKind kind, ReclaimEntry *ret);
uint64_t wait_usec(Memstall *m, uint64_t cgroup_id);

/* How many records of tasks there are: of sections that run, and of what surrounds them. */
size_t count_records(Memstall *m);

/* Waits until there are no more than before: all get out of what they were in, and leave nothing behind. */
void check_records(Memstall *m, size_t before);

void print_all(Memstall *m);

/* live-memstall-hard.c and -waits.c; false where there is no memory controller. */
bool test_killed(Memstall *m);
bool test_removed(Memstall *m);
bool test_reused(Memstall *m);
bool test_many(Memstall *m, unsigned n);
bool test_full(void);
bool test_by_hand(Memstall *m);
bool test_file_wait(Memstall *m);
bool test_swap_wait(Memstall *m);
