/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sense/memstall-hooks.h"

/* One rung's object on the running kernel: which of its hooks are there, loading, attaching. */

struct btf;

typedef struct MemstallFit {
        const MemstallRung *rung;
        const struct btf *btf;          /* of the kernel; NULL: hidden or none */
        bool stacks;
        bool multi;                     /* kprobes by bpf(2), not by perf_event_open(2); else where the latter is refused */
        uint32_t refuse_load, refuse_attach;    /* MemstallTrial */
        uint32_t sets_max;                     /* likewise */
} MemstallFit;

/* Loads and attaches into p->object and p->links, and writes into p->refused what was kept out and why:
 * -ENOENT where the kernel lacks the target. A hook that is refused costs only itself. Returns 0, or a
 * negative errno where one is refused without which the rung is nothing (-ENOMEM: or there is no memory);
 * then p is as before but for p->refused. */
int memstall_fit_load(MemstallProgram *p, const MemstallFit *fit);
