/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/usec.h"
#include "sense/trigger.h"
#include "sense/watch.h"

#define SHARE_ALL 10000U

/* The kernel takes a write of up to 32 bytes. */
#define TRIGGER_TEXT_MAX 32U

/* Without CAP_SYS_RESOURCE a trigger is looked at only this often. */
#define UNPRIVILEGED_STEP_USEC (2 * USEC_PER_SEC)

static int answer(int error, const PressureLimit *limit) {
        switch (error) {
        case ENOENT:
        case EOPNOTSUPP:
                return WATCH_E_NO_PRESSURE;
        case ENODEV:
                return WATCH_E_GONE;
        case EACCES:
        case EPERM:
                return WATCH_E_PRIVILEGE;
        case EINVAL:
                if (limit->resource == RESOURCE_CPU && limit->kind == PRESSURE_FULL &&
                    limit->window_usec % UNPRIVILEGED_STEP_USEC == 0)
                        return WATCH_E_NO_FULL;
                return limit->window_usec % UNPRIVILEGED_STEP_USEC ? WATCH_E_PRIVILEGE : WATCH_E_WINDOW;
        default:
                return -error;
        }
}

int trigger_open(int *ret_fd, int dir_fd, const char *path, const PressureLimit *limit) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char text[TRIGGER_TEXT_MAX];
        uint64_t threshold_usec;
        int n;

        if (limit->window_usec < PRESSURE_WINDOW_MIN_USEC || limit->window_usec > PRESSURE_WINDOW_MAX_USEC ||
            limit->share == 0 || limit->share > SHARE_ALL)
                return WATCH_E_WINDOW;
        threshold_usec = limit->window_usec * limit->share / SHARE_ALL;
        n = snprintf(text, sizeof(text), "%s %" PRIu64 " %" PRIu64, pressure_to_string(limit->kind),
                     threshold_usec, limit->window_usec);

        fd = openat(dir_fd, path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0 || write(fd, text, (size_t) n + 1) < 0)
                return answer(errno, limit);
        *ret_fd = TAKE_FD(fd);
        return 0;
}
