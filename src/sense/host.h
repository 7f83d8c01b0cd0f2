/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>

#include "core/policy.h"
#include "sense/text.h"

/* The host's own files below /proc, kept open. */

typedef struct Host {
        int proc_fd; /* the folder, for triggers on pressure/… */
        int meminfo_fd;
        int vmstat_fd;                   /* these -EBADF where the kernel has none */
        int pressure_fds[_RESOURCE_MAX]; /* none for RESOURCE_HOST_MEMORY, which is the host's RESOURCE_MEMORY */
} Host;

#define HOST_NULL                                                                                             \
        {                                                                                                     \
                .proc_fd = -EBADF, .meminfo_fd = -EBADF, .vmstat_fd = -EBADF,                                 \
                .pressure_fds = { -EBADF, -EBADF, -EBADF, -EBADF },                                           \
        }

/* The pressure file of a resource, as a path below /proc. */
const char *host_pressure_path(PressureResource resource);

/* Opens the files below `proc_root`. -errno if there is no meminfo; `host` is HOST_NULL before. */
int host_open(Host *host, const char *proc_root);

/* Closes them; may be called twice. */
void host_close(Host *host);

/* All numbers from one read. -errno; -EBADMSG if the text lacks one of them. */
int host_read(const Host *host, HostMemory *ret);
