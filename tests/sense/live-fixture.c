/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "live-fixture.h"

#define WALK_BYTES (64 * MIB)
#define READ_BYTES (32 * MIB)
#define READ_FILE "/var/tmp/memstalld-live"

bool live_write(const char *path, const char *text) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text);

        (void) fd_close(fd);
        return ok;
}

void live_make(const char *path) {
        assert_int_equal(mkdir(path, 0755), 0);
}

uint64_t live_inode(const char *path) {
        struct stat st;

        assert_int_equal(stat(path, &st), 0);
        return st.st_ino;
}

void live_remove(const char *path) {
        char file[256];

        (void) snprintf(file, sizeof(file), "%s/cgroup.kill", path);
        (void) live_write(file, "1");
        for (unsigned i = 0; i < 500 && rmdir(path) < 0 && errno == EBUSY; i++)
                (void) usleep(10000);
}

pid_t live_start(const char *cgroup, void (*work)(void)) {
        char procs[256], pid[16];
        pid_t child = fork();

        assert_true(child >= 0);
        if (child > 0)
                return child;
        (void) snprintf(procs, sizeof(procs), "%s/cgroup.procs", cgroup);
        (void) snprintf(pid, sizeof(pid), "%d", (int) getpid());
        if (live_write(procs, pid))
                work();
        _exit(1);
}

static void idle(void) {
        for (;;)
                (void) pause();
}

pid_t live_inhabit(const char *cgroup) {
        pid_t pid = live_start(cgroup, idle);
        char file[256], text[64] = "";
        int fd;

        (void) snprintf(file, sizeof(file), "%s/cgroup.procs", cgroup);
        for (unsigned i = 0; i < 500 && !text[0]; i++) {
                fd = open(file, O_RDONLY | O_CLOEXEC);
                if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
                        (void) usleep(10000);
                (void) fd_close(fd);
        }
        assert_true(text[0]);
        return pid;
}

void live_end(pid_t pid) {
        (void) kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

void live_walk_memory(void) {
        volatile char *p = mmap(NULL, WALK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        while (p != MAP_FAILED)
                for (size_t i = 0; i < WALK_BYTES; i += 4096)
                        p[i]++;
}

void live_read_file(void) {
        static char buffer[65536];
        int fd = open(READ_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        (void) unlink(READ_FILE);
        for (size_t i = 0; i < READ_BYTES; i += sizeof(buffer))
                if (write(fd, buffer, sizeof(buffer)) < 0)
                        return;
        for (; fsync(fd) == 0; (void) lseek(fd, 0, SEEK_SET))
                while (read(fd, buffer, sizeof(buffer)) > 0)
                        ;
}

void live_spin(void) {
        for (volatile unsigned i = 0;; i++)
                ;
}

short live_wait(int fd, int msec) {
        struct pollfd p = { .fd = fd, .events = POLLPRI };

        return poll(&p, 1, msec) > 0 ? p.revents : 0;
}

static void on_event(const Event *event, void *userdata) {
        LiveTold *told = userdata;

        told->n_new += event->kind == EVENT_CGROUP_NEW;
        told->n_gone += event->kind == EVENT_CGROUP_GONE;
        (void) snprintf(told->last, sizeof(told->last), "%s %s%s%s", event->cgroup.path, event->cgroup.unit,
                        event->cgroup.delegated ? " delegated" : "", event->cgroup.container ? " container" : "");
        if (event->kind == EVENT_CGROUP_NEW && strcmp(event->cgroup.unit, "live.service") == 0)
                told->unit_id = event->cgroup_id;
}

void live_dispatch(LiveFixture *f) {
        f->told = (LiveTold){ 0 };
        assert_int_equal(tree_dispatch(f->tree, on_event, &f->told), 0);
}

static void remove_all(void) {
        static const char *const paths[] = { BOX_INNER,    BOX,           INNER,   UNIT,      MANAGER_UNIT,
                                             MANAGER_SLICE, MANAGER,      BARE_UNIT, BARE,    SLICE };

        for (size_t i = 0; i < ELEMENTSOF(paths); i++)
                live_remove(paths[i]);
}

int live_setup(void **state) {
        char *const globs[] = { (char *) "/memstalldlive.slice/live.service/box-*", NULL };
        static LiveFixture f;

        f = (LiveFixture){ 0 };
        remove_all();
        assert_int_equal(tree_new(&f.tree, NULL, NULL), 0);
        assert_int_equal(tree_add_groups(f.tree, globs), 0);
        assert_int_equal(tree_scan(f.tree, on_event, &f.told), 0);
        assert_true(f.told.n_new >= 1);

        /* seen by inotify: a slice, the controller turned on in it, a unit */
        live_make(SLICE);
        assert_true(live_write(SLICE "/cgroup.subtree_control", "+memory"));
        live_make(UNIT);
        live_dispatch(&f);
        f.id = live_inode(UNIT);
        assert_int_equal(f.told.unit_id, f.id);
        f.inhabitant = live_inhabit(UNIT);
        *state = &f;
        return 0;
}

int live_teardown(void **state) {
        LiveFixture *f = *state;

        f->tree = tree_free(f->tree);
        remove_all();
        live_end(f->inhabitant);
        return 0;
}
