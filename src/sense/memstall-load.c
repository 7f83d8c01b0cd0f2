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
#define FTRACE_PATH "/proc/sys/kernel/ftrace_enabled"

static void btf_freep(struct btf **btf) {
        btf__free(*btf);
}

/* libbpf has long stories to tell of each program that is refused. */
static int be_silent(enum libbpf_print_level level, const char *format, va_list arguments) {
        return 0;
}

/* With 0 the kernel still attaches to its functions, and then calls nobody (seen on 6.12). */
static bool ftrace_enabled(void) {
        _cleanup_(fd_closep) int fd = open(FTRACE_PATH, O_RDONLY | O_CLOEXEC);
        char first = '1';

        return fd < 0 || read(fd, &first, 1) < 1 || first != '0';
}

/* ---- What is said ---- */

/* As much as has room. */
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

static void append_reason(char *text, size_t size, int error) {
        if (error == -ENODATA)
                append(text, size, " (no kernel BTF)");
        else if (error == -ESHUTDOWN)
                append(text, size, " (kernel.ftrace_enabled=0)");
        else if (error == -ENOENT)
                append(text, size, " (not in this kernel)");
        else
                append(text, size, " (refused: %s)", error_name(error));
}

/* What has a negative error: "X, Y (not in this kernel), Z (refused: EPERM)", one reason after all that it
 * holds for. */
static void append_refused(char *text, size_t size, const int *errors, const char *const *titles, size_t n) {
        const char *before = "";

        for (size_t i = 0; i < n; i++) {
                size_t next = i + 1;

                if (errors[i] >= 0)
                        continue;
                while (next < n && errors[next] >= 0)
                        next++;
                append(text, size, "%s%s", before, titles[i]);
                before = ", ";
                if (next == n || errors[next] != errors[i])
                        append_reason(text, size, errors[i]);
        }
}

static bool has_refused(const int *errors, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (errors[i] < 0)
                        return true;
        return false;
}

/* "reclaim only instead of fentry, kprobes (refused: EPERM): no waits for pages, without node reclaim (not in
 * this kernel)" */
static void tell_rung(MemstallProgram *p, const int passed[_MEMSTALL_RUNG_MAX]) {
        const char *rungs[_MEMSTALL_RUNG_MAX], *hooks[MEMSTALL_HOOKS_MAX];
        const MemstallRung *rung = p->rung_row;
        bool refused = has_refused(p->refused, rung->n_hooks), others = has_refused(passed, _MEMSTALL_RUNG_MAX);

        for (size_t i = 0; i < _MEMSTALL_RUNG_MAX; i++)
                rungs[i] = memstall_rungs[i].title;
        for (size_t i = 0; i < rung->n_hooks; i++)
                hooks[i] = rung->hooks[i].title;

        (void) snprintf(p->rung, sizeof(p->rung), "%s%s", rung->title, others ? " instead of " : "");
        append_refused(p->rung, sizeof(p->rung), passed, rungs, _MEMSTALL_RUNG_MAX);
        append(p->rung, sizeof(p->rung), "%s%s", others ? ": " : ", ", rung->lacks ? rung->lacks : "");
        if (refused)
                append(p->rung, sizeof(p->rung), "%swithout ", rung->lacks ? ", " : "");
        else if (!rung->lacks)
                append(p->rung, sizeof(p->rung), "all classes");
        append_refused(p->rung, sizeof(p->rung), p->refused, hooks, rung->n_hooks);
}

static bool is_no_right(int error) {
        return error == -EPERM || error == -EACCES || error == -ENODATA || error == -ESHUTDOWN;
}

static int unavailable(const int passed[_MEMSTALL_RUNG_MAX], char *ret_why, size_t why_size) {
        const char *rungs[_MEMSTALL_RUNG_MAX];
        bool no_right = true;

        for (size_t i = 0; i < _MEMSTALL_RUNG_MAX; i++) {
                rungs[i] = memstall_rungs[i].title;
                no_right = no_right && (passed[i] == 0 || is_no_right(passed[i]));
        }
        (void) snprintf(ret_why, why_size,
                        no_right ? "no right to load BPF (CAP_BPF, CAP_PERFMON; or the kernel is locked down)"
                                 : "the kernel refuses BPF: ");
        if (!no_right)
                append_refused(ret_why, why_size, passed, rungs, _MEMSTALL_RUNG_MAX);
        return MEMSTALL_E_UNAVAILABLE;
}

/* ---- The ladder ---- */

int memstall_program_load(MemstallProgram *p, bool stacks, const MemstallTrial *trial, char *ret_why,
                          size_t why_size) {
        _cleanup_(btf_freep) struct btf *btf = NULL;
        bool functions = ftrace_enabled();
        int passed[_MEMSTALL_RUNG_MAX] = {};

        (void) libbpf_set_print(be_silent);
        if (access(BTF_PATH, R_OK) >= 0)
                btf = btf__load_vmlinux_btf();

        for (size_t first = trial ? trial->first_rung : 0, i = first; i < _MEMSTALL_RUNG_MAX; i++) {
                MemstallFit fit = {
                        .rung = &memstall_rungs[i],
                        .btf = btf,
                        .stacks = stacks,
                        .multi = trial && trial->multi && memstall_rungs[i].probes,
                        .refuse_load = trial && i == first ? trial->refuse_load : 0,
                        .refuse_attach = trial && i == first ? trial->refuse_attach : 0,
                        .sets_max = trial ? trial->sets_max : 0,
                };

                if (fit.rung->needs_btf && !btf)
                        passed[i] = -ENODATA;
                else if (fit.rung->needs_ftrace && !functions)
                        passed[i] = -ESHUTDOWN;
                else
                        passed[i] = memstall_fit_load(p, &fit);
                if (passed[i] == -ENOMEM)
                        return -ENOMEM;
                if (passed[i] >= 0) {
                        tell_rung(p, passed);
                        return 0;
                }
        }
        return unavailable(passed, ret_why, why_size);
}

void memstall_program_unload(MemstallProgram *p) {
        for (size_t i = 0; i < MEMSTALL_HOOKS_MAX; i++)
                for (size_t part = 0; part < MEMSTALL_PARTS_MAX; part++) {
                        (void) bpf_link__destroy(p->links[i][part]);
                        p->links[i][part] = NULL;
                }
        memstall_tasks_unmap(&p->tasks);
        bpf_object__close(p->object);
        p->object = NULL;
}

/* ---- Asking ---- */

int memstall_program_map_fd(const MemstallProgram *p, const char *name) {
        return bpf_object__find_map_fd_by_name(p->object, name);
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
