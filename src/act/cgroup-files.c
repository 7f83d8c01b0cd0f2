/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/cgroup-files.h"
#include "base/cleanup.h"
#include "base/fdio.h"

#define DEPTH_MAX 32U /* of cgroups beneath one; the stack of a thread is small */
#define NAME_SIZE 256U

/* ---- Where it is ----------------------------------------------------------------------------- */

/* The part of the path at `*path`, which moves behind it. 0 at the end. */
static int take_part(const char **path, char *ret) {
        size_t length;

        *path += strspn(*path, "/");
        length = strcspn(*path, "/");
        if (length == 0)
                return 0;
        if (length >= NAME_SIZE)
                return -ENAMETOOLONG;
        memcpy(ret, *path, length);
        ret[length] = '\0';
        *path += length;
        return strcmp(ret, "..") == 0 ? -EINVAL : 1;
}

static int open_folder(int at_fd, const char *name) {
        int fd = openat(at_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

        return fd < 0 ? -errno : fd;
}

int cgroup_open(int root_fd, const char *path, uint64_t id) {
        _cleanup_(fd_closep) int fd = open_folder(root_fd, ".");
        char part[NAME_SIZE];
        struct stat st;
        int r;

        if (fd < 0)
                return fd;
        while ((r = take_part(&path, part)) > 0) {
                int next = open_folder(fd, part);

                if (next < 0)
                        return next;
                (void) fd_close(fd);
                fd = next;
        }
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (id != 0 && st.st_ino != id)
                return -ENOENT;
        return TAKE_FD(fd);
}

bool cgroup_is_there(int dir_fd) {
        return faccessat(dir_fd, "cgroup.procs", F_OK, 0) >= 0;
}

/* ---- What it says ---------------------------------------------------------------------------- */

static int open_file(int dir_fd, const char *file, int flags) {
        int fd = openat(dir_fd, file, flags | O_CLOEXEC | O_NOFOLLOW);

        return fd < 0 ? -errno : fd;
}

int cgroup_read_uint(int dir_fd, const char *file, uint64_t *ret) {
        _cleanup_(fd_closep) int fd = open_file(dir_fd, file, O_RDONLY);

        return fd < 0 ? fd : fd_read_uint(fd, ret);
}

int cgroup_read_text(int dir_fd, const char *file, char *buf, size_t size) {
        _cleanup_(fd_closep) int fd = open_file(dir_fd, file, O_RDONLY);
        ssize_t n;

        if (fd < 0)
                return fd;
        n = fd_read_text(fd, buf, size);
        return n < 0 ? (int) n : 0;
}

int cgroup_write_text(int dir_fd, const char *file, const char *text, int extra_flags) {
        _cleanup_(fd_closep) int fd = open_file(dir_fd, file, O_WRONLY | O_TRUNC | extra_flags);

        if (fd < 0)
                return fd;
        return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

int cgroup_write_uint(int dir_fd, const char *file, uint64_t value, int extra_flags) {
        char text[24] = "max";

        if (value != UINT64_MAX)
                (void) snprintf(text, sizeof(text), "%" PRIu64, value);
        return cgroup_write_text(dir_fd, file, text, extra_flags);
}

/* ---- Who is in it ---------------------------------------------------------------------------- */

typedef struct Walk {
        int proc_fd;
        CgroupPidFunc func;
        void *userdata;
} Walk;

/* Of a thread that does not lead its process the one that does; a pid itself otherwise. */
static pid_t leader_of(const Walk *w, pid_t tid) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char name[32], text[512];
        const char *line;

        (void) snprintf(name, sizeof(name), "%d/status", (int) tid);
        fd = open_file(w->proc_fd, name, O_RDONLY);
        if (fd < 0 || fd_read_text(fd, text, sizeof(text)) < 0)
                return tid;
        line = strstr(text, "\nTgid:");
        return line ? (pid_t) strtol(line + strlen("\nTgid:"), NULL, 10) : tid;
}

/* The numbers of a file of one a line, however many there are. */
static int each_number(const Walk *w, int fd, bool threads) {
        char buf[512];
        pid_t pid = 0;
        ssize_t n;
        int r;

        while ((n = read(fd, buf, sizeof(buf))) > 0)
                for (ssize_t i = 0; i < n; i++) {
                        if (buf[i] >= '0' && buf[i] <= '9') {
                                pid = pid * 10 + (buf[i] - '0');
                                continue;
                        }
                        if (pid > 0) { /* 0: a process of another pid namespace */
                                r = w->func(w->userdata, threads ? leader_of(w, pid) : pid);
                                if (r != 0)
                                        return r;
                        }
                        pid = 0;
                }
        return n < 0 ? -errno : 0;
}

/* Threaded cgroups have no list of processes (EOPNOTSUPP). */
static int each_own(const Walk *w, int dir_fd) {
        _cleanup_(fd_closep) int fd = open_file(dir_fd, "cgroup.procs", O_RDONLY), threads_fd = -EBADF;
        int r;

        if (fd < 0)
                return fd == -ENOENT || fd == -ENODEV ? 0 : fd;
        r = each_number(w, fd, false);
        if (r == -ENODEV)
                return 0;
        if (r != -EOPNOTSUPP)
                return r;
        threads_fd = open_file(dir_fd, "cgroup.threads", O_RDONLY);
        return threads_fd < 0 ? threads_fd : each_number(w, threads_fd, true);
}

static int each_below(const Walk *w, int dir_fd, unsigned depth) {
        _Alignas(struct dirent64) char buf[1024];
        ssize_t n;
        int r;

        r = each_own(w, dir_fd);
        if (r != 0)
                return r;
        if (depth == DEPTH_MAX)
                return -ELOOP;
        if (lseek(dir_fd, 0, SEEK_SET) < 0)
                return -errno;
        while ((n = getdents64(dir_fd, buf, sizeof(buf))) > 0)
                for (ssize_t at = 0; at < n;) {
                        const struct dirent64 *d = (const struct dirent64 *) (buf + at);
                        _cleanup_(fd_closep) int fd = -EBADF;

                        at += d->d_reclen;
                        if (d->d_type != DT_DIR || strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
                                continue;
                        fd = open_folder(dir_fd, d->d_name);
                        if (fd < 0)
                                continue; /* removed meanwhile */
                        r = each_below(w, fd, depth + 1);
                        if (r != 0)
                                return r;
                }
        return n < 0 && errno != ENOENT ? -errno : 0;
}

int cgroup_each_process(int dir_fd, int proc_fd, CgroupPidFunc func, void *userdata) {
        const Walk w = { .proc_fd = proc_fd, .func = func, .userdata = userdata };

        return each_below(&w, dir_fd, 0);
}
