/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "core/event.h"
#include "sense/watch.h"

/* One folder of the cgroup tree and the files of it that are kept open. For src/sense alone; the registry is in
 * sense/tree.h. */

typedef enum FolderFile {
        FOLDER_CURRENT,
        FOLDER_MIN,
        FOLDER_LOW,
        FOLDER_HIGH,
        FOLDER_MAX,
        FOLDER_PRESSURE,
        FOLDER_EVENTS, /* memory.events.local */
        _FOLDER_FILE_MAX,
} FolderFile;

typedef struct Folder Folder;

struct Folder {
        uint64_t id; /* inode number */
        CgroupKind kind;
        char *path;       /* below the root, "/" for the root */
        const char *name; /* its last part */
        const char *unit; /* that unescaped, "-.slice" for the root */

        Folder *parent, *first_child, *previous, *next;

        int folder_fd;   /* slices and the root: the folder itself */
        int inotify_wd;  /* slices and the root: -1 if its changes go unseen */
        int fds[_FOLDER_FILE_MAX];
        bool lacks_files; /* some could not be opened for want of descriptors */

        ArmedWatch *watch;
        unsigned n_watches_above; /* watches on it or an ancestor: it may be their candidate */
        unsigned n_watches_below; /* watches on it or a descendant: its limits are theirs */
        uint64_t pressure_usec[_PRESSURE_KIND_MAX]; /* as last read for a sample */
        uint64_t protected_bytes;                   /* scratch of a survey */
};

/* A folder that is in no list yet. `parent` is NULL for the root, `unit` then "-.slice", else a part of `name`. -errno
 * if memory is short. */
int folder_new(Folder **ret, Folder *parent, const char *name, CgroupKind kind, const char *unit, uint64_t id);

/* Closes its files and its watch. It has no children and is in no list any more. */
Folder *folder_free(Folder *f);
DEFINE_CLEANUP(Folder *, folder_free);

void folder_link(Folder *f, Folder *parent);
void folder_unlink(Folder *f);

/* The next one in the subtree of `top`, parents before children; NULL at the end. */
Folder *folder_next(const Folder *f, const Folder *top);

/* A child by its folder's name; `n` bytes. NULL if there is none. */
Folder *folder_child(const Folder *f, const char *name, size_t n);

/* Opens the folder itself as an O_PATH descriptor, and makes sure that it is the same one still. -ENOENT if not. */
int folder_enter(const Folder *f);

/* Opens the files that its watches need now and closes the others. Files that do not exist are no error, nor is a
 * folder that is gone; sets lacks_files. */
void folder_refresh(Folder *f);

/* Closes the triggers and the watch. */
ArmedWatch *folder_watch_free(ArmedWatch *watch);
DEFINE_CLEANUP(ArmedWatch *, folder_watch_free);
