/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "core/decision.h"

/* The name of the unit to start, out of what Start= says. */

enum {
        START_NAME_E_NOBODY = 1, /* it needs a victim, and there is none */
        START_NAME_E_BAD,        /* it does not fit in a unit name, or has another specifier */
};

/* Replaces %n by the victim's unit name (of a cgroup that no manager knows by its path, as `systemd-escape --path` writes
 * it), %i by the incident's 32 hexadecimal digits, and %% by a percent sign. Writes at most UNIT_NAME_MAX bytes with the
 * end of the string. 0, or one of the above with nothing promised of `ret`. */
int start_name(char ret[static UNIT_NAME_MAX], const char *text, const CgroupName *victim, Id128 incident);
