/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sense/memstall-fit.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdio.h>
#include <string.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "sense/memstall-attach.h"

enum {
        SMALL_MAP = 16,
};

static void bpf_object_freep(struct bpf_object **object) {
        bpf_object__close(*object);
}

/* ---- Opening ---- */

/* Sets a constant of the program, by its name in the object's own types. */
static int set_constant(struct bpf_object *o, const char *name, const void *value, size_t value_size) {
        const struct btf *btf = bpf_object__btf(o);
        struct bpf_map *map = bpf_object__find_map_by_name(o, ".rodata");
        const struct btf_type *section;
        char *data;
        size_t size;
        int id;

        id = btf ? btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC) : -ENOENT;
        data = map ? (char *) bpf_map__initial_value(map, &size) : NULL;    /* const in some of libbpf */
        if (id < 0 || !data)
                return -EINVAL;
        section = btf__type_by_id(btf, (uint32_t) id);
        for (uint32_t i = 0; i < btf_vlen(section); i++) {
                const struct btf_var_secinfo *v = btf_var_secinfos(section) + i;
                const struct btf_type *variable = btf__type_by_id(btf, v->type);

                if (strcmp(btf__name_by_offset(btf, variable->name_off), name) != 0)
                        continue;
                if (v->size != value_size || v->offset >= size)
                        return -EINVAL;
                memcpy(data + v->offset, value, value_size);
                return 0;
        }
        return -EINVAL;
}

/* An LRU map hands its free elements to the CPUs by 128 (kernel/bpf/bpf_lru_list.c), so on a machine with
 * many it would throw out entries that are needed while others lie idle. For a try all maps are small. */
static int size_maps(struct bpf_object *o, uint32_t sets_max, bool try) {
        int n_cpus = libbpf_num_possible_cpus(), r;
        uint32_t sets_mask = sets_max - 1;
        struct bpf_map *map;

        if (n_cpus < 0)
                return n_cpus;
        if (sets_max > 0) {
                r = set_constant(o, "sets_mask", &sets_mask, sizeof(sets_mask));
                if (r < 0)
                        return r;
        }
        bpf_object__for_each_map(map, o) {
                uint32_t n = bpf_map__max_entries(map);

                if (try)
                        n = MIN(n, (uint32_t) SMALL_MAP);
                else if (bpf_map__type(map) == BPF_MAP_TYPE_LRU_HASH)
                        n = MAX(n, (uint32_t) n_cpus * 192);
                else if (sets_max > 0 && strcmp(bpf_map__name(map), "tasks") == 0)
                        n = sets_max;
                r = n != bpf_map__max_entries(map) ? bpf_map__set_max_entries(map, n) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

static int open_object(struct bpf_object **ret, const MemstallFit *fit, bool try) {
        _cleanup_(bpf_object_freep) struct bpf_object *o = NULL;
        LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "memstall");
        struct bpf_program *program;
        const void *elf;
        size_t size;
        int r;

        elf = fit->rung->elf(&size);
        o = bpf_object__open_mem(elf, size, &options);
        if (!o)
                return -errno;
        r = set_constant(o, "stacks", &fit->stacks, sizeof(fit->stacks));
        if (r < 0)
                return r;
        r = size_maps(o, fit->sets_max, try);
        if (r < 0)
                return r;
        bpf_object__for_each_program(program, o) {
                r = bpf_program__set_autoload(program, false);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(o);
        return 0;
}

/* ---- Choosing ---- */

/* For tracepoints BTF has the type of the function that they call. */
static bool in_btf(const struct btf *btf, const struct bpf_program *program, const char *name) {
        char type[128];

        if (!memstall_program_is(program, "tp_btf/"))
                return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) >= 0;
        (void) snprintf(type, sizeof(type), "btf_trace_%s", name);
        return btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF) >= 0;
}

/* Makes the program one that loads. What is traced by BTF is looked up before; for all others attaching
 * shows whether the target is there. */
static int choose_program(const MemstallFit *fit, const MemstallHook *h, struct bpf_program *program) {
        const char *names[MEMSTALL_NAMES_MAX];
        size_t n, i = 0;
        int r;

        if (bpf_program__type(program) == BPF_PROG_TYPE_TRACING) {
                n = memstall_hook_names(h, program, names);
                while (i < n && !in_btf(fit->btf, program, names[i]))
                        i++;
                if (i == n)
                        return -ENOENT;
        }
        r = bpf_program__set_autoload(program, true);
        if (r >= 0 && i > 0)
                r = bpf_program__set_attach_target(program, 0, names[i]);
        if (r >= 0 && fit->multi && memstall_program_is_probe(program))
                r = bpf_program__set_expected_attach_type(program, BPF_TRACE_KPROBE_MULTI);
        return r;
}

static int choose_hook(struct bpf_object *o, const MemstallFit *fit, size_t hook) {
        const MemstallHook *h = &fit->rung->hooks[hook];
        int r = 0;

        for (size_t part = 0; r >= 0 && part < MEMSTALL_PARTS_MAX && h->programs[part]; part++) {
                struct bpf_program *program = memstall_hook_program(o, h, part);

                r = program ? choose_program(fit, h, program) : -ENOENT;
                /* The kernel attaches nothing of this kind, and says so when it is loaded. */
                if (r >= 0 && fit->refuse_load & UINT32_C(1) << hook)
                        r = bpf_program__set_expected_attach_type(program, (enum bpf_attach_type) 0);
        }
        if (r >= 0)
                return 0;
        for (size_t part = 0; part < MEMSTALL_PARTS_MAX; part++) {
                struct bpf_program *program = memstall_hook_program(o, h, part);

                if (program)
                        (void) bpf_program__set_autoload(program, false);
        }
        return r;
}

/* ---- Loading ---- */

/* Does the kernel load these hooks, if there is nothing else? */
static int try_hooks(const MemstallFit *fit, const bool *wanted) {
        _cleanup_(bpf_object_freep) struct bpf_object *o = NULL;
        int r;

        r = open_object(&o, fit, true);
        for (size_t i = 0; r >= 0 && i < fit->rung->n_hooks; i++)
                if (wanted[i])
                        r = choose_hook(o, fit, i);
        return r < 0 ? r : bpf_object__load(o);
}

/* Which of the hooks from `begin` on are refused, by halves. */
static int find_refused_among(MemstallProgram *p, const MemstallFit *fit, size_t begin, size_t end) {
        bool wanted[MEMSTALL_HOOKS_MAX] = {};
        size_t n = 0, middle = begin + (end - begin) / 2;
        int r;

        for (size_t i = begin; i < end; i++) {
                wanted[i] = fit->rung->hooks[i].title && p->refused[i] == 0;
                n += wanted[i];
        }
        r = n > 0 ? try_hooks(fit, wanted) : 0;
        if (r >= 0 || r == -ENOMEM)
                return r;
        if (end - begin == 1) {
                p->refused[begin] = r;
                return 0;
        }
        r = find_refused_among(p, fit, begin, middle);
        return r < 0 ? r : find_refused_among(p, fit, middle, end);
}

/* Something was refused: without the hooks that there must be nothing helps. */
static int find_refused(MemstallProgram *p, const MemstallFit *fit) {
        bool wanted[MEMSTALL_HOOKS_MAX] = {};
        int r;

        for (size_t i = 0; i < fit->rung->n_hooks; i++)
                wanted[i] = !fit->rung->hooks[i].title;
        r = try_hooks(fit, wanted);
        return r < 0 ? r : find_refused_among(p, fit, 0, fit->rung->n_hooks);
}

/* What p->refused does not keep out. */
static int load_rest(MemstallProgram *p, const MemstallFit *fit, struct bpf_object **ret) {
        _cleanup_(bpf_object_freep) struct bpf_object *o = NULL;
        const MemstallRung *rung = fit->rung;
        int r;

        r = open_object(&o, fit, false);
        if (r < 0)
                return r;
        for (size_t i = 0; i < rung->n_hooks; i++) {
                if (p->refused[i] != 0)
                        continue;
                p->refused[i] = choose_hook(o, fit, i);
                if (p->refused[i] < 0 && !rung->hooks[i].title)
                        return p->refused[i];
        }
        r = bpf_object__load(o);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(o);
        return 0;
}

/* ---- All of it ---- */

/* What this kernel does not need. */
static void leave_out(MemstallProgram *p, const MemstallRung *rung) {
        bool preemptible = memstall_preemptible();

        for (size_t i = 0; i < rung->n_hooks; i++)
                p->refused[i] = rung->hooks[i].if_preemptible && !preemptible ? MEMSTALL_NOT_NEEDED : 0;
}

static int map_tasks(MemstallProgram *p) {
        const struct bpf_map *map = bpf_object__find_map_by_name(p->object, "tasks");

        return map ? memstall_tasks_map(&p->tasks, bpf_map__fd(map), bpf_map__max_entries(map)) : -ENOENT;
}

static int load_and_attach(MemstallProgram *p, const MemstallFit *fit) {
        int r;

        leave_out(p, fit->rung);
        r = load_rest(p, fit, &p->object);
        if (r < 0 && r != -ENOMEM) {
                r = find_refused(p, fit);
                if (r >= 0)
                        r = load_rest(p, fit, &p->object);
        }
        if (r < 0)
                return r;
        r = map_tasks(p);
        if (r >= 0)
                r = memstall_attach(p, fit);
        if (r < 0)
                memstall_program_unload(p);
        return r;
}

/* A probe by perf_event_open(2) takes more rights where kernel.perf_event_paranoid is 3, one by bpf(2) needs
 * Linux 5.18. */
static bool is_multi_worth_a_try(const MemstallFit *fit, int error) {
        return fit->rung->probes && !fit->multi && !fit->refuse_attach && (error == -EACCES || error == -EPERM);
}

int memstall_fit_load(MemstallProgram *p, const MemstallFit *fit) {
        MemstallFit multi = *fit;
        int r;

        r = load_and_attach(p, fit);
        if (is_multi_worth_a_try(fit, r)) {
                multi.multi = true;
                if (load_and_attach(p, &multi) >= 0)
                        r = 0;
        }
        if (r >= 0)
                p->rung_row = fit->rung;
        return r;
}
