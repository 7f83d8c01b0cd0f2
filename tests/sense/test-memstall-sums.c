/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sense/memstall-sums-private.h"

static MemstallSums *sums;
static uint64_t told_ns, told_cgroup;
static unsigned n_told;

static void tell(void *userdata, uint64_t cgroup_id, StallClass class, uint64_t ns) {
        assert_int_equal(class, STALL_MEMCG_MAX);
        told_cgroup = cgroup_id;
        told_ns += ns;
        n_told++;
}

static void begin(void) {
        told_ns = n_told = 0;
        memstall_sums_begin(sums, NULL, tell, NULL);
}

static void add(uint64_t cgroup_id, uint32_t epoch, uint64_t ns) {
        const MemstallKey key = { .cgroup_id = cgroup_id, .tgid = 7, .class = STALL_MEMCG_MAX, .epoch = epoch };

        memstall_sums_add_total(sums, &key, &(MemstallTotal){ .ns = ns });
}

static int setup(void **state) {
        return memstall_sums_new(&sums);
}

static int teardown(void **state) {
        sums = memstall_sums_free(sums);
        return 0;
}

/* Told is what is new: of a sum that grows, of a new one, and of nothing else. */
static void test_differences(void **state) {
        begin();
        add(5, 1, 100);
        memstall_sums_end(sums);
        assert_int_equal(told_ns, 100);
        assert_int_equal(told_cgroup, 5);

        begin();
        add(5, 1, 130);
        add(5, 2, 7);
        memstall_sums_end(sums);
        assert_int_equal(told_ns, 37);
        assert_int_equal(n_told, 2);

        begin();
        add(5, 1, 130);
        add(5, 2, 7);
        memstall_sums_end(sums);
        assert_int_equal(n_told, 0);
}

/* One that lost its place and came again begins at 0. */
static void test_again(void **state) {
        begin();
        add(5, 1, 100);
        memstall_sums_end(sums);
        begin();
        add(5, 1, 30);
        memstall_sums_end(sums);
        assert_int_equal(told_ns, 30);
        begin();
        memstall_sums_end(sums);
        begin();
        add(5, 1, 40);
        memstall_sums_end(sums);
        assert_int_equal(told_ns, 40);
}

/* A map that changes while it is read shows elements twice, and more of them than it holds. */
static void test_twice_and_many(void **state) {
        begin();
        add(5, 1, 100);
        add(5, 1, 110);
        memstall_sums_end(sums);
        assert_int_equal(told_ns, 110);

        begin();
        for (uint64_t i = 0; i < 3 * MEMSTALL_TOTALS_MAX; i++)
                add(i, 1, 1);
        memstall_sums_end(sums);
        assert_int_equal(n_told, MEMSTALL_TOTALS_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_differences, setup, teardown),
                cmocka_unit_test_setup_teardown(test_again, setup, teardown),
                cmocka_unit_test_setup_teardown(test_twice_and_many, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
