/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "act/oom-mark.h"
#include "base/cleanup.h"
#include "base/parse.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define ROOT_MAX 256U

static const char *root = CGROUP_ROOT;

void oom_mark_set_root(const char *new_root) {
        root = new_root ? new_root : CGROUP_ROOT;
}

/* The number of the attribute; 0 if there is none, or if it holds something else. */
static uint64_t get(const char *folder, const char *name) {
        char text[24];
        uint64_t value;
        ssize_t n;

        n = lgetxattr(folder, name, text, sizeof(text) - 1);
        if (n <= 0)
                return 0;
        text[n] = '\0';
        return parse_uint(text, &value) < 0 ? 0 : value;
}

static int set(const char *folder, const char *name, uint64_t value) {
        char text[24];
        int n = snprintf(text, sizeof(text), "%" PRIu64, value);

        return lsetxattr(folder, name, text, (size_t) n, 0) < 0 ? -errno : 0;
}

static int add(const char *path, const char *name, int64_t amount) {
        char folder[ROOT_MAX + OOM_MARK_PATH_MAX];
        uint64_t value;

        if (path[0] != '/' || path[1] == '\0')
                return -EOPNOTSUPP;
        if (strlen(path) >= OOM_MARK_PATH_MAX)
                return -ENAMETOOLONG;
        (void) snprintf(folder, sizeof(folder), "%s%s", root, path);
        value = get(folder, name);
        if (amount < 0 && value < (uint64_t) -amount)
                return 0;
        return set(folder, name, value + (uint64_t) amount);
}

int oom_mark_before(const char *path) {
        return add(path, "user.oomd_ooms", 1);
}

int oom_mark_after(const char *path, size_t n_processes) {
        return n_processes == 0 ? 0 : add(path, "user.oomd_kill", (int64_t) n_processes);
}

size_t oom_mark_count(const char *path) {
        char file[ROOT_MAX + OOM_MARK_PATH_MAX + sizeof("/cgroup.procs")], text[4096];
        _cleanup_(fd_closep) int fd = -EBADF;
        size_t count = 0;
        ssize_t n;

        if (strlen(path) >= OOM_MARK_PATH_MAX)
                return 0;
        (void) snprintf(file, sizeof(file), "%s%s/cgroup.procs", root, path);
        fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return 0;
        while ((n = read(fd, text, sizeof(text))) > 0)
                for (ssize_t i = 0; i < n; i++)
                        count += text[i] == '\n';
        return count;
}

int oom_mark_take_back(const char *path, size_t n_processes) {
        if (n_processes > 0)
                (void) add(path, "user.oomd_kill", -(int64_t) n_processes);
        return add(path, "user.oomd_ooms", -1);
}
