/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What user space makes of the elements of the BPF maps, whatever is in them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "sense/memstall-private.h"

#define SEC UINT64_C(1000000000)
#define MSEC UINT64_C(1000000)

enum { EPOCH = 1000, OVER_HIGH = MEMSTALL_MARK_OVER_HIGH };

/* Two seconds into the epoch: the window is 10.6 s. */
#define NOW (((uint64_t) EPOCH << MEMSTALL_EPOCH_SHIFT) + 2 * SEC)

static const MemstallKey one = {
        .cgroup_id = 10, .limit_id = 20, .tgid = 30, .class = STALL_MEMCG_MAX, .epoch = EPOCH
};

static MemstallTotal total(uint64_t ns, uint64_t count, uint64_t longest_ns) {
        return (MemstallTotal) { .ns = ns, .count = count, .longest_ns = longest_ns, .comm = "perl" };
}

static void add(MemstallWindow *w, const MemstallKey *key, uint64_t ns, uint64_t n, uint64_t longest_ns) {
        MemstallTotal t = total(ns, n, longest_ns);

        memstall_window_add_total(w, NULL, key, &t);
}

static int setup(void **state) {
        MemstallWindow *w;

        assert_int_equal(memstall_window_new(&w), 0);
        memstall_window_begin(w, NOW);
        *state = w;
        return 0;
}

static int teardown(void **state) {
        memstall_window_free(*state);
        return 0;
}

static void test_epochs(void **state) {
        MemstallWindow *w = *state;
        MemstallKey key = one;
        StallEntry e[4];

        add(w, &key, 3 * MSEC, 2, 2 * MSEC);
        key.epoch = EPOCH - 1;
        add(w, &key, 5 * MSEC, 1, 5 * MSEC);
        key.epoch = EPOCH + 1;                  /* while it was read */
        add(w, &key, 1 * MSEC, 1, 1 * MSEC);
        key.epoch = EPOCH - 2;                  /* past */
        add(w, &key, 100 * MSEC, 100, 100 * MSEC);
        key.epoch = UINT32_MAX;                 /* nonsense */
        add(w, &key, 100 * MSEC, 100, 100 * MSEC);

        assert_int_equal(memstall_window_top(w, e, ELEMENTSOF(e)), 1);
        assert_int_equal(e[0].cgroup_id, 10);
        assert_int_equal(e[0].limit_id, 20);
        assert_int_equal(e[0].pid, 30);
        assert_int_equal(e[0].class, STALL_MEMCG_MAX);
        assert_string_equal(e[0].comm, "perl");
        assert_int_equal(e[0].stall_usec, 9000);
        assert_int_equal(e[0].count, 4);
        assert_int_equal(e[0].longest_usec, 5000);
        assert_int_equal(memstall_window_key(w, 0)->epoch, EPOCH - 1); /* the longest has the stack */

        memstall_window_begin(w, NOW);
        assert_int_equal(memstall_window_top(w, e, ELEMENTSOF(e)), 0);
}

/* Call sites and cgroups, limits, processes, classes: the first merge, the others do not. */
static void test_keys(void **state) {
        MemstallWindow *w = *state;
        MemstallKey key = one;
        StallEntry e[8];

        add(w, &key, 10 * MSEC, 1, MSEC);
        key.site = 0xffffffff81000000;
        add(w, &key, 10 * MSEC, 1, MSEC);
        key = one, key.cgroup_id = 11;
        add(w, &key, 7 * MSEC, 1, MSEC);
        key = one, key.limit_id = 0;
        add(w, &key, 9 * MSEC, 1, MSEC);
        key = one, key.tgid = 31;
        add(w, &key, 6 * MSEC, 1, MSEC);
        key = one, key.class = STALL_MEMCG_HIGH;
        add(w, &key, 8 * MSEC, 1, MSEC);

        assert_int_equal(memstall_window_top(w, e, ELEMENTSOF(e)), 5);
        for (size_t i = 1; i < 5; i++)
                assert_int_equal(e[i].stall_usec, 10000 - i * 1000);
        assert_int_equal(e[0].stall_usec, 20000);
        assert_int_equal(e[1].limit_id, 0);
        assert_int_equal(e[2].class, STALL_MEMCG_HIGH);
        assert_int_equal(e[3].cgroup_id, 11);
        assert_int_equal(e[4].pid, 31);
        assert_int_equal(memstall_window_top(w, e, 2), 2);
        assert_int_equal(memstall_window_top(w, e, 0), 0);
}

static MemstallTask running(uint64_t since, uint32_t marks) {
        return (MemstallTask) {
                .start_ns = since,
                .cgroup_id = 10,
                .limit_id = 20,
                .tgid = 30,
                .marks = marks,
                .comm = "perl",
        };
}

static void test_running(void **state) {
        static const struct {
                uint64_t start_ns;
                uint32_t marks, kthread_class;
                size_t n;
                StallClass class;
                uint64_t stall_usec, longest_usec;
        } rows[] = {
                { NOW - 4 * MSEC, MEMSTALL_MARK_MEMCG, 0, 1, STALL_MEMCG_MAX, 4000, 4000 },
                { NOW - 4 * MSEC, OVER_HIGH | MEMSTALL_MARK_MEMCG, 0, 1, STALL_MEMCG_HIGH, 4000, 4000 },
                { NOW - 4 * MSEC, OVER_HIGH, 0, 1, STALL_HIGH_THROTTLE, 4000, 4000 },
                { NOW - 4 * MSEC, MEMSTALL_MARK_DIRECT, 0, 1, STALL_DIRECT_RECLAIM, 4000, 4000 },
                { NOW - 4 * MSEC, MEMSTALL_MARK_COMPACTION, 0, 1, STALL_COMPACTION, 4000, 4000 },
                { NOW - 4 * MSEC, MEMSTALL_MARK_NODE_RECLAIM, 0, 1, STALL_NODE_RECLAIM, 4000, 4000 },
                { NOW - 4 * MSEC, MEMSTALL_MARK_NODE_RECLAIM | MEMSTALL_MARK_PAGES, 0, 1, STALL_NODE_RECLAIM, 4000, 4000 },
                { NOW - 4 * MSEC, MEMSTALL_MARK_PAGES, 0, 1, STALL_OTHER, 4000, 4000 },
                { NOW - 4 * MSEC, MEMSTALL_MARK_SWAP_IN | MEMSTALL_MARK_SLEPT, 0, 1, STALL_SWAP_IN, 4000, 4000 },
                { NOW - 4 * MSEC, MEMSTALL_MARK_SWAP_IN | MEMSTALL_MARK_MEMCG, 0, 1, STALL_MEMCG_MAX, 4000, 4000 },
                { NOW - 4 * MSEC, 0, STALL_KSWAPD, 1, STALL_KSWAPD, 4000, 4000 },
                { NOW - 4 * MSEC, 0, 0, 1, STALL_OTHER, 4000, 4000 },
                /* from before the window */
                { NOW - 20 * SEC, 0, 0, 1, STALL_OTHER, 2000000 + 8589934, 20000000 },
                /* too short, not in one, in the future, left behind */
                { NOW - MSEC + 1, 0, 0, 0, STALL_OTHER, 0, 0 },
                { 0, MEMSTALL_MARK_OVER_HIGH, 0, 0, STALL_OTHER, 0, 0 },
                { NOW + 1, 0, 0, 0, STALL_OTHER, 0, 0 },
                { UINT64_MAX, 0, 0, 0, STALL_OTHER, 0, 0 },
                { NOW - 121 * SEC, 0, 0, 0, STALL_OTHER, 0, 0 },
        };
        MemstallWindow *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                MemstallTask t = running(rows[i].start_ns, rows[i].marks);
                StallEntry e[2];

                t.kthread_class = rows[i].kthread_class;
                memstall_window_begin(w, NOW);
                memstall_window_add_task(w, &t);
                assert_int_equal(memstall_window_top(w, e, ELEMENTSOF(e)), rows[i].n);
                if (rows[i].n == 0)
                        continue;
                assert_int_equal(e[0].class, rows[i].class);
                assert_int_equal(e[0].stall_usec, rows[i].stall_usec);
                assert_int_equal(e[0].longest_usec, rows[i].longest_usec);
                assert_int_equal(e[0].count, 1);
                assert_null(memstall_window_key(w, 0));
        }
}

static void test_running_joins(void **state) {
        MemstallTask t = running(NOW - 4 * MSEC, MEMSTALL_MARK_MEMCG);
        MemstallWindow *w = *state;
        StallEntry e[2];

        add(w, &one, 2 * MSEC, 3, MSEC);
        memstall_window_add_task(w, &t);
        assert_int_equal(memstall_window_top(w, e, ELEMENTSOF(e)), 1);
        assert_int_equal(e[0].stall_usec, 6000);
        assert_int_equal(e[0].count, 4);
        assert_int_equal(e[0].longest_usec, 4000);
        assert_int_equal(memstall_window_key(w, 0)->tgid, 30);
}

/* Torn, garbled, from another world: nothing of it may lead out of an array. */
static void test_hostile(void **state) {
        static const int64_t sizes[] = { -1, INT64_MIN, INT64_MAX, 7, 8 * MEMSTALL_FRAMES_MAX + 8, 0 };
        MemstallWindow *w = *state;
        MemstallTotal t;
        StallEntry e[16];

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                MemstallKey key = one;

                key.class = i % 2 ? MEMSTALL_WAIT : UINT32_MAX;
                key.cgroup_id = UINT64_MAX - i;
                memset(&t, 0xff, sizeof(t));
                t.stack_bytes = sizes[i];
                memcpy(t.comm, "a\nb\033c\177defghijkl", sizeof(t.comm));
                memstall_window_add_total(w, NULL, &key, &t);
        }
        assert_int_equal(memstall_window_top(w, e, ELEMENTSOF(e)), ELEMENTSOF(sizes));
        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                assert_int_equal(e[i].class, STALL_OTHER);
                assert_string_equal(e[i].comm, "a?b?c?defghijkl");
        }
}

/* As many as both maps hold: the totals all fit, running sections as far as there is room. */
static void test_many(void **state) {
        MemstallWindow *w = *state;
        StallEntry e[3];

        for (uint32_t i = 0; i < MEMSTALL_TOTALS_MAX; i++) {
                MemstallKey key = one;

                key.tgid = i + 1;
                add(w, &key, (i * 7919u % MEMSTALL_TOTALS_MAX + 1) * MSEC, 1, MSEC);
        }
        for (uint32_t i = 0; i < MEMSTALL_TASK_SETS * MEMSTALL_SET_SIZE; i++) {
                MemstallTask t = running(NOW - 2 * MSEC, MEMSTALL_MARK_DIRECT);

                t.tgid = 100000 + i;
                memstall_window_add_task(w, &t);
        }
        assert_int_equal(memstall_window_top(w, e, ELEMENTSOF(e)), ELEMENTSOF(e));
        for (size_t i = 0; i < ELEMENTSOF(e); i++)
                assert_int_equal(e[i].stall_usec, (MEMSTALL_TOTALS_MAX - i) * 1000);
}

/* Waits that PSI does not count have classes of their own, whatever their stack: here it has no names. */
static void test_uncounted(void **state) {
        MemstallWindow *w = *state;
        MemstallKey key = { .cgroup_id = 10, .tgid = 30, .class = STALL_SWAP_WAIT, .epoch = EPOCH };
        MemstallTask waiting = {
                .wait_ns = NOW - SEC, .cgroup_id = 10, .tgid = 30, .marks = MEMSTALL_MARK_WAIT
        };
        StallEntry e[4];

        add(w, &key, 3 * MSEC, 2, 2 * MSEC);
        key.class = STALL_FILE_WAIT;
        add(w, &key, 2 * MSEC, 1, 2 * MSEC);
        key.class = MEMSTALL_WAIT;
        add(w, &key, MSEC, 1, MSEC);
        memstall_window_add_task(w, &waiting); /* counts when it has ended */

        assert_int_equal(memstall_window_top(w, e, 4), 3);
        assert_int_equal(e[0].class, STALL_SWAP_WAIT);
        assert_int_equal(e[0].stall_usec, 3000);
        assert_int_equal(e[0].count, 2);
        assert_int_equal(e[1].class, STALL_FILE_WAIT);
        assert_int_equal(e[2].class, STALL_OTHER);
        assert_int_equal(e[2].stall_usec, 1000);
        assert_false(stall_is_counted(e[0].class) || stall_is_counted(e[1].class));
        assert_true(stall_is_counted(e[2].class));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_epochs, setup, teardown),
                cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
                cmocka_unit_test_setup_teardown(test_running, setup, teardown),
                cmocka_unit_test_setup_teardown(test_running_joins, setup, teardown),
                cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
                cmocka_unit_test_setup_teardown(test_many, setup, teardown),
                cmocka_unit_test_setup_teardown(test_uncounted, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
