/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A cgroup tree and a /proc of ordinary files in a temporary folder. Every function fails the test if it cannot do its
 * work. */
typedef struct FakeTree {
        char folder[64];
        char cgroup_root[80];
        char proc_root[80];
} FakeTree;

void fake_tree_new(FakeTree *t);
void fake_tree_done(FakeTree *t);

/* Makes one cgroup; its parent is there. With the files that src/sense reads, or `bare`: without any. Returns the
 * id. */
uint64_t fake_tree_add(FakeTree *t, const char *path);
uint64_t fake_tree_add_bare(FakeTree *t, const char *path);

/* Removes one and what is below it. */
void fake_tree_remove(FakeTree *t, const char *path);

void fake_tree_rename(FakeTree *t, const char *from, const char *to);

/* Writes `text` into a file of a cgroup, or of /proc. Descriptors that are open see it. */
void fake_tree_write(FakeTree *t, const char *path, const char *file, const char *text);
void fake_tree_write_proc(FakeTree *t, const char *file, const char *text);

/* Sets an extended attribute of a cgroup. False if this file system has none of that kind. */
bool fake_tree_set_xattr(FakeTree *t, const char *path, const char *name, const char *value);

uint64_t fake_tree_id(FakeTree *t, const char *path);

/* Descriptors that this process has open. */
unsigned fake_tree_count_fds(void);
