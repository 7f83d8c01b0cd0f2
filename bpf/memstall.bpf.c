/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Adds up, in the kernel, how long each process stalls on memory, and where: section.h, attached by fentry,
 * fexit and BTF tracepoints, which is the cheapest and surest way there is.
 *
 * Only direct loads through BTF pointers, no bpf_probe_read_kernel(): a kernel locked down for
 * confidentiality refuses that helper. And no hook touches the argument of psi_memstall_*() (kernels before
 * 5.17 refuse the program) or of a vmscan tracepoint (their order changed in 7.1, where the memcg may also
 * be a null pointer that the verifier trusts). */

#include "reclaim.h"
#include "section.h"
#include "wait.h"

/* The kernel lends bpf_get_stack() to programs under a licence it takes for GPL-compatible, and knows those
 * by a few fixed strings, none of which is the LGPL. Section 3 of the LGPL 2.1 lets anyone apply the GPL to
 * a copy: that is done here to the copy that is loaded. The source stays LGPL-2.1-or-later. */
char LICENSE[] SEC("license") = "GPL";

extern int LINUX_KERNEL_VERSION __kconfig;

static __always_inline uint64_t memcg_id(struct mem_cgroup *memcg) {
        return memcg->css.cgroup->kn->id;
}

SEC("fentry/psi_memstall_enter")
int section_enter(void *ctx) {
        return enter_section();
}

SEC("fexit/psi_memstall_leave")
int section_leave(void *ctx) {
        return leave_section(ctx);
}

SEC("fentry/psi_memstall_enter")
int section_enter_again(void *ctx) {
        return enter_section_again();
}

SEC("fexit/psi_memstall_leave")
int section_leave_again(void *ctx) {
        return leave_section_again(ctx);
}

SEC("tp_btf/mm_vmscan_lru_shrink_inactive")
int lru_goes_on(uint64_t *ctx) {
        (void) batch_reclaimed(ctx[2]);
        return section_goes_on(ctx);
}

SEC("fentry/try_to_free_mem_cgroup_pages")
int memcg_reclaim(uint64_t *ctx) {
        return reclaim_begins((struct mem_cgroup *) ctx[0]);
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_end")
int memcg_reclaim_end(uint64_t *ctx) {
        return reclaim_ends(ctx[0]);
}

SEC("tp_btf/mm_vmscan_direct_reclaim_begin")
int direct_reclaim(void *ctx) {
        return section_is(MEMSTALL_MARK_DIRECT);
}

SEC("tp_btf/mm_vmscan_direct_reclaim_end")
int direct_reclaim_end(uint64_t *ctx) {
        return host_reclaimed(ctx[0]);
}

SEC("tp_btf/mm_compaction_try_to_compact_pages")
int compaction(void *ctx) {
        return section_is(MEMSTALL_MARK_COMPACTION);
}

/* User space attaches these two to mem_cgroup_handle_over_high() where there is no function with
 * underscores (before 6.6), which is called more often than there is something to pay. */
SEC("fentry/__mem_cgroup_handle_over_high")
int over_high_begin(void *ctx) {
        return over_high();
}

SEC("fexit/__mem_cgroup_handle_over_high")
int over_high_end(void *ctx) {
        return surrounding_end(MEMSTALL_MARK_OVER_HIGH);
}

/* A worker reclaims for those that cannot, and never goes back to user space. */
SEC("fentry/high_work_func")
int high_work_begin(void *ctx) {
        return surrounding_begin(MEMSTALL_MARK_OVER_HIGH);
}

SEC("fexit/high_work_func")
int high_work_end(void *ctx) {
        return surrounding_end(MEMSTALL_MARK_OVER_HIGH);
}

SEC("tp_btf/sched_process_exit")
int task_end(void *ctx) {
        return task_ends();
}

/* For whom the first was skipped: a record that stays would keep its place until the thread id comes again. */
SEC("tp_btf/sched_process_exit")
int task_end_again(void *ctx) {
        return task_ends();
}

/* __node_reclaim() says begin before it enters the section and end after it has left. */
SEC("tp_btf/mm_vmscan_node_reclaim_begin")
int node_reclaim_begin(void *ctx) {
        return surrounding_begin(MEMSTALL_MARK_NODE_RECLAIM);
}

SEC("tp_btf/mm_vmscan_node_reclaim_end")
int node_reclaim_end(void *ctx) {
        return surrounding_end(MEMSTALL_MARK_NODE_RECLAIM);
}

/* ---- Waits. Before 5.16 these have other names, which user space knows ---- */

#define WAIT(name, function, site)                                                                          \
        SEC("fentry/" function)                                                                             \
        int name##_begin(void *ctx) {                                                                       \
                return wait_begins(site);                                                                   \
        }                                                                                                   \
        SEC("fexit/" function)                                                                              \
        int name##_end(void *ctx) {                                                                         \
                return wait_ends(ctx, site);                                                                \
        }

/* Where the arguments tell whether it is such a wait. */
#define WAIT_IF(name, function, site, is_wait)                                                              \
        SEC("fentry/" function)                                                                             \
        int name##_begin(uint64_t *ctx) {                                                                   \
                return is_wait(ctx) ? wait_begins(site) : 0;                                                \
        }                                                                                                   \
        SEC("fexit/" function)                                                                              \
        int name##_end(void *ctx) {                                                                         \
                return wait_ends(ctx, site);                                                                \
        }

WAIT(wait_fault, "__folio_lock_or_retry", MEMSTALL_WAIT_FAULT)

/* What the functions of mm/filemap.c that wait for a page have in common: they are folded into each other, differently in
 * each kernel, and what is left of them may not be traced. */
WAIT(wait_sleep, "io_schedule", MEMSTALL_WAIT_SLEEP)

/* Whether it reads there and then: before 6.11 the argument says so; since then it is a plug, which readahead
 * has, and a pointer to a pointer, which the verifier of most kernels lets nobody load. Under either name of
 * the function. */
static __always_inline bool reads_now(uint64_t *ctx) {
        __u64 plug = 1;

        if (LINUX_KERNEL_VERSION < KERNEL_VERSION(6, 11, 0))
                return (uint8_t) ctx[1] != 0;
        return bpf_get_func_arg(ctx, 1, &plug) == 0 && plug == 0;
}

WAIT_IF(wait_swap_read, "swap_read_folio", MEMSTALL_WAIT_SWAP_READ, reads_now)
