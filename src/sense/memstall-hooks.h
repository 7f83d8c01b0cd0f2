/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sense/memstall-private.h"

/* The BPF objects of bpf/, best first, and what each of their programs is for. A table for each: a new
 * program in bpf/ is a new row here, and a row names programs that are there, which a test checks. */

/* Programs that make sense only together, and where they are attached: at the function or tracepoint in
 * their SEC(), or at one of `others`, its names in other kernels. Each kernel has at most one of the names. */
typedef struct MemstallHook {
        const char *title;              /* for people; NULL: without it the rung is nothing */
        const char *programs[MEMSTALL_PARTS_MAX];       /* the second one ends what the first begins */
        const char *others[2];
        bool if_preemptible;            /* only there of use: see memstall_preemptible() */
} MemstallHook;

typedef struct MemstallRung {
        const char *title;              /* for people */
        const char *lacks;              /* what none of its hooks tells; NULL: nothing */
        bool needs_btf, needs_ftrace;
        bool probes;                    /* has kprobes */
        const MemstallHook *hooks;
        size_t n_hooks;
        const void *(*elf)(size_t *ret_size);
} MemstallRung;

enum {
        MEMSTALL_RUNG_FENTRY,
        MEMSTALL_RUNG_KPROBE,
        MEMSTALL_RUNG_BARE,             /* kprobes, and the kernel's types are not known */
        MEMSTALL_RUNG_RECLAIM,
        _MEMSTALL_RUNG_MAX,
};

extern const MemstallRung memstall_rungs[_MEMSTALL_RUNG_MAX];
