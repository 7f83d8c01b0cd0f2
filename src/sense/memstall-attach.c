/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sense/memstall-attach.h"

#include <errno.h>
#include <string.h>

#include <bpf/libbpf.h>

struct bpf_program *memstall_hook_program(const struct bpf_object *o, const MemstallHook *h, size_t part) {
        return h->programs[part] ? bpf_object__find_program_by_name(o, h->programs[part]) : NULL;
}

size_t memstall_hook_names(const MemstallHook *h, const struct bpf_program *program,
                           const char *ret_names[MEMSTALL_NAMES_MAX]) {
        const char *own = strchr(bpf_program__section_name(program), '/');
        size_t n = 0;

        if (own)
                ret_names[n++] = own + 1;
        for (size_t i = 0; i < ELEMENTSOF(h->others) && h->others[i]; i++)
                ret_names[n++] = h->others[i];
        return n;
}

bool memstall_program_is(const struct bpf_program *program, const char *kind) {
        return strncmp(bpf_program__section_name(program), kind, strlen(kind)) == 0;
}

bool memstall_program_is_probe(const struct bpf_program *program) {
        return memstall_program_is(program, "kprobe/") || memstall_program_is(program, "kretprobe/");
}

/* By perf_event_open(2), or without it. */
static struct bpf_link *attach_probe(const struct bpf_program *program, const char *name, bool multi) {
        bool at_return = memstall_program_is(program, "kretprobe/");
        LIBBPF_OPTS(bpf_kprobe_multi_opts, options, .syms = &name, .cnt = 1, .retprobe = at_return);

        return multi ? bpf_program__attach_kprobe_multi_opts(program, NULL, &options)
                     : bpf_program__attach_kprobe(program, at_return, name);
}

static struct bpf_link *attach_at(const struct bpf_program *program, const char *name, bool multi) {
        if (memstall_program_is_probe(program))
                return attach_probe(program, name, multi);
        if (memstall_program_is(program, "raw_tp/"))
                return bpf_program__attach_raw_tracepoint(program, name);
        return bpf_program__attach(program);
}

/* No function of that name: kprobes by bpf(2) have an error of their own for it. */
static bool is_missing(int error) {
        return error == -ENOENT || error == -ESRCH;
}

static int attach_program(const MemstallHook *h, const struct bpf_program *program, bool multi,
                          struct bpf_link **ret) {
        const char *names[MEMSTALL_NAMES_MAX];
        size_t n = memstall_hook_names(h, program, names);
        int r = -ENOENT;

        for (size_t i = 0; i < n && r == -ENOENT; i++) {
                *ret = attach_at(program, names[i], multi);
                if (*ret)
                        return 0;
                r = is_missing(-errno) ? -ENOENT : -errno;
        }
        return r;
}

/* The end first where there are two: a beginning without an end would leave records behind. */
static int attach_hook(MemstallProgram *p, const MemstallFit *fit, size_t hook) {
        const MemstallHook *h = &fit->rung->hooks[hook];
        int r = 0;

        for (size_t part = MEMSTALL_PARTS_MAX; r >= 0 && part-- > 0;) {
                struct bpf_program *program = memstall_hook_program(p->object, h, part);

                if (program)
                        r = fit->refuse_attach & UINT32_C(1) << hook
                                    ? -EPERM
                                    : attach_program(h, program, fit->multi, &p->links[hook][part]);
        }
        if (r >= 0)
                return 0;
        for (size_t part = 0; part < MEMSTALL_PARTS_MAX; part++) {
                (void) bpf_link__destroy(p->links[hook][part]);
                p->links[hook][part] = NULL;
        }
        return r;
}

int memstall_attach(MemstallProgram *p, const MemstallFit *fit) {
        for (size_t i = 0; i < fit->rung->n_hooks; i++) {
                if (p->refused[i] != 0)
                        continue;
                p->refused[i] = attach_hook(p, fit, i);
                if (p->refused[i] < 0 && !fit->rung->hooks[i].title)
                        return p->refused[i];
        }
        return 0;
}
