/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "sense/registry.h"

/* include/linux/exportfs.h: a kernfs file handle is the inode number (5.10 and later, name_to_handle_at(2)). */
#define FILEID_KERNFS 0xfe

/* The cgroup with that number as an O_PATH descriptor; negative if it is gone or may not be opened. */
static int open_by_id(const Tree *t, uint64_t cgroup_id) {
        union {
                struct file_handle handle;
                uint8_t space[sizeof(struct file_handle) + sizeof(uint64_t)];
        } h = { .handle = { .handle_bytes = sizeof(uint64_t), .handle_type = FILEID_KERNFS } };

        memcpy(h.handle.f_handle, &cgroup_id, sizeof(cgroup_id));
        return open_by_handle_at(t->root->folder_fd, &h.handle, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static uint64_t ask(const Tree *t, uint64_t cgroup_id) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char link[sizeof("/proc/self/fd/") + 10], path[PATH_MAX];
        size_t root = strlen(t->cgroup_root);
        ssize_t n;

        fd = open_by_id(t, cgroup_id);
        if (fd < 0)
                return 0;
        (void) snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = readlink(link, path, sizeof(path) - 1);
        if (n < 0)
                return 0;
        path[n] = '\0';
        if (strncmp(path, t->cgroup_root, root) != 0 || (path[root] && path[root] != '/'))
                return 0;
        return registry_find_path(t, path + root)->id;
}

uint64_t tree_find(const Tree *t, const char *path) {
        return registry_find_path(t, path)->id;
}

uint64_t tree_resolve(Tree *t, uint64_t cgroup_id) {
        struct TreeResolved *known = &t->resolved[cgroup_id % TREE_RESOLVED_MAX];
        const Folder *f = registry_find(t, cgroup_id);

        while (f && !f->place.told)
                f = f->parent;
        if (cgroup_id == 0 || f)
                return f ? f->id : 0;
        if (known->cgroup_id == cgroup_id && (known->folder_id == 0 || registry_find(t, known->folder_id)))
                return known->folder_id;
        *known = (struct TreeResolved){ .cgroup_id = cgroup_id, .folder_id = ask(t, cgroup_id) };
        return known->folder_id;
}
