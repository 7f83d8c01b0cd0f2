/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reading a whole BPF map. */

#include <errno.h>

#include <bpf/bpf.h>

#include "sense/memstall-private.h"

/* A bucket fuller than a batch (ENOSPC) does not happen with hashed keys and is passed on. */
int memstall_read_map(int fd, void *keys, void *values, MemstallAdd add, void *userdata) {
        uint32_t position = 0;
        bool first = true;
        int r;

        for (;;) {
                uint32_t n = MEMSTALL_BATCH;

                r = bpf_map_lookup_batch(fd, first ? NULL : &position, &position, keys, values, &n, NULL);
                if (r < 0 && r != -ENOENT)
                        return r;
                for (uint32_t i = 0; i < n; i++)
                        add(userdata, i);
                if (r == -ENOENT)
                        return 0;
                first = false;
        }
}
