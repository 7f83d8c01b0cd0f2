/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "live-stall.h"

#include <inttypes.h>
#include <string.h>

#include "core/decision.h"
#include "sense/memstall-private.h"

/* ---- Printing ---- */

static void print_entry(const Memstall *m, const StallEntry *e) {
        char stack[4096];

        (void) printf("%10" PRIu64 " us %7" PRIu64 "x longest %8" PRIu64 " us  %-14s pid %-6" PRIu32
                      " %-15s cgroup %" PRIu64 " limit %" PRIu64 "\n",
                      e->stall_usec, e->count, e->longest_usec, stall_to_string(e->class), e->pid, e->comm,
                      e->cgroup_id, e->limit_id);
        (void) memstall_symbolize(m, e, stack, sizeof(stack));
        for (char *line = strtok(stack, "\n"); line; line = strtok(NULL, "\n"))
                (void) printf("        %s\n", line);
}

static void print_waits(Memstall *m) {
        WaitEntry entries[N_ENTRIES];
        size_t n;

        CHECK(memstall_waits(m, entries, ELEMENTSOF(entries), &n) == 0);
        for (size_t i = 0; i < n; i++)
                (void) printf("%10" PRIu64 " us of waits that PSI does not count, cgroup %" PRIu64 "\n",
                              entries[i].wait_usec, entries[i].cgroup_id);
}

static void print_reclaims(Memstall *m) {
        static const char *const kinds[_RECLAIM_KIND_MAX] = {
                [RECLAIM_MAX] = "max",
                [RECLAIM_HIGH] = "high",
                [RECLAIM_BY_HAND] = "by-hand",
                [RECLAIM_HOST] = "host",
        };
        ReclaimEntry entries[N_ENTRIES];
        size_t n;

        CHECK(memstall_reclaims(m, entries, ELEMENTSOF(entries), &n) == 0);
        for (size_t i = 0; i < n; i++)
                (void) printf("%10" PRIu64 " pages %6" PRIu64 "x %-7s cgroup %" PRIu64 " of %" PRIu64 "\n",
                              entries[i].pages, entries[i].count, kinds[entries[i].kind],
                              entries[i].cgroup_id, entries[i].target_id);
}

void print_all(Memstall *m) {
        StallEntry entries[N_ENTRIES];
        MemstallCounters c;
        size_t n;

        CHECK(memstall_read(m, entries, ELEMENTSOF(entries), &n) == 0);
        CHECK(memstall_counters(m, &c) == 0);
        (void) printf("---- %s: sections %" PRIu64 " nested %" PRIu64 " full %" PRIu64 " orphans %" PRIu64
                      " missed %" PRIu64 " mended %" PRIu64 " stacks %" PRIu64 " waits %" PRIu64 "\n",
                      memstall_rung(m), c.sections, c.nested, c.full, c.orphans, c.missed, c.mended, c.stacks,
                      c.waits);
        for (size_t i = 0; i < n; i++)
                print_entry(m, &entries[i]);
        print_waits(m);
        print_reclaims(m);
        (void) fflush(stdout);
}

/* ---- Readings ---- */

const StallEntry *find(const Reading *r, pid_t pid, StallClass class) {
        for (size_t i = 0; i < r->n; i++)
                if (r->entries[i].pid == (uint32_t) pid && r->entries[i].class == class)
                        return &r->entries[i];
        return NULL;
}

void read_now(Memstall *m, Reading *ret) {
        CHECK(memstall_read(m, ret->entries, N_ENTRIES, &ret->n) == 0);
}

uint64_t sum_usec(const Reading *r, pid_t pid) {
        uint64_t sum = 0;

        for (size_t i = 0; i < r->n; i++)
                if (r->entries[i].pid == (uint32_t) pid)
                        sum += r->entries[i].stall_usec;
        return sum;
}

uint64_t usec_in(const Reading *r, uint64_t cgroup_id) {
        uint64_t sum = 0;

        for (size_t i = 0; i < r->n; i++)
                if (r->entries[i].cgroup_id == cgroup_id)
                        sum += r->entries[i].stall_usec;
        return sum;
}

uint64_t count_in(const Reading *r, uint64_t cgroup_id) {
        uint64_t count = 0;

        for (size_t i = 0; i < r->n; i++)
                if (r->entries[i].cgroup_id == cgroup_id)
                        count += r->entries[i].count;
        return count;
}

void read_until(Memstall *m, pid_t pid, uint64_t usec, Reading *ret) {
        for (int i = 0; i < 300; i++) {
                sleep_usec(USEC_PER_SEC / 5);
                read_now(m, ret);
                if (sum_usec(ret, pid) >= usec)
                        return;
        }
        print_all(m);
        CHECK(!"stalled at all");
}

void wait_for_stall(Memstall *m, const Cgroup *c) {
        Reading r;

        for (int i = 0; i < 600; i++) {
                read_now(m, &r);
                if (usec_in(&r, c->id) > 0)
                        return;
                sleep_usec(USEC_PER_SEC / 10);
        }
        CHECK(!"stalled at all");
}

bool find_reclaim(Memstall *m, uint64_t cgroup_id, uint64_t target_id, ReclaimKind kind, ReclaimEntry *ret) {
        ReclaimEntry entries[N_ENTRIES];
        size_t n;

        CHECK(memstall_reclaims(m, entries, ELEMENTSOF(entries), &n) == 0);
        for (size_t i = 0; i < n; i++)
                if (entries[i].cgroup_id == cgroup_id && entries[i].target_id == target_id &&
                    entries[i].kind == kind) {
                        *ret = entries[i];
                        return true;
                }
        return false;
}

uint64_t wait_usec(Memstall *m, uint64_t cgroup_id) {
        static WaitEntry entries[MEMSTALL_WAITS_MAX];
        size_t n;

        CHECK(memstall_waits(m, entries, ELEMENTSOF(entries), &n) == 0);
        for (size_t i = 0; i < n; i++)
                if (entries[i].cgroup_id == cgroup_id)
                        return entries[i].wait_usec;
        return 0;
}

size_t count_records(Memstall *m) {
        MemstallTask task;
        MemstallMaps maps;
        size_t n = 0;

        memstall_maps(m, &maps);
        for (size_t i = 0; memstall_tasks_next(maps.tasks, &i, &task);)
                n++;
        return n;
}

void check_records(Memstall *m, size_t before) {
        size_t now = 0;

        for (int i = 0; i < 100; i++) {
                now = count_records(m);
                if (now <= before)
                        return;
                sleep_usec(USEC_PER_SEC / 10);
        }
        (void) fprintf(stderr, "%zu records, %zu before\n", now, before);
        CHECK(now <= before);
}
