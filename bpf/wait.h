/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What PSI does not count: a page fault waits for a page that is being read, but that was not in use before
 * (no workingset flag). The hooks are called only where a task has to wait; one is about a page from swap that is
 * locked already, one about the reading of a page from swap, which on some devices (zram) is done there and then,
 * and one about any sleep for I/O, of which the stack tells whether it is in a page fault.
 *
 * The outermost wait of a task counts. If a memory stall begins inside it, PSI counts the time, and
 * begin_section() takes the record away; one inside a stall is not looked at. */

#include "section.h"

/* Set before loading: shorter waits are not asked about. */
const volatile uint64_t short_wait_ns = 100000;

/* LRU: cgroups that are gone make room. */
struct {
        __uint(type, BPF_MAP_TYPE_LRU_HASH);
        __uint(max_entries, MEMSTALL_WAITS_MAX);
        __type(key, uint64_t);
        __type(value, uint64_t);
} waits SEC(".maps");

/* Where the functions lie that tell the waits apart. All zero where the kernel's symbols are hidden. */
struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(max_entries, 1);
        __type(key, uint32_t);
        __type(value, MemstallPlaces);
} places SEC(".maps");

/* A sleep inside of another wait, or of reclaim that PSI does not count. */
static __always_inline bool is_inner_sleep(struct task_struct *task, MemstallWaitSite site) {
        MemstallTask *old;

        if (site != MEMSTALL_WAIT_SLEEP)
                return false;
        old = record_of(task);
        if (!old)
                return false;
        if (old->marks & MEMSTALL_MARK_WAIT)
                return old->wait_site != MEMSTALL_WAIT_SLEEP;
        return old->marks & (MEMSTALL_MARKS_AROUND | MEMSTALL_MARK_BY_HAND);
}

static __always_inline int section_sleeps(struct task_struct *task) {
        MemstallTask *record = record_of(task);

        if (record)
                record->marks |= MEMSTALL_MARK_SLEPT;
        return 0;
}

static __always_inline int wait_begins(MemstallWaitSite site) {
        struct task_struct *task = bpf_get_current_task_btf();
        MemstallTask *record;

        if (in_section(task))
                return site == MEMSTALL_WAIT_SLEEP ? section_sleeps(task) : 0;
        if (task->flags & PF_KTHREAD || is_inner_sleep(task, site))
                return 0;

        /* Any other record has lost its end: what is marked waits for no page outside of its sections. */
        record = renew_record(task, 0);
        if (!record)
                return 0;
        record->wait_site = site;
        record->wait_ns = bpf_ktime_get_ns();
        record->marks = MEMSTALL_MARK_WAIT | (site == MEMSTALL_WAIT_SLEEP ? 0 : MEMSTALL_MARK_SWAP_IN);
        return 0;
}

static __always_inline uint32_t class_of_address(const MemstallPlaces *p, uint64_t address) {
        for (uint32_t i = 0; i < MEMSTALL_PLACES_MAX; i++)
                if (address - p->places[i].begin < p->places[i].size)
                        return p->places[i].class;
        return STALL_OTHER;
}

/* STALL_OTHER for a wait that is none of ours: writeback, read(2), migration. */
static __always_inline uint32_t class_of_wait(void *ctx, uint32_t site) {
        uint64_t frames[MEMSTALL_WAIT_FRAMES] = {};
        uint32_t zero = 0, class;
        const MemstallPlaces *p;

        /* Only do_swap_page() comes this way, in every kernel. */
        if (site == MEMSTALL_WAIT_FAULT)
                return STALL_SWAP_WAIT;
        p = bpf_map_lookup_elem(&places, &zero);
        if (!stacks || !p || !p->known)
                return STALL_OTHER;
        count(MEMSTALL_COUNTER_STACKS);
        (void) bpf_get_stack(ctx, frames, sizeof(frames), 0);
        for (uint32_t i = 0; i < MEMSTALL_WAIT_FRAMES; i++) {
                class = class_of_address(p, frames[i] - 1);
                if (class != STALL_OTHER)
                        return class;
        }
        return STALL_OTHER;
}

static __always_inline void add_wait(void *ctx, struct task_struct *task, uint32_t class, uint64_t now,
                                     uint64_t took) {
        uint64_t cgroup_id = bpf_get_current_cgroup_id(), *sum;
        MemstallKey key = {
                .cgroup_id = cgroup_id,
                .tgid = bpf_get_current_pid_tgid() >> 32,
                .class = class,
                .epoch = now >> MEMSTALL_EPOCH_SHIFT,
        };
        char comm[MEMSTALL_COMM_MAX];

        sum = bpf_map_lookup_elem(&waits, &cgroup_id);
        if (sum)
                __sync_fetch_and_add(sum, took);
        else if (bpf_map_update_elem(&waits, &cgroup_id, &took, BPF_NOEXIST) < 0)
                count(MEMSTALL_COUNTER_FULL);
        count(MEMSTALL_COUNTER_WAITS);
        __builtin_memcpy(comm, task->group_leader->comm, sizeof(comm));
        add_to_total(ctx, &key, comm, now, took, 0, false);
}

static __always_inline int wait_ends(void *ctx, MemstallWaitSite site) {
        struct task_struct *task = bpf_get_current_task_btf();
        uint64_t now, took;
        uint32_t class;
        MemstallTask *record;

        if (in_section(task))
                return 0;
        record = record_of(task);
        if (!record || !(record->marks & MEMSTALL_MARK_WAIT) || record->wait_site != site)
                return 0;
        now = bpf_ktime_get_ns();
        took = now - record->wait_ns;
        (void) forget(record, task->pid);
        if (took < short_wait_ns)
                return 0;
        class = class_of_wait(ctx, site);
        if (class != STALL_OTHER)
                add_wait(ctx, task, class, now, took);
        return 0;
}
