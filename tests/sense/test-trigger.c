/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fake-tree.h"
#include "sense/trigger.h"
#include "sense/watch.h"

/* What is written into the file, with its NUL; the kernel's own answers are live-psi's. */
static void test_rows(void **state) {
        static const struct {
                PressureLimit limit;
                int r;
                const char *text;
        } rows[] = {
                { { PRESSURE_SOME, 1000, UINT64_C(2000000) }, 0, "some 200000 2000000" },
                { { PRESSURE_FULL, 250, UINT64_C(500000) }, 0, "full 12500 500000" },
                { { PRESSURE_SOME, 10000, UINT64_C(10000000) }, 0, "some 10000000 10000000" },
                { { PRESSURE_SOME, 1, UINT64_C(500000) }, 0, "some 50 500000" },
                { { PRESSURE_SOME, 1000, UINT64_C(499999) }, WATCH_E_WINDOW, NULL },
                { { PRESSURE_SOME, 1000, UINT64_C(10000001) }, WATCH_E_WINDOW, NULL },
                { { PRESSURE_SOME, 0, UINT64_C(2000000) }, WATCH_E_WINDOW, NULL },
                { { PRESSURE_SOME, 10001, UINT64_C(2000000) }, WATCH_E_WINDOW, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(fd_closep) int folder_fd = -EBADF, fd = -EBADF;
                char text[64];
                FakeTree t;

                fake_tree_new(&t);
                folder_fd = open(t.proc_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (trigger_open(&fd, folder_fd, "pressure/memory", &rows[i].limit) != rows[i].r)
                        fail_msg("row %zu", i);
                assert_int_equal(fd >= 0, rows[i].r == 0);
                if (rows[i].text) {
                        assert_true(pread(fd, text, sizeof(text), 0) > (ssize_t) strlen(rows[i].text));
                        assert_string_equal(text, rows[i].text);
                }
                fake_tree_done(&t);
        }
}

static void test_missing(void **state) {
        const PressureLimit limit = { PRESSURE_SOME, 1000, UINT64_C(2000000) };
        int fd = -EBADF;

        assert_int_equal(trigger_open(&fd, AT_FDCWD, "/nonexistent/memory.pressure", &limit), WATCH_E_NO_PRESSURE);
        assert_int_equal(trigger_open(&fd, AT_FDCWD, "/", &limit), -EISDIR);
        assert_int_equal(fd, -EBADF);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows),
                cmocka_unit_test(test_missing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
