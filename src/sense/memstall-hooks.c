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
        SECTION_HOOKS,
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
