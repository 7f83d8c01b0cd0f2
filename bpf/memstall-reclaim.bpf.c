/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where the kernel lets nobody hook its functions: reclaim and compaction from their tracepoints alone. This
 * is not what PSI counts: memory.reclaim and writes to a limit are in it, waits for pages and the sleep for
 * memory.high are not, and reclaim for memory.high cannot be told from that for memory.max. The arguments
 * are not touched. */

#include "bare.h"

char LICENSE[] SEC("license") = "GPL";  /* see memstall.bpf.c */

/* The first counts, what nests in it is its doing. The same again: its end was missed. */
static __always_inline int reclaim_begins(uint32_t mark) {
        MemstallTask *record = bare_section();

        if (record && !(record->marks & mark)) {
                count(MEMSTALL_COUNTER_NESTED);
                return 0;
        }
        return bare_begin(0, mark);
}

static __always_inline int reclaim_ends(void *ctx, uint32_t mark) {
        MemstallTask *record = bare_section();

        if (!record) {
                count(MEMSTALL_COUNTER_ORPHANS);
                return 0;
        }
        if (!(record->marks & mark))
                return 0;
        add_section(ctx, record, bpf_ktime_get_ns());
        return forget(record, current_tid());
}

#define RECLAIM(name, tracepoint, mark)                                                                     \
        SEC("raw_tp/" tracepoint "_begin")                                                                  \
        int name##_begin(void *ctx) {                                                                       \
                return reclaim_begins(mark);                                                                \
        }                                                                                                   \
        SEC("raw_tp/" tracepoint "_end")                                                                    \
        int name##_end(void *ctx) {                                                                         \
                return reclaim_ends(ctx, mark);                                                             \
        }

RECLAIM(memcg_reclaim, "mm_vmscan_memcg_reclaim", MEMSTALL_MARK_MEMCG)
RECLAIM(direct_reclaim, "mm_vmscan_direct_reclaim", MEMSTALL_MARK_DIRECT)
RECLAIM(compaction, "mm_compaction", MEMSTALL_MARK_COMPACTION)
RECLAIM(node_reclaim, "mm_vmscan_node_reclaim", MEMSTALL_MARK_NODE_RECLAIM)

SEC("raw_tp/sched_process_exit")
int task_end(void *ctx) {
        return task_ends();
}

static __always_inline int running_reclaim(void *ctx) {
        MemstallTask *record = stacks ? bare_section() : NULL;

        return record ? show_running(ctx, record) : 0;
}

SEC("raw_tp/mm_vmscan_lru_shrink_inactive")
int lru_goes_on(void *ctx) {
        return running_reclaim(ctx);
}
