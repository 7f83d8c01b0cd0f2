/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/incident-file.h"
#include "base/cleanup.h"

static char folder[128], path[256];

static int setup(void **state) {
        strcpy(folder, "/tmp/test-incident-XXXXXX");
        if (!mkdtemp(folder))
                return -1;
        strcat(folder, "/incidents");
        return 0;
}

static int teardown(void **state) {
        char command[256];

        *strrchr(folder, '/') = '\0';
        (void) snprintf(command, sizeof(command), "rm -rf %s", folder);
        return system(command);
}

static const char *in_folder(const char *name) {
        (void) snprintf(path, sizeof(path), "%s/%s", folder, name);
        return path;
}

static const char *trace_of(uint64_t low) {
        char name[64];

        (void) snprintf(name, sizeof(name), ID128_FORMAT ".trace", UINT64_C(0), low);
        return in_folder(name);
}

static bool is_there(const char *file) {
        return access(file, F_OK) == 0;
}

/* The incident's trace, of `n` bytes and that age. */
static void keep(uint64_t low, size_t n, time_t age) {
        const struct timespec times[] = { { .tv_sec = 1000000 - age }, { .tv_sec = 1000000 - age } };
        char text[256] = { 0 };

        assert_int_equal(incident_file_write(folder, (Id128){ 0, low }, text, n), 0);
        assert_int_equal(utimensat(AT_FDCWD, trace_of(low), times, 0), 0);
}

static void test_write(void **state) {
        const Id128 id = { UINT64_C(0x0123456789abcdef), UINT64_C(0xfedcba9876543210) };
        struct stat st;
        char text[32] = "";
        int fd;

        assert_int_equal(incident_file_write(folder, id, "one\n", 4), 0);
        assert_int_equal(incident_file_write(folder, id, "another\n", 8), 0);
        fd = open(in_folder("0123456789abcdeffedcba9876543210.trace"), O_RDONLY);
        assert_true(fd >= 0);
        assert_int_equal(read(fd, text, sizeof(text)), 8);
        assert_string_equal(text, "another\n");
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        (void) close(fd);
        assert_false(is_there(in_folder("0123456789abcdeffedcba9876543210.trace.new")));

        assert_int_equal(incident_file_write("/proc/nothing/incidents", id, "", 0), -ENOENT);
        assert_int_equal(mkdir(in_folder("0123456789abcdeffedcba9876543210.trace.new"), 0700), 0);
        assert_int_equal(incident_file_write(folder, id, "", 0), -EEXIST);
        assert_int_equal(rmdir(path), 0);
}

/* Links are never followed, and nothing is done in a folder of others. */
static void test_others(void **state) {
        const Id128 id = { 0, 1 };
        char elsewhere[256], beside[256];
        struct stat st;

        (void) snprintf(elsewhere, sizeof(elsewhere), "%.*s/elsewhere", (int) (strrchr(folder, '/') - folder), folder);
        assert_int_equal(mkdir(elsewhere, 0700), 0);
        assert_int_equal(symlink(elsewhere, folder), 0);
        assert_int_equal(incident_file_write(folder, id, "x", 1), -ENOTDIR);
        assert_int_equal(incident_file_trim(folder, 0, 0), -ENOTDIR);
        assert_int_equal(unlink(folder), 0);
        assert_int_equal(incident_file_write(folder, id, "x", 1), 0);

        (void) strcpy(beside, in_folder("00000000000000000000000000000002.trace.new"));
        (void) strcat(elsewhere, "/victim");
        assert_int_equal(symlink(elsewhere, beside), 0);
        assert_int_equal(incident_file_write(folder, (Id128){ 0, 2 }, "x", 1), 0);
        assert_int_equal(stat(elsewhere, &st), -1);

        assert_int_equal(stat(folder, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0700);
        assert_int_equal(chmod(folder, 0770), 0);
        assert_int_equal(incident_file_write(folder, id, "x", 1), -EPERM);
        assert_int_equal(incident_file_trim(folder, 0, 0), -EPERM);
        assert_true(is_there(trace_of(1)));
        if (geteuid() == 0) {
                assert_int_equal(chmod(folder, 0700), 0);
                assert_int_equal(chown(folder, 12, 12), 0);
                assert_int_equal(incident_file_write(folder, id, "x", 1), -EPERM);
        }
}

static void test_trim(void **state) {
        assert_int_equal(incident_file_trim(folder, 0, 0), 0); /* no folder */

        keep(1, 100, 40);
        keep(2, 100, 10);
        keep(3, 100, 30);
        keep(4, 100, 20);
        (void) close(open(in_folder("5.trace.new"), O_CREAT | O_WRONLY, 0600));
        (void) close(open(in_folder("notes"), O_CREAT | O_WRONLY, 0600));

        assert_int_equal(incident_file_trim(folder, 400, 4), 0);
        assert_true(is_there(trace_of(1)));
        assert_false(is_there(in_folder("5.trace.new")));

        assert_int_equal(incident_file_trim(folder, 399, 4), 0);
        assert_false(is_there(trace_of(1)));
        assert_true(is_there(trace_of(3)));

        assert_int_equal(incident_file_trim(folder, 1000, 2), 0);
        assert_false(is_there(trace_of(3)));
        assert_true(is_there(trace_of(4)));
        assert_true(is_there(trace_of(2)));

        assert_int_equal(incident_file_trim(folder, 0, 10), 0);
        assert_false(is_there(trace_of(2)));
        assert_true(is_there(in_folder("notes")));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_write, setup, teardown),
                cmocka_unit_test_setup_teardown(test_others, setup, teardown),
                cmocka_unit_test_setup_teardown(test_trim, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
