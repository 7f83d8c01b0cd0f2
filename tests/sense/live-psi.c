/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The sensors on the running kernel: a cgroup of our own below a slice of our own, real pressure in it. Needs root, a
 * unified cgroup tree with the memory controller for the root's children, and PSI; exit status 77 without. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sense/requirements.h"
#include "sense/watch.h"

#define ROOT "/sys/fs/cgroup"
#define SLICE ROOT "/memstalldlive.slice"
#define UNIT SLICE "/live.service"
#define INNER UNIT "/payload"
#define MIB (UINT64_C(1) << 20)
#define EXIT_SKIPPED 77

/* A slow emulated machine may take its time. */
#define WAIT_MSEC 60000

static const PressureLimit some_1_2s = { PRESSURE_SOME, 100, UINT64_C(2000000) };

static bool write_file(const char *path, const char *text) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text);

        (void) fd_close(fd);
        return ok;
}

static uint64_t inode(const char *path) {
        struct stat st;

        assert_int_equal(stat(path, &st), 0);
        return st.st_ino;
}

/* A process in `cgroup` that walks through `bytes` of memory again and again. */
static pid_t start_hog(const char *cgroup, size_t bytes) {
        char procs[256], pid[16];
        pid_t hog = fork();

        assert_true(hog >= 0);
        if (hog > 0)
                return hog;
        (void) snprintf(procs, sizeof(procs), "%s/cgroup.procs", cgroup);
        (void) snprintf(pid, sizeof(pid), "%d", (int) getpid());
        if (write_file(procs, pid)) {
                volatile char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

                while (p != MAP_FAILED)
                        for (size_t i = 0; i < bytes; i += 4096)
                                p[i]++;
        }
        _exit(1);
}

static void end_hog(pid_t pid) {
        (void) kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Killed processes leave their cgroup a little later than they are reaped. */
static void remove_folder(const char *path) {
        for (unsigned i = 0; i < 500 && rmdir(path) < 0 && errno == EBUSY; i++)
                (void) usleep(10000);
}

static short wait_for(int fd, int msec) {
        struct pollfd p = { .fd = fd, .events = POLLPRI };

        return poll(&p, 1, msec) > 0 ? p.revents : 0;
}

typedef struct Told {
        unsigned n_new, n_gone;
        uint64_t unit_id;
} Told;

static void on_event(const Event *event, void *userdata) {
        Told *told = userdata;

        told->n_new += event->kind == EVENT_CGROUP_NEW;
        told->n_gone += event->kind == EVENT_CGROUP_GONE;
        if (event->kind == EVENT_CGROUP_NEW && strcmp(event->cgroup.unit, "live.service") == 0)
                told->unit_id = event->cgroup_id;
}

typedef struct Fixture {
        Tree *tree;
        Told told;
        uint64_t id;
} Fixture;

static int setup(void **state) {
        static Fixture f;

        f = (Fixture){ 0 };
        remove_folder(INNER);
        remove_folder(UNIT);
        remove_folder(SLICE);
        assert_int_equal(tree_new(&f.tree, NULL, NULL), 0);
        assert_int_equal(tree_scan(f.tree, on_event, &f.told), 0);
        assert_true(f.told.n_new >= 1);

        /* seen by inotify: a slice, the controller turned on in it, a unit */
        assert_int_equal(mkdir(SLICE, 0755), 0);
        assert_true(write_file(SLICE "/cgroup.subtree_control", "+memory"));
        assert_int_equal(mkdir(UNIT, 0755), 0);
        assert_int_equal(tree_dispatch(f.tree, on_event, &f.told), 0);
        f.id = inode(UNIT);
        assert_int_equal(f.told.unit_id, f.id);
        *state = &f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        f->tree = tree_free(f->tree);
        remove_folder(INNER);
        remove_folder(UNIT);
        remove_folder(SLICE);
        return 0;
}

static void test_trigger_fires(void **state) {
        Fixture *f = *state;
        const ArmedWatch *watch = NULL;
        Sample before, after;
        short got;
        pid_t hog;

        assert_int_equal(watch_arm(f->tree, f->id, &some_1_2s, 1, 0, &watch), 0);
        assert_int_equal(wait_for(watch->triggers[0].fd, 0), 0); /* quiet */
        assert_int_equal(wait_for(watch->events_fd, 0), 0);
        assert_int_equal(watch_sample(f->tree, f->id, &before), 0);
        assert_int_equal(before.usage_bytes, 0);

        assert_true(write_file(UNIT "/memory.high", "8M"));
        hog = start_hog(UNIT, 64 * MIB);
        got = wait_for(watch->triggers[0].fd, WAIT_MSEC);
        assert_int_equal(got & POLLERR, 0);
        assert_int_equal(got & POLLPRI, POLLPRI);
        assert_true(wait_for(watch->events_fd, WAIT_MSEC) & POLLPRI);
        assert_int_equal(watch_sample(f->tree, f->id, &after), 0);
        end_hog(hog);

        assert_true(after.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME] >= before.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME] + 20000);
        assert_true(after.events_high > before.events_high);
        assert_true(after.usage_bytes > MIB);
        assert_int_equal(after.limit_bytes, 8 * MIB);
        assert_int_equal(after.room_cgroup_id, f->id);
        assert_true(after.host_total_bytes > after.host_available_bytes);

        /* reading makes the events file quiet again once nothing happens any more */
        for (unsigned i = 0; i < 100 && wait_for(watch->events_fd, 100); i++)
                assert_int_equal(watch_sample(f->tree, f->id, &after), 0);
        assert_int_equal(wait_for(watch->events_fd, 0), 0);
}

static void test_removed(void **state) {
        Fixture *f = *state;
        const ArmedWatch *watch = NULL;
        Candidates survey;
        Sample s;

        assert_int_equal(watch_arm(f->tree, f->id, &some_1_2s, 1, 0, &watch), 0);
        assert_int_equal(watch_survey(f->tree, f->id, &survey), 0);
        assert_int_equal(survey.n_candidates, 1);
        remove_folder(UNIT);

        /* before the registry knows */
        assert_true(wait_for(watch->triggers[0].fd, WAIT_MSEC) & POLLERR);
        assert_true(wait_for(watch->events_fd, 0) & POLLERR);
        assert_int_equal(watch_sample(f->tree, f->id, &s), WATCH_E_GONE);
        assert_int_equal(watch_survey(f->tree, f->id, &survey), WATCH_E_GONE);

        f->told.n_gone = 0;
        assert_int_equal(tree_dispatch(f->tree, on_event, &f->told), 0);
        assert_int_equal(f->told.n_gone, 1);
        assert_int_equal(watch_sample(f->tree, f->id, &s), WATCH_E_GONE);
        assert_int_equal(watch_arm(f->tree, f->id, &some_1_2s, 1, 0, &watch), WATCH_E_GONE);
        assert_false(tree_name(f->tree, f->id, NULL, NULL, NULL, NULL));
}

/* cgroup.pressure=0 takes the file away from under the trigger; samples go on (6.1 and later). */
static void test_pressure_turned_off(void **state) {
        Fixture *f = *state;
        const ArmedWatch *watch = NULL;
        Sample s;

        assert_int_equal(watch_arm(f->tree, f->id, &some_1_2s, 1, 0, &watch), 0);
        if (!write_file(UNIT "/cgroup.pressure", "0"))
                skip();
        assert_true(wait_for(watch->triggers[0].fd, WAIT_MSEC) & POLLERR);
        assert_int_equal(watch_sample(f->tree, f->id, &s), 0);
        assert_int_equal(watch_arm(f->tree, f->id, &some_1_2s, 1, 0, &watch), WATCH_E_NO_PRESSURE);
}

/* In a child, since a capability that is given up does not come back. */
static void test_without_capability(void **state) {
        static const PressureLimit some_1_1s = { PRESSURE_SOME, 100, UINT64_C(1000000) };
        Fixture *f = *state;
        const ArmedWatch *watch = NULL;
        int status;
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
                struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
                struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

                if (syscall(SYS_capget, &header, caps) < 0)
                        _exit(1);
                caps[CAP_TO_INDEX(CAP_SYS_RESOURCE)].effective &= ~CAP_TO_MASK(CAP_SYS_RESOURCE);
                if (syscall(SYS_capset, &header, caps) < 0)
                        _exit(2);
                if (watch_arm(f->tree, f->id, &some_1_1s, 1, 0, &watch) != WATCH_E_PRIVILEGE)
                        _exit(3);
                if (watch_arm(f->tree, f->id, &some_1_2s, 1, 0, &watch) != 0)
                        _exit(4);
                _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        assert_int_equal(watch_arm(f->tree, f->id, &some_1_1s, 1, 0, &watch), 0); /* with it, any window */
}

static void test_host(void **state) {
        Fixture *f = *state;
        uint64_t host = tree_host_id(f->tree);
        const ArmedWatch *watch = NULL;
        Candidates survey;

        assert_int_equal(watch_arm(f->tree, host, &some_1_2s, 1, 0, &watch), 0);
        assert_int_equal(wait_for(watch->triggers[0].fd, 0), 0);
        assert_int_equal(watch_survey(f->tree, host, &survey), 0);
        assert_true(survey.n_candidates >= 1);
        assert_true(survey.values.usage_bytes > 0 && survey.values.room_bytes > 0);
        for (size_t i = 0; i < survey.n_candidates; i++)
                assert_true(survey.candidates[i].protected_bytes <= survey.candidates[i].usage_bytes);
}

/* What BPF reports from a delegated unit is a folder below it. */
static void test_resolve(void **state) {
        Fixture *f = *state;
        uint64_t inner;

        assert_int_equal(mkdir(INNER, 0755), 0);
        inner = inode(INNER);
        assert_int_equal(tree_dispatch(f->tree, on_event, &f->told), 0);
        assert_false(tree_name(f->tree, inner, NULL, NULL, NULL, NULL));
        assert_int_equal(tree_resolve(f->tree, inner), f->id);
        assert_int_equal(tree_resolve(f->tree, f->id), f->id);
        assert_int_equal(tree_resolve(f->tree, tree_host_id(f->tree)), tree_host_id(f->tree));
        remove_folder(INNER);
        assert_int_equal(tree_resolve(f->tree, inner), f->id); /* remembered */
        assert_int_equal(tree_resolve(f->tree, inner + 100000), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_trigger_fires, setup, teardown),
                cmocka_unit_test_setup_teardown(test_removed, setup, teardown),
                cmocka_unit_test_setup_teardown(test_pressure_turned_off, setup, teardown),
                cmocka_unit_test_setup_teardown(test_without_capability, setup, teardown),
                cmocka_unit_test_setup_teardown(test_host, setup, teardown),
                cmocka_unit_test_setup_teardown(test_resolve, setup, teardown),
        };
        int r = requirements_check(NULL);

        if (geteuid() != 0 || r != 0) {
                printf("skipped: %s\n", r > 0 ? requirements_error_text(r) : "needs root");
                return EXIT_SKIPPED;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
