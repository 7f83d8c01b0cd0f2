/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/memstall.h"
#include "core/stall.h"
#include "sense/kallsyms.h"
#include "sense/memstall.h"

/* Shared by the files memstall*.c: the programs (load), the window (window), the questions (memstall.c). */

struct bpf_link;
struct bpf_object;
struct MemstallRung;

enum {
        MEMSTALL_HOOKS_MAX = 32,        /* of a rung */
        MEMSTALL_PARTS_MAX = 2,         /* programs of a hook */
        MEMSTALL_NOT_NEEDED = 1,        /* instead of what refuses a hook */
};

/* For tests: what the kernel shall seem to refuse of the first rung. Bits are hooks, in the order of its table. */
typedef struct MemstallTrial {
        size_t first_rung;              /* those before it are not tried */
        uint32_t refuse_load;           /* these are made into programs that no kernel loads */
        uint32_t refuse_attach;
        bool multi;                     /* no kprobe by perf_event_open(2) */
        bool no_symbols;                /* they are not read, which takes its time */
        uint32_t sets_max;              /* room for so many sets of tasks, a power of two; 0: as many as ever */
} MemstallTrial;

/* Map `tasks`, as it is in the kernel's memory. */
typedef struct MemstallTasks {
        const MemstallTaskSet *sets;
        size_t n;
        int fd;                         /* the object's */
} MemstallTasks;

/* `n` sets. The other is for what was mapped, or is all zero. Returns 0 or a negative errno. */
int memstall_tasks_map(MemstallTasks *ret, int tasks_fd, size_t n);
void memstall_tasks_unmap(MemstallTasks *t);

/* The next record that some task has, from *i on, which is moved past it. What begins or ends just now is left out. */
bool memstall_tasks_next(const MemstallTasks *t, size_t *i, MemstallTask *ret);

typedef struct MemstallProgram {
        const struct MemstallRung *rung_row;
        struct bpf_object *object;
        struct bpf_link *links[MEMSTALL_HOOKS_MAX][MEMSTALL_PARTS_MAX];
        MemstallTasks tasks;
        /* By hook: 0, MEMSTALL_NOT_NEEDED, or the negative errno that keeps it out. */
        int refused[MEMSTALL_HOOKS_MAX];
        char rung[512];                 /* for people: memstall_rung() */
} MemstallProgram;

/* The best rung of memstall-hooks.h that the kernel takes: opens, fits to the kernel, loads, attaches; fills
 * p->rung. As memstall_new(); `trial` may be NULL. */
int memstall_program_load(MemstallProgram *p, bool stacks, const MemstallTrial *trial, char *ret_why,
                          size_t why_size);
void memstall_program_unload(MemstallProgram *p);

/* Whether a task can be preempted inside a BPF program, which the kernel then skips for others on that CPU
 * (kernel/bpf/trampoline.c): then the second programs are worth their time. As far as uname(2) and, where it
 * may be read, /sys/kernel/debug/sched/preempt tell; else true. memstall_preemption() is given their texts,
 * `mode` NULL or empty where there is none. */
bool memstall_preemptible(void);
bool memstall_preemption(const char *version, const char *mode);

/* memstall_new() with a trial. */
int memstall_new_trial(Memstall **ret, bool stacks, const MemstallTrial *trial, char *ret_why, size_t why_size);

/* The maps: a negative errno where the rung has none of that name; all have these two, and tasks. And how often the
 * programs without which there is nothing were skipped. Only after loading. */
int memstall_program_map_fd(const MemstallProgram *p, const char *name);
int memstall_program_totals_fd(const MemstallProgram *p);
int memstall_program_counters_fd(const MemstallProgram *p);
int memstall_program_missed(const MemstallProgram *p, uint64_t *ret);

/* Where to read, for memstall-live.c. */
typedef struct MemstallMaps {
        const Kallsyms *symbols; /* NULL: hidden */
        int totals_fd;
        const MemstallTasks *tasks;
} MemstallMaps;

void memstall_maps(const Memstall *m, MemstallMaps *ret);

/* Reads the maps of the programs into entries; see memstall-window.c. */
typedef struct MemstallWindow MemstallWindow;

int memstall_window_new(MemstallWindow **ret);
MemstallWindow *memstall_window_free(MemstallWindow *w);
DEFINE_CLEANUP(MemstallWindow *, memstall_window_free);

/* The class of an element of `totals`; `symbols` may be NULL: then waits have none. */
StallClass memstall_class_of_total(const Kallsyms *symbols, const MemstallKey *key, const MemstallTotal *total);

/* Empties the window and sets its time, nanoseconds of CLOCK_MONOTONIC. */
void memstall_window_begin(MemstallWindow *w, uint64_t now_ns);

/* Adds an element of a map. `symbols` may be NULL: then waits have no class. Totals go before tasks. */
void memstall_window_add_total(MemstallWindow *w, const Kallsyms *symbols, const MemstallKey *key,
                               const MemstallTotal *total);
void memstall_window_add_task(MemstallWindow *w, const MemstallTask *task);

/* Adds all elements of a map. Returns 0 or a negative errno. */
int memstall_window_read_totals(MemstallWindow *w, const Kallsyms *symbols, int totals_fd);
void memstall_window_read_tasks(MemstallWindow *w, const MemstallTasks *tasks);

/* The greatest, without their stacks; and the key of the total whose stack belongs to the i-th of them, NULL
 * where only running sections made it. The keys are good until the next begin. */
size_t memstall_window_top(MemstallWindow *w, StallEntry *entries, size_t n_max);
const MemstallKey *memstall_window_key(const MemstallWindow *w, size_t i);

/* Merges the epochs of map `reclaims`, and what the totals have of it; see memstall-reclaims.c. */
typedef struct MemstallReclaims MemstallReclaims;

int memstall_reclaims_new(MemstallReclaims **ret);
MemstallReclaims *memstall_reclaims_free(MemstallReclaims *w);
DEFINE_CLEANUP(MemstallReclaims *, memstall_reclaims_free);

/* As those of the window: begin, add, read, top. */
void memstall_reclaims_begin(MemstallReclaims *w, uint64_t now_ns);
void memstall_reclaims_add(MemstallReclaims *w, const MemstallReclaimKey *key, const MemstallReclaim *sum);
void memstall_reclaims_add_total(MemstallReclaims *w, const MemstallKey *key, const MemstallTotal *total);
int memstall_reclaims_read(MemstallReclaims *w, int reclaims_fd, int totals_fd);
size_t memstall_reclaims_top(MemstallReclaims *w, ReclaimEntry *entries, size_t n_max);

/* Reads a hash map by batches, whatever its elements: calls add(userdata, i) for each i below the number of
 * elements that are in `keys` and `values`, which hold MEMSTALL_BATCH of them. Batches leave no gaps and begin
 * no loops, however the map changes meanwhile. Returns 0 or a negative errno. */
enum {
        MEMSTALL_BATCH = 256,
};
typedef void (*MemstallAdd)(void *userdata, size_t i);

int memstall_read_map(int fd, void *keys, void *values, MemstallAdd add, void *userdata);
