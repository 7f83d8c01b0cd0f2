/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sense/memstall-private.h"

#define MODE_PATH "/sys/kernel/debug/sched/preempt"

/* PREEMPT_DYNAMIC chooses when it boots: "none (voluntary) full lazy" is what it says then
 * (kernel/sched/debug.c). */
bool memstall_preemption(const char *version, const char *mode) {
        if (!strstr(version, "PREEMPT"))
                return false;
        if (mode && (strstr(mode, "(none)") || strstr(mode, "(voluntary)")))
                return false;
        return true;
}

bool memstall_preemptible(void) {
        _cleanup_(fd_closep) int fd = -EBADF;
        struct utsname name = {};
        char mode[128] = "";

        if (uname(&name) < 0)
                return true;
        fd = open(MODE_PATH, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || read(fd, mode, sizeof(mode) - 1) < 0)
                mode[0] = '\0';
        return memstall_preemption(name.version, mode);
}
