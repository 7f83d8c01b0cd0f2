/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/id128.h"
#include "core/policy.h"

/* The list of what is held, in a file that outlives the daemon but not the boot (RuntimeDirectory=): whatever ends the
 * daemon, its next run finds what to undo. Lines of one length, filled up with spaces; the first has the version, each
 * other is a slot, and free if it begins with a space:
 *
 *     memstalld-held 3
 *     throttle PREVIOUS INCIDENT SINCE-USEC UNIT systemd PATH/
 *     freeze - INCIDENT SINCE-USEC UNIT cgroup PATH/
 *
 * with PREVIOUS as in core/properties.h: "-" for a throttle that has not changed anything yet. UNIT is "-" where the cgroup
 * is no unit; "cgroup" is for those that the system manager does not know. PATH is that of the cgroup; a newline in it
 * stands as "//", and it ends with "/", so that spaces are its own. Lists of earlier versions, which had lines without
 * slots, are read as well: an upgrade restarts the daemon.
 *
 * The file is mapped and, as all of the daemon's memory, locked: to write a slot takes no page, no call and no wait, and
 * whoever is killed at any instruction leaves the slot free, as it was, or whole. */

#define HELD_FOLDER "/run/memstalld"
#define HELD_FILE HELD_FOLDER "/held"
#define HELD_UNITS_MAX 256U

#define HELD_PATH_MAX 1024U /* with its end */

typedef struct HeldUnit {
        ActionKind action;
        Properties previous; /* throttle, protect: what to put back; none yet if nothing is set */
        uint64_t since_usec; /* CLOCK_MONOTONIC */
        Id128 incident;
        char unit[256];           /* empty for a cgroup that is no unit */
        char path[HELD_PATH_MAX]; /* may be empty for a unit of the system manager's */
        bool delegated;           /* to be undone through the cgroup files */
} HeldUnit;

/* Reads the list, at most `n_max` units. Lines that are none are left out; a file that is not there, or of another
 * version, is an empty list. Allocates while it reads. 0 or -errno. */
int held_read(const char *path, HeldUnit *ret, size_t n_max, size_t *ret_n_units);

/* Says that somebody is at work on the list in this folder, until the descriptor is closed or its process dead. A descriptor,
 * -EWOULDBLOCK if somebody else is, or -errno. */
int held_lock(const char *folder);

typedef struct HeldList HeldList;

#define HELD_E_LONG 1 /* it does not fit into a slot */

/* Makes a new list at `path`, with `units` (at most HELD_UNITS_MAX) in its first slots, and puts it in the place of the old
 * one when it is whole. 0 or -errno; what finds no room in a slot is left out. */
int held_list_new(HeldList **ret, const char *path, const HeldUnit *units, size_t n_units);

/* The file stays. Returns NULL. */
HeldList *held_list_free(HeldList *l);
DEFINE_CLEANUP(HeldList *, held_list_free);

/* Writes a slot, unless it says so already, or is that of the same decision: what was noted of it stays. `id`, unless it is 0, is that of the decision which is about to be carried out,
 * for held_list_note(). 0, or HELD_E_LONG and the slot is free. */
int held_list_set(HeldList *l, size_t slot, uint64_t id, const HeldUnit *unit);

/* Frees a slot. */
void held_list_clear(HeldList *l, size_t slot);

/* Whether the decision has a slot. */
bool held_list_has(HeldList *l, uint64_t id);

/* What the decision is about to change is `previous` now: to be called before the change is sent, from any thread. False if
 * the decision has no slot (any more), or it does not fit: then nothing must be changed. True without a list. */
bool held_list_note(HeldList *l, uint64_t id, const Properties *previous);
