/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup-load.h"
#include "sense/memstall.h"

/* What the BPF programs make of stalls in cgroups of our own, for live-memstall. */

enum {
        N_ENTRIES = 32,
};

typedef struct Reading {
        StallEntry entries[N_ENTRIES];
        size_t n;
} Reading;

void read_now(Memstall *m, Reading *ret);

/* The first entry of the process with the class; NULL for none. */
const StallEntry *find(const Reading *r, pid_t pid, StallClass class);
uint64_t sum_usec(const Reading *r, pid_t pid);

/* Of all processes that stalled in the cgroup. */
uint64_t usec_in(const Reading *r, uint64_t cgroup_id);
uint64_t count_in(const Reading *r, uint64_t cgroup_id);

/* Reads until the process has stalled that long in all, for a minute at most: emulated guests are slow. */
void read_until(Memstall *m, pid_t pid, uint64_t usec, Reading *ret);

/* Until some process has stalled in the cgroup, likewise. */
void wait_for_stall(Memstall *m, const Cgroup *c);

/* What is known of it: pages and times of this cgroup as the task's; NULL, 0 for none. */
bool find_reclaim(Memstall *m, uint64_t cgroup_id, uint64_t target_id, ReclaimKind kind, ReclaimEntry *ret);
uint64_t wait_usec(Memstall *m, uint64_t cgroup_id);

/* How many records of tasks there are: of sections that run, and of what surrounds them. */
size_t count_records(Memstall *m);

/* Waits until there are no more than before: all get out of what they were in, and leave nothing behind. */
void check_records(Memstall *m, size_t before);

void print_all(Memstall *m);

/* live-memstall-hard.c, -again.c, -nested.c and -waits.c; false where there is no memory controller. */
bool test_killed(Memstall *m);
bool test_removed(Memstall *m);
bool test_reused(Memstall *m);
bool test_again(Memstall *m);
bool test_nested(Memstall *m);
bool test_many(Memstall *m, unsigned n);
bool test_full(void);
bool test_by_hand(Memstall *m);
bool test_file_wait(Memstall *m);
bool test_swap_wait(Memstall *m);
