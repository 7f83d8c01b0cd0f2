/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
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

typedef struct MemstallCounters {
        uint64_t sections;              /* added up since memstall_new() */
        uint64_t nested;                /* inside another one, so not counted on their own */
        uint64_t full;                  /* lost: more tasks at once than the map has room for */
        uint64_t orphans;               /* lost: began before memstall_new(), or the beginning was missed */
        uint64_t missed;                /* lost: the program was interrupted by itself (recursion_misses) */
        uint64_t stacks;                /* stacks walked */
} MemstallCounters;

/* Loads and attaches the BPF programs, and reads the kernel's symbols. Needs CAP_BPF and CAP_PERFMON
 * (CAP_SYSLOG for symbols), /sys/kernel/btf/vmlinux and fentry: Linux 5.15, on arm64 6.4. All memory is
 * taken here, some 6 MB in the kernel and 5 MB of our own; nothing after this allocates. `stacks` false: no
 * stack is walked, waits stay STALL_OTHER. One at a time: the libbpf message handler is the process's.
 * Returns 0; MEMSTALL_E_UNAVAILABLE with one sentence for people in `ret_why`; or a negative errno
 * (-ENOMEM). */
int memstall_new(Memstall **ret, bool stacks, char *ret_why, size_t why_size);
Memstall *memstall_free(Memstall *m);
DEFINE_CLEANUP(Memstall *, memstall_free);

/* One line on what is hooked, for `status`: "fentry, all classes", "fentry, without node reclaim; no symbols
 * ...". */
const char *memstall_rung(const Memstall *m);

/* The recent window, 8.6 to 17.2 s up to now, most stalled first: what ended in it and what still runs.
 * Fills at most `n_max` entries, meant to be tens; those left out are the least. A running section counts
 * once it has lasted 1 ms; one without a class of its own goes to the process's greatest wait. Never waits.
 * Returns 0 or a negative errno of bpf(2). */
int memstall_read(Memstall *m, StallEntry *entries, size_t n_max, size_t *ret_n);

/* The entry's stack as text: functions innermost first, one a line, without the BPF frames on top and
 * without an end of line at the end; "0x..." for an address in no known function. What does not fit is left
 * out by whole lines. Returns 0 (an empty text where there is no stack), or MEMSTALL_E_HIDDEN with a
 * sentence in place of the stack: kernel.kptr_restrict=2, no CAP_SYSLOG, or /proc/kallsyms out of reach
 * (ProtectKernelTunables=). */
int memstall_symbolize(const Memstall *m, const StallEntry *e, char *buf, size_t size);

/* What was counted and what was lost. Returns 0 or a negative errno of bpf(2). */
int memstall_counters(Memstall *m, MemstallCounters *ret);
