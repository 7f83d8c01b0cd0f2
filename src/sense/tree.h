/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "core/event.h"

/* The registry of slices and units: what runs, by inode number, kept true by inotify. It follows systemd's layout:
 * slices hold slices and units, and what is below a unit is the unit's own affair
 * (https://systemd.io/CGROUP_DELEGATION). Below a user manager, user@UID.service, it goes on in the same way; such
 * slices and units are delegated: the system manager does not know them. And what lies elsewhere, in units that
 * containers run in, is registered as groups as far as tree_add_groups() asks for it. */

typedef struct Tree Tree;

#define TREE_NODES_MAX 16384U

/* Takes one EVENT_CGROUP_NEW or EVENT_CGROUP_GONE; its strings are valid during the call. The handler may call
 * everything in sense/watch.h and the lookups below, but not tree_scan(), tree_dispatch() or tree_free(). */
typedef void (*TreeHandler)(const Event *event, void *userdata);

/* What the tree cannot see at this moment, because a bound was met: zero in all of them is the rule. */
typedef struct TreeGaps {
        size_t units;   /* folders beyond TREE_NODES_MAX, or without memory for them */
        size_t folders; /* folders whose changes go unseen: fs.inotify.max_user_watches */
        size_t files;   /* files of units that could not be opened: LimitNOFILE= */
        size_t overflows; /* how often cgroups came and went faster than we read, and all folders were looked through */
} TreeGaps;

/* Opens the tree without looking into it yet. `cgroup_root` and `proc_root` are absolute paths without a slash at the
 * end; NULL stands for /sys/fs/cgroup and /proc. -errno if one of them, meminfo or inotify cannot be opened. */
int tree_new(Tree **ret, const char *cgroup_root, const char *proc_root);

/* Closes everything, watches included; no events. Event sources on its descriptors must be gone before. */
Tree *tree_free(Tree *tree);
DEFINE_CLEANUP(Tree *, tree_free);

/* Has cgroups that no manager knows registered, too, as CGROUP_GROUP: those that a glob matches, as CGroup= has them. The
 * globs are of paths as in Event.cgroup, with or without the slash in front; `*` crosses slashes, and what is below a
 * match is not registered for the same glob. For before the first scan. 0 or -ENOMEM. */
int tree_add_groups(Tree *tree, char *const *globs);

/* The descriptor to wait on for EPOLLIN; then call tree_dispatch(). */
int tree_fd(const Tree *tree);

/* Compares the registry with the folders and tells the differences: the first time everything, the host first. An
 * entry that comes or goes meanwhile is no error. */
int tree_scan(Tree *tree, TreeHandler handler, void *userdata);

/* Tells what changed since. NEW comes for parents before children, GONE for children before parents. While a GONE is
 * told the cgroup is out of the registry, but the descriptors of its watch are still open: drop the event sources
 * now. Reads a bounded number of changes; what is left keeps the descriptor readable. Rescans by itself when the
 * kernel's queue overflowed (inotify(7)). */
int tree_dispatch(Tree *tree, TreeHandler handler, void *userdata);

TreeGaps tree_gaps(const Tree *tree);

/* The id that stands for the host: the root folder's. */
uint64_t tree_host_id(const Tree *tree);

/* What the unit says with ManagedOOMPreference= to a watch on `watch_id`, as a survey of it would tell; reads no file. */
Preference tree_preference(const Tree *tree, uint64_t watch_id, uint64_t cgroup_id);

/* What `cgroup_id` is called; as in Event.cgroup, valid until the next tree_scan() or tree_dispatch(). Outputs may be
 * NULL. False if it is not in the registry. */
bool tree_name(const Tree *tree, uint64_t cgroup_id, CgroupKind *ret_kind, const char **ret_path,
               const char **ret_unit, bool *ret_delegated);

/* The slice, unit or group at `path`, as in Event.cgroup, or the nearest above it; the host's id if there is none. */
uint64_t tree_find(const Tree *tree, const char *path);

/* The slice, unit or group that `cgroup_id` is, or lies in, the nearest: for cgroups below delegated units, whose ids BPF reports. Asks
 * the kernel for the path (open_by_handle_at(2); needs CAP_DAC_READ_SEARCH) if the registry does not know the id,
 * and remembers the answer. The host's id for folders that belong to no slice; 0 if it is gone or may not be asked. */
uint64_t tree_resolve(Tree *tree, uint64_t cgroup_id);
