/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/decision.h"
#include "core/event.h"

/* What others kill for memory: the kernel's OOM killer, of which BPF tells or else memory.events of what is watched; and
 * systemd-oomd, by its signal on the bus, and from systemd 260 on by its pre-kill hook, before it acts. */

typedef struct Agent Agent;
typedef struct Kills Kills;

/* 0 or -ENOMEM. */
int sightings_start(Agent *a);
void sightings_stop(Agent *a);

/* The kernel's OOM killer has chosen the process, which ran in that cgroup (0: nobody knows). */
void sightings_on_oom(Agent *a, uint64_t cgroup_id, uint32_t pid, const char *comm);

/* Without BPF: what memory.events.local of a watch counts more than at the last look is told when the turn is over. */
void sightings_on_sample(Agent *a, uint64_t cgroup_id, const Sample *values);
bool sightings_next(Agent *a, Event *ret);

/* systemd-oomd kills the cgroup, or is about to. Both texts may be anything. */
void sightings_on_oomd(Agent *a, const char *cgroup, const char *reason, bool pending);

/* The cgroup is gone: what is heard of it later still has a name. NULL: not of this one. */
void sightings_forget(Agent *a, const Event *event);
const char *sightings_gone_path(const Agent *a, uint64_t cgroup_id);

/* The records of a sighting. */
void sightings_tell(Agent *a, const Sighting *s);
