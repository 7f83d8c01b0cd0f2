/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/usec.h"

/* Below TimeoutStopSec= at the end; short before a start, which takes over what is left. */
#define LEFTOVERS_END_USEC (20 * USEC_PER_SEC)
#define LEFTOVERS_START_USEC (2 * USEC_PER_SEC)

/* Undoes what a run of the daemon that has ended left held (act/held.h): for ExecStopPost=, as the unit may not come back,
 * and before anything else at a start, whose BPF programs take their time. Nothing else is looked at, no policy is read.
 * What cannot be undone in `limit_usec` stays on the list. `alone`: whoever seems to run is dead, and stuck in the kernel.
 * 0; -ETIMEDOUT if something is left; -EBUSY: a daemon runs, and nothing is done; -errno. */
int leftovers_undo(bool alone, uint64_t limit_usec);
