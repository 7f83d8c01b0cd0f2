/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Adds up, in the kernel, how long each process stalls on memory, and where: section.h, attached by fentry,
 * fexit and BTF tracepoints, which is the cheapest and surest way there is.
 *
 * Only direct loads through BTF pointers, no bpf_probe_read_kernel(): a kernel locked down for
 * confidentiality refuses that helper. And no hook touches the argument of psi_memstall_*() (kernels before
 * 5.17 refuse the program) or of a vmscan tracepoint (their order changed in 7.1, where the memcg may also
 * be a null pointer that the verifier trusts). */

#include "section.h"

/* The kernel lends bpf_get_stack() to programs under a licence it takes for GPL-compatible, and knows those
 * by a few fixed strings, none of which is the LGPL. Section 3 of the LGPL 2.1 lets anyone apply the GPL to
 * a copy: that is done here to the copy that is loaded. The source stays LGPL-2.1-or-later. */
char LICENSE[] SEC("license") = "GPL";

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

SEC("tp_btf/mm_shrink_slab_start")
int slab_goes_on(void *ctx) {
        return section_goes_on(ctx);
}

SEC("tp_btf/mm_vmscan_lru_shrink_inactive")
int lru_goes_on(void *ctx) {
        return section_goes_on(ctx);
}

SEC("fentry/try_to_free_mem_cgroup_pages")
int memcg_reclaim(uint64_t *ctx) {
        return section_reclaims((struct mem_cgroup *) ctx[0]);
}

SEC("tp_btf/mm_vmscan_direct_reclaim_begin")
int direct_reclaim(void *ctx) {
        return section_is(MEMSTALL_MARK_DIRECT);
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

/* __node_reclaim() says begin before it enters the section and end after it has left. */
SEC("tp_btf/mm_vmscan_node_reclaim_begin")
int node_reclaim_begin(void *ctx) {
        return surrounding_begin(MEMSTALL_MARK_NODE_RECLAIM);
}

SEC("tp_btf/mm_vmscan_node_reclaim_end")
int node_reclaim_end(void *ctx) {
        return surrounding_end(MEMSTALL_MARK_NODE_RECLAIM);
}
