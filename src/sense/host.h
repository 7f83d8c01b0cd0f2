/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>
#include <stdint.h>

/* The host's own files below /proc, kept open. */

typedef struct Host {
        int proc_fd; /* the folder, for triggers on pressure/memory */
        int meminfo_fd;
        int pressure_fd; /* -EBADF where the kernel has none */
} Host;

#define HOST_NULL                                                                                             \
        { .proc_fd = -EBADF, .meminfo_fd = -EBADF, .pressure_fd = -EBADF }

typedef struct HostMemory {
        uint64_t total_bytes;     /* MemTotal */
        uint64_t available_bytes; /* MemAvailable, proc_meminfo(5) */
} HostMemory;

/* Opens meminfo and pressure/memory below `proc_root`. -errno if there is no meminfo; `host` is HOST_NULL before. */
int host_open(Host *host, const char *proc_root);

/* Closes them; may be called twice. */
void host_close(Host *host);

/* Both numbers from one read. -errno; -EBADMSG if the text lacks one of them. */
int host_read(const Host *host, HostMemory *ret);
