/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Undoes what a run of the daemon that has ended left held (act/held.h), for ExecStopPost=: the unit may not come back.
 * Nothing else is looked at, no policy is read. What cannot be undone in 20 s stays on the list for the next
 * start. 0; -ETIMEDOUT if something is left; -EBUSY: a daemon runs, and nothing is done; -errno. */
int leftovers_undo(void);
