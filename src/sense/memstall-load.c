/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The ladder: the best of the rungs (memstall-hooks.c) that the running kernel takes, and what is to be said
 * about it. */

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "sense/memstall-fit.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"

static void btf_freep(struct btf **btf) {
        btf__free(*btf);
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

/* ---- What is said ---- */

/* Appends to a text, as much as has room. */
_printf_(3, 4)
static void append(char *text, size_t size, const char *format, ...) {
        size_t length = strlen(text);
        va_list arguments;

        va_start(arguments, format);
        (void) vsnprintf(text + length, size - length, format, arguments);
        va_end(arguments);
}

static const char *error_name(int error) {
        const char *name = strerrorname_np(-error);

        return name ? name : "error";
}

/* "X, Y (not in this kernel), Z (refused: EPERM)": one reason after all that it holds for. */
static void tell_refused(MemstallProgram *p) {
        const MemstallRung *rung = p->rung_row;
        const char *before = "without ";

        for (size_t i = 0; i < rung->n_hooks; i++) {
                size_t next = i + 1;

                if (p->refused[i] >= 0)
                        continue;
                while (next < rung->n_hooks && p->refused[next] >= 0)
                        next++;
                append(p->rung, sizeof(p->rung), "%s%s", before, rung->hooks[i].title);
                before = ", ";
                if (next < rung->n_hooks && p->refused[next] == p->refused[i])
                        continue;
                if (p->refused[i] == -ENOENT)
                        append(p->rung, sizeof(p->rung), " (not in this kernel)");
                else
                        append(p->rung, sizeof(p->rung), " (refused: %s)", error_name(p->refused[i]));
        }
}

static bool has_refused(const MemstallProgram *p) {
        for (size_t i = 0; i < p->rung_row->n_hooks; i++)
                if (p->refused[i] < 0)
                        return true;
        return false;
}

/* "kprobes (fentry: no kernel BTF), no swap-wait or file-wait, without node reclaim (not in this kernel)" */
static void tell_rung(MemstallProgram *p) {
        const MemstallRung *rung = p->rung_row;

        (void) snprintf(p->rung, sizeof(p->rung), "%s", rung->title);
        if (p->passed[0])
                append(p->rung, sizeof(p->rung), " (%s)", p->passed);
        append(p->rung, sizeof(p->rung), ", ");
        if (rung->lacks)
                append(p->rung, sizeof(p->rung), "%s%s", rung->lacks, has_refused(p) ? ", " : "");
        else if (!has_refused(p))
                append(p->rung, sizeof(p->rung), "all classes");
        tell_refused(p);
}

static int unavailable(const MemstallProgram *p, bool no_right, char *ret_why, size_t why_size) {
        if (no_right)
                (void) snprintf(ret_why, why_size,
                                "no right to load BPF (CAP_BPF, CAP_PERFMON; or the kernel is locked down)");
        else
                (void) snprintf(ret_why, why_size, "the kernel refuses the BPF programs: %s (%s)", p->passed,
                                complaint);
        return MEMSTALL_E_UNAVAILABLE;
}

/* ---- The ladder ---- */

static bool is_no_right(int error) {
        return error == -EPERM || error == -EACCES;
}

static int try_rung(MemstallProgram *p, const MemstallFit *fit) {
        const MemstallRung *rung = fit->rung;
        const char *separator = p->passed[0] ? "; " : "";
        int r;

        if (rung->needs_btf && !fit->btf) {
                append(p->passed, sizeof(p->passed), "%s%s: no kernel BTF", separator, rung->title);
                return -ENOENT;
        }
        r = memstall_fit_load(p, fit);
        if (r < 0 && r != -ENOMEM)
                append(p->passed, sizeof(p->passed), "%s%s: refused: %s", separator, rung->title, error_name(r));
        return r;
}

int memstall_program_load(MemstallProgram *p, bool stacks, const MemstallTrial *trial, char *ret_why,
                          size_t why_size) {
        _cleanup_(btf_freep) struct btf *btf = NULL;
        bool no_right = true;

        complaint[0] = '\0';
        (void) libbpf_set_print(hear);
        if (access(BTF_PATH, R_OK) >= 0)
                btf = btf__load_vmlinux_btf();

        for (size_t i = trial ? trial->first_rung : 0; i < _MEMSTALL_RUNG_MAX; i++) {
                MemstallFit fit = {
                        .rung = &memstall_rungs[i],
                        .btf = btf,
                        .stacks = stacks,
                        .refuse_load = trial ? trial->refuse_load : 0,
                        .refuse_attach = trial ? trial->refuse_attach : 0,
                };
                int r = try_rung(p, &fit);

                if (r == -ENOMEM)
                        return r;
                if (r >= 0) {
                        tell_rung(p);
                        return 0;
                }
                no_right = no_right && is_no_right(r);
        }
        return unavailable(p, no_right, ret_why, why_size);
}

void memstall_program_unload(MemstallProgram *p) {
        for (size_t i = 0; i < MEMSTALL_HOOKS_MAX; i++)
                for (size_t part = 0; part < MEMSTALL_PARTS_MAX; part++) {
                        (void) bpf_link__destroy(p->links[i][part]);
                        p->links[i][part] = NULL;
                }
        bpf_object__close(p->object);
        p->object = NULL;
}

/* ---- Asking ---- */

int memstall_program_map_fd(const MemstallProgram *p, const char *name) {
        return bpf_object__find_map_fd_by_name(p->object, name);
}

int memstall_program_tasks_fd(const MemstallProgram *p) {
        return memstall_program_map_fd(p, "tasks");
}

int memstall_program_totals_fd(const MemstallProgram *p) {
        return memstall_program_map_fd(p, "totals");
}

int memstall_program_counters_fd(const MemstallProgram *p) {
        return memstall_program_map_fd(p, "counters");
}

int memstall_program_missed(const MemstallProgram *p, uint64_t *ret) {
        const MemstallRung *rung = p->rung_row;
        uint64_t missed = 0;

        for (size_t i = 0; i < rung->n_hooks; i++) {
                struct bpf_prog_info info = {};
                uint32_t size = sizeof(info);
                int r;

                if (rung->hooks[i].title)
                        continue;
                r = bpf_obj_get_info_by_fd(bpf_program__fd(bpf_object__find_program_by_name(
                                                   p->object, rung->hooks[i].programs[0])),
                                           &info, &size);
                if (r < 0)
                        return r;
                missed += info.recursion_misses;
        }
        *ret = missed;
        return 0;
}
