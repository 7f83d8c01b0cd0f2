/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/agent.h"

/* The side of what the kernel tells by itself (sense/alarm.h): its warnings go to the core, so that nobody looks at the
 * host's room while there is plenty. With Culprits=no, or where the kernel refuses it, the core goes by timers. */

/* Loads it, and tells the core that the kernel warns from now on. After the core is there, before the sensors. Returns 0,
 * also where it cannot be had, or a negative errno of the loop. */
int warnings_start(Agent *a);
void warnings_stop(Agent *a);

/* After each step of the core: when a warning is of use to it again. */
void warnings_wanted(Agent *a, uint64_t usec);

/* One line for `status`: what is heard, or why nothing is. */
const char *warnings_rung(const Agent *a);
