/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What stands in a reading, whatever is in the maps: sums by their own keys, those of an old epoch left out, what runs by
 * itself, and the least left out first. */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "sense/memstall-live-private.h"

#define SEC UINT64_C(1000000000)
#define MSEC UINT64_C(1000000)

enum { EPOCH = 1000 };

#define NOW (((uint64_t) EPOCH << MEMSTALL_EPOCH_SHIFT) + 2 * SEC)

static const MemstallKey one = {
        .cgroup_id = 10, .limit_id = 20, .tgid = 30, .class = STALL_MEMCG_MAX, .epoch = EPOCH
};

static int setup(void **state) {
        MemstallLive *l;

        assert_int_equal(memstall_live_new(&l), 0);
        memstall_live_begin(l, NOW, 0);
        *state = l;
        return 0;
}

static int teardown(void **state) {
        memstall_live_free(*state);
        return 0;
}

static void add(MemstallLive *l, const MemstallKey *key, uint64_t ns, const char *comm) {
        MemstallTotal t = { .ns = ns, .count = 2, .longest_ns = ns, .stack_bytes = 16, .stack = { 7, 8 } };

        (void) strncpy(t.comm, comm, sizeof(t.comm) - 1);
        memstall_live_add_total(l, key, &t);
}

static void add_run(MemstallLive *l, uint64_t since_ns, uint32_t marks) {
        const MemstallTask task = {
                .start_ns = since_ns, .cgroup_id = 10, .limit_id = 20, .tgid = 30, .marks = marks, .comm = "perl"
        };

        memstall_live_add_task(l, &task);
}

static void test_total(void **state) {
        MemstallLive *l = *state;
        LiveReading r;
        uint64_t key;

        add(l, &one, 3 * MSEC, "pe\x1brl");
        memstall_live_end(l, NULL, &r);
        assert_int_equal(r.n_entries, 1);
        assert_int_equal(r.now_usec, NOW / 1000);
        assert_int_equal(r.left_out_usec, 0);
        assert_false(r.entries[0].running);
        assert_int_equal(r.entries[0].stall.cgroup_id, 10);
        assert_int_equal(r.entries[0].stall.limit_id, 20);
        assert_int_equal(r.entries[0].stall.pid, 30);
        assert_int_equal(r.entries[0].stall.class, STALL_MEMCG_MAX);
        assert_int_equal(r.entries[0].stall.stall_usec, 3000);
        assert_int_equal(r.entries[0].stall.count, 2);
        assert_int_equal(r.entries[0].stall.n_frames, 2);
        assert_int_equal(r.entries[0].stall.frames[1], 8);
        assert_string_equal(r.entries[0].stall.comm, "pe?rl");

        /* The same sum, read again. */
        key = r.entries[0].key;
        memstall_live_begin(l, NOW + SEC, NOW);
        add(l, &one, 4 * MSEC, "perl");
        memstall_live_end(l, NULL, &r);
        assert_int_equal(r.n_entries, 1);
        assert_true(r.entries[0].key == key);
}

/* Each call site and each epoch is a sum of its own. */
static void test_keys(void **state) {
        MemstallLive *l = *state;
        MemstallKey key = one;
        LiveReading r;

        add(l, &key, MSEC, "a");
        key.site = 1;
        add(l, &key, MSEC, "a");
        key.epoch = EPOCH + 1; /* while it was read */
        add(l, &key, MSEC, "a");
        key = one, key.limit_id = 0;
        add(l, &key, MSEC, "a");
        memstall_live_end(l, NULL, &r);
        assert_int_equal(r.n_entries, 4);
        for (size_t i = 0; i < 4; i++)
                for (size_t j = 0; j < i; j++)
                        assert_true(r.entries[i].key != r.entries[j].key);
}

static void test_epochs(void **state) {
        MemstallLive *l = *state;
        MemstallKey before = one;
        LiveReading r;

        before.epoch = EPOCH - 1;
        add(l, &before, MSEC, "a");
        memstall_live_end(l, NULL, &r);
        assert_int_equal(r.n_entries, 0); /* a first reading has a part in no difference before it */

        memstall_live_begin(l, NOW, NOW - SEC); /* within the epoch */
        add(l, &before, MSEC, "a");
        memstall_live_end(l, NULL, &r);
        assert_int_equal(r.n_entries, 0);

        memstall_live_begin(l, NOW, NOW - 3 * SEC); /* in the one before: what ended after that reading is in it */
        add(l, &before, MSEC, "a");
        before.epoch--;
        add(l, &before, MSEC, "a");
        memstall_live_end(l, NULL, &r);
        assert_int_equal(r.n_entries, 1);
}

static void test_running(void **state) {
        MemstallLive *l = *state;
        LiveReading r;

        add_run(l, NOW - 5 * SEC, MEMSTALL_MARK_MEMCG);
        add_run(l, NOW - 1 * SEC, MEMSTALL_MARK_MEMCG);
        add_run(l, NOW - 1000, MEMSTALL_MARK_DIRECT);
        add_run(l, 0, MEMSTALL_MARK_OVER_HIGH);           /* only in a surrounding */
        add_run(l, NOW + 1, MEMSTALL_MARK_MEMCG);         /* began after the reading did */
        add_run(l, NOW - 121 * SEC, MEMSTALL_MARK_MEMCG); /* its end was missed */
        memstall_live_end(l, NULL, &r);
        assert_int_equal(r.n_entries, 2);
        assert_true(r.entries[0].running);
        assert_int_equal(r.entries[0].stall.class, STALL_MEMCG_MAX);
        assert_int_equal(r.entries[0].stall.stall_usec, 6000000);
        assert_int_equal(r.entries[0].stall.count, 2);
        assert_int_equal(r.entries[0].stall.longest_usec, 5000000);
        assert_int_equal(r.entries[0].stall.n_frames, 0);
        assert_string_equal(r.entries[0].stall.comm, "perl");
        assert_int_equal(r.entries[1].stall.class, STALL_DIRECT_RECLAIM);
        assert_int_equal(r.entries[1].stall.stall_usec, 1);
}

/* What runs has no stack yet: that of what the process did before, even in an epoch that is not told any more. */
static void test_running_stack(void **state) {
        MemstallLive *l = *state;
        MemstallKey before = one;
        LiveReading r;

        before.epoch = EPOCH - 1;
        add(l, &before, MSEC, "a");
        add_run(l, NOW - SEC, MEMSTALL_MARK_MEMCG);
        add_run(l, NOW - SEC, MEMSTALL_MARK_COMPACTION);
        memstall_live_end(l, NULL, &r);
        assert_int_equal(r.n_entries, 2);
        assert_int_equal(r.entries[0].stall.n_frames, 2);
        assert_int_equal(r.entries[1].stall.n_frames, 0);
}

static void test_left_out(void **state) {
        MemstallLive *l = *state;
        MemstallKey key = one;
        uint64_t least = UINT64_MAX;
        LiveReading r;

        for (uint32_t i = 1; i <= 1000; i++) {
                key.tgid = i * 7919 % 1009; /* in no order */
                add(l, &key, key.tgid * MSEC, "a");
        }
        memstall_live_end(l, NULL, &r);
        assert_true(r.n_entries < LIVE_ENTRIES_MAX);
        for (size_t i = 0; i < r.n_entries; i++)
                least = r.entries[i].stall.stall_usec < least ? r.entries[i].stall.stall_usec : least;
        assert_true(r.left_out_usec > 0 && r.left_out_usec <= least);
        assert_true(least > (1008 - 300) * 1000);

        memstall_live_begin(l, NOW, 0);
        for (uint32_t i = 1; i <= 1000; i++) {
                MemstallTask task = { .start_ns = NOW - SEC, .cgroup_id = 10, .tgid = i };

                memstall_live_add_task(l, &task);
        }
        memstall_live_end(l, NULL, &r);
        assert_true(r.n_entries > 100 && r.n_entries < LIVE_ENTRIES_MAX);
        assert_int_equal(r.left_out_usec, 1000000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_total, setup, teardown),
                cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
                cmocka_unit_test_setup_teardown(test_epochs, setup, teardown),
                cmocka_unit_test_setup_teardown(test_running, setup, teardown),
                cmocka_unit_test_setup_teardown(test_running_stack, setup, teardown),
                cmocka_unit_test_setup_teardown(test_left_out, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
