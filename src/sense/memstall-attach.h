/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "sense/memstall-fit.h"

/* A rung's programs in an object, and how each is attached. */

struct bpf_object;
struct bpf_program;

enum {
        MEMSTALL_NAMES_MAX = 1 + ELEMENTSOF(((MemstallHook *) NULL)->others),
};

/* NULL: the hook has no such part. */
struct bpf_program *memstall_hook_program(const struct bpf_object *o, const MemstallHook *h, size_t part);

/* The names that a program's target has in one kernel or another; that of SEC("kind/name") first. */
size_t memstall_hook_names(const MemstallHook *h, const struct bpf_program *program,
                           const char *ret_names[MEMSTALL_NAMES_MAX]);

/* By SEC(): whether it begins so, "kind/"; whether it is a kprobe or a kretprobe. */
bool memstall_program_is(const struct bpf_program *program, const char *kind);
bool memstall_program_is_probe(const struct bpf_program *program);

/* Attaches what has been loaded and writes into p->refused what was refused. Returns 0, or the negative errno
 * that keeps out a hook without which the rung is nothing; then the caller unloads. */
int memstall_attach(MemstallProgram *p, const MemstallFit *fit);
