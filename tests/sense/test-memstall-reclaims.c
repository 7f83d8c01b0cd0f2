/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What user space makes of the elements of the BPF map `reclaims`. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "sense/memstall-private.h"

enum { EPOCH = 1000 };

#define NOW ((uint64_t) EPOCH << MEMSTALL_EPOCH_SHIFT)

static int setup(void **state) {
        MemstallReclaims *w;

        assert_int_equal(memstall_reclaims_new(&w), 0);
        memstall_reclaims_begin(w, NOW);
        *state = w;
        return 0;
}

static int teardown(void **state) {
        memstall_reclaims_free(*state);
        return 0;
}

static void add(MemstallReclaims *w, uint64_t cgroup_id, uint64_t target_id, uint32_t kind, uint32_t epoch,
                uint64_t pages) {
        MemstallReclaimKey key = {
                .cgroup_id = cgroup_id, .target_id = target_id, .kind = kind, .epoch = epoch
        };
        MemstallReclaim sum = { .pages = pages, .count = 1 };

        memstall_reclaims_add(w, &key, &sum);
}

static void test_epochs(void **state) {
        ReclaimEntry e[4];

        add(*state, 10, 20, RECLAIM_MAX, EPOCH, 3);
        add(*state, 10, 20, RECLAIM_MAX, EPOCH - 1, 5);
        add(*state, 10, 20, RECLAIM_MAX, EPOCH + 1, 7); /* while it was read */
        add(*state, 10, 20, RECLAIM_MAX, EPOCH - 2, 100);
        add(*state, 10, 20, RECLAIM_MAX, EPOCH + 2, 100);
        assert_int_equal(memstall_reclaims_top(*state, e, 4), 1);
        assert_int_equal(e[0].cgroup_id, 10);
        assert_int_equal(e[0].target_id, 20);
        assert_int_equal(e[0].kind, RECLAIM_MAX);
        assert_int_equal(e[0].pages, 15);
        assert_int_equal(e[0].count, 3);
}

/* What was reclaimed in sections is in the totals of these, by class. */
static void test_totals(void **state) {
        static const struct {
                uint32_t class;
                uint64_t target_id;
                ReclaimKind kind;
        } rows[] = {
                { STALL_MEMCG_MAX, 20, RECLAIM_MAX },
                { STALL_MEMCG_HIGH, 20, RECLAIM_HIGH },
                { STALL_DIRECT_RECLAIM, MEMSTALL_HOST_ID, RECLAIM_HOST },
        };
        MemstallTotal total = { .ns = 1, .count = 2, .pages = 3 }, shown = { .stack_bytes = 8 };
        MemstallKey key = { .cgroup_id = 10, .tgid = 30, .limit_id = 20, .epoch = EPOCH };
        ReclaimEntry e[4];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                memstall_reclaims_begin(*state, NOW);
                key.class = rows[i].class;
                memstall_reclaims_add_total(*state, &key, &total);
                memstall_reclaims_add_total(*state, &key, &shown); /* runs still, and has reclaimed nothing */
                add(*state, 10, rows[i].target_id, rows[i].kind, EPOCH - 1, 5);
                assert_int_equal(memstall_reclaims_top(*state, e, 4), 1);
                assert_int_equal(e[0].kind, rows[i].kind);
                assert_int_equal(e[0].cgroup_id, 10);
                assert_int_equal(e[0].target_id, rows[i].target_id);
                assert_int_equal(e[0].pages, 8);
                assert_int_equal(e[0].count, 3);
        }
        memstall_reclaims_begin(*state, NOW);
        key.class = STALL_HIGH_THROTTLE;
        memstall_reclaims_add_total(*state, &key, &total);
        key.class = MEMSTALL_WAIT;
        memstall_reclaims_add_total(*state, &key, &total);
        assert_int_equal(memstall_reclaims_top(*state, e, 4), 0);
}

static void test_apart(void **state) {
        ReclaimEntry e[8];

        add(*state, 10, 20, RECLAIM_MAX, EPOCH, 4);
        add(*state, 10, 20, RECLAIM_HIGH, EPOCH, 3);
        add(*state, 10, 21, RECLAIM_MAX, EPOCH, 2);
        add(*state, 11, 20, RECLAIM_MAX, EPOCH, 1);
        add(*state, 11, 20, _RECLAIM_KIND_MAX, EPOCH, 100); /* no kind of ours */
        assert_int_equal(memstall_reclaims_top(*state, e, 8), 4);
        assert_int_equal(e[0].kind, RECLAIM_MAX);
        assert_int_equal(e[1].kind, RECLAIM_HIGH);
        assert_int_equal(e[2].target_id, 21);
        assert_int_equal(e[3].cgroup_id, 11);
}

static void test_greatest(void **state) {
        ReclaimEntry e[2];

        add(*state, 1, 1, RECLAIM_HOST, EPOCH, 5);
        add(*state, 2, 1, RECLAIM_HOST, EPOCH, 0);
        add(*state, 3, 1, RECLAIM_HOST, EPOCH, 9);
        add(*state, 4, 1, RECLAIM_HOST, EPOCH, 0);
        add(*state, 4, 1, RECLAIM_HOST, EPOCH, 0); /* as many pages, tried more often */
        assert_int_equal(memstall_reclaims_top(*state, e, 2), 2);
        assert_int_equal(e[0].cgroup_id, 3);
        assert_int_equal(e[1].cgroup_id, 1);

        memstall_reclaims_begin(*state, NOW);
        assert_int_equal(memstall_reclaims_top(*state, e, 2), 0);
        add(*state, 2, 1, RECLAIM_HOST, EPOCH, 0);
        add(*state, 4, 1, RECLAIM_HOST, EPOCH, 0);
        add(*state, 4, 1, RECLAIM_HOST, EPOCH, 0);
        assert_int_equal(memstall_reclaims_top(*state, e, 2), 2);
        assert_int_equal(e[0].cgroup_id, 4);
}

static void test_full(void **state) {
        static ReclaimEntry e[2 * MEMSTALL_RECLAIMS_MAX];

        for (uint32_t i = 0; i < 2 * MEMSTALL_RECLAIMS_MAX; i++)
                add(*state, i, 1, RECLAIM_HOST, EPOCH, 1);
        add(*state, 0, 1, RECLAIM_HOST, EPOCH, 1); /* there already */
        assert_int_equal(memstall_reclaims_top(*state, e, ELEMENTSOF(e)), MEMSTALL_RECLAIMS_MAX);
        assert_int_equal(e[0].cgroup_id, 0);
        assert_int_equal(e[0].pages, 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_epochs, setup, teardown),
                cmocka_unit_test_setup_teardown(test_totals, setup, teardown),
                cmocka_unit_test_setup_teardown(test_apart, setup, teardown),
                cmocka_unit_test_setup_teardown(test_greatest, setup, teardown),
                cmocka_unit_test_setup_teardown(test_full, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
