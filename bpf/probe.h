/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What kprobes on psi_memstall_enter() and psi_memstall_leave() have in common, with the kernel's types or
 * without. Both are called at the beginning of the function; the argument of both is the address of `flags`,
 * in which psi_memstall_enter() has left whether the section is inside another one. */

#include <linux/ptrace.h>

#include <bpf/bpf_tracing.h>

#include "section.h"

static __always_inline uint64_t probe_flags_at(struct pt_regs *ctx) {
        return PT_REGS_PARM1(ctx);
}

/* At psi_memstall_leave(). */
static __always_inline bool probe_is_nested(struct pt_regs *ctx) {
        unsigned long flags = 0;

        (void) bpf_probe_read_kernel(&flags, sizeof(flags), (const void *) probe_flags_at(ctx));
        return flags != 0;
}

/* The sleep for memory.high is the last thing that is done for it, and what many tasks do at once: that is
 * when kretprobes are skipped, so it ends what surrounds it as well. */
static __always_inline int probe_end_section(void *ctx, MemstallTask *record) {
        uint64_t now = bpf_ktime_get_ns();

        if (memstall_class_by_marks(record->marks, record->kthread_class) == STALL_HIGH_THROTTLE) {
                add_section(ctx, record, now);
                return forget(record, current_tid());
        }
        return end_section(ctx, record, current_tid(), now);
}
