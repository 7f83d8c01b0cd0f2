/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/id128.h"
#include "core/policy.h"

/* The list of what is held, in a file that outlives the daemon but not the boot (RuntimeDirectory=): whatever ends the
 * daemon, its next run finds what to undo. One line each, after a first one with the version:
 *
 *     memstalld-held 2
 *     throttle PREVIOUS INCIDENT SINCE-USEC UNIT -
 *     freeze - INCIDENT SINCE-USEC UNIT PATH
 *
 * with PREVIOUS as in core/properties.h. PATH goes to the end of the line and is that of the cgroup, for those that the
 * system manager does not know, or "-"; a newline in it stands as "//". UNIT is "-" where the cgroup is no unit. The list of
 * the version before, which knew "throttle PREVIOUS-BYTES …" and "freeze 0 …" without PATH, is read as well: an upgrade
 * restarts the daemon. */

#define HELD_FILE "/run/memstalld/held"
#define HELD_UNITS_MAX 256U

#define HELD_PATH_MAX 1024U /* with its end */

typedef struct HeldUnit {
        ActionKind action;
        Properties previous; /* throttle, protect: what to put back */
        uint64_t since_usec; /* CLOCK_MONOTONIC */
        Id128 incident;
        char unit[256];           /* empty for a cgroup that is no unit */
        char path[HELD_PATH_MAX]; /* of a delegated one: to be undone through the cgroup files; else empty */
} HeldUnit;

/* Writes the list to `path`, at most HELD_UNITS_MAX units, beside it first and renamed then: a reader sees the old list
 * or the new one. Allocates nothing in user space; on a tmpfs it may need some pages of the kernel. 0 or -errno. */
int held_write(const char *path, const HeldUnit *units, size_t n_units);

/* Reads the list, at most `n_max` units. Lines that are none are left out; a file that is not there, or of another
 * version, is an empty list. Allocates while it reads. 0 or -errno. */
int held_read(const char *path, HeldUnit *ret, size_t n_max, size_t *ret_n_units);
