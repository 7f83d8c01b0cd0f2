/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sense/memstall-private.h"

enum {
        N_SETS = 4,
};

static MemstallTaskSet sets[N_SETS];
static const MemstallTasks all = { .sets = sets, .n = N_SETS };

static int setup(void **state) {
        memset(sets, 0, sizeof(sets));
        return 0;
}

static void put(size_t set, size_t i, uint32_t tid) {
        sets[set].tids[i] = tid;
        sets[set].records[i] = (MemstallTask) { .tgid = tid + 1, .start_ns = tid * 1000 };
}

static void test_nobody(void **state) {
        MemstallTask task;
        size_t i = 0;

        sets[1].records[3].start_ns = 5; /* of one that is done */
        assert_false(memstall_tasks_next(&all, &i, &task));
        assert_int_equal(i, N_SETS * MEMSTALL_SET_SIZE);
        assert_false(memstall_tasks_next(&all, &i, &task));
        assert_false(memstall_tasks_next(&(MemstallTasks) {}, &(size_t) { 0 }, &task));
}

static void test_each_once(void **state) {
        static const uint32_t tids[] = { 10, 20, 30, 40 };
        MemstallTask task;
        size_t i = 0, n = 0;

        put(0, 0, 10);
        put(0, MEMSTALL_SET_SIZE - 1, 20);
        put(2, 5, 30);
        put(N_SETS - 1, MEMSTALL_SET_SIZE - 1, 40);
        for (; memstall_tasks_next(&all, &i, &task); n++) {
                assert_true(n < ELEMENTSOF(tids));
                assert_int_equal(task.tgid, tids[n] + 1);
                assert_int_equal(task.start_ns, tids[n] * 1000);
        }
        assert_int_equal(n, ELEMENTSOF(tids));
}

/* A file in place of a map. */
static void test_mapped(void **state) {
        _cleanup_(fd_closep) int fd = memfd_create("tasks", MFD_CLOEXEC);
        MemstallTasks t = {};
        MemstallTask task;
        size_t i = 0;

        assert_true(fd >= 0);
        put(3, 1, 7);
        assert_int_equal(write(fd, sets, sizeof(sets)), sizeof(sets));
        assert_int_equal(memstall_tasks_map(&t, fd, N_SETS), 0);
        assert_true(memstall_tasks_next(&t, &i, &task));
        assert_int_equal(task.tgid, 8);
        assert_false(memstall_tasks_next(&t, &i, &task));
        memstall_tasks_unmap(&t);
        assert_null(t.sets);
        memstall_tasks_unmap(&t);
        assert_int_equal(memstall_tasks_map(&t, -1, N_SETS), -EBADF);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_nobody, setup),
                cmocka_unit_test_setup(test_each_once, setup),
                cmocka_unit_test_setup(test_mapped, setup),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
