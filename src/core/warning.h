/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/usec.h"
#include "core/event.h"

/* What the kernel tells of the host's memory by itself, for all watches: where it does, what waits for the host's room
 * needs no look while there is plenty (core/watch-look.c). */

/* For so long after a warning things are not quiet. Longer than the pause, so that a kswapd that does not come to rest
 * is never taken for a quiet one. */
#define WARNING_QUIET_USEC (20 * USEC_PER_SEC)

/* While the looks that a warning brought about are planned ahead, the next one about kswapd adds nothing: a host that
 * reads files all day wakes its kswapd every few seconds. No longer than this, and not beyond the next look. */
#define WARNING_PAUSE_USEC (10 * USEC_PER_SEC)

typedef struct Warning {
        bool armed;
        uint64_t last_usec; /* 0: none came */
        size_t n_looking;   /* watches that look at the host's room now and then: without warnings they share the time */
} Warning;

/* Takes in what the kernel tells. Returns whether the watches that wait for it are to look. */
bool warning_note(Warning *w, WarningKind kind, uint64_t now_usec);

/* Whether the kernel would tell, and has told nothing lately. NULL is a kernel that never does. */
bool warning_is_quiet(const Warning *w, uint64_t now_usec);

/* Before this time a warning about kswapd is of no use, where the first of the looks of those that wait for one is at
 * `next_look_usec` (USEC_INFINITY: none is planned). */
uint64_t warning_wanted(const Warning *w, uint64_t now_usec, uint64_t next_look_usec);
