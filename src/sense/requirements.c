/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "sense/requirements.h"

const char *requirements_error_text(int error) {
        static const char *const texts[_REQUIREMENTS_E_MAX] = {
                [_REQUIREMENTS_E_SUCCESS] = "All that memstalld needs is there.",
                [REQUIREMENTS_E_CGROUP] =
                        "/sys/fs/cgroup is no unified cgroup v2 tree: boot with systemd.unified_cgroup_hierarchy=1 "
                        "on the kernel command line.",
                [REQUIREMENTS_E_CONTROLLER] =
                        "The memory controller is missing from /sys/fs/cgroup/cgroup.controllers: boot with "
                        "cgroup_enable=memory on the kernel command line, and without cgroup_disable=memory.",
                [REQUIREMENTS_E_PRESSURE] =
                        "The kernel does not account memory pressure, /proc/pressure/memory cannot be read: boot "
                        "with psi=1 on the kernel command line (it needs a kernel with CONFIG_PSI).",
                [REQUIREMENTS_E_PRESSURE_CGROUP] =
                        "The kernel does not account memory pressure of cgroups: boot without "
                        "cgroup_disable=pressure on the kernel command line.",
        };

        return error >= 0 && error < _REQUIREMENTS_E_MAX ? texts[error] : "";
}

/* Whether `word` stands in a list of words between spaces. */
static bool has_word(const char *list, const char *word) {
        size_t n = strlen(word);

        for (const char *p = list; (p = strstr(p, word)); p += n)
                if ((p == list || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\n' || p[n] == '\0'))
                        return true;
        return false;
}

/* Opens and reads. A kernel without PSI has no such file, or one that answers EOPNOTSUPP. 0, `missing`, or -errno. */
static int check_readable(int dir_fd, const char *path, int missing) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char text[512];
        ssize_t n;

        fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
        n = fd < 0 ? -errno : fd_read_text(fd, text, sizeof(text));
        if (n == -ENOENT || n == -EOPNOTSUPP || n == -ENODEV)
                return missing;
        return n < 0 ? (int) n : 0;
}

static int check_controller(int cgroup_fd) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char text[4096];
        ssize_t n;

        fd = openat(cgroup_fd, "cgroup.controllers", O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? REQUIREMENTS_E_CGROUP : -errno;
        n = fd_read_text(fd, text, sizeof(text));
        if (n < 0)
                return (int) n;
        return has_word(text, "memory") ? 0 : REQUIREMENTS_E_CONTROLLER;
}

int requirements_check(const RequirementsAt *at) {
        const char *cgroup_root = at && at->cgroup_root ? at->cgroup_root : "/sys/fs/cgroup";
        const char *proc_root = at && at->proc_root ? at->proc_root : "/proc";
        uint64_t magic = at && at->cgroup_magic ? at->cgroup_magic : CGROUP2_SUPER_MAGIC;
        _cleanup_(fd_closep) int cgroup_fd = -EBADF, proc_fd = -EBADF;
        struct statfs fs;
        int r;

        cgroup_fd = open(cgroup_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (cgroup_fd < 0)
                return errno == ENOENT ? REQUIREMENTS_E_CGROUP : -errno;
        if (fstatfs(cgroup_fd, &fs) < 0)
                return -errno;
        if ((uint64_t) fs.f_type != magic)
                return REQUIREMENTS_E_CGROUP;
        r = check_controller(cgroup_fd);
        if (r != 0)
                return r;
        proc_fd = open(proc_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (proc_fd < 0)
                return -errno;
        r = check_readable(proc_fd, "pressure/memory", REQUIREMENTS_E_PRESSURE);
        if (r != 0)
                return r;
        return check_readable(cgroup_fd, "memory.pressure", REQUIREMENTS_E_PRESSURE_CGROUP);
}
