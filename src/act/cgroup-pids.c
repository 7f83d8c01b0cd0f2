/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Signals to processes one by one. What tells that a pid is still that of a process in the cgroup is the list it came from:
 * read again when the pidfd is there. Whoever has taken the pid meanwhile is not on it; and if it is one of the cgroup's own,
 * the pidfd is that of the former one, which is dead. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act/cgroup-action.h"

#define BATCH_MAX 64U
#define PASSES 3U /* a process may fork between the list and the signal */

typedef struct Batch {
        const CgroupJob *job;
        int dir_fd;
        size_t n, n_sent;
        int error; /* the last but ESRCH */
        struct {
                pid_t pid;
                int fd;
                bool is_listed;
        } items[BATCH_MAX];
} Batch;

static int find_on_list(void *userdata, pid_t pid) {
        Batch *b = userdata;

        for (size_t i = 0; i < b->n; i++)
                b->items[i].is_listed = b->items[i].is_listed || b->items[i].pid == pid;
        return 0;
}

static int look_again(Batch *b) {
        _cleanup_(fd_closep) int fd = openat(b->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : cgroup_each_process(fd, b->job->proc_fd, find_on_list, b);
}

static void send_signals(Batch *b) {
        for (size_t i = 0; i < b->n; i++) {
                if (!b->items[i].is_listed)
                        continue;
                if (process_send(b->items[i].fd, b->job->signal) >= 0)
                        b->n_sent++;
                else if (errno != ESRCH)
                        b->error = -errno;
        }
        for (size_t i = 0; i < b->n; i++) {
                if (b->items[i].is_listed && b->job->signal == SIGKILL)
                        process_release_memory(b->items[i].fd);
                (void) fd_close(b->items[i].fd);
        }
}

static int flush(Batch *b) {
        int r = b->n > 0 ? look_again(b) : 0;

        send_signals(b); /* without a list to none */
        b->n = 0;
        return r;
}

static int add(void *userdata, pid_t pid) {
        Batch *b = userdata;
        int fd = pid == 1 || pid == getpid() ? -EPERM : process_open(pid);

        if (fd < 0) {
                b->error = fd == -ESRCH ? b->error : fd;
                return 0;
        }
        b->items[b->n].pid = pid;
        b->items[b->n].fd = fd;
        b->items[b->n++].is_listed = false;
        return b->n == BATCH_MAX ? flush(b) : 0;
}

int pids_signal(const CgroupJob *j, int dir_fd) {
        for (unsigned pass = 0; pass < PASSES; pass++) {
                Batch b = { .job = j, .dir_fd = dir_fd };
                int r, rest;

                r = cgroup_each_process(dir_fd, j->proc_fd, add, &b);
                rest = flush(&b);
                if (r < 0 || rest < 0)
                        return r < 0 ? r : rest;
                if (b.n_sent == 0 && b.error < 0)
                        return b.error;
                if (b.n_sent == 0 || j->signal != SIGKILL)
                        return 0;
        }
        return 0;
}
