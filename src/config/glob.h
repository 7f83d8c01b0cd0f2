/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* What can be said of globs (glob(7), no escapes, `*` crosses slashes: see strv_fnmatch()) without anything to match. */

/* What a glob can match, by its start and end: "/" starts a path of a cgroup; else ".service", ".slice", or both for
 * "*". 0: nothing. The glob is not empty. */
enum {
        GLOB_UNIT = 1 << 0,  /* services and scopes */
        GLOB_SLICE = 1 << 1,
        GLOB_GROUP = 1 << 2, /* cgroups below a delegated unit */
};
unsigned glob_kinds(const char *glob);

/* Whether each [ has its ]. */
bool glob_brackets_match(const char *glob);

/* Whether some name may match both. False is certain; true is not where there are [brackets]. */
bool globs_meet(const char *a, const char *b);

/* Whether `a` matches whatever `b` matches. True is certain, false is not. */
bool glob_covers(const char *a, const char *b);
