/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sense/folder.h"

/* What a folder is, by its name and where it lies: https://systemd.io/CGROUP_DELEGATION. The root and slices hold slices
 * and units, and so does a user manager; what is below another unit, or has no unit's name, is registered as a group
 * where a glob of CGroup= takes it. A glob takes the folders nearest to the root that it matches, and nothing below
 * them: what is in a container is the container's own affair. In globs `*` crosses slashes, and the one in front may be left out. For src/sense alone. */

/* Fills `ret` for the folder `name` in `parent`; ret->unit is a part of `name`. False if it is not registered. */
bool place_of(char *const *globs, const Folder *parent, const char *name, Place *ret);

/* Whether a folder that the glob matches could be below `path`. */
bool place_glob_reaches(const char *glob, const char *path);

/* Whether the folder `f`, which is `folder_fd`, holds a group at this moment. */
bool place_holds_group(char *const *globs, const Folder *f, int folder_fd);
