/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The maps, and what all programs need: the record of the current task, and the totals. Everything is
 * preallocated; the programs run inside reclaim, with the host out of memory, perhaps under a spinlock. */

#include <stdbool.h>
#include <stddef.h>

#include "vmlinux-min.h"

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>

#include "memstall.h"

/* Set before loading. */
const volatile uint64_t long_section_ns = 1000000;
const volatile bool stacks = true;

static const MemstallTotal nothing_yet;

/* One less than the map has sets. */
const volatile uint32_t sets_mask = MEMSTALL_TASK_SETS - 1;

/* No hash map: entering and leaving one costs more than all else that is done for a section. */
struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(map_flags, BPF_F_MMAPABLE);
        __uint(max_entries, MEMSTALL_TASK_SETS);
        __type(key, uint32_t);
        __type(value, MemstallTaskSet);
} tasks SEC(".maps");

/* LRU: old epochs are never read and make room for new ones without anybody clearing them. */
struct {
        __uint(type, BPF_MAP_TYPE_LRU_HASH);
        __uint(max_entries, MEMSTALL_TOTALS_MAX);
        __type(key, MemstallKey);
        __type(value, MemstallTotal);
} totals SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, _MEMSTALL_COUNTER_MAX);
        __type(key, uint32_t);
        __type(value, uint64_t);
} counters SEC(".maps");

static __always_inline void count(MemstallCounter what) {
        uint32_t key = what;
        uint64_t *n = bpf_map_lookup_elem(&counters, &key);

        if (n)
                *n += 1;
}

static __always_inline uint32_t current_tid(void) {
        return (uint32_t) bpf_get_current_pid_tgid();
}

static __always_inline bool in_section(struct task_struct *task) {
        return BPF_CORE_READ_BITFIELD(task, in_memstall);
}

static __always_inline MemstallTaskSet *set_of(uint32_t tid) {
        uint32_t set = tid & sets_mask;

        return bpf_map_lookup_elem(&tasks, &set);
}

static __always_inline MemstallTask *record_in(MemstallTaskSet *set, uint32_t tid) {
#pragma unroll
        for (uint32_t i = 0; i < MEMSTALL_SET_SIZE; i++)
                if (set->tids[i] == tid)
                        return &set->records[i];
        return NULL;
}

/* The record with the current thread's id, perhaps of a dead one that had it before. */
static __always_inline MemstallTask *record_with(uint32_t tid) {
        MemstallTaskSet *set = set_of(tid);

        return set ? record_in(set, tid) : NULL;
}

/* The same, or one that nobody had, without marks; NULL where there is no room, which is counted. Nobody else takes
 * one in the name of this thread. */
static __always_inline MemstallTask *take_record(uint32_t tid) {
        MemstallTaskSet *set = set_of(tid);
        MemstallTask *record;

        if (!set || tid == 0)
                return NULL;
        record = record_in(set, tid);
        if (record)
                return record;
#pragma unroll
        for (uint32_t i = 0; i < MEMSTALL_SET_SIZE; i++)
                if (set->tids[i] == 0 && __sync_val_compare_and_swap(&set->tids[i], 0, tid) == 0) {
                        set->records[i].way = i;
                        return &set->records[i];
                }
        count(MEMSTALL_COUNTER_FULL);
        return NULL;
}

/* The current thread's record. The exchange keeps what was written before from reaching who has it next. */
static __always_inline int forget(MemstallTask *record, uint32_t tid) {
        MemstallTaskSet *set = set_of(tid);
        uint32_t way = record->way;

        record->start_ns = 0;
        record->marks = 0;
        if (set && way < MEMSTALL_SET_SIZE)
                (void) __sync_lock_test_and_set(&set->tids[way], 0);
        return 0;
}

/* The record of the current task, not that of a dead one whose thread id it inherited. */
static __always_inline MemstallTask *record_of(struct task_struct *task) {
        MemstallTask *record = record_with(task->pid);

        return record && record->task_start == task->start_time ? record : NULL;
}

/* A record of the current task, whatever was in it before; only the marks of `kept` stay, with what belongs to
 * them. */
static __always_inline MemstallTask *renew_record(struct task_struct *task, uint32_t kept) {
        MemstallTask *record = take_record(task->pid);

        if (!record)
                return NULL;
        if (record->task_start != task->start_time || !(record->marks & kept)) {
                record->task_start = task->start_time;
                record->limit_id = 0;
                record->target_id = 0;
                kept = 0;
        }
        record->start_ns = 0;
        record->marks &= kept;
        return record;
}

static __always_inline MemstallTotal *total_of(const MemstallKey *key) {
        MemstallTotal *total = bpf_map_lookup_elem(&totals, key);

        if (total)
                return total;

        /* Another thread of the process may be first: both find what is there then. */
        (void) bpf_map_update_elem(&totals, key, &nothing_yet, BPF_NOEXIST);
        return bpf_map_lookup_elem(&totals, key);
}

/* Adds to a total what ended just now, and shows its stack if it is the longest so far: where it was long,
 * or where `always`, for the first one. */
static __always_inline void add_to_total(void *ctx, const MemstallKey *key, const char *comm, uint64_t now,
                                         uint64_t took, uint64_t pages, bool always) {
        uint64_t window = now - ((key->epoch ? (uint64_t) key->epoch - 1 : 0) << MEMSTALL_EPOCH_SHIFT);
        MemstallTotal *total = total_of(key);

        if (!total) {
                count(MEMSTALL_COUNTER_FULL);
                return;
        }
        __sync_fetch_and_add(&total->ns, took < window ? took : window);
        __sync_fetch_and_add(&total->count, 1);
        if (pages)
                __sync_fetch_and_add(&total->pages, pages);

        /* Threads of one process may do this on two CPUs at once: a stack of mixed frames is possible, and
         * is harmless to whoever reads it. */
        if (took <= total->longest_ns)
                return;
        total->longest_ns = took;
        __builtin_memcpy(total->comm, comm, sizeof(total->comm));
        if (stacks && (took >= long_section_ns || (always && !total->stack_bytes))) {
                count(MEMSTALL_COUNTER_STACKS);
                total->stack_bytes = bpf_get_stack(ctx, total->stack, sizeof(total->stack), 0);
        }
}
