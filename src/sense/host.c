/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "sense/host.h"
#include "sense/text.h"

/* MemAvailable is the third line. */
#define MEMINFO_HEAD 512U

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
        h.pressure_fd = openat(h.proc_fd, "pressure/memory", O_RDONLY | O_CLOEXEC);
        if (h.pressure_fd < 0)
                h.pressure_fd = -EBADF;
        *host = h;
        return 0;
}

void host_close(Host *host) {
        host->pressure_fd = fd_close(host->pressure_fd);
        host->meminfo_fd = fd_close(host->meminfo_fd);
        host->proc_fd = fd_close(host->proc_fd);
}

int host_read(const Host *host, HostMemory *ret) {
        char text[MEMINFO_HEAD];
        ssize_t n;

        n = fd_read_text(host->meminfo_fd, text, sizeof(text));
        if (n < 0)
                return (int) n;
        return text_parse_meminfo(text, &ret->total_bytes, &ret->available_bytes);
}
