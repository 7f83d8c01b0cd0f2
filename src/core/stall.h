/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Where in the kernel a task stalls on memory: the call sites of psi_memstall_enter(), and waits for memory that PSI does
 * not count, see man:memstalld-records(7).
 * The order is also that of the BPF program's counters (bpf/memstall.h includes this file). */
typedef enum StallClass {
        STALL_OTHER,          /* a memory stall whose call path is not known */
        STALL_MEMCG_MAX,      /* charging against memory.max reclaims in the limit's cgroup */
        STALL_MEMCG_HIGH,     /* the same for memory.high, on the way back to user space */
        STALL_HIGH_THROTTLE,  /* the sleep that memory.high imposes */
        STALL_DIRECT_RECLAIM, /* an allocation finds the host without free pages */
        STALL_NODE_RECLAIM,   /* the same, one NUMA node */
        STALL_COMPACTION,     /* direct compaction for a large page */
        STALL_REFAULT,        /* waiting for a page of the working set that was evicted */
        STALL_SWAP_IN,        /* reading such a page back from swap */
        STALL_READ,           /* submitting reads for such pages */
        STALL_BLKCG,          /* io controller's delay for swap traffic */
        STALL_KSWAPD,         /* background reclaim: counted by PSI, delays nobody */
        STALL_KCOMPACTD,      /* background compaction: likewise */
        STALL_SWAP_WAIT,      /* a fault waits for a page from swap that PSI does not count: it was not in use lately */
        STALL_FILE_WAIT,      /* a fault waits for such a page of a file */
        _STALL_CLASS_MAX,
} StallClass;

/* Whether PSI counts it: only such times add up to what memory.pressure says. */
static inline bool stall_is_counted(StallClass class) {
        return class != STALL_SWAP_WAIT && class != STALL_FILE_WAIT;
}
