/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "sense/folder.h"
#include "sense/host.h"
#include "sense/idmap.h"
#include "sense/tree.h"

/* The inside of a Tree. For src/sense alone. */

#define TREE_RESOLVED_MAX 256U

/* Room for the longest file that is read: /proc/vmstat has some 6 KB, memory.stat 3. */
#define TREE_TEXT_MAX 16384U

struct Tree {
        char *cgroup_root;
        dev_t device;
        int inotify_fd;
        Host host;
        Folder *root; /* the host */
        IdMap by_id;  /* inode number -> Folder */
        IdMap by_wd;  /* inotify watch descriptor -> Folder, those that are entered */
        char **globs; /* CGroup= of all policies */
        TreeGaps gaps;

        Candidate *candidates; /* room for as many as there are folders: a survey allocates nothing */
        size_t n_candidates_max;

        /* Answers of tree_resolve(), at the place id modulo TREE_RESOLVED_MAX; forgotten when a folder is added. */
        struct TreeResolved {
                uint64_t cgroup_id, folder_id;
        } resolved[TREE_RESOLVED_MAX];

        char text[TREE_TEXT_MAX]; /* a look reads long files here */

        bool told_root;
        TreeHandler handler; /* during tree_scan() and tree_dispatch() */
        void *userdata;
};

/* The folder that is registered for an id, or NULL. */
Folder *registry_find(const Tree *t, uint64_t id);

/* The folder that holds `path`, which is relative to the root: the longest part of it that was told. */
Folder *registry_find_path(const Tree *t, const char *path);

/* Makes the registry agree with what `name` in `f`, which is entered, is now, and tells it. Returns what was added, whose own
 * children are not looked at yet, or NULL. */
Folder *registry_compare(Tree *t, Folder *f, const char *name);

/* The same for everything below `top`. */
void registry_compare_all(Tree *t, Folder *top);

/* Takes in that something about the folder `name` in `f` was changed: its owner, or an extended attribute. */
void registry_look(Tree *t, Folder *f, const char *name);

/* Tells that `f` is there. */
void registry_tell_new(Tree *t, const Folder *f);

/* Takes a look at `f` into account, or out of it, in `f` and the folders above: its limits are theirs. */
void registry_count_look(Tree *t, Folder *f, bool add);

/* The folder beneath which the watch on `f` has its candidates, and whoever else may be to blame: `f`, or the root with
 * WANT_CANDIDATE_ALL and _OTHERS. */
Folder *registry_claimed(const Tree *t, Folder *f);

/* Takes what a watch that wants this claims of its candidates into account, or out of it, in `top` and all below. */
void registry_count_claims(Tree *t, Folder *top, unsigned wants, bool add);

/* Takes `f` and all below it out, telling each if there is a handler. */
void registry_remove(Tree *t, Folder *f);
