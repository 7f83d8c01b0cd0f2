/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who reclaims whose pages: the hooks around the kernel's three ways into reclaim. Pages of a section are added up
 * with its time (MemstallTotal.pages), all others in a map of their own. The first argument of the
 * tracepoints at the end is the number of pages in every kernel; the cgroup in those of 7.1 is not to be
 * touched, and comes from the function instead. */

#include "section.h"

struct {
        __uint(type, BPF_MAP_TYPE_LRU_HASH);
        __uint(max_entries, MEMSTALL_RECLAIMS_MAX);
        __type(key, MemstallReclaimKey);
        __type(value, MemstallReclaim);
} reclaims SEC(".maps");

static const MemstallReclaim nothing_reclaimed;

static __always_inline int add_reclaim(uint64_t cgroup_id, uint64_t target_id, uint32_t kind,
                                       uint64_t pages) {
        MemstallReclaimKey key = {
                .cgroup_id = cgroup_id,
                .target_id = target_id,
                .kind = kind,
                .epoch = bpf_ktime_get_ns() >> MEMSTALL_EPOCH_SHIFT,
        };
        MemstallReclaim *sum = bpf_map_lookup_elem(&reclaims, &key);

        if (!sum) {
                (void) bpf_map_update_elem(&reclaims, &key, &nothing_reclaimed, BPF_NOEXIST);
                sum = bpf_map_lookup_elem(&reclaims, &key);
        }
        if (!sum) {
                count(MEMSTALL_COUNTER_FULL);
                return 0;
        }
        __sync_fetch_and_add(&sum->pages, pages);
        __sync_fetch_and_add(&sum->count, 1);
        return 0;
}

/* Outside of a section it is memory.reclaim, or a limit that was set below the usage: the only callers that PSI does not
 * count. */
static __always_inline int by_hand_begins(struct task_struct *task, uint64_t id) {
        MemstallTask *record = renew_record(task, 0);

        if (record) {
                record->target_id = id;
                record->marks = MEMSTALL_MARK_BY_HAND;
        }
        return 0;
}

/* At try_to_free_mem_cgroup_pages(): its first argument is the cgroup whose limit is reached, in every kernel; the
 * others come and go. Names the section, if nothing has. */
static __always_inline int reclaim_begins(struct mem_cgroup *memcg) {
        struct task_struct *task = bpf_get_current_task_btf();
        MemstallTask *record = record_of(task);
        uint64_t id = memcg_id(memcg);
        bool inside = in_section(task);

        if (!inside && !(record && record->marks & MEMSTALL_MARK_OVER_HIGH))
                return by_hand_begins(task, id);
        if (!record)
                return 0;
        record->target_id = id;
        record->marks &= ~MEMSTALL_MARK_BY_HAND;        /* lost its end: this is no inner one */
        if (inside && !(record->marks & MEMSTALL_MARKS_OF_SECTION)) {
                record->limit_id = id;
                record->marks |= MEMSTALL_MARK_MEMCG;
        }
        return 0;
}

static __always_inline uint32_t reclaim_kind(uint32_t marks) {
        if (marks & MEMSTALL_MARK_BY_HAND)
                return MEMSTALL_RECLAIM_BY_HAND;
        return marks & MEMSTALL_MARK_OVER_HIGH ? MEMSTALL_RECLAIM_HIGH : MEMSTALL_RECLAIM_MAX;
}

/* At mm_vmscan_memcg_reclaim_end. */
static __always_inline int reclaim_ends(uint64_t pages) {
        struct task_struct *task = bpf_get_current_task_btf();
        MemstallTask *record = record_of(task);

        if (!record || !record->target_id)
                return 0;
        if (record->marks & MEMSTALL_MARK_MEMCG && record->limit_id == record->target_id)
                record->pages += pages;
        else
                (void) add_reclaim(bpf_get_current_cgroup_id(), record->target_id, reclaim_kind(record->marks), pages);
        record->target_id = 0;
        return record->marks & MEMSTALL_MARK_BY_HAND && !in_section(task) ? forget(record, task->pid) : 0;
}

/* At mm_vmscan_direct_reclaim_end. */
static __always_inline int host_reclaimed(uint64_t pages) {
        MemstallTask *record = record_of(bpf_get_current_task_btf());

        if (record && record->marks & MEMSTALL_MARK_DIRECT) {
                record->pages += pages;
                return 0;
        }
        return add_reclaim(bpf_get_current_cgroup_id(), MEMSTALL_ROOT_ID, MEMSTALL_RECLAIM_HOST, pages);
}

/* At mm_vmscan_lru_shrink_inactive: a batch of whoever reclaims, of which only kswapd's are not counted
 * elsewhere. */
static __always_inline int batch_reclaimed(uint64_t pages) {
        struct task_struct *task = bpf_get_current_task_btf();
        char comm[MEMSTALL_COMM_MAX];

        if (!(task->flags & PF_KTHREAD))
                return 0;
        __builtin_memcpy(comm, task->comm, sizeof(comm));
        if (kthread_class(task, comm) != STALL_KSWAPD)
                return 0;
        return add_reclaim(MEMSTALL_ROOT_ID, MEMSTALL_ROOT_ID, MEMSTALL_RECLAIM_HOST, pages);
}
