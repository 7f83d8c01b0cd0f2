/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the programs do at their hooks, whichever way they are attached: memstall.bpf.c has them behind
 * fentry and BTF tracepoints. Whoever includes this names the licence and tells memcg_id().
 *
 * A stall is what PSI counts: the time between psi_memstall_enter() and psi_memstall_leave() of a task,
 * outermost sections only (kernel/sched/psi.c; task_struct::in_memstall tells them). Sections nest, begin
 * and end in different functions, and are many: so the two hooks key on the thread, do a few loads and hash
 * look-ups, and walk the stack only at the end of a section that took long.
 *
 * Where tasks can be preempted inside a program, the kernel skips it for those that come after on that CPU
 * (bpf_prog_info::recursion_misses). So both hooks may have a second program, the ..._again(), which does
 * what the first has not done. */

#include "record.h"

/* The cgroup that a memory controller's state belongs to: by a load that the kind of program may do. */
static __always_inline uint64_t memcg_id(struct mem_cgroup *memcg);

/* kswapd and kcompactd are stalled by nobody, and delay nobody: background work that PSI counts all the
 * same. Letter by letter, because there is no memcmp() to call here; no other kernel thread begins like
 * these. */
static __always_inline uint32_t background_class(const char *comm) {
        if (comm[0] != 'k')
                return 0;
        if (comm[1] == 's' && comm[2] == 'w' && comm[3] == 'a' && comm[4] == 'p' && comm[5] == 'd')
                return STALL_KSWAPD;
        if (comm[1] == 'c' && comm[2] == 'o' && comm[3] == 'm' && comm[4] == 'p' && comm[5] == 'a')
                return STALL_KCOMPACTD;
        return 0;
}

static __always_inline uint32_t kthread_class(struct task_struct *task, const char *comm) {
        return task->flags & PF_KTHREAD ? background_class(comm) : 0;
}

/* At the outermost psi_memstall_enter(). A record that is there already is a section whose end was missed, or of what
 * surrounds this one; a wait that it interrupts is PSI's from here on. Its beginning is written last: what was done
 * before is not PSI's time. */
static __always_inline int begin_section(struct task_struct *task) {
        MemstallTask *record = renew_record(task, MEMSTALL_MARKS_AROUND | MEMSTALL_MARK_SWAP_IN);

        if (!record)
                return 0;
        record->cgroup_id = bpf_get_current_cgroup_id();
        record->tgid = task->tgid;
        __builtin_memcpy(record->comm, task->group_leader->comm, sizeof(record->comm));
        record->kthread_class = kthread_class(task, record->comm);
        record->shown_epoch = 0;
        record->pages = 0;
        record->start_ns = bpf_ktime_get_ns();
        return 0;
}

/* ---- What names the section that it happens in: the first does, what nests in it is its doing. A section that has
 * another inside it before is a wait for pages, for which that one is done ---- */

static __always_inline MemstallTask *unnamed_section(void) {
        struct task_struct *task = bpf_get_current_task_btf();
        MemstallTask *record;

        if (!in_section(task))
                return NULL;
        record = record_of(task);
        return record && !(record->marks & MEMSTALL_MARKS_OF_SECTION) ? record : NULL;
}

static __always_inline int section_is(uint32_t mark) {
        MemstallTask *record = unnamed_section();

        if (record)
                record->marks |= mark;
        return 0;
}

/* At the beginning of psi_memstall_enter(). */
static __always_inline int enter_section(void) {
        struct task_struct *task = bpf_get_current_task_btf();

        if (in_section(task)) {
                count(MEMSTALL_COUNTER_NESTED);
                return section_is(MEMSTALL_MARK_PAGES);
        }
        return begin_section(task);
}

/* Likewise, after the other: a record that has begun is its work. */
static __always_inline int enter_section_again(void) {
        struct task_struct *task = bpf_get_current_task_btf();
        MemstallTask *record;

        if (in_section(task))
                return 0;
        record = record_of(task);
        if (record && record->start_ns)
                return 0;
        count(MEMSTALL_COUNTER_MENDED);
        return begin_section(task);
}

/* Which frame of the stack is the caller of psi_memstall_leave(): past the program, its trampoline and the
 * function itself. Whoever is called another way says so before. */
#ifndef CALLER_FRAME
#define CALLER_FRAME 3
#endif

/* By CPU, for waits that have slept and for those that have not: the caller of the one that was looked at last. */
typedef struct CallSite {
        uint64_t looked_ns;
        uint64_t address;
        uint32_t tgid;
        uint32_t padding;
} CallSite;

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, 2);
        __type(key, uint32_t);
        __type(value, CallSite);
} call_sites SEC(".maps");

/* Tells waits apart that no hook has named: by whether they have slept; long ones by an address near the top of the
 * stack, that of the caller. A CPU looks for it once in the time of a long section, which is at each of them unless many
 * tasks wait: then it takes what it has of the same process. */
static __always_inline uint64_t call_site(void *ctx, const MemstallTask *record, uint64_t now) {
        uint64_t frames[5] = {};
        uint32_t slept = !!(record->marks & MEMSTALL_MARK_SLEPT);
        CallSite *last = bpf_map_lookup_elem(&call_sites, &slept);

        if (!last || record->start_ns + long_section_ns > now)
                return slept;
        if (now - last->looked_ns < long_section_ns)
                return last->tgid == record->tgid ? last->address : slept;
        count(MEMSTALL_COUNTER_STACKS);
        (void) bpf_get_stack(ctx, frames, sizeof(frames), 0);
        last->looked_ns = now;
        last->address = frames[CALLER_FRAME];
        last->tgid = record->tgid;
        return frames[CALLER_FRAME];
}

static __always_inline MemstallKey key_of(const MemstallTask *record, uint64_t epoch) {
        return (MemstallKey) {
                .cgroup_id = record->cgroup_id,
                .limit_id = record->limit_id,
                .tgid = record->tgid,
                .class = memstall_class_by_marks(record->marks, record->kthread_class),
                .epoch = epoch,
        };
}

static __always_inline void add_section(void *ctx, const MemstallTask *record, uint64_t now) {
        uint64_t took = now - record->start_ns;
        MemstallKey key = key_of(record, now >> MEMSTALL_EPOCH_SHIFT);
        bool is_wait = key.class == MEMSTALL_WAIT;

        if (stacks && is_wait)
                key.site = call_site(ctx, record, now);
        count(MEMSTALL_COUNTER_SECTIONS);

        /* Many short waits are an entry as well, and only a stack names them: one look at the first. */
        add_to_total(ctx, &key, record->comm, now, took, record->pages, is_wait);
}

static __always_inline int end_section(void *ctx, MemstallTask *record, uint32_t tid, uint64_t now) {
        add_section(ctx, record, now);
        if (!(record->marks & MEMSTALL_MARKS_AROUND))
                return forget(record, tid);
        record->start_ns = 0;
        record->marks &= MEMSTALL_MARKS_AROUND;
        return 0;
}

/* At the end of psi_memstall_leave(). */
static __always_inline int leave_section(void *ctx) {
        struct task_struct *task = bpf_get_current_task_btf();
        MemstallTask *record;
        uint64_t now;

        if (in_section(task))
                return 0;               /* a nested one has ended */

        now = bpf_ktime_get_ns();
        record = record_of(task);
        if (!record || !record->start_ns) {
                count(MEMSTALL_COUNTER_ORPHANS);
                return 0;
        }
        return end_section(ctx, record, task->pid, now);
}

/* Likewise, after the other: a record that has not ended was left to this one. */
static __always_inline int leave_section_again(void *ctx) {
        struct task_struct *task = bpf_get_current_task_btf();
        MemstallTask *record;

        if (in_section(task))
                return 0;
        record = record_of(task);
        if (!record || !record->start_ns)
                return 0;
        count(MEMSTALL_COUNTER_MENDED);
        return end_section(ctx, record, task->pid, bpf_ktime_get_ns());
}

/* ---- A section that goes on for seconds shows its stack before its end: whoever asks now, asks about it ---- */

static __always_inline int show_running(void *ctx, MemstallTask *record) {
        uint32_t jiffies = (uint32_t) bpf_jiffies64();
        MemstallTotal *total;
        uint64_t now, epoch;
        MemstallKey key;

        /* The clock takes longer to ask. */
        if (record->looked_jiffies == jiffies)
                return 0;
        record->looked_jiffies = jiffies;
        now = bpf_ktime_get_ns();
        epoch = now >> MEMSTALL_EPOCH_SHIFT;
        if (now - record->start_ns < long_section_ns || record->shown_epoch == (uint32_t) epoch)
                return 0;

        record->shown_epoch = epoch;
        key = key_of(record, epoch);
        total = total_of(&key);
        if (!total || total->stack_bytes)
                return 0;
        count(MEMSTALL_COUNTER_STACKS);
        __builtin_memcpy(total->comm, record->comm, sizeof(total->comm));
        total->stack_bytes = bpf_get_stack(ctx, total->stack, sizeof(total->stack), 0);
        return 0;
}

static __always_inline int section_goes_on(void *ctx) {
        struct task_struct *task = bpf_get_current_task_btf();
        MemstallTask *record;

        if (!stacks || !in_section(task))
                return 0;
        record = record_of(task);
        return record && record->start_ns ? show_running(ctx, record) : 0;
}

/* ---- Hooks around sections: what the task does that has sections in it ---- */

static __always_inline int surrounding_begin(uint32_t mark) {
        struct task_struct *task = bpf_get_current_task_btf();
        MemstallTask *record;

        if (in_section(task))
                return 0;
        record = renew_record(task, 0);
        if (record)
                record->marks = mark;
        return 0;
}

static __always_inline int surrounding_end(uint32_t mark) {
        struct task_struct *task = bpf_get_current_task_btf();
        MemstallTask *record;

        if (in_section(task))
                return 0;
        record = record_of(task);
        return record && record->marks & mark ? forget(record, task->pid) : 0;
}

/* At sched_process_exit: nobody ends in a section, so what is on record has lost its end. */
static __always_inline int task_ends(void) {
        uint32_t tid = current_tid();
        MemstallTask *record = record_with(tid);

        return record ? forget(record, tid) : 0;
}

/* memory.high is paid for on the way back to user space: reclaim in each cgroup that is over, upwards, then
 * a sleep, which is put down to the limit that was last reclaimed for. */
static __always_inline int over_high(void) {
        struct task_struct *task = bpf_get_current_task_btf();

        if (!bpf_core_field_exists(task->memcg_nr_pages_over_high) || task->memcg_nr_pages_over_high > 0)
                return surrounding_begin(MEMSTALL_MARK_OVER_HIGH);
        return 0;
}
