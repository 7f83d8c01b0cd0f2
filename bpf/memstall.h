/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What bpf/memstall.bpf.c and src/sense share: the shapes of its maps. Both sides are built from this tree
 * and loaded together, so nothing here is an ABI; but every struct is explicitly padded, because the keys
 * are hashed as bytes. */

#include <stdint.h>

#include "core/stall.h"

enum {
        /* Records of tasks that are in the middle of something, by sets that the last bits of the thread id tell: a
         * power of two. Of 10,000 tasks at a time with ids at random some ten find no room, with ids in a row none. */
        MEMSTALL_TASK_SETS = 4096,
        MEMSTALL_SET_SIZE = 8,
        /* (cgroup, limit, process, class, call site) of the last epochs. About 330 bytes each. More with
         * many CPUs. */
        MEMSTALL_TOTALS_MAX = 8192,
        /* Cgroups in which tasks waited for pages without PSI's counting it. */
        MEMSTALL_WAITS_MAX = 4096,
        /* (cgroup, target, kind) of reclaim of the last epochs. */
        MEMSTALL_RECLAIMS_MAX = 2048,
        MEMSTALL_PLACES_MAX = 6,
        /* As many of the stack say what a wait is for. */
        MEMSTALL_WAIT_FRAMES = 12,
        MEMSTALL_FRAMES_MAX = 24,
        /* 2^33 ns, 8.6 s: the epoch before this one and this one make a window of 8.6 to 17.2 s. */
        MEMSTALL_EPOCH_SHIFT = 33,
        MEMSTALL_COMM_MAX = 16,
        MEMSTALL_ROOT_ID = 1,           /* of the root cgroup */
};

/* The class of a section that no hook has named: some kind of waiting for a page, which only the stack
 * tells. */
#define MEMSTALL_WAIT ((uint32_t) _STALL_CLASS_MAX)

/* What hooks between enter and leave have seen of a task, in MemstallTask.marks. */
enum {
        /* Of a section: at most one of these, the first. */
        MEMSTALL_MARK_MEMCG = 1 << 0,          /* reclaims in the cgroup of limit_id */
        MEMSTALL_MARK_DIRECT = 1 << 1,
        MEMSTALL_MARK_COMPACTION = 1 << 2,
        MEMSTALL_MARK_PAGES = 1 << 3,          /* waits for pages: had another section in it before any of these */
        /* Of what the task is in the middle of, around its sections. */
        MEMSTALL_MARK_OVER_HIGH = 1 << 8,
        MEMSTALL_MARK_NODE_RECLAIM = 1 << 9,
        MEMSTALL_MARK_BY_HAND = 1 << 10,       /* reclaims in the cgroup of target_id outside of a section */
        /* Of neither: waits for a page (wait_site, wait_ns). A section that begins ends it. */
        MEMSTALL_MARK_WAIT = 1 << 16,
        /* Of that, and of the section that ends it: the page comes from swap. */
        MEMSTALL_MARK_SWAP_IN = 1 << 17,
        /* Of a section: it has slept for I/O. */
        MEMSTALL_MARK_SLEPT = 1 << 18,
};
#define MEMSTALL_MARKS_OF_SECTION                                                                           \
        (MEMSTALL_MARK_MEMCG | MEMSTALL_MARK_DIRECT | MEMSTALL_MARK_COMPACTION | MEMSTALL_MARK_PAGES)
#define MEMSTALL_MARKS_AROUND (MEMSTALL_MARK_OVER_HIGH | MEMSTALL_MARK_NODE_RECLAIM | MEMSTALL_MARK_BY_HAND)

/* Functions in which a task waits for a page. */
typedef enum MemstallWaitSite {
        MEMSTALL_WAIT_FAULT,            /* __folio_lock_or_retry() */
        MEMSTALL_WAIT_SWAP_READ,        /* swap_read_folio() */
        MEMSTALL_WAIT_SLEEP,            /* io_schedule(): inside of both, and elsewhere */
} MemstallWaitSite;

/* A record is a task's from the outermost enter to its leave. Nobody else writes to it. */
typedef struct MemstallTask {
        uint32_t way;                   /* which of its set it is */
        uint32_t tgid;
        uint64_t start_ns;              /* CLOCK_MONOTONIC; 0: only in a marked surrounding, or a wait */
        uint64_t wait_ns;               /* likewise, with MEMSTALL_MARK_WAIT */
        uint64_t task_start;            /* task_struct::start_time, tells a reused thread id */
        uint64_t cgroup_id;
        uint64_t limit_id;
        uint64_t target_id;             /* cgroup that it reclaims in right now; 0: none */
        uint64_t pages;                 /* reclaimed in this section, for what its class says */
        uint32_t marks;
        uint32_t wait_site;
        uint32_t kthread_class;         /* STALL_KSWAPD, STALL_KCOMPACTD or 0 */
        uint32_t shown_epoch;           /* in which its stack was shown although it still ran; 0: in none */
        uint32_t looked_jiffies;        /* when it was last looked whether to show it */
        uint32_t padding;
        char comm[MEMSTALL_COMM_MAX];   /* of the process: that of its first thread */
} MemstallTask;

/* Map `tasks`, an array, so that a record is found by comparing a few numbers that lie side by side. */
typedef struct MemstallTaskSet {
        uint32_t tids[MEMSTALL_SET_SIZE];       /* whose records these are; 0: nobody's, and of no meaning */
        MemstallTask records[MEMSTALL_SET_SIZE];
} MemstallTaskSet;

/* Map `totals`. `site` splits the waits by their caller, as far as the stack's first frames tell; short ones, of which
 * nobody asks for a stack, by whether they have slept: who waits for a page does, who has it read does not. */
typedef struct MemstallKey {
        uint64_t cgroup_id;
        uint64_t limit_id;
        uint64_t site;
        uint32_t tgid;
        uint32_t class;                 /* StallClass or MEMSTALL_WAIT */
        uint32_t epoch;
        uint32_t padding;
} MemstallKey;

typedef struct MemstallTotal {
        uint64_t ns;                    /* within the window that ends with this epoch */
        uint64_t count;
        uint64_t longest_ns;            /* whole */
        uint64_t pages;                 /* reclaimed, for the limit or, by direct reclaim, for the host */
        int64_t stack_bytes;            /* of the longest: what bpf_get_stack() answered */
        char comm[MEMSTALL_COMM_MAX];
        uint64_t stack[MEMSTALL_FRAMES_MAX];
} MemstallTotal;

/* Map `waits`: uint64_t ns so far, by cgroup_id. Map `places`, one element: where the functions lie whose
 * address on the stack makes a wait one of a class. */
typedef struct MemstallPlace {
        uint64_t begin, size;
        uint32_t class;                 /* STALL_SWAP_WAIT, STALL_FILE_WAIT */
        uint32_t padding;
} MemstallPlace;

typedef struct MemstallPlaces {
        MemstallPlace places[MEMSTALL_PLACES_MAX];
        uint64_t known;                 /* 0: no symbols */
} MemstallPlaces;

/* Map `reclaims`: what is reclaimed outside of sections. */
enum {
        MEMSTALL_RECLAIM_MAX,           /* as in ReclaimKind, which memstall-reclaims.c checks */
        MEMSTALL_RECLAIM_HIGH,
        MEMSTALL_RECLAIM_BY_HAND,
        MEMSTALL_RECLAIM_HOST,
};

typedef struct MemstallReclaimKey {
        uint64_t cgroup_id;
        uint64_t target_id;
        uint32_t kind;
        uint32_t epoch;
} MemstallReclaimKey;

typedef struct MemstallReclaim {
        uint64_t pages;
        uint64_t count;
} MemstallReclaim;

/* Map `counters`, per CPU. */
typedef enum MemstallCounter {
        MEMSTALL_COUNTER_SECTIONS,      /* outermost sections that ended and were added up */
        MEMSTALL_COUNTER_NESTED,        /* sections inside another one: no stall of their own */
        MEMSTALL_COUNTER_FULL,          /* not recorded: a map had no room */
        MEMSTALL_COUNTER_ORPHANS,       /* ended without a beginning on record */
        MEMSTALL_COUNTER_STACKS,        /* stacks walked, short and long */
        MEMSTALL_COUNTER_MENDED,        /* beginnings and ends that the second programs made up for */
        MEMSTALL_COUNTER_WAITS,         /* waits that PSI does not count, added up */
        _MEMSTALL_COUNTER_MAX,
} MemstallCounter;

/* The class of a section by its marks alone; without any, MEMSTALL_WAIT. Both sides use it: the program when
 * a section ends, user space for sections that still run. */
static inline uint32_t memstall_class_by_marks(uint32_t marks, uint32_t kthread_class) {
        if (kthread_class)
                return kthread_class;
        if (marks & MEMSTALL_MARK_MEMCG)
                return marks & MEMSTALL_MARK_OVER_HIGH ? STALL_MEMCG_HIGH : STALL_MEMCG_MAX;
        if (marks & MEMSTALL_MARK_DIRECT)
                return STALL_DIRECT_RECLAIM;
        if (marks & MEMSTALL_MARK_COMPACTION)
                return STALL_COMPACTION;
        if (marks & MEMSTALL_MARK_NODE_RECLAIM)
                return STALL_NODE_RECLAIM;
        if (marks & MEMSTALL_MARK_OVER_HIGH)
                return STALL_HIGH_THROTTLE;
        return marks & MEMSTALL_MARK_SWAP_IN ? STALL_SWAP_IN : MEMSTALL_WAIT;
}
