/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "test.h"

#include "base/fdio.h"

static int fd_of(const char *text) {
        int fd = memfd_create("test", MFD_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), (ssize_t) strlen(text));
        return fd;
}

static void test_read_text(void **state) {
        _cleanup_(fd_closep) int fd = fd_of("0123456789");
        char buf[8];

        assert_int_equal(fd_read_text(fd, buf, sizeof(buf)), 7);
        assert_string_equal(buf, "0123456");
        /* Always from the start. */
        assert_int_equal(fd_read_text(fd, buf, 3), 2);
        assert_string_equal(buf, "01");
        assert_int_equal(fd_read_text(fd, buf, 1), 0);
        assert_string_equal(buf, "");
        assert_int_equal(fd_read_text(-EBADF, buf, sizeof(buf)), -EBADF);
}

static void test_read_directory(void **state) {
        _cleanup_(fd_closep) int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char buf[8];

        assert_int_equal(fd_read_text(fd, buf, sizeof(buf)), -EISDIR);
}

static void test_read_uint(void **state) {
        static const struct {
                const char *text;
                int result;
                uint64_t value;
        } rows[] = {
                { "0\n", 0, 0 },
                { "4096\n", 0, 4096 },
                { "4096", 0, 4096 },
                { "max\n", 0, UINT64_MAX },
                { "max", 0, UINT64_MAX },
                { "18446744073709551615\n", 0, UINT64_MAX },
                { "18446744073709551616\n", -EBADMSG },
                { "99999999999999999999999999999999999999\n", -EBADMSG },
                { "", -EBADMSG },
                { "\n", -EBADMSG },
                { "-1\n", -EBADMSG },
                { "maximum\n", -EBADMSG },
                { "12abc\n", -EBADMSG },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(fd_closep) int fd = fd_of(rows[i].text);
                uint64_t value = 7;
                int r = fd_read_uint(fd, &value);

                if (r != rows[i].result || value != (r == 0 ? rows[i].value : 7))
                        fail_msg("\"%s\": %d", rows[i].text, r);
        }
}

static void test_find_uint(void **state) {
        static const char text[] = "low 0\n"
                                   "high 7\n"
                                   "high_delay 8\n"
                                   "max   9\n"
                                   "bad x\n"
                                   "oom 18446744073709551616\n"
                                   "cut 12";
        static const struct {
                const char *key;
                int result;
                uint64_t value;
        } rows[] = {
                { "low", 0, 0 },         { "high", 0, 7 },        { "high_delay", 0, 8 }, { "max", 0, 9 },
                { "cut", 0, 12 },        { "bad", -EBADMSG, 0 },  { "oom", -EBADMSG, 0 }, { "hig", -ENOENT, 0 },
                { "delay", -ENOENT, 0 }, { "gone", -ENOENT, 0 },
        };
        uint64_t value;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                assert_int_equal(text_find_uint(text, rows[i].key, &value), rows[i].result);
                if (rows[i].result == 0)
                        assert_int_equal(value, rows[i].value);
        }
        assert_int_equal(text_find_uint("", "low", &value), -ENOENT);
        assert_int_equal(text_find_uint("low", "low", &value), -ENOENT);
        assert_int_equal(text_find_uint("low ", "low", &value), -EBADMSG);
        assert_int_equal(text_find_uint("\n\nlow 3", "low", &value), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_read_text),
                cmocka_unit_test(test_read_directory),
                cmocka_unit_test(test_read_uint),
                cmocka_unit_test(test_find_uint),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
