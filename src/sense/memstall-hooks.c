/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sense/memstall-hooks.h"

#include "base/cleanup.h"

#include "bpf/memstall.skel.h"

/* What every rung has, by programs of the same names. */
#define SECTION_HOOKS                                                                                       \
        { NULL, { "section_enter" } },                                                                      \
        { NULL, { "section_leave" } },                                                                      \
        { "memcg reclaim", { "memcg_reclaim" } },                                                           \
        { "memory.high", { "over_high_begin", "over_high_end" }, { "mem_cgroup_handle_over_high" } },       \
        { "direct reclaim", { "direct_reclaim" } },                                                         \
        { "compaction", { "compaction" } },                                                                 \
        { "stacks of running slab reclaim", { "slab_goes_on" } },                                           \
        { "stacks of running page reclaim", { "lru_goes_on" } },                                            \
        { "node reclaim", { "node_reclaim_begin", "node_reclaim_end" } }

static const MemstallHook fentry_hooks[] = {
        /* What is attached last is called first (kernel/bpf/trampoline.c): these two after the others. */
        { "second looks", { "section_enter_again", "section_leave_again" }, .if_preemptible = true },
        SECTION_HOOKS,
        { "reclaimed pages", { "reclaim_begin", "reclaim_end" } },
        { "pages of direct reclaim", { "direct_reclaim_end" } },
        { "memory.high's worker", { "high_work_begin", "high_work_end" } },
        { "swap-wait", { "wait_fault_begin", "wait_fault_end" }, { "__lock_page_or_retry" } },
        { "swap-wait in swap_read_folio", { "wait_swap_read_begin", "wait_swap_read_end" }, { "swap_readpage" } },
        { "waits in __folio_lock", { "wait_lock_begin", "wait_lock_end" }, { "__lock_page" } },
        { "waits in __folio_lock_killable",
          { "wait_lock_killable_begin", "wait_lock_killable_end" },
          { "__lock_page_killable" } },
        { "waits in folio_wait_bit", { "wait_bit_begin", "wait_bit_end" }, { "wait_on_page_bit" } },
        { "waits in folio_wait_bit_killable",
          { "wait_bit_killable_begin", "wait_bit_killable_end" },
          { "wait_on_page_bit_killable" } },
};

static_assert(ELEMENTSOF(fentry_hooks) <= MEMSTALL_HOOKS_MAX, "a bit for each hook");

const MemstallRung memstall_rungs[_MEMSTALL_RUNG_MAX] = {
        [MEMSTALL_RUNG_FENTRY] = {
                .title = "fentry",
                .needs_btf = true,
                .hooks = fentry_hooks,
                .n_hooks = ELEMENTSOF(fentry_hooks),
                .elf = memstall_bpf__elf_bytes,
        },
};
