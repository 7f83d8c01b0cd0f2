/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act/process.h"
#include "base/cleanup.h"
#include "base/fdio.h"

#define UNTOUCHABLE_SCORE (-1000L) /* OOM_SCORE_ADJ_MIN */
#define TEXT_MAX 2048U             /* of a file in /proc/PID */

#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448
#endif

/* ---- What /proc says ------------------------------------------------------------------------- */

/* The text of /proc/PID/NAME. A process that ends in the middle is ESRCH, too. */
static int read_file(int proc_fd, pid_t pid, const char *name, char *buf, size_t size) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char path[64];
        ssize_t n;

        (void) snprintf(path, sizeof(path), "%d/%s", (int) pid, name);
        fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? -ESRCH : -errno;
        n = fd_read_text(fd, buf, size);
        return n < 0 ? (int) n : 0;
}

/* "RssAnon:	    1234 kB" as bytes; 0 if it is not there, as with kernel threads. */
static uint64_t status_bytes(const char *status, const char *key) {
        const char *line = strstr(status, key);

        return line ? strtoull(line + strlen(key), NULL, 10) * 1024 : 0;
}

/* Field 22 of /proc/PID/stat, behind the name, which may hold anything. -ESRCH for one that has ended and is not waited for
 * yet. */
static int read_start_time(int proc_fd, pid_t pid, uint64_t *ret) {
        char text[TEXT_MAX], *s;
        int r;

        r = read_file(proc_fd, pid, "stat", text, sizeof(text));
        if (r < 0)
                return r;
        s = strrchr(text, ')');
        if (s && (strncmp(s, ") Z", 3) == 0 || strncmp(s, ") X", 3) == 0))
                return -ESRCH;
        for (unsigned field = 2; s && field < 22; field++) {
                s = strchr(s, ' ');
                s = s ? s + 1 : NULL;
        }
        if (!s)
                return -EBADMSG;
        *ret = strtoull(s, NULL, 10);
        return 0;
}

int process_look(int proc_fd, pid_t pid, Process *ret) {
        char text[TEXT_MAX];
        int r;

        *ret = (Process){ .pid = pid };
        r = read_start_time(proc_fd, pid, &ret->start_time);
        if (r < 0)
                return -ESRCH;
        if (pid == 1 || pid == getpid())
                return -EPERM;
        if (read_file(proc_fd, pid, "oom_score_adj", text, sizeof(text)) < 0)
                return -ESRCH;
        if (strtol(text, NULL, 10) <= UNTOUCHABLE_SCORE)
                return -EPERM;
        if (read_file(proc_fd, pid, "status", text, sizeof(text)) < 0)
                return -ESRCH;
        ret->bytes = status_bytes(text, "\nRssAnon:") + status_bytes(text, "\nRssShmem:") +
                     status_bytes(text, "\nVmSwap:");
        return 0;
}

void process_read_comm(int proc_fd, pid_t pid, char *buf, size_t size) {
        size_t length;

        buf[0] = '\0';
        if (read_file(proc_fd, pid, "comm", buf, size) < 0)
                buf[0] = '\0';
        length = strlen(buf);
        if (length > 0 && buf[length - 1] == '\n')
                buf[length - 1] = '\0';
}

int process_cgroup(int proc_fd, pid_t pid, char *buf, size_t size) {
        char text[TEXT_MAX], *line = text, *end;
        int r;

        r = read_file(proc_fd, pid, "cgroup", text, sizeof(text));
        if (r < 0)
                return r;
        while (line && strncmp(line, "0::", 3) != 0) {
                line = strchr(line, '\n');
                line = line ? line + 1 : NULL;
        }
        if (!line)
                return -ESRCH;
        line += 3;
        end = strchr(line, '\n');
        if (!end || (size_t) (end - line) >= size)
                return -ENAMETOOLONG;
        memcpy(buf, line, (size_t) (end - line));
        buf[end - line] = '\0';
        return 0;
}

bool path_is_within(const char *path, const char *above) {
        size_t length = strlen(above);

        return strncmp(path, above, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* ---- Which ----------------------------------------------------------------------------------- */

void process_choose_add(ProcessChoice *choice, int proc_fd, pid_t pid) {
        Process p;
        int r;

        r = process_look(proc_fd, pid, &p);
        if (r == -ESRCH)
                return;
        choice->n_looked_at++;
        if (r < 0)
                return;
        for (size_t i = 0; i < PROCESS_CHOICES; i++) {
                Process *at = choice->largest + i;

                if (at->pid != 0 && at->bytes >= p.bytes)
                        continue;
                memmove(at + 1, at, (PROCESS_CHOICES - 1 - i) * sizeof(*at));
                *at = p;
                return;
        }
}

/* ---- Its end --------------------------------------------------------------------------------- */

/* By now the pidfd stands for one process: is it the one that was meant? */
static int check(int proc_fd, pid_t pid, uint64_t start_time, const char *path) {
        char actual[TEXT_MAX];
        uint64_t actual_start;
        int r;

        r = process_cgroup(proc_fd, pid, actual, sizeof(actual));
        if (r < 0)
                return r;
        if (!path_is_within(actual, path))
                return -ESRCH;
        r = read_start_time(proc_fd, pid, &actual_start);
        if (r < 0)
                return r;
        return start_time == 0 || actual_start == start_time ? 0 : -ESRCH;
}

int process_open(pid_t pid) {
        int fd = (int) syscall(SYS_pidfd_open, pid, 0);

        return fd < 0 ? -errno : fd;
}

int process_send(int pid_fd, int signal) {
        return (int) syscall(SYS_pidfd_send_signal, pid_fd, signal, NULL, 0);
}

/* It may be stuck where it cannot end for now; its memory need not wait for that. */
void process_release_memory(int pid_fd) {
        (void) syscall(SYS_process_mrelease, pid_fd, 0);
}

int process_signal(int proc_fd, pid_t pid, uint64_t start_time, const char *path, int signal) {
        _cleanup_(fd_closep) int fd = process_open(pid);
        int r;

        if (fd < 0)
                return fd;
        r = check(proc_fd, pid, start_time, path);
        if (r < 0)
                return r;
        if (process_send(fd, signal) < 0)
                return -errno;
        if (signal == SIGKILL)
                process_release_memory(fd);
        return 0;
}
