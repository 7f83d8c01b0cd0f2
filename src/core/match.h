/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "core/event.h"
#include "core/policy.h"

/* Which policy watches a cgroup, and which units no policy may touch. */

/* The first policy, in the order of their names, whose [Match] takes the cgroup; NULL if none does. */
const Policy *match_policy(const PolicySet *set, CgroupKind kind, const char *unit);

/* Whether a unit is protected, by the built-in list or by `Protect=`. */
bool match_protected(const Settings *settings, const char *unit);
