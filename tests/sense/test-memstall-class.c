/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sense/kallsyms.h"
#include "sense/memstall-class.h"

/* Every row of the table, in the forms that compilers give: a row out of order would not be found. */
static void test_functions(void **state) {
        static const struct {
                const char *name;
                StallClass class;
        } rows[] = {
                { "__alloc_pages_direct_compact", STALL_COMPACTION },
                { "__alloc_pages_direct_reclaim", STALL_DIRECT_RECLAIM },
                { "__alloc_pages_slowpath.constprop.0", STALL_DIRECT_RECLAIM },
                { "__folio_lock", STALL_REFAULT },
                { "__folio_lock_async", STALL_REFAULT },
                { "__folio_lock_killable", STALL_REFAULT },
                { "__folio_lock_or_retry", STALL_REFAULT },
                { "__lock_page", STALL_REFAULT },
                { "__lock_page_async", STALL_REFAULT },
                { "__lock_page_killable", STALL_REFAULT },
                { "__lock_page_or_retry", STALL_REFAULT },
                { "__mem_cgroup_handle_over_high", STALL_HIGH_THROTTLE },
                { "__node_reclaim.isra.0", STALL_NODE_RECLAIM },
                { "__perform_reclaim", STALL_DIRECT_RECLAIM },
                { "add_ra_bio_folios [btrfs]", STALL_READ },
                { "add_ra_bio_pages.constprop.0.isra.0 [btrfs]", STALL_READ },
                { "balance_pgdat", STALL_KSWAPD },
                { "blkcg_maybe_throttle_blkg", STALL_BLKCG },
                { "blkcg_maybe_throttle_current.part.0", STALL_BLKCG },
                { "btrfs_submit_compressed_read [btrfs]", STALL_READ },
                { "filemap_read_folio", STALL_READ },
                { "folio_put_wait_locked", STALL_REFAULT },
                { "folio_wait_bit", STALL_REFAULT },
                { "folio_wait_bit_common", STALL_REFAULT },
                { "folio_wait_bit_killable", STALL_REFAULT },
                { "high_work_func", STALL_MEMCG_HIGH },
                { "kcompactd", STALL_KCOMPACTD },
                { "kswapd.llvm.1234567890", STALL_KSWAPD },
                { "mem_cgroup_handle_over_high", STALL_HIGH_THROTTLE },
                { "__migration_entry_wait", STALL_REFAULT },
                { "migration_entry_wait", STALL_REFAULT },
                { "migration_entry_wait_huge", STALL_REFAULT },
                { "migration_entry_wait_on_locked", STALL_REFAULT },
                { "node_reclaim", STALL_NODE_RECLAIM },
                { "page_cache_ra_order", STALL_READ },
                { "page_cache_ra_unbounded", STALL_READ },
                { "pmd_migration_entry_wait", STALL_REFAULT },
                { "put_and_wait_on_page_locked", STALL_REFAULT },
                { "read_pages", STALL_READ },
                { "reclaim_high.cold", STALL_MEMCG_HIGH },
                { "softleaf_entry_wait_on_locked", STALL_REFAULT },
                { "submit_bio", STALL_READ },
                { "do_swap_page", STALL_SWAP_IN },
                { "read_swap_cache_async", STALL_SWAP_IN },
                { "readahead_expand", STALL_READ },
                { "swap_cache_read_folio", STALL_SWAP_IN },
                { "swap_cluster_readahead", STALL_SWAP_IN },
                { "swap_vma_readahead", STALL_SWAP_IN },
                { "swapin_readahead", STALL_SWAP_IN },
                { "swapin_sync", STALL_SWAP_IN },
                { "swap_read_folio", STALL_SWAP_IN },
                { "swap_readpage", STALL_SWAP_IN },
                { "try_charge", STALL_MEMCG_MAX },
                { "try_charge_memcg", STALL_MEMCG_MAX },
                { "wait_on_page_bit", STALL_REFAULT },
                { "wait_on_page_bit_common", STALL_REFAULT },
                { "wait_on_page_bit_killable", STALL_REFAULT },
                { "z_erofs_runqueue [erofs]", STALL_READ },
                { "z_erofs_submit_queue [erofs]", STALL_READ },
                /* longer, shorter, empty */
                { "try_charge_memcg_", STALL_OTHER },
                { "try_charge_", STALL_OTHER },
                { "try", STALL_OTHER },
                { "kswapd_run", STALL_OTHER },
                { "zzz", STALL_OTHER },
                { "", STALL_OTHER },
                { ".isra.0", STALL_OTHER },
                { " [btrfs]", STALL_OTHER },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (memstall_class_of_function(rows[i].name) != rows[i].class)
                        fail_msg("%s: %d", rows[i].name, (int) memstall_class_of_function(rows[i].name));
}

/* ---- Who calls psi_memstall_leave(), kernel by kernel, after their sources. Where Debian's kernels (6.1, 6.12 and 7.2 of
 * x86-64) have folded it into its caller, that is what the stack shows ---- */

enum { N_KERNELS = 7 };

static void test_call_sites(void **state) {
        static const char *const kernels[N_KERNELS] = { "5.15", "6.1", "6.6", "6.12", "6.18", "7.1", "7.2" };
        static const struct {
                StallClass class;
                const char *functions[N_KERNELS]; /* NULL: as in the one before; "": there is none */
        } rows[] = {
                { STALL_DIRECT_RECLAIM, { "__perform_reclaim", "__alloc_pages_direct_reclaim" } },
                { STALL_DIRECT_RECLAIM, { "__alloc_pages_slowpath.constprop.0" } },
                { STALL_COMPACTION, { "__alloc_pages_direct_compact" } },
                { STALL_MEMCG_MAX, { "try_charge_memcg" } },
                { STALL_MEMCG_HIGH, { "reclaim_high" } },
                { STALL_MEMCG_HIGH, { "high_work_func" } },
                { STALL_HIGH_THROTTLE, { "mem_cgroup_handle_over_high", NULL, NULL, NULL, "__mem_cgroup_handle_over_high" } },
                { STALL_REFAULT, { "wait_on_page_bit_common", "folio_wait_bit_common" } },
                { STALL_REFAULT, { "__lock_page_killable", "__folio_lock_killable" } },
                { STALL_REFAULT, { "put_and_wait_on_page_locked", "folio_put_wait_locked" } },
                { STALL_REFAULT, { "", "migration_entry_wait_on_locked", NULL, NULL, NULL, "softleaf_entry_wait_on_locked" } },
                { STALL_REFAULT, { "", "migration_entry_wait" } },
                { STALL_REFAULT, { "", "pmd_migration_entry_wait" } },
                { STALL_READ, { "submit_bio", "filemap_read_folio" } },
                { STALL_READ, { "submit_bio", "read_pages" } },
                { STALL_READ, { "submit_bio", "readahead_expand" } },
                { STALL_READ, { "submit_bio", "btrfs_submit_compressed_read [btrfs]" } },
                { STALL_READ, { "submit_bio", "add_ra_bio_pages.constprop.0.isra.0 [btrfs]", NULL, NULL, NULL, NULL,
                                "add_ra_bio_folios.constprop.0.isra.0 [btrfs]" } },
                { STALL_READ, { "submit_bio", "z_erofs_submit_queue [erofs]" } },
                { STALL_SWAP_IN, { "swap_readpage", NULL, NULL, "swap_read_folio" } },
                { STALL_KSWAPD, { "balance_pgdat" } },
                { STALL_KCOMPACTD, { "kcompactd" } },
                { STALL_NODE_RECLAIM, { "__node_reclaim", NULL, NULL, NULL, "__node_reclaim.isra.0" } },
                { STALL_BLKCG, { "blkcg_maybe_throttle_blkg" } },
                { STALL_BLKCG, { "blkcg_maybe_throttle_current" } },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const char *name = "";

                for (size_t k = 0; k < N_KERNELS; k++) {
                        name = rows[i].functions[k] ? rows[i].functions[k] : name;
                        if (*name && memstall_class_of_function(name) != rows[i].class)
                                fail_msg("%s in %s: %d", name, kernels[k], (int) memstall_class_of_function(name));
                }
        }
}

/* ---- Stacks: functions of a made-up kernel, named here, at 4 KiB each ---- */

enum { FRAMES_MAX = 16 };

static const char *const functions[] = {
        "bpf_prog_0123456789abcdef_section_leave\t[bpf]",
        "bpf_trampoline_6442532299\t[bpf]",
        "psi_memstall_leave",
        "try_charge_memcg",
        "reclaim_high",
        "mem_cgroup_handle_over_high",
        "folio_wait_bit_common",
        "__folio_lock_or_retry",
        "do_swap_page",
        "filemap_fault",
        "handle_mm_fault",
        "swap_read_folio",
        "migration_entry_wait_on_locked",
};

static uint64_t address(const char *name) {
        if (strcmp(name, "?") == 0)
                return 0xffffffffff000123;
        for (size_t i = 0; i < ELEMENTSOF(functions); i++)
                if (strncmp(functions[i], name, strlen(name)) == 0)
                        return 0xffffffff81000000 + i * 4096 + 0x10;
        fail_msg("no function %s", name);
        return 0;
}

static size_t stack(uint64_t *frames, const char *names) {
        char text[512], *save = NULL;
        size_t n = 0;

        (void) snprintf(text, sizeof(text), "%s", names);
        for (char *p = strtok_r(text, " ", &save); p && n < FRAMES_MAX; p = strtok_r(NULL, " ", &save))
                frames[n++] = address(p);
        return n;
}

static int setup(void **state) {
        char path[] = "/tmp/test-memstall-class-XXXXXX";
        _cleanup_(fd_closep) int fd = mkstemp(path);
        Kallsyms *k = NULL;

        assert_true(fd >= 0);
        for (size_t i = 0; i < ELEMENTSOF(functions); i++)
                assert_true(dprintf(fd, "%zx t %s\n", 0xffffffff81000000 + i * 4096, functions[i]) > 0);
        assert_int_equal(kallsyms_new(&k, path), 0);
        assert_int_equal(unlink(path), 0);
        *state = k;
        return 0;
}

static int teardown(void **state) {
        kallsyms_free(*state);
        return 0;
}

static void test_trim(void **state) {
        static const struct {
                const char *stack;
                size_t n;
        } rows[] = {
                { "bpf_prog bpf_tramp psi_mem try_charge handle_mm", 3 },
                { "bpf_prog bpf_tramp try_charge handle_mm", 2 },
                { "? ? psi_mem try_charge", 3 },                /* programs without names */
                { "? ? try_charge handle_mm", 2 },
                { "bpf_prog ? try_charge", 1 },                 /* might be a module's */
                { "try_charge ? handle_mm", 0 },
                { "mem_cgroup handle_mm bpf_prog handle_mm bpf_tramp handle_mm", 3 },
                { "bpf_prog bpf_tramp psi_mem", 3 },
                { "", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t frames[FRAMES_MAX];
                size_t n = stack(frames, rows[i].stack);

                assert_int_equal(memstall_trim_stack(*state, frames, n), rows[i].n);
        }
}

static void test_stacks(void **state) {
        static const struct {
                const char *stack;
                StallClass class;
        } rows[] = {
                { "bpf_prog bpf_tramp psi_mem try_charge handle_mm", STALL_MEMCG_MAX },
                { "bpf_prog bpf_tramp psi_mem folio_wait __folio filemap_fault", STALL_REFAULT },
                { "bpf_prog bpf_tramp psi_mem folio_wait __folio do_swap handle_mm", STALL_SWAP_IN },
                { "? ? swap_read do_swap handle_mm", STALL_SWAP_IN },
                { "? ? migration_entry do_swap handle_mm", STALL_REFAULT },     /* moved, not swapped */
                /* the innermost one says; what it is nested in does not */
                { "bpf_prog bpf_tramp psi_mem reclaim_high mem_cgroup try_charge", STALL_MEMCG_HIGH },
                { "bpf_prog bpf_tramp psi_mem mem_cgroup bpf_tramp mem_cgroup", STALL_HIGH_THROTTLE },
                { "bpf_prog bpf_tramp psi_mem ? handle_mm try_charge", STALL_MEMCG_MAX },
                { "bpf_prog bpf_tramp psi_mem handle_mm", STALL_OTHER },
                { "? ? ? ?", STALL_OTHER },
                { "", STALL_OTHER },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t frames[FRAMES_MAX];
                size_t n = stack(frames, rows[i].stack);

                assert_int_equal(memstall_class_of_stack(*state, frames, n), rows[i].class);
        }
}

static void test_text(void **state) {
        uint64_t frames[FRAMES_MAX];
        char text[64];
        size_t n;

        n = stack(frames, "bpf_prog bpf_tramp psi_mem try_charge ? handle_mm");
        assert_int_equal(memstall_stack_text(*state, frames, n, text, sizeof(text)), 51);
        assert_string_equal(text, "try_charge_memcg\n0xffffffffff000123\nhandle_mm_fault");

        /* of a hooked function once, without the trampoline */
        n = stack(frames, "bpf_prog bpf_tramp reclaim_high mem_cgroup bpf_tramp mem_cgroup try_charge");
        assert_true(memstall_stack_text(*state, frames, n, text, sizeof(text)) > 0);
        assert_string_equal(text, "reclaim_high\nmem_cgroup_handle_over_high\ntry_charge_memcg");

        /* whole lines only */
        n = stack(frames, "try_charge handle_mm");
        for (size_t size = 0; size < sizeof(text); size++) {
                memset(text, 'x', sizeof(text));
                (void) memstall_stack_text(*state, frames, n, text, size);
                if (size == 0)
                        assert_int_equal(text[0], 'x');
                else if (size < sizeof("try_charge_memcg"))
                        assert_string_equal(text, "");
                else if (size < sizeof("try_charge_memcg\nhandle_mm_fault"))
                        assert_string_equal(text, "try_charge_memcg");
                else
                        assert_string_equal(text, "try_charge_memcg\nhandle_mm_fault");
        }
}

static void test_places(void **state) {
        MemstallPlaces places;
        unsigned swap = 0, file = 0;

        memset(&places, 0xff, sizeof(places));
        memstall_find_places(*state, &places);
        assert_true(places.known);
        for (size_t i = 0; i < ELEMENTSOF(places.places); i++) {
                const MemstallPlace *p = &places.places[i];

                if (address("do_swap_page") - p->begin < p->size) {
                        assert_int_equal(p->class, STALL_SWAP_WAIT);
                        swap++;
                }
                if (address("filemap_fault") - p->begin < p->size) {
                        assert_int_equal(p->class, STALL_FILE_WAIT);
                        file++;
                }
                assert_false(address("handle_mm_fault") - p->begin < p->size);
                assert_false(address("__folio_lock_or_retry") - p->begin < p->size);
        }
        assert_int_equal(swap, 1);
        assert_int_equal(file, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_functions),
                cmocka_unit_test(test_call_sites),
                cmocka_unit_test(test_trim),
                cmocka_unit_test(test_stacks),
                cmocka_unit_test(test_text),
                cmocka_unit_test(test_places),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
