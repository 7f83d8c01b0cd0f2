/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* section.h and reclaim.h where the kernel tells its types but takes no fentry (arm64 before 6.4, or it is
 * refused): kprobes, and raw tracepoints. What PSI does not count is not hooked: a kretprobe is skipped when
 * more tasks than twice the CPUs are in the function, and waits are where many tasks are at once.
 *
 * A kernel that is locked down for confidentiality takes neither kprobes nor bpf_probe_read_kernel(); it
 * takes memstall.bpf.c. */

/* On the stack the probed function comes first, then its caller. */
#define CALLER_FRAME 1

#include "reclaim.h"
#include "probe.h"

char LICENSE[] SEC("license") = "GPL";  /* see memstall.bpf.c */

static __always_inline uint64_t memcg_id(struct mem_cgroup *memcg) {
        return BPF_CORE_READ(memcg, css.cgroup, kn, id);
}

SEC("kprobe/psi_memstall_enter")
int section_enter(void *ctx) {
        return enter_section();
}

SEC("kprobe/psi_memstall_leave")
int section_leave(struct pt_regs *ctx) {
        MemstallTask *record;

        if (probe_is_nested(ctx))
                return 0;
        record = record_of(bpf_get_current_task_btf());
        if (record && record->start_ns)
                return probe_end_section(ctx, record);
        count(MEMSTALL_COUNTER_ORPHANS);
        return 0;
}

SEC("raw_tp/mm_vmscan_lru_shrink_inactive")
int lru_goes_on(uint64_t *ctx) {
        (void) batch_reclaimed(ctx[2]);
        return section_goes_on(ctx);
}

SEC("kprobe/try_to_free_mem_cgroup_pages")
int memcg_reclaim(struct pt_regs *ctx) {
        return reclaim_begins((struct mem_cgroup *) PT_REGS_PARM1(ctx));
}

SEC("raw_tp/mm_vmscan_memcg_reclaim_end")
int memcg_reclaim_end(uint64_t *ctx) {
        return reclaim_ends(ctx[0]);
}

SEC("raw_tp/mm_vmscan_direct_reclaim_begin")
int direct_reclaim(void *ctx) {
        return section_is(MEMSTALL_MARK_DIRECT);
}

SEC("raw_tp/mm_vmscan_direct_reclaim_end")
int direct_reclaim_end(uint64_t *ctx) {
        return host_reclaimed(ctx[0]);
}

SEC("raw_tp/mm_compaction_try_to_compact_pages")
int compaction(void *ctx) {
        return section_is(MEMSTALL_MARK_COMPACTION);
}

SEC("kprobe/__mem_cgroup_handle_over_high")
int over_high_begin(void *ctx) {
        return over_high();
}

SEC("kretprobe/__mem_cgroup_handle_over_high")
int over_high_end(void *ctx) {
        return surrounding_end(MEMSTALL_MARK_OVER_HIGH);
}

SEC("kprobe/high_work_func")
int high_work_begin(void *ctx) {
        return surrounding_begin(MEMSTALL_MARK_OVER_HIGH);
}

SEC("kretprobe/high_work_func")
int high_work_end(void *ctx) {
        return surrounding_end(MEMSTALL_MARK_OVER_HIGH);
}

SEC("raw_tp/sched_process_exit")
int task_end(void *ctx) {
        return task_ends();
}

SEC("raw_tp/mm_vmscan_node_reclaim_begin")
int node_reclaim_begin(void *ctx) {
        return surrounding_begin(MEMSTALL_MARK_NODE_RECLAIM);
}

SEC("raw_tp/mm_vmscan_node_reclaim_end")
int node_reclaim_end(void *ctx) {
        return surrounding_end(MEMSTALL_MARK_NODE_RECLAIM);
}
