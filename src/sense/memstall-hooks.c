/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sense/memstall-hooks.h"

#include "base/cleanup.h"

#include "bpf/memstall-bare.skel.h"
#include "bpf/memstall-kprobe.skel.h"
#include "bpf/memstall-reclaim.skel.h"
#include "bpf/memstall.skel.h"

/* What several rungs have, by programs of the same names. */
#define RUNNING_HOOK { "stacks of running reclaim", { "lru_goes_on" } }

#define SECTION_HOOKS                                                                                       \
        { NULL, { "section_enter" } },                                                                      \
        { NULL, { "section_leave" } },                                                                      \
        { "memory.high", { "over_high_begin", "over_high_end" }, { "mem_cgroup_handle_over_high" } },       \
        { "memory.high's worker", { "high_work_begin", "high_work_end" } },                                 \
        { "direct reclaim", { "direct_reclaim" } },                                                         \
        { "compaction", { "compaction" } },                                                                 \
        RUNNING_HOOK,                                                                                       \
        { "node reclaim", { "node_reclaim_begin", "node_reclaim_end" } },                                   \
        { "ends of tasks", { "task_end" } }

/* Where the kernel tells its types. */
#define RECLAIM_HOOKS                                                                                       \
        { "memcg reclaim", { "memcg_reclaim", "memcg_reclaim_end" } },                                      \
        { "pages of direct reclaim", { "direct_reclaim_end" } }

static const MemstallHook fentry_hooks[] = {
        /* What is attached last is called first (kernel/bpf/trampoline.c): these two after the others. */
        { "second looks", { "section_enter_again", "section_leave_again" }, .if_preemptible = true },
        { "second looks at ends of tasks", { "task_end_again" }, .if_preemptible = true },
        SECTION_HOOKS,
        RECLAIM_HOOKS,
        { "swap-wait", { "wait_fault_begin", "wait_fault_end" }, { "__lock_page_or_retry" } },
        { "swap-wait in swap_read_folio", { "wait_swap_read_begin", "wait_swap_read_end" }, { "swap_readpage" } },
        { "file-wait", { "wait_sleep_begin", "wait_sleep_end" } },
};

static const MemstallHook kprobe_hooks[] = {
        SECTION_HOOKS,
        RECLAIM_HOOKS,
};

static const MemstallHook bare_hooks[] = {
        SECTION_HOOKS,
        { "memcg reclaim", { "memcg_reclaim" } },
};

static const MemstallHook reclaim_hooks[] = {
        { NULL, { "memcg_reclaim_begin", "memcg_reclaim_end" } },
        { NULL, { "direct_reclaim_begin", "direct_reclaim_end" } },
        { "compaction", { "compaction_begin", "compaction_end" } },
        { "node reclaim", { "node_reclaim_begin", "node_reclaim_end" } },
        { "ends of tasks", { "task_end" } },
        RUNNING_HOOK,
};

#define HOOKS(table) .hooks = (table), .n_hooks = ELEMENTSOF(table)

static_assert(ELEMENTSOF(fentry_hooks) <= MEMSTALL_HOOKS_MAX, "a bit for each hook");

const MemstallRung memstall_rungs[_MEMSTALL_RUNG_MAX] = {
        [MEMSTALL_RUNG_FENTRY] = {
                .title = "fentry",
                .needs_btf = true,
                .needs_ftrace = true,
                HOOKS(fentry_hooks),
                .elf = memstall_bpf__elf_bytes,
        },
        [MEMSTALL_RUNG_KPROBE] = {
                .title = "kprobes",
                .lacks = "no swap-wait or file-wait",
                .needs_btf = true,
                .needs_ftrace = true,
                .probes = true,
                HOOKS(kprobe_hooks),
                .elf = memstall_kprobe_bpf__elf_bytes,
        },
        [MEMSTALL_RUNG_BARE] = {
                .title = "kprobes without BTF",
                .lacks = "no swap-wait or file-wait, no limits' cgroups, no reclaimed pages",
                .needs_ftrace = true,
                .probes = true,
                HOOKS(bare_hooks),
                .elf = memstall_bare_bpf__elf_bytes,
        },
        [MEMSTALL_RUNG_RECLAIM] = {
                .title = "reclaim only",
                .lacks = "no waits for pages, no throttling, memory.high as memcg-max, no limits' cgroups",
                HOOKS(reclaim_hooks),
                .elf = memstall_reclaim_bpf__elf_bytes,
        },
};
