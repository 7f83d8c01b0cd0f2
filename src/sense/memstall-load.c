/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fits the BPF programs to the running kernel. Two hooks must be there, the others name classes and may be
 * missing: what the kernel's BTF does not know is not loaded, and what cannot be attached is left out. */

#include <errno.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "sense/memstall-private.h"

#include "bpf/memstall.skel.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"

typedef struct Hook {
        const char *title;              /* for people; NULL: without it there is nothing */
        struct {
                size_t program, link;   /* offsets into the skeleton; 0: none */
        } parts[2];
        uint32_t kind;                  /* of the target in BTF */
        const char *targets[2];         /* names to try; the second one needs attaching to */
} Hook;

#define PART(name)                                                                                          \
        { offsetof(struct memstall_bpf, progs.name), offsetof(struct memstall_bpf, links.name) }

/* For tracepoints BTF has the type of the function that they call. */
static const Hook hooks[] = {
        { NULL, { PART(section_enter) }, BTF_KIND_FUNC, { "psi_memstall_enter" } },
        { NULL, { PART(section_leave) }, BTF_KIND_FUNC, { "psi_memstall_leave" } },
        { "memcg reclaim", { PART(memcg_reclaim) }, BTF_KIND_FUNC, { "try_to_free_mem_cgroup_pages" } },
        { "memory.high",
          { PART(over_high_begin), PART(over_high_end) },
          BTF_KIND_FUNC,
          { "__mem_cgroup_handle_over_high", "mem_cgroup_handle_over_high" } },
        { "direct reclaim",
          { PART(direct_reclaim) },
          BTF_KIND_TYPEDEF,
          { "btf_trace_mm_vmscan_direct_reclaim_begin" } },
        { "compaction",
          { PART(compaction) },
          BTF_KIND_TYPEDEF,
          { "btf_trace_mm_compaction_try_to_compact_pages" } },
        { "stacks of running slab reclaim",
          { PART(slab_goes_on) },
          BTF_KIND_TYPEDEF,
          { "btf_trace_mm_shrink_slab_start" } },
        { "stacks of running page reclaim",
          { PART(lru_goes_on) },
          BTF_KIND_TYPEDEF,
          { "btf_trace_mm_vmscan_lru_shrink_inactive" } },
        { "node reclaim",
          { PART(node_reclaim_begin), PART(node_reclaim_end) },
          BTF_KIND_TYPEDEF,
          { "btf_trace_mm_vmscan_node_reclaim_begin" } },
};

static struct bpf_program *hook_program(struct memstall_bpf *s, const Hook *h, size_t part) {
        if (!h->parts[part].program)
                return NULL;
        return *(struct bpf_program **) ((char *) s + h->parts[part].program);
}

static struct bpf_link **hook_link(struct memstall_bpf *s, const Hook *h, size_t part) {
        return (struct bpf_link **) ((char *) s + h->parts[part].link);
}

/* ---- What libbpf says: the first warning is the cause, the rest follow from it ---- */

static char complaint[256];

_printf_(2, 0)
static int hear(enum libbpf_print_level level, const char *format, va_list arguments) {
        if (level == LIBBPF_WARN && complaint[0] == '\0') {
                (void) vsnprintf(complaint, sizeof(complaint), format, arguments);
                complaint[strcspn(complaint, "\n")] = '\0';
        }
        return 0;
}

static int unavailable(int error, char *ret_why, size_t why_size) {
        if (error == -ENOMEM)
                return error;
        if (error == -EPERM || error == -EACCES)
                (void) snprintf(ret_why, why_size,
                                "no right to load BPF (CAP_BPF, CAP_PERFMON; or the kernel is locked down)");
        else
                (void) snprintf(ret_why, why_size, "the kernel refuses the BPF programs: %s (%s)",
                                strerrorname_np(-error) ? strerrorname_np(-error) : "error", complaint);
        return MEMSTALL_E_UNAVAILABLE;
}

/* ---- Steps ---- */

static void btf_freep(struct btf **btf) {
        btf__free(*btf);
}

/* Which of the hook's names the kernel has; -1 for none. */
static int hook_target(const struct btf *btf, const Hook *h) {
        for (size_t i = 0; i < ELEMENTSOF(h->targets) && h->targets[i]; i++)
                if (btf__find_by_name_kind(btf, h->targets[i], h->kind) >= 0)
                        return (int) i;
        return -1;
}

/* An LRU map hands its free elements to the CPUs by 128 (kernel/bpf/bpf_lru_list.c), so on a machine with
 * many it would throw out entries that are needed while others lie idle. */
static int size_maps(struct memstall_bpf *s) {
        int n_cpus = libbpf_num_possible_cpus();
        uint32_t n;

        if (n_cpus < 0)
                return n_cpus;
        n = MAX((uint32_t) MEMSTALL_TOTALS_MAX, (uint32_t) n_cpus * 192);
        return bpf_map__set_max_entries(s->maps.totals, n);
}

/* Chooses what to load. Without `extras` only what there must be. */
static int fit(struct memstall_bpf *s, const struct btf *btf, bool extras) {
        for (size_t i = 0; i < ELEMENTSOF(hooks); i++) {
                const Hook *h = &hooks[i];
                int target = hook_target(btf, h);

                if (target < 0 && !h->title)
                        return -ENOENT;
                for (size_t part = 0; part < ELEMENTSOF(h->parts); part++) {
                        struct bpf_program *program = hook_program(s, h, part);
                        int r = 0;

                        if (!program)
                                continue;
                        if (target < 0 || (h->title && !extras))
                                r = bpf_program__set_autoload(program, false);
                        else if (target > 0)
                                r = bpf_program__set_attach_target(program, 0, h->targets[target]);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

/* The end first where there are two: a beginning without an end would leave records behind. */
static int attach_hook(struct memstall_bpf *s, const Hook *h) {
        for (size_t part = ELEMENTSOF(h->parts); part-- > 0;) {
                struct bpf_program *program = hook_program(s, h, part);

                if (!program)
                        continue;
                if (!bpf_program__autoload(program))
                        return -ENOENT;
                *hook_link(s, h, part) = bpf_program__attach(program);
                if (!*hook_link(s, h, part))
                        return -errno;
        }
        return 0;
}

static int attach(MemstallProgram *p, struct memstall_bpf *s) {
        size_t length = 0;
        int r;

        (void) snprintf(p->rung, sizeof(p->rung), "fentry, all classes");
        for (size_t i = 0; i < ELEMENTSOF(hooks); i++) {
                r = attach_hook(s, &hooks[i]);
                if (r >= 0)
                        continue;
                if (!hooks[i].title)
                        return r;
                length += (size_t) snprintf(p->rung + length, sizeof(p->rung) - length, "%s%s",
                                            length > 0 ? ", " : "fentry, without ", hooks[i].title);
        }
        return 0;
}

static int load(MemstallProgram *p, const struct btf *btf, bool stacks, bool extras) {
        struct memstall_bpf *s;
        int r;

        complaint[0] = '\0';
        s = memstall_bpf__open();
        if (!s)
                return -errno;
        s->rodata->stacks = stacks;
        r = size_maps(s);
        if (r >= 0)
                r = fit(s, btf, extras);
        if (r >= 0)
                r = memstall_bpf__load(s);
        if (r >= 0)
                r = attach(p, s);
        if (r < 0) {
                memstall_bpf__destroy(s);
                return r;
        }
        p->skeleton = s;
        return 0;
}

int memstall_program_load(MemstallProgram *p, bool stacks, char *ret_why, size_t why_size) {
        _cleanup_(btf_freep) struct btf *btf = NULL;
        int r;

        (void) libbpf_set_print(hear);
        if (access(BTF_PATH, R_OK) < 0) {
                (void) snprintf(ret_why, why_size, "the kernel has no BTF (%s)", BTF_PATH);
                return MEMSTALL_E_UNAVAILABLE;
        }
        btf = btf__load_vmlinux_btf();
        if (!btf)
                return unavailable(-errno, ret_why, why_size);
        if (hook_target(btf, &hooks[0]) < 0) {
                (void) snprintf(ret_why, why_size, "the kernel has no PSI (CONFIG_PSI)");
                return MEMSTALL_E_UNAVAILABLE;
        }

        r = load(p, btf, stacks, true);
        if (r < 0 && r != -ENOMEM && r != -EPERM)
                r = load(p, btf, stacks, false);
        return r < 0 ? unavailable(r, ret_why, why_size) : 0;
}

void memstall_program_unload(MemstallProgram *p) {
        memstall_bpf__destroy(p->skeleton);
        p->skeleton = NULL;
}

/* ---- Asking ---- */

int memstall_program_tasks_fd(const MemstallProgram *p) {
        return bpf_map__fd(p->skeleton->maps.tasks);
}

int memstall_program_totals_fd(const MemstallProgram *p) {
        return bpf_map__fd(p->skeleton->maps.totals);
}

int memstall_program_counters_fd(const MemstallProgram *p) {
        return bpf_map__fd(p->skeleton->maps.counters);
}

int memstall_program_missed(const MemstallProgram *p, uint64_t *ret) {
        const struct bpf_program *programs[] = {
                p->skeleton->progs.section_enter,
                p->skeleton->progs.section_leave,
        };
        uint64_t missed = 0;

        for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
                struct bpf_prog_info info = {};
                uint32_t size = sizeof(info);
                int r;

                r = bpf_obj_get_info_by_fd(bpf_program__fd(programs[i]), &info, &size);
                if (r < 0)
                        return r;
                missed += info.recursion_misses;
        }
        *ret = missed;
        return 0;
}
