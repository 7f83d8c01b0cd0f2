/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fake-tree.h"
#include "sense/tree.h"

/* What a tree told, one line an event: "+ slice /system.slice system.slice", with "delegated" and "container" behind it
 * where that is so. */
typedef struct Told {
        size_t n;
        char lines[64][160];
} Told;

/* A TreeHandler; `userdata` is a Told. */
void told_on_event(const Event *event, void *userdata);

/* Says at which place `line` was told; fails the test if it was not. */
size_t told_place(const Told *told, const char *line);

/* A fake tree that is still empty, and the registry of it, not yet scanned. */
typedef struct TreeFixture {
        FakeTree fake;
        Tree *tree;
        Told told;
} TreeFixture;

/* For cmocka; `*state` becomes a TreeFixture. */
int tree_fixture_setup(void **state);
int tree_fixture_teardown(void **state);

/* tree_scan() and tree_dispatch() into a `told` that is empty before. */
void tree_fixture_scan(TreeFixture *f);
void tree_fixture_dispatch(TreeFixture *f);

/* Nodes in the registry, the host included, and folders that are only on the way to groups. */
size_t tree_fixture_n(const TreeFixture *f);
