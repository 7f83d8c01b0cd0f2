/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* More that must not upset the sums: sections inside sections, and a thread id that the kernel gives again. */

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "live-stall.h"

#define LAST_PID "/proc/sys/kernel/ns_last_pid"

enum {
        PAGE = 4096,
        FILE_BYTES = 10 * 1024 * 1024,
        NESTED_MIN = 20,
        TRIES = 20,
};

/* ---- Nested: pages of a file that were in use before are read again, which is a section; its file system (romfs) looks
 * for their blocks in the page cache of its device, which the cgroup is charged for. At its limit that is reclaim inside
 * the section ---- */

static const char *path;

/* The same numbers each time. */
static size_t draw(size_t n) {
        static uint64_t state = 1;

        state = state * UINT64_C(6364136223846793005) + 1;
        return (size_t) (state >> 33) % n;
}

/* What is read more than once belongs to the working set. */
static void read_again(void) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        char byte;

        (void) posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
        for (;;) {
                off_t at = (off_t) (draw(FILE_BYTES / PAGE) * PAGE);

                for (int i = 0; i < 3; i++)
                        if (pread(fd, &byte, 1, at) != 1)
                                return;
        }
}

static uint64_t nested_so_far(Memstall *m) {
        MemstallCounters c;

        CHECK(memstall_counters(m, &c) == 0);
        return c.nested;
}

static bool nested_is_right(Memstall *m) {
        uint64_t nested = nested_so_far(m), psi;
        Reading r;
        Cgroup c;
        pid_t pid;

        if (!cgroup_make(&c, "nested", "memory.max", "5M"))
                return false;
        pid = cgroup_fork(&c, read_again);
        wait_for_stall(m, &c);
        sleep_usec(STALL_FOR_USEC);
        psi = cgroup_settle(&c, pid);
        read_now(m, &r);
        print_all(m);
        nested = nested_so_far(m) - nested;
        (void) printf("%" PRIu64 " sections, %" PRIu64 " inside of them\n", count_in(&r, c.id), nested);
        cgroup_end(&c, pid);
        CHECK(nested >= NESTED_MIN);
        return is_near("nested", psi, usec_in(&r, c.id));
}

bool test_nested(Memstall *m, const char *file) {
        size_t before = count_records(m);

        path = file;
        CHECK(nested_is_right(m) || nested_is_right(m));
        check_records(m, before);
        return true;
}

/* ---- A process with the number of one that stalled before it, in another cgroup ---- */

static bool set_last_pid(pid_t pid) {
        _cleanup_(fd_closep) int fd = open(LAST_PID, O_WRONLY | O_CLOEXEC);
        char text[16];

        (void) snprintf(text, sizeof(text), "%d", (int) pid);
        return fd >= 0 && write(fd, text, strlen(text)) > 0;
}

static pid_t fork_as(const Cgroup *c, pid_t wanted) {
        for (int i = 0; i < TRIES; i++) {
                pid_t pid;

                CHECK(set_last_pid(wanted - 1));
                pid = cgroup_fork(c, look_up_nothing);
                if (pid == wanted)
                        return pid;
                cgroup_end(&(Cgroup){ .path = "/nowhere" }, pid);
        }
        CHECK(!"the number is free");
        return -1;
}

bool test_again(Memstall *m) {
        uint64_t first_usec, psi, psi_again;
        size_t before = count_records(m);
        Cgroup first, second;
        Reading r;
        pid_t pid;

        if (!cgroup_make(&first, "first", "memory.max", "2M") || !cgroup_make(&second, "second", "memory.max", "2M"))
                return false;
        pid = cgroup_fork(&first, look_up_nothing);
        wait_for_stall(m, &first);
        sleep_usec(STALL_FOR_USEC);
        psi = cgroup_settle(&first, pid);
        read_now(m, &r);
        first_usec = usec_in(&r, first.id);
        cgroup_end(&first, pid);

        (void) fork_as(&second, pid);
        wait_for_stall(m, &second);
        sleep_usec(STALL_FOR_USEC);
        psi_again = cgroup_settle(&second, pid);
        read_now(m, &r);
        CHECK(usec_in(&r, first.id) <= first_usec);
        CHECK(is_near("first of its number", psi, first_usec));
        CHECK(is_near("second of its number", psi_again, usec_in(&r, second.id)));
        cgroup_end(&second, pid);
        check_records(m, before);
        return true;
}
