/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>

#include "base/cleanup.h"
#include "fake-tree.h"
#include "sense/host.h"

static void test_read(void **state) {
        unsigned fds = fake_tree_count_fds();
        Host host = HOST_NULL;
        HostMemory memory;
        FakeTree t;

        fake_tree_new(&t);
        assert_int_equal(host_open(&host, t.proc_root), 0);
        assert_true(host.pressure_fds[RESOURCE_MEMORY] >= 0);
        assert_int_equal(host_read(&host, &memory), 0);
        assert_int_equal(memory.total_bytes, UINT64_C(1024000000));
        assert_int_equal(memory.available_bytes, UINT64_C(614400000));

        /* as far down as on 32 bits with high memory */
        fake_tree_write_proc(&t, "meminfo",
                             "MemTotal:        1000000 kB\nMemFree:          100000 kB\nMemAvailable:     600000 kB\n"
                             "Buffers:               1 kB\nCached:                2 kB\nSwapCached:            3 kB\n"
                             "Active:                4 kB\nInactive:              5 kB\nActive(anon):          6 kB\n"
                             "Inactive(anon):        7 kB\nActive(file):          8 kB\nInactive(file):        9 kB\n"
                             "Unevictable:          10 kB\nMlocked:              11 kB\nHighTotal:            12 kB\n"
                             "HighFree:             13 kB\nLowTotal:             14 kB\nLowFree:              15 kB\n"
                             "SwapTotal:            16 kB\nSwapFree:             17 kB\n");
        assert_int_equal(host_read(&host, &memory), 0);
        assert_int_equal(memory.swap_total_bytes, 16 * 1024);
        assert_int_equal(memory.swap_free_bytes, 17 * 1024);

        fake_tree_write_proc(&t, "meminfo", "MemTotal: 1 kB\nMemFree: 1 kB\n");
        assert_int_equal(host_read(&host, &memory), -EBADMSG);
        assert_int_equal(memory.total_bytes, UINT64_C(1024000000));

        host_close(&host);
        host_close(&host);
        assert_int_equal(fake_tree_count_fds(), fds);
        fake_tree_done(&t);
}

/* Pressure is a requirement of the daemon, not of this file; memory is. */
static void test_missing(void **state) {
        unsigned fds = fake_tree_count_fds();
        Host host = HOST_NULL;
        FakeTree t;

        fake_tree_new(&t);
        fake_tree_remove(&t, "../proc/pressure");
        assert_int_equal(host_open(&host, t.proc_root), 0);
        assert_int_equal(host.pressure_fds[RESOURCE_MEMORY], -EBADF);
        host_close(&host);

        fake_tree_remove(&t, "../proc/meminfo");
        assert_int_equal(host_open(&host, t.proc_root), -ENOENT);
        assert_int_equal(host.proc_fd, -EBADF);
        assert_int_equal(host_open(&host, "/nonexistent"), -ENOENT);
        assert_int_equal(fake_tree_count_fds(), fds);
        fake_tree_done(&t);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_read),
                cmocka_unit_test(test_missing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
