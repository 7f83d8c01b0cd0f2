/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sense/kallsyms.h"

/* A temporary file with this text, and kallsyms_new() of it. */
static int read_text(Kallsyms **ret, const char *text, size_t size) {
        char path[] = "/tmp/test-kallsyms-XXXXXX";
        _cleanup_(fd_closep) int fd = mkstemp(path);
        int r;

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, size), size);
        r = kallsyms_new(ret, path);
        assert_int_equal(unlink(path), 0);
        return r;
}

/* Captured from 6.12, shortened; not in order, because modules and BPF programs are not. */
static const char captured[] =
        "0000000000000000 A fixed_percpu_data\n"
        "ffffffff81000000 T _text\n"
        "ffffffff8132c0d0 t __pfx___alloc_pages_slowpath.constprop.0\n"
        "ffffffff8132c0e0 t __alloc_pages_slowpath.constprop.0\n"
        "ffffffff813a1230 T try_charge_memcg\n"
        "ffffffff813a1230 T try_charge_alias\n"
        "ffffffff82000000 D some_data\n"
        "ffffffffc0203534 t bpf_prog_6deef7357e7b4530_sd_fw_egress\t[bpf]\n"
        "ffffffffc0123450 t add_ra_bio_pages.constprop.0.isra.0\t[btrfs]\n"
        "ffffffff813a1000 W weak_function\n";

static const char *name_at(const Kallsyms *k, uint64_t address) {
        return kallsyms_find(k, address, NULL);
}

static void test_captured(void **state) {
        _cleanup_(kallsyms_freep) Kallsyms *k = NULL;
        uint64_t offset = 0, begin, size;

        assert_int_equal(read_text(&k, captured, sizeof(captured) - 1), 0);

        assert_string_equal(kallsyms_find(k, 0xffffffff813a1234, &offset), "try_charge_memcg");
        assert_int_equal(offset, 4);
        assert_string_equal(name_at(k, 0xffffffff813a1230), "try_charge_memcg");
        assert_string_equal(name_at(k, 0xffffffff813a122f), "weak_function");
        assert_string_equal(name_at(k, 0xffffffff8132c0e1), "__alloc_pages_slowpath.constprop.0");
        assert_string_equal(name_at(k, 0xffffffffc0123460), "add_ra_bio_pages.constprop.0.isra.0 [btrfs]");
        assert_string_equal(name_at(k, 0xffffffffc0203540), "bpf_prog_6deef7357e7b4530_sd_fw_egress [bpf]");
        assert_true(kallsyms_place(k, "try_charge_memcg", &begin, &size));
        assert_false(kallsyms_place(k, "try_charge_alias", &begin, &size)); /* one name for one place */
}

static void test_gaps(void **state) {
        _cleanup_(kallsyms_freep) Kallsyms *k = NULL;

        assert_int_equal(read_text(&k, captured, sizeof(captured) - 1), 0);
        assert_null(name_at(k, 0));
        assert_null(name_at(k, 0xffffffff80ffffff));            /* before the first */
        assert_non_null(name_at(k, 0xffffffff8100ffff));
        assert_null(name_at(k, 0xffffffff81010000));            /* too far behind one to be in it */
        assert_null(name_at(k, 0xffffffff8132c0d8));            /* the padding in front of one */
        assert_null(name_at(k, 0xffffffff82000000));            /* data */
        assert_null(name_at(k, 0xffffffffb0000000));
        assert_null(name_at(k, UINT64_MAX));
}

static void test_hidden(void **state) {
        static const char *const rows[] = {
                "0000000000000000 T _text\n0000000000000000 t foo\n",   /* kptr_restrict=2 */
                "",
                "\n",
                "ffffffff81000000 D only_data\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Kallsyms *k = NULL;

                assert_int_equal(read_text(&k, rows[i], strlen(rows[i])), KALLSYMS_E_HIDDEN);
                assert_null(k);
        }
}

static void test_hostile(void **state) {
        static const char *const bad[] = {
                "ffffffff81000000",
                "ffffffff81000000 ",
                "ffffffff81000000 T",
                "ffffffff81000000 T ",
                "ffffffff81000000 T \n",
                "ffffffff81000000T foo\n",
                "ffffffff81000000  foo\n",
                "ffffffff810000001 T seventeen_digits\n",
                "FFFFFFFF81000000 T capitals\n",
                " ffffffff81000000 T foo\n",
                "x T foo\n",
                "ffffffff81000000 T na\033me\n",
                "ffffffff81000000 T na\xc3\xa4me\n",
                "ffffffff81000000 T name\t[mod\x01ule]\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                Kallsyms *k = NULL;

                assert_int_equal(read_text(&k, bad[i], strlen(bad[i])), KALLSYMS_E_HIDDEN);
        }
}

/* Lines that no kernel writes do not spoil their neighbours. */
static void test_between(void **state) {
        static const char rest[] = " ffffffff81000200 T tail\nffffffff81000300 T two\n"
                                   "ffffffff81000400 T nul\0byte\nffffffff81000500 T three";
        _cleanup_(kallsyms_freep) Kallsyms *k = NULL;
        char text[8192];
        size_t n;

        n = (size_t) snprintf(text, sizeof(text), "ffffffff81000000 T one\nffffffff81000100 T ");
        memset(text + n, 'x', 3000);
        n += 3000;
        memcpy(text + n, rest, sizeof(rest) - 1);
        n += sizeof(rest) - 1;

        assert_int_equal(read_text(&k, text, n), 0);
        assert_string_equal(name_at(k, 0xffffffff81000001), "one");
        assert_string_equal(name_at(k, 0xffffffff81000201), "one");
        assert_string_equal(name_at(k, 0xffffffff81000301), "two");
        assert_string_equal(name_at(k, 0xffffffff81000501), "three"); /* without an end of line */
}

/* More than the arrays begin with, the other way round. */
static void test_many(void **state) {
        _cleanup_(kallsyms_freep) Kallsyms *k = NULL;
        enum { N = 20000, LINE = 40 };
        char *text = calloc(N, LINE), name[32];
        size_t n = 0;

        assert_non_null(text);
        for (size_t i = N; i-- > 0;)
                n += (size_t) snprintf(text + n, LINE, "%zx t f%zu\n", 0xffffffff81000000 + i * 64, i);
        assert_int_equal(read_text(&k, text, n), 0);
        free(text);

        for (size_t i = 0; i < N; i += 777) {
                (void) snprintf(name, sizeof(name), "f%zu", i);
                assert_string_equal(name_at(k, 0xffffffff81000000 + i * 64), name);
                assert_string_equal(name_at(k, 0xffffffff81000000 + i * 64 + 63), name);
        }
}

static void test_no_file(void **state) {
        Kallsyms *k = NULL;

        assert_int_equal(kallsyms_new(&k, "/nonexistent/kallsyms"), -ENOENT);
        assert_int_equal(kallsyms_new(&k, "/"), -EISDIR);
        assert_null(k);
        assert_null(kallsyms_free(NULL));
}

static void test_place(void **state) {
        static const char text[] =
                "ffffffff81000000 t do_swap_page.cold\n"
                "ffffffff81000010 t do_swap_page.part.0\n"
                "ffffffff81000100 T do_swap_page_of_nobody\n"
                "ffffffff81000200 T do_swap_page\n"
                "ffffffff81000280 t shmem_swapin_folio.constprop.0\n"
                "ffffffff81000300 T last\n";
        _cleanup_(kallsyms_freep) Kallsyms *k = NULL;
        uint64_t begin = 0, size = 0;

        assert_int_equal(read_text(&k, text, sizeof(text) - 1), 0);
        assert_true(kallsyms_place(k, "do_swap_page", &begin, &size));
        assert_int_equal(begin, 0xffffffff81000200);
        assert_int_equal(size, 0x80);
        assert_true(kallsyms_place(k, "shmem_swapin_folio", &begin, &size));
        assert_int_equal(begin, 0xffffffff81000280);
        assert_int_equal(size, 0x80);
        assert_true(kallsyms_place(k, "last", &begin, &size));
        assert_true(size > 0 && size <= 16 * 1024 * 1024);
        assert_false(kallsyms_place(k, "do_swap", &begin, &size));
        assert_false(kallsyms_place(k, "filemap_fault", &begin, &size));
}

/* Who may not see addresses sees those of a file that somebody else has opened, again and again. */
static void test_input(void **state) {
        _cleanup_(fd_closep) int input = dup(STDIN_FILENO), opened = open(KALLSYMS_PATH, O_RDONLY | O_CLOEXEC);
        _cleanup_(kallsyms_freep) Kallsyms *privileged = NULL, *first = NULL, *second = NULL, *none = NULL;
        int r, again, hidden;

        if (geteuid() != 0 || opened < 0 || kallsyms_new(&privileged, KALLSYMS_PATH) != 0)
                skip();
        assert_true(dup2(opened, STDIN_FILENO) == STDIN_FILENO);
        assert_int_equal(seteuid(65534), 0);
        r = kallsyms_new_running(&first);
        again = kallsyms_new_running(&second);
        hidden = kallsyms_new(&none, KALLSYMS_PATH);
        assert_int_equal(seteuid(0), 0);
        if (input >= 0)
                assert_true(dup2(input, STDIN_FILENO) == STDIN_FILENO);
        else
                assert_int_equal(close(STDIN_FILENO), 0);
        assert_int_equal(r, 0);
        assert_int_equal(again, 0);
        assert_int_not_equal(hidden, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_captured),
                cmocka_unit_test(test_input),
                cmocka_unit_test(test_gaps),
                cmocka_unit_test(test_hidden),
                cmocka_unit_test(test_hostile),
                cmocka_unit_test(test_between),
                cmocka_unit_test(test_many),
                cmocka_unit_test(test_no_file),
                cmocka_unit_test(test_place),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
