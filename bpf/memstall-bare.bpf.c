/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Kprobes and raw tracepoints where the kernel does not tell its types. Whose limit makes a task reclaim is
 * then not known, nor who reclaims whose pages.
 *
 * task_struct::in_memstall is out of sight, so a record knows its section by the address of its `flags`
 * (probe.h), which lies on the thread's stack: what is nested is called later, and so has a lower one. An
 * enter with one that is not lower means that the end of the section on record was missed. */

#define CALLER_FRAME 1

#include "bare.h"
#include "probe.h"

char LICENSE[] SEC("license") = "GPL";  /* see memstall.bpf.c */

SEC("kprobe/psi_memstall_enter")
int section_enter(struct pt_regs *ctx) {
        uint64_t flags_at = probe_flags_at(ctx);
        MemstallTask *record = bare_record();

        if (record && record->start_ns && flags_at < record->task_start) {
                count(MEMSTALL_COUNTER_NESTED);
                return 0;
        }
        return bare_begin(flags_at, record ? record->marks & MEMSTALL_MARKS_AROUND : 0);
}

SEC("kprobe/psi_memstall_leave")
int section_leave(struct pt_regs *ctx) {
        MemstallTask *record;

        if (probe_is_nested(ctx))
                return 0;
        record = bare_section();
        if (record && record->task_start == probe_flags_at(ctx))
                return probe_end_section(ctx, record);
        count(MEMSTALL_COUNTER_ORPHANS);
        return record ? forget(record, current_tid()) : 0;
}

static __always_inline int section_is_bare(uint32_t mark) {
        MemstallTask *record = bare_section();

        if (record && !(record->marks & MEMSTALL_MARKS_OF_SECTION))
                record->marks |= mark;
        return 0;
}

SEC("raw_tp/mm_vmscan_memcg_reclaim_begin")
int memcg_reclaim(void *ctx) {
        return section_is_bare(MEMSTALL_MARK_MEMCG);
}

SEC("raw_tp/mm_vmscan_direct_reclaim_begin")
int direct_reclaim(void *ctx) {
        return section_is_bare(MEMSTALL_MARK_DIRECT);
}

SEC("raw_tp/mm_compaction_try_to_compact_pages")
int compaction(void *ctx) {
        return section_is_bare(MEMSTALL_MARK_COMPACTION);
}

static __always_inline int running_section_bare(void *ctx) {
        MemstallTask *record = stacks ? bare_section() : NULL;

        return record ? show_running(ctx, record) : 0;
}

SEC("raw_tp/mm_vmscan_lru_shrink_inactive")
int lru_goes_on(void *ctx) {
        return running_section_bare(ctx);
}

static __always_inline int surrounding_begin_bare(uint32_t mark) {
        MemstallTask *record = bare_section() ? NULL : take_record(current_tid());

        if (record)
                record->marks = mark;
        return 0;
}

static __always_inline int surrounding_end_bare(uint32_t mark) {
        MemstallTask *record = bare_record();

        return record && !record->start_ns && record->marks & mark ? forget(record, current_tid()) : 0;
}

SEC("kprobe/__mem_cgroup_handle_over_high")
int over_high_begin(void *ctx) {
        return surrounding_begin_bare(MEMSTALL_MARK_OVER_HIGH);
}

SEC("kretprobe/__mem_cgroup_handle_over_high")
int over_high_end(void *ctx) {
        return surrounding_end_bare(MEMSTALL_MARK_OVER_HIGH);
}

SEC("kprobe/high_work_func")
int high_work_begin(void *ctx) {
        return surrounding_begin_bare(MEMSTALL_MARK_OVER_HIGH);
}

SEC("kretprobe/high_work_func")
int high_work_end(void *ctx) {
        return surrounding_end_bare(MEMSTALL_MARK_OVER_HIGH);
}

SEC("raw_tp/sched_process_exit")
int task_end(void *ctx) {
        return task_ends();
}

SEC("raw_tp/mm_vmscan_node_reclaim_begin")
int node_reclaim_begin(void *ctx) {
        return surrounding_begin_bare(MEMSTALL_MARK_NODE_RECLAIM);
}

SEC("raw_tp/mm_vmscan_node_reclaim_end")
int node_reclaim_end(void *ctx) {
        return surrounding_end_bare(MEMSTALL_MARK_NODE_RECLAIM);
}
