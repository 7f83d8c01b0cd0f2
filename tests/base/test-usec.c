/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include "base/usec.h"

static void test_add_sub(void **state) {
        static const struct {
                uint64_t a, b, sum, difference;
        } rows[] = {
                { 0, 0, 0, 0 },
                { 3, 2, 5, 1 },
                { 2, 3, 5, 0 },
                { USEC_INFINITY, 1, USEC_INFINITY, USEC_INFINITY },
                { USEC_INFINITY, USEC_INFINITY, USEC_INFINITY, USEC_INFINITY },
                { 1, USEC_INFINITY, USEC_INFINITY, 0 },
                { USEC_INFINITY - 1, 1, USEC_INFINITY, USEC_INFINITY - 2 },
                { USEC_INFINITY - 1, 7, USEC_INFINITY, USEC_INFINITY - 8 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                assert_true(usec_add(rows[i].a, rows[i].b) == rows[i].sum);
                assert_true(usec_sub(rows[i].a, rows[i].b) == rows[i].difference);
        }
}

static int *counted_free(int *n) {
        if (n)
                ++*n;
        return NULL;
}
DEFINE_CLEANUP(int *, counted_free);

/* base/cleanup.h: freed once, at the end of the scope, unless it was moved out. */
static void test_cleanup(void **state) {
        int n = 0;

        {
                _cleanup_(counted_freep) int *kept = &n;
                _cleanup_(counted_freep) int *moved = &n;
                _cleanup_(counted_freep) int *empty = NULL;

                assert_ptr_equal(TAKE_PTR(moved), &n);
                assert_null(moved);
                assert_ptr_equal(kept, &n);
                assert_null(empty);
        }
        assert_int_equal(n, 1);
}

static void test_fd_close(void **state) {
        int fds[2];

        assert_int_equal(pipe(fds), 0);
        errno = ENOTTY;
        assert_int_equal(fd_close(fds[0]), -EBADF);
        assert_int_equal(fd_close(-EBADF), -EBADF);
        assert_int_equal(errno, ENOTTY);
        {
                _cleanup_(fd_closep) int fd = fds[1];

                assert_true(fd >= 0);
        }
        assert_int_equal(write(fds[1], "", 1), -1);
        assert_int_equal(errno, EBADF);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_add_sub),
                cmocka_unit_test(test_cleanup),
                cmocka_unit_test(test_fd_close),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
