/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tables against the objects: opening one needs no right and no kernel. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "sense/memstall-attach.h"

static struct bpf_object *open_rung(const MemstallRung *rung) {
        struct bpf_object *o;
        const void *elf;
        size_t size;

        elf = rung->elf(&size);
        o = bpf_object__open_mem(elf, size, NULL);
        assert_non_null(o);
        return o;
}

/* How many hooks have the program. */
static size_t n_hooks_of(const MemstallRung *rung, const char *program) {
        size_t n = 0;

        for (size_t i = 0; i < rung->n_hooks; i++)
                for (size_t part = 0; part < MEMSTALL_PARTS_MAX; part++)
                        if (rung->hooks[i].programs[part] && strcmp(rung->hooks[i].programs[part], program) == 0)
                                n++;
        return n;
}

static void test_programs_have_one_hook(void **state) {
        for (size_t i = 0; i < _MEMSTALL_RUNG_MAX; i++) {
                const MemstallRung *rung = &memstall_rungs[i];
                struct bpf_object *o = open_rung(rung);
                struct bpf_program *program;

                bpf_object__for_each_program(program, o) {
                        const char *name = bpf_program__name(program);

                        if (n_hooks_of(rung, name) != 1)
                                fail_msg("%s: %zu hooks have %s", rung->title, n_hooks_of(rung, name), name);
                        assert_non_null(strchr(bpf_program__section_name(program), '/'));
                }
                bpf_object__close(o);
        }
}

static void test_hooks_have_programs(void **state) {
        for (size_t i = 0; i < _MEMSTALL_RUNG_MAX; i++) {
                const MemstallRung *rung = &memstall_rungs[i];
                struct bpf_object *o = open_rung(rung);

                assert_true(rung->n_hooks <= MEMSTALL_HOOKS_MAX);
                for (size_t hook = 0; hook < rung->n_hooks; hook++) {
                        const MemstallHook *h = &rung->hooks[hook];

                        assert_non_null(h->programs[0]);
                        for (size_t part = 0; part < MEMSTALL_PARTS_MAX; part++)
                                if (h->programs[part] && !bpf_object__find_program_by_name(o, h->programs[part]))
                                        fail_msg("%s: no %s", rung->title, h->programs[part]);
                }
                bpf_object__close(o);
        }
}

static void test_probes_are_known(void **state) {
        for (size_t i = 0; i < _MEMSTALL_RUNG_MAX; i++) {
                const MemstallRung *rung = &memstall_rungs[i];
                struct bpf_object *o = open_rung(rung);
                struct bpf_program *program;
                bool probes = false;

                bpf_object__for_each_program(program, o)
                        probes = probes || memstall_program_is_probe(program);
                assert_int_equal(rung->probes, probes);
                bpf_object__close(o);
        }
}

static void test_names_of_targets(void **state) {
        const MemstallHook hook = { .others = { "older", "oldest" } }, plain = { 0 };
        struct bpf_object *o = open_rung(&memstall_rungs[MEMSTALL_RUNG_KPROBE]);
        struct bpf_program *program = bpf_object__find_program_by_name(o, "section_enter");
        const char *names[MEMSTALL_NAMES_MAX];

        assert_int_equal(memstall_hook_names(&hook, program, names), 3);
        assert_string_equal(names[0], "psi_memstall_enter");
        assert_string_equal(names[1], "older");
        assert_string_equal(names[2], "oldest");
        assert_int_equal(memstall_hook_names(&plain, program, names), 1);
        assert_null(memstall_hook_program(o, &plain, 0));
        bpf_object__close(o);
}

/* What every reader relies on. */
static void test_rungs_have_maps(void **state) {
        static const char *const maps[] = { "tasks", "totals", "counters", ".rodata" };

        for (size_t i = 0; i < _MEMSTALL_RUNG_MAX; i++) {
                struct bpf_object *o = open_rung(&memstall_rungs[i]);

                for (size_t map = 0; map < ELEMENTSOF(maps); map++)
                        assert_non_null(bpf_object__find_map_by_name(o, maps[map]));
                bpf_object__close(o);
        }
}

/* Only a rung that says so may need the kernel's types: they are hidden, or there are none. */
static void test_rungs_without_btf(void **state) {
        for (size_t i = 0; i < _MEMSTALL_RUNG_MAX; i++) {
                const MemstallRung *rung = &memstall_rungs[i];
                struct bpf_object *o = open_rung(rung);
                struct bpf_program *program;

                bpf_object__for_each_program(program, o)
                        if (!rung->needs_btf)
                                assert_int_not_equal(bpf_program__type(program), BPF_PROG_TYPE_TRACING);
                bpf_object__close(o);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_programs_have_one_hook),
                cmocka_unit_test(test_hooks_have_programs),
                cmocka_unit_test(test_probes_are_known),
                cmocka_unit_test(test_names_of_targets),
                cmocka_unit_test(test_rungs_have_maps),
                cmocka_unit_test(test_rungs_without_btf),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
