/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What must not upset the sums either: a thread id that the kernel gives again. */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "live-stall.h"

#define LAST_PID "/proc/sys/kernel/ns_last_pid"

enum {
        FORKS = 20,
        TRIES = 3,
};

/* ---- A process with the number of one that stalled before it, in another cgroup ---- */

static bool set_last_pid(pid_t pid) {
        _cleanup_(fd_closep) int fd = open(LAST_PID, O_WRONLY | O_CLOEXEC);
        char text[16];

        (void) snprintf(text, sizeof(text), "%d", (int) pid);
        return fd >= 0 && write(fd, text, strlen(text)) > 0;
}

static pid_t fork_as(const Cgroup *c, pid_t wanted) {
        for (int i = 0; i < FORKS; i++) {
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

/* Whether PSI and the sections agree of both; all else has to hold. */
static bool again_is_right(Memstall *m, const Cgroup *first, const Cgroup *second) {
        uint64_t first_usec, psi, psi_again;
        bool right;
        Reading r;
        pid_t pid;

        wait_for_epoch();
        pid = cgroup_fork(first, look_up_nothing);
        wait_for_stall(m, first);
        sleep_usec(STALL_FOR_USEC);
        psi = cgroup_settle(first, pid);
        read_now(m, &r);
        first_usec = usec_in(&r, first->id);
        cgroup_end(first, pid);

        wait_for_epoch();
        (void) fork_as(second, pid);
        wait_for_stall(m, second);
        sleep_usec(STALL_FOR_USEC);
        psi_again = cgroup_settle(second, pid);
        read_now(m, &r);
        CHECK(usec_in(&r, first->id) <= first_usec);
        right = is_near("first of its number", psi, first_usec);
        right = is_near("second of its number", psi_again, usec_in(&r, second->id)) && right;
        cgroup_end(second, pid);
        return right;
}

bool test_again(Memstall *m) {
        size_t before = count_records(m);
        bool right = false;

        for (int i = 0; i < TRIES && !right; i++) {
                Cgroup first, second;

                if (!cgroup_make(&first, "first", "memory.max", "2M") || !cgroup_make(&second, "second", "memory.max", "2M"))
                        return false;
                right = again_is_right(m, &first, &second);
        }
        CHECK(right);
        check_records(m, before);
        return true;
}
