/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sense/folder.h"

static const char *const file_names[_FOLDER_FILE_MAX] = {
        [FOLDER_CURRENT] = "memory.current",   [FOLDER_MIN] = "memory.min",
        [FOLDER_LOW] = "memory.low",           [FOLDER_HIGH] = "memory.high",
        [FOLDER_MAX] = "memory.max",           [FOLDER_PRESSURE] = "memory.pressure",
        [FOLDER_EVENTS] = "memory.events.local",
};

int folder_new(Folder **ret, Folder *parent, const char *name, CgroupKind kind, const char *unit, uint64_t id) {
        bool below_root = !parent || !parent->parent;
        _cleanup_(folder_freep) Folder *f = NULL;

        f = calloc(1, sizeof(*f));
        if (!f)
                return -ENOMEM;
        f->id = id;
        f->kind = kind;
        f->folder_fd = -EBADF;
        f->inotify_wd = -1;
        for (size_t i = 0; i < _FOLDER_FILE_MAX; i++)
                f->fds[i] = -EBADF;
        if (asprintf(&f->path, "%s/%s", below_root ? "" : parent->path, name) < 0) {
                f->path = NULL;
                return -ENOMEM;
        }
        f->name = strrchr(f->path, '/') + 1;
        f->unit = parent ? f->name + (unit - name) : unit;
        *ret = TAKE_PTR(f);
        return 0;
}

ArmedWatch *folder_watch_free(ArmedWatch *watch) {
        if (!watch)
                return NULL;
        for (size_t i = 0; i < watch->n_triggers; i++)
                watch->triggers[i].fd = fd_close(watch->triggers[i].fd);
        free(watch);
        return NULL;
}

Folder *folder_free(Folder *f) {
        if (!f)
                return NULL;
        assert(!f->first_child && !f->parent);
        f->watch = folder_watch_free(f->watch);
        for (size_t i = 0; i < _FOLDER_FILE_MAX; i++)
                f->fds[i] = fd_close(f->fds[i]);
        f->folder_fd = fd_close(f->folder_fd);
        free(f->path);
        free(f);
        return NULL;
}

void folder_link(Folder *f, Folder *parent) {
        f->parent = parent;
        f->next = parent->first_child;
        if (f->next)
                f->next->previous = f;
        parent->first_child = f;
        f->n_watches_above = parent->n_watches_above;
}

void folder_unlink(Folder *f) {
        if (f->previous)
                f->previous->next = f->next;
        else if (f->parent)
                f->parent->first_child = f->next;
        if (f->next)
                f->next->previous = f->previous;
        f->parent = f->previous = f->next = NULL;
}

Folder *folder_next(const Folder *f, const Folder *top) {
        if (f->first_child)
                return f->first_child;
        for (; f != top; f = f->parent)
                if (f->next)
                        return f->next;
        return NULL;
}

Folder *folder_child(const Folder *f, const char *name, size_t n) {
        for (Folder *child = f->first_child; child; child = child->next)
                if (strncmp(child->name, name, n) == 0 && !child->name[n])
                        return child;
        return NULL;
}

int folder_enter(const Folder *f) {
        _cleanup_(fd_closep) int fd = -EBADF;
        struct stat st;

        if (f->parent)
                fd = openat(f->parent->folder_fd, f->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        else
                fd = openat(f->folder_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (st.st_ino != f->id)
                return -ENOENT;
        return TAKE_FD(fd);
}

static bool needs(const Folder *f, FolderFile file) {
        bool unit = f->kind == CGROUP_UNIT;

        if (f->kind == CGROUP_HOST)
                return false; /* the root has none of them, see sense/host.h */
        switch (file) {
        case FOLDER_MIN:
        case FOLDER_LOW:
                return f->n_watches_above > 0 || f->n_watches_below > 0;
        case FOLDER_HIGH:
        case FOLDER_MAX:
                return f->n_watches_below > 0;
        case FOLDER_CURRENT:
                return f->n_watches_below > 0 || (unit && f->n_watches_above > 0);
        case FOLDER_PRESSURE:
                return f->watch || (unit && f->n_watches_above > 0);
        case FOLDER_EVENTS:
                return f->watch;
        case _FOLDER_FILE_MAX:
                break;
        }
        return false;
}

static bool is_shortage(int error) {
        return error == EMFILE || error == ENFILE || error == ENOMEM;
}

void folder_refresh(Folder *f) {
        _cleanup_(fd_closep) int fd = -EBADF;
        bool missing = false;

        f->lacks_files = false;
        for (size_t i = 0; i < _FOLDER_FILE_MAX; i++)
                if (!needs(f, i))
                        f->fds[i] = fd_close(f->fds[i]);
                else if (f->fds[i] < 0)
                        missing = true;
        if (!missing)
                return;
        fd = folder_enter(f);
        if (fd < 0) {
                f->lacks_files = is_shortage(-fd);
                return;
        }
        for (size_t i = 0; i < _FOLDER_FILE_MAX; i++) {
                if (f->fds[i] >= 0 || !needs(f, i))
                        continue;
                f->fds[i] = openat(fd, file_names[i], O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
                if (f->fds[i] < 0) {
                        f->lacks_files |= is_shortage(errno);
                        f->fds[i] = -EBADF;
                }
        }
}
