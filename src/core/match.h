/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "core/event.h"
#include "core/policy.h"

/* Which policy watches a cgroup, and which units no policy may touch. */

/* Whether the policy's [Match] takes the cgroup, Enabled= or not. Globs of Unit= and Slice= are of names, those of
 * CGroup= of paths, with or without the slash in front; Except= takes out by the same. */
bool match_takes(const Policy *p, CgroupKind kind, const char *unit, const char *path);

/* The first policy that is enabled, in the order of their names, whose [Match] takes the cgroup; NULL if none does. */
const Policy *match_policy(const PolicySet *set, CgroupKind kind, const char *unit, const char *path);

/* Whether a unit is protected, by the built-in list or by `Protect=`. */
bool match_protected(const Settings *settings, const char *unit);
