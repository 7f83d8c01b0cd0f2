/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which process is the largest, and that a signal meets that one or nobody: against a /proc made of files, with
 * children that are really there to be killed. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/process.h"
#include "base/cleanup.h"

static char folder[] = "/tmp/test-process-XXXXXX";
static int proc_fd;

static int set_up_all(void **state) {
        if (!mkdtemp(folder))
                return -1;
        proc_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return proc_fd < 0 ? -1 : 0;
}

static int tear_down_all(void **state) {
        char command[64];

        (void) close(proc_fd);
        (void) snprintf(command, sizeof(command), "rm -r %s", folder);
        return system(command);
}

static void put(pid_t pid, const char *name, const char *text) {
        char path[128];
        FILE *f;

        (void) snprintf(path, sizeof(path), "%s/%d", folder, (int) pid);
        (void) mkdir(path, 0755);
        (void) snprintf(path, sizeof(path), "%s/%d/%s", folder, (int) pid, name);
        f = fopen(path, "w");
        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

/* Memory in KiB. */
static void put_process(pid_t pid, unsigned anon, unsigned shmem, unsigned swap, const char *score) {
        char text[512];

        (void) snprintf(text, sizeof(text), "Name:\tx\nUmask:\t0022\nTgid:\t%d\nVmRSS:\t  999999 kB\nRssAnon:\t%8u kB\n"
                                            "RssFile:\t  888888 kB\nRssShmem:\t%8u kB\nVmSwap:\t%8u kB\n",
                        (int) pid, anon, shmem, swap);
        put(pid, "status", text);
        (void) snprintf(text, sizeof(text), "%d (a) b) R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 %d 20 21\n",
                        (int) pid, 5000 + (int) pid);
        put(pid, "stat", text);
        put(pid, "oom_score_adj", score);
        put(pid, "cgroup", "1:name=systemd:/else\n0::/a.slice/b.service\n");
        put(pid, "comm", "a) b\n");
}

static void test_look(void **state) {
        Process p;

        put_process(700, 100, 20, 3, "0\n");
        assert_int_equal(process_look(proc_fd, 700, &p), 0);
        assert_int_equal(p.pid, 700);
        assert_int_equal(p.bytes, 123 * 1024);
        assert_int_equal(p.start_time, 5700);
        process_read_comm(proc_fd, 700, p.comm, sizeof(p.comm));
        assert_string_equal(p.comm, "a) b");

        put(701, "status", "Name:\tkworker\n"); /* half of one: it ends meanwhile */
        assert_int_equal(process_look(proc_fd, 701, &p), -ESRCH);
        assert_int_equal(process_look(proc_fd, 702, &p), -ESRCH);
        process_read_comm(proc_fd, 702, p.comm, sizeof(p.comm));
        assert_string_equal(p.comm, "");

        put_process(704, 100, 20, 3, "0\n"); /* ended, and nobody has waited for it */
        put(704, "stat", "704 (a) R b) Z 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21\n");
        assert_int_equal(process_look(proc_fd, 704, &p), -ESRCH);

        put_process(703, 0, 0, 0, "0\n");
        put(703, "status", "Name:\tkworker\n"); /* no memory of its own */
        assert_int_equal(process_look(proc_fd, 703, &p), 0);
        assert_int_equal(p.bytes, 0);
}

/* Whoever must not be touched is seen, and not chosen. */
static void test_untouchable(void **state) {
        Process p;

        put_process(710, 100, 0, 0, "-1000\n");
        assert_int_equal(process_look(proc_fd, 710, &p), -EPERM);
        put_process(711, 100, 0, 0, "-999\n");
        assert_int_equal(process_look(proc_fd, 711, &p), 0);
        put_process(1, 100, 0, 0, "0\n");
        assert_int_equal(process_look(proc_fd, 1, &p), -EPERM);
        put_process(getpid(), 100, 0, 0, "0\n");
        assert_int_equal(process_look(proc_fd, getpid(), &p), -EPERM);
}

static void test_choose(void **state) {
        static const unsigned sizes[] = { 30, 50, 10, 90, 50, 70 };
        ProcessChoice choice = { 0 };

        for (unsigned i = 0; i < ELEMENTSOF(sizes); i++) {
                put_process((pid_t) (720 + i), sizes[i], 0, 0, "0\n");
                process_choose_add(&choice, proc_fd, (pid_t) (720 + i));
        }
        put_process(730, 1000, 0, 0, "-1000\n");
        process_choose_add(&choice, proc_fd, 730);
        process_choose_add(&choice, proc_fd, 731); /* has ended */
        assert_int_equal(choice.n_looked_at, ELEMENTSOF(sizes) + 1);
        assert_int_equal(choice.largest[0].pid, 723);
        assert_int_equal(choice.largest[1].pid, 725);
        assert_int_equal(choice.largest[2].pid, 721); /* of two alike the first */
        assert_int_equal(PROCESS_CHOICES, 3);
}

static void test_paths(void **state) {
        char path[32];

        put_process(740, 1, 0, 0, "0\n");
        assert_int_equal(process_cgroup(proc_fd, 740, path, sizeof(path)), 0);
        assert_string_equal(path, "/a.slice/b.service");
        assert_int_equal(process_cgroup(proc_fd, 740, path, 10), -ENAMETOOLONG);
        put(740, "cgroup", "1:name=systemd:/else\n");
        assert_int_equal(process_cgroup(proc_fd, 740, path, sizeof(path)), -ESRCH);
        assert_int_equal(process_cgroup(proc_fd, 741, path, sizeof(path)), -ESRCH);

        assert_true(path_is_within("/a/b", "/a/b"));
        assert_true(path_is_within("/a/b/c", "/a/b"));
        assert_false(path_is_within("/a/bc", "/a/b"));
        assert_false(path_is_within("/a", "/a/b"));
}

static pid_t child(void) {
        pid_t pid = fork();

        if (pid == 0)
                for (;;)
                        (void) pause();
        put_process(pid, 100, 0, 0, "0\n");
        return pid;
}

static bool lives(pid_t pid) {
        return waitpid(pid, NULL, WNOHANG) == 0;
}

/* The child may take a moment to end. */
static int ended_by(pid_t pid) {
        int status = 0;

        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

static void test_signal(void **state) {
        pid_t pid = child();

        /* Another one that got the pid: elsewhere, or started at another time. */
        assert_int_equal(process_signal(proc_fd, pid, 0, "/a.slice/c.service", SIGKILL), -ESRCH);
        assert_int_equal(process_signal(proc_fd, pid, 1, "/a.slice", SIGKILL), -ESRCH);
        (void) usleep(20000);
        assert_true(lives(pid));

        assert_int_equal(process_signal(proc_fd, pid, 5000 + (uint64_t) pid, "/a.slice", SIGTERM), 0);
        assert_int_equal(ended_by(pid), SIGTERM);
        assert_int_equal(process_signal(proc_fd, pid, 0, "/a.slice", SIGKILL), -ESRCH);

        pid = child();
        put(pid, "stat", "1 (a) Z 1 2\n");
        assert_int_equal(process_signal(proc_fd, pid, 0, "/a.slice/b.service", SIGKILL), -ESRCH);
        put_process(pid, 100, 0, 0, "0\n");
        assert_int_equal(process_signal(proc_fd, pid, 0, "/a.slice/b.service", SIGKILL), 0);
        assert_int_equal(ended_by(pid), SIGKILL);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_look),  cmocka_unit_test(test_untouchable), cmocka_unit_test(test_choose),
                cmocka_unit_test(test_paths), cmocka_unit_test(test_signal),
        };

        return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
