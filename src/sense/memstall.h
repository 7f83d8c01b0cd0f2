/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "core/event.h"
#include "core/stall.h"

/* Who stalls on memory, for how long, and where in the kernel: what PSI counts
 * (Documentation/accounting/psi.rst), told apart by BPF programs on psi_memstall_enter() and
 * psi_memstall_leave() (bpf/memstall.bpf.c). The kernel adds up by itself; nothing wakes user space, and
 * reading costs a few system calls. Without BPF, memstall-none.c stands in and every question ends at
 * memstall_new(). */
typedef struct Memstall Memstall;

enum {
        _MEMSTALL_E_SUCCESS,
        MEMSTALL_E_UNAVAILABLE,         /* no BTF, no right, no BPF: go without */
        MEMSTALL_E_HIDDEN,              /* kernel addresses have no names here */
};

enum {
        STALL_FRAMES_MAX = 24,
        STALL_COMM_MAX = 16,
};

/* The stalls of one process of one class, and, where a limit made it reclaim, in that limit's cgroup. A
 * process is one entry for each cgroup that its threads stalled in. */
typedef struct StallEntry {
        uint64_t cgroup_id;             /* inode number of the cgroup's folder: systemd's ControlGroupId */
        uint64_t limit_id;              /* whose memory.max or memory.high: its own or above; 0: none */
        uint32_t pid;                   /* the process (tgid) */
        char comm[STALL_COMM_MAX];      /* terminated and printable, else as the process chose */
        StallClass class;
        uint64_t stall_usec;            /* of all its threads, within the window */
        uint64_t count;                 /* sections, running ones included */
        uint64_t longest_usec;          /* whole, even where it began before the window */
        size_t n_frames;                /* 0: none was long enough for a look at the stack */
        uint64_t frames[STALL_FRAMES_MAX];      /* of the longest that has ended; for memstall_symbolize() */
} StallEntry;

/* What one cgroup's tasks waited in page faults for pages that PSI does not count (STALL_SWAP_WAIT,
 * STALL_FILE_WAIT), since memstall_new(): waits of 100 us or more that have ended. Its own tasks, not those
 * of cgroups beneath it. It only grows; but a cgroup that long had no such wait while thousands of others
 * had may be forgotten, and begins again at 0. */
typedef struct WaitEntry {
        uint64_t cgroup_id;
        uint64_t wait_usec;
} WaitEntry;

/* Pages that tasks of one cgroup reclaimed beneath another, within the window. The host's id is
 * MEMSTALL_HOST_ID on both sides. */
typedef struct ReclaimEntry {
        uint64_t cgroup_id;             /* of the task; kswapd and the kernel's workers: the host */
        uint64_t target_id;             /* whose memory.max or memory.high, or memory.reclaim; or the host */
        ReclaimKind kind;
        uint64_t pages;                 /* as the kernel tells: without those of slabs below a limit, since 6.4 */
        uint64_t count;                 /* how often; kswapd: batches */
} ReclaimEntry;

/* Inode number of the root cgroup (fs/kernfs: KERNFS_ROOT_INO). */
#define MEMSTALL_HOST_ID UINT64_C(1)

typedef struct MemstallCounters {
        uint64_t sections;              /* added up since memstall_new() */
        uint64_t nested;                /* inside another one, so not counted on their own */
        uint64_t full;                  /* lost: more tasks at once than the map has room for */
        uint64_t orphans;               /* lost: began before memstall_new(), or the beginning was missed */
        uint64_t missed;                /* lost at most: a program was interrupted by itself (recursion_misses) */
        uint64_t mended;                /* interrupted likewise, and a second program made up for it */
        uint64_t waits;                 /* waits that PSI does not count */
        uint64_t stacks;                /* stacks walked */
} MemstallCounters;

/* How many stalls are in no sum, at most. Orphans are either of these as well, or are at the beginning, once. */
static inline uint64_t memstall_lost(const MemstallCounters *c) {
        return c->full + c->missed;
}

/* Loads and attaches the best set of BPF programs that the kernel takes, and reads the kernel's symbols. Needs
 * CAP_BPF and CAP_PERFMON (for symbols CAP_SYSLOG, or them as standard input); for the best /sys/kernel/btf/vmlinux and fentry: Linux
 * 5.15, on arm64 6.4. All memory is taken here, some 6 MB in the kernel and 5 MB of our own; nothing after this allocates. `stacks` false: no
 * stack is walked, waits stay STALL_OTHER. One at a time: the libbpf message handler is the process's.
 * Returns 0; MEMSTALL_E_UNAVAILABLE with one sentence for people in `ret_why`; or a negative errno
 * (-ENOMEM). */
int memstall_new(Memstall **ret, bool stacks, char *ret_why, size_t why_size);
Memstall *memstall_free(Memstall *m);
DEFINE_CLEANUP(Memstall *, memstall_free);

/* One line on what is hooked, what is missing and why, for `status`: "fentry, all classes", "fentry, without
 * node reclaim (not in this kernel); no symbols ...", "kprobes instead of fentry (refused: EPERM): ...". */
const char *memstall_rung(const Memstall *m);

/* The recent window, 8.6 to 17.2 s up to now, most stalled first: what ended in it and what still runs.
 * Fills at most `n_max` entries, meant to be tens; those left out are the least. A running section counts
 * once it has lasted 1 ms; one without a class of its own goes to the process's greatest wait. Never waits.
 * Returns 0 or a negative errno of bpf(2). */
int memstall_read(Memstall *m, StallEntry *entries, size_t n_max, size_t *ret_n);

/* The waits of each cgroup so far, in no order. What `n_max` leaves out is not told; MEMSTALL_WAITS_MAX
 * (bpf/memstall.h) is enough but where thousands of cgroups wait. No entries where waits are not hooked: see
 * memstall_rung(). Never waits. Returns 0 or a negative errno of bpf(2). */
int memstall_waits(Memstall *m, WaitEntry *entries, size_t n_max, size_t *ret_n);

/* Who reclaimed whose pages in the same window as memstall_read(), most pages first; one entry for each
 * (cgroup, target, kind). Fills at most `n_max` entries, meant to be tens; those left out are the least.
 * Never waits. Returns 0 or a negative errno of bpf(2). */
int memstall_reclaims(Memstall *m, ReclaimEntry *entries, size_t n_max, size_t *ret_n);

/* The entry's stack as text: functions innermost first, one a line, without the BPF frames on top and
 * without an end of line at the end; "0x..." for an address in no known function. What does not fit is left
 * out by whole lines. Returns 0 (an empty text where there is no stack), or MEMSTALL_E_HIDDEN with a
 * sentence in place of the stack: kernel.kptr_restrict=2, or neither CAP_SYSLOG nor an open
 * /proc/kallsyms as standard input. */
int memstall_symbolize(const Memstall *m, const StallEntry *e, char *buf, size_t size);

/* What was counted and what was lost. Returns 0 or a negative errno of bpf(2). */
int memstall_counters(Memstall *m, MemstallCounters *ret);
