/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/core.h"
#include "core/trace.h"

/* A host made of text, for the core to meet: units that use and stall, a kernel that fires its PSI triggers, a systemd
 * that answers. Its file is a list of lines, each with an optional time from which on it holds:
 *
 *     host total=1G cache=100M                   MemTotal; what no unit uses is available, and free but for the cache
 *     host swap-total=1G                         SwapTotal, and free
 *     slice batch.slice limit=500M
 *     unit a.service in=batch.slice usage=100M grow=20M some=30% full=10%
 *     at 5s unit a.service grow=0                the same keys again, changed
 *     at 6s gone a.service                       it ends by itself
 *     at 7s answer freeze timeout 2              the next two answers: done slow failed timeout refused lost gone
 *     at 8s trigger batch.slice some:10%:2s      an event that the kernel sends for nothing
 *     at 9s release stop                         the daemon stops or reloads
 *     at 9s release by-hand a.service            what is held of it is undone by hand; without a name: everything
 *     at 9s reclaims a.service batch.slice max 5000   from now on BPF says that it had so many pages reclaimed: max high
 *                                                by-hand host
 *     at 9s clock 1798740000                     what CLOCK_REALTIME shows, in seconds
 *     at 9s managed a.service 20% 2s             its ManagedOOMMemoryPressure…= from now on; nothing behind it: none
 *     at 9s warning kswapd                       what the kernel tells of the host's memory: armed, lost, kswapd, …
 *     end 60s
 *
 * Keys of a unit: `usage`, `protected`, `grow` (a second), `some`, `full` (how much of its time it stalls; slices and
 * the host stall with it), `io` (the same of its io pressure), `waits` (time in waits that PSI does not count, of all its
 * tasks: may be over 100%), `dies` (how long after the kill, 200ms), `stubborn=yes` (SIGKILL only), `calms=yes` (does
 * neither grow nor stall while throttled), `class` and `limit-of` (what BPF says of its stalls; no class, no BPF),
 * `high`, `max` (memory.events a second), `swap`, `scan`, `reclaim` (pages a second), `stream` and `refault`
 * (new pages a second that take the place of its own, and its own that it reads again; without either its counters are not
 * known), `preference` (avoid, omit),
 * `stuck=yes` (throttled it stands still: its events climb and it stalls in full). A frozen unit does neither grow nor
 * stall; one that calms does not stall while it is protected. One that is restarted comes back small and calm. `answer`
 * knows the actions, undo, and job: what Start= starts before them. */

typedef struct World World;

/* 0, or -EINVAL with the line that is wrong printed, or another negative errno. */
int world_load(World **ret, const char *path);
World *world_free(World *w);
DEFINE_CLEANUP(World *, world_free);

/* The next event, with storage in `ret`; false at the end. */
bool world_next(World *w, TraceEvent *ret);

/* What the core wants now. */
void world_take(World *w, const Effects *effects);

/* How often the core was woken, and how often it looked. */
typedef struct WorldCounts {
        unsigned n_timers, n_triggers, n_samples, n_surveys;
} WorldCounts;
WorldCounts world_counts(const World *w);
