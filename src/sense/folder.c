/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/wants.h"
#include "sense/folder.h"
#include "sense/preference.h"

static const char *const file_names[_FOLDER_FILE_MAX] = {
        [FOLDER_CURRENT] = "memory.current",   [FOLDER_MIN] = "memory.min",
        [FOLDER_LOW] = "memory.low",           [FOLDER_HIGH] = "memory.high",
        [FOLDER_MAX] = "memory.max",           [FOLDER_PRESSURE] = "memory.pressure",
        [FOLDER_EVENTS] = "memory.events.local", [FOLDER_STAT] = "memory.stat",
        [FOLDER_SWAP] = "memory.swap.current", [FOLDER_IO_PRESSURE] = "io.pressure",
        [FOLDER_CPU_PRESSURE] = "cpu.pressure", [FOLDER_CGROUP_STAT] = "cgroup.stat",
};

int folder_new(Folder **ret, const Folder *parent, const char *name, const Place *place, uint64_t id) {
        bool below_root = !parent || !parent->parent;
        _cleanup_(folder_freep) Folder *f = NULL;

        f = calloc(1, sizeof(*f));
        if (!f)
                return -ENOMEM;
        f->id = id;
        f->place = *place;
        f->folder_fd = -EBADF;
        f->inotify_wd = -1;
        for (size_t i = 0; i < _FOLDER_FILE_MAX; i++)
                f->fds[i] = -EBADF;
        if (asprintf(&f->path, "%s/%s", below_root ? "" : parent->path, name) < 0) {
                f->path = NULL;
                return -ENOMEM;
        }
        f->name = strrchr(f->path, '/') + 1;
        if (!place->unit)
                f->place.unit = f->path;
        else if (parent)
                f->place.unit = f->name + (place->unit - name);
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
        memcpy(f->n_above, parent->n_above, sizeof(f->n_above));
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

static bool is_shortage(int error) {
        return error == EMFILE || error == ENFILE || error == ENOMEM;
}

void folder_look(Folder *f, int fd) {
        _cleanup_(fd_closep) int entered = -EBADF;
        struct stat st;

        f->lacks_look = false;
        if (fd < 0)
                fd = entered = folder_enter(f);
        if (fd < 0) {
                f->lacks_look = is_shortage(-fd);
                return;
        }
        if (fstat(fd, &st) < 0)
                return;
        f->owner = st.st_uid;
        f->preference = preference_read(fd);
}

Preference folder_preference(const Folder *f, const Folder *top) {
        return f->owner == 0 || f->owner == top->owner ? f->preference : PREFERENCE_NONE;
}

bool folder_may_pay(const Folder *f) {
        return f->place.told && (f->place.kind == CGROUP_UNIT || f->place.kind == CGROUP_GROUP);
}

unsigned folder_wants(const Folder *f) {
        return (f->watch ? f->watch->wants : 0) | (f->n_followed ? WANT_EVENTS | WANT_STAT : 0);
}

/* As whom a folder needs a file: as the one that is looked at, for what it wants; as a candidate, for what the watches
 * above claim; and for the limits and the protection of others. */
static const struct {
        bool looked, chain, always; /* chain: limits of those below. always: by watches above and below, whatever it is */
        unsigned want;              /* looked at with this */
        bool candidate;
        FolderClaim claim;
        bool host; /* the root has it, too */
} uses[_FOLDER_FILE_MAX] = {
        [FOLDER_CURRENT] = { .chain = true, .candidate = true, .claim = CLAIM_CANDIDATE },
        [FOLDER_MIN] = { .always = true },
        [FOLDER_LOW] = { .always = true },
        [FOLDER_HIGH] = { .chain = true },
        [FOLDER_MAX] = { .chain = true },
        [FOLDER_PRESSURE] = { .looked = true, .candidate = true, .claim = CLAIM_CANDIDATE },
        [FOLDER_EVENTS] = { .looked = true },
        [FOLDER_STAT] = { .looked = true, .candidate = true, .claim = CLAIM_CANDIDATE },
        [FOLDER_SWAP] = { .candidate = true, .claim = CLAIM_SWAP },
        [FOLDER_IO_PRESSURE] = { .want = WANT_IO },
        [FOLDER_CPU_PRESSURE] = { .want = WANT_CPU },
        [FOLDER_CGROUP_STAT] = { .want = WANT_DYING, .host = true },
};

static bool needs(const Folder *f, FolderFile file) {
        bool candidate = folder_may_pay(f) ||
                         (f->place.kind == CGROUP_SLICE && f->n_above[CLAIM_SLICES] > 0);

        if (f->place.kind == CGROUP_HOST && !uses[file].host)
                return false; /* the root has none of them, see sense/host.h */
        return (uses[file].looked && (f->watch || f->n_followed)) || (uses[file].want & folder_wants(f)) ||
               (uses[file].chain && f->n_looks_below > 0) ||
               (uses[file].always && (f->n_looks_below > 0 || f->n_above[CLAIM_CANDIDATE] > 0)) ||
               (uses[file].candidate && candidate && f->n_above[uses[file].claim] > 0);
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
