/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

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
        FOLDER_STAT,
        FOLDER_SWAP, /* memory.swap.current */
        FOLDER_IO_PRESSURE,
        FOLDER_CPU_PRESSURE,
        FOLDER_CGROUP_STAT,
        _FOLDER_FILE_MAX,
} FolderFile;

/* What a watch wants to know of those beneath it. */
typedef enum FolderClaim {
        CLAIM_CANDIDATE, /* what every survey reads */
        CLAIM_SWAP,      /* WANT_CANDIDATE_… */
        CLAIM_SLICES,
        _FOLDER_CLAIM_MAX,
} FolderClaim;

/* What a folder is, by its name and where it lies; see sense/place.h. */
typedef struct Place {
        CgroupKind kind;
        const char *unit; /* a part of the name; NULL: it is called as its path */
        bool delegated;   /* not a matter of the system manager */
        bool manager;     /* a user manager: below it are slices and units again */
        bool told;        /* false: registered only for what is below it */
        bool entered;     /* something below it is registered, or may come to be: its changes are followed */
} Place;

typedef struct Folder Folder;

struct Folder {
        uint64_t id; /* inode number */
        Place place;
        char *path;       /* below the root, "/" for the root */
        const char *name; /* its last part */
        bool container;   /* a user manager, or a group was in it when it was added */

        Folder *parent, *first_child, *previous, *next;

        int folder_fd;    /* if entered: the folder itself */
        int inotify_wd;   /* if entered: -1 if its changes go unseen */
        int fds[_FOLDER_FILE_MAX];
        bool lacks_files; /* some could not be opened for want of descriptors */
        bool lacks_look;  /* nor could its owner and preference be read */

        uid_t owner;
        Preference preference; /* as it says itself: only sometimes to be trusted, see folder_preference() */

        ArmedWatch *watch;
        unsigned n_followed;                 /* tree_follow() */
        unsigned n_claims[_FOLDER_CLAIM_MAX]; /* watches that claim this of it and of all beneath it */
        unsigned n_above[_FOLDER_CLAIM_MAX];  /* how many folders have such claims: it, and its ancestors */
        unsigned n_looks_below; /* watches and followed ones on it or below: its limits are theirs */
        uint64_t pressure_usec[_RESOURCE_MAX][_PRESSURE_KIND_MAX]; /* as last read for a sample */
        uint64_t wait_usec; /* of all tasks in it and beneath, see sense/waits.h */
        uint64_t protected_bytes;                                  /* scratch of a survey */
};

/* A folder that is in no list yet. `parent` is NULL for the root. place->unit is "-.slice" for the root, else a part of
 * `name`, or NULL. -errno if memory is short. */
int folder_new(Folder **ret, const Folder *parent, const char *name, const Place *place, uint64_t id);

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

/* Reads owner and preference through a descriptor of the folder (O_PATH will do), or, if that is negative, enters it
 * for that; a folder that is gone stays as it was. Sets lacks_look. */
void folder_look(Folder *f, int fd);

/* What it says about being chosen for a watch on `top`. It is believed if the folder is root's, or belongs to whom the
 * watched one belongs to, as systemd-oomd(8) has it: others could exempt themselves. */
Preference folder_preference(const Folder *f, const Folder *top);

/* Whether it may be a candidate: a unit or group. */
bool folder_may_pay(const Folder *f);

/* What a look at it shows beyond the rest, WANT_…; 0 if nobody looks. */
unsigned folder_wants(const Folder *f);

/* Opens the files that its watches need now and closes the others. Files that do not exist are no error, nor is a
 * folder that is gone; sets lacks_files. */
void folder_refresh(Folder *f);

/* Closes the triggers and the watch. */
ArmedWatch *folder_watch_free(ArmedWatch *watch);
DEFINE_CLEANUP(ArmedWatch *, folder_watch_free);
