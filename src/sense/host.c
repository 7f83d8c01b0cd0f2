/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "sense/host.h"

/* SwapFree is the 16th line on 64 bits, the 20th on 32. */
#define MEMINFO_HEAD 1024U

const char *host_pressure_path(PressureResource resource) {
        static const char *const paths[_RESOURCE_MAX] = {
                [RESOURCE_MEMORY] = "pressure/memory",
                [RESOURCE_HOST_MEMORY] = "pressure/memory",
                [RESOURCE_IO] = "pressure/io",
                [RESOURCE_CPU] = "pressure/cpu",
        };

        return paths[resource];
}

static int open_file(const Host *h, const char *path) {
        int fd = openat(h->proc_fd, path, O_RDONLY | O_CLOEXEC);

        return fd < 0 ? -EBADF : fd;
}

int host_open(Host *host, const char *proc_root) {
        Host h = HOST_NULL;

        h.proc_fd = open(proc_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (h.proc_fd < 0)
                return -errno;
        h.meminfo_fd = openat(h.proc_fd, "meminfo", O_RDONLY | O_CLOEXEC);
        if (h.meminfo_fd < 0) {
                int r = -errno;

                host_close(&h);
                return r;
        }
        h.vmstat_fd = open_file(&h, "vmstat");
        for (PressureResource i = 0; i < _RESOURCE_MAX; i++)
                if (i != RESOURCE_HOST_MEMORY)
                        h.pressure_fds[i] = open_file(&h, host_pressure_path(i));
        *host = h;
        return 0;
}

void host_close(Host *host) {
        for (size_t i = 0; i < ELEMENTSOF(host->pressure_fds); i++)
                host->pressure_fds[i] = fd_close(host->pressure_fds[i]);
        host->vmstat_fd = fd_close(host->vmstat_fd);
        host->meminfo_fd = fd_close(host->meminfo_fd);
        host->proc_fd = fd_close(host->proc_fd);
}

int host_read(const Host *host, HostMemory *ret) {
        char text[MEMINFO_HEAD];
        ssize_t n;

        n = fd_read_text(host->meminfo_fd, text, sizeof(text));
        if (n < 0)
                return (int) n;
        return text_parse_meminfo(text, ret);
}
