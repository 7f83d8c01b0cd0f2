/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/errors.h"

/* Where configuration lies: /etc, /run, /usr/local/lib, /usr/lib, in each the folder of the project, the earlier before
 * the later, as man:systemd.unit(5) and the "conf.d" folders of systemd have it. `root` is put in front ("" for the
 * host). Lists end with NULL, see base/strv.h. */

/* The first of the folders that holds a file of this name; NULL if none does. 0 or -ENOMEM. */
int search_file(const char *root, const char *project, const char *name, char **ret);

/* All files of this name, which may have a sub-folder in front, in the order of the folders: the first takes the place
 * of the others. 0 or -ENOMEM. */
int search_all(const char *root, const char *project, const char *name, char ***ret);

/* The files of the folders' sub-folder whose names end in ".conf" and do not start with a dot, in the order of their
 * names whatever their folder; of several of one name the first. A folder that is there and cannot be read is
 * reported. 0 or -ENOMEM. */
int search_files(const char *root, const char *project, const char *folder, char ***ret, ConfigErrors *errors);
