/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "base/id128.h"
#include "core/decision.h"
#include "core/event.h"
#include "core/policy.h"

/* Events in, effects out; nothing else goes in or comes out. The same events give the same effects, in the daemon, in
 * a replay and in the tests. */

typedef struct Core Core;

/* `settings` and `policies` are borrowed and must outlive the core. `seed` makes the incident ids: 128 random bits in
 * the daemon, anything in a replay. 0 or -ENOMEM. */
int core_new(Core **ret, const Settings *settings, const PolicySet *policies, Id128 seed);
Core *core_free(Core *core);
DEFINE_CLEANUP(Core *, core_free);

/* Takes one event in and returns what it brought about, valid until the next call. Allocates for EVENT_CGROUP_NEW, for
 * EVENT_MANAGED, and when a policy comes on or goes off, alone; if that fails, the cgroup is not watched and counts as
 * lost. */
const Effects *core_step(Core *core, const Event *event);

/* How things stand, in numbers. */
typedef struct CoreCounts {
        size_t n_watches, n_incidents;
        size_t n_held;
        unsigned held_generation; /* another one whenever the list of what is held is another */
        size_t n_open; /* what is not over: units held or not yet known to be released, answers and SIGKILLs owed */
        size_t n_lost; /* cgroups that could not be taken in */
} CoreCounts;

CoreCounts core_counts(const Core *core);

/* How far the core has counted: the last id of a decision or undo, and the incidents that began and ended. */
typedef struct CoreIds {
        uint64_t last_id, n_begun, n_ended;
} CoreIds;

CoreIds core_ids(const Core *core);

/* Goes on counting from there: for a replay of what began in the middle. */
void core_count_from(Core *core, const CoreIds *ids);

/* Whether that cgroup is a watch with an incident. */
bool core_in_incident(const Core *core, uint64_t cgroup_id);

/* For `memstallctl status`. */
typedef struct WatchStatus {
        CgroupName name;
        const char *policy;
        uint32_t pressure[_PRESSURE_KIND_MAX]; /* over the longest two seconds known; 0 while asleep */
        bool awake;                            /* looks at it by itself, not only when the kernel wakes it */
        bool in_incident;
        Id128 incident;
} WatchStatus;

typedef struct HoldStatus {
        size_t slot;      /* below HOLDS_MAX, its own as long as it is held */
        uint64_t pending; /* the decision whose answer is awaited; 0: it is here */
        CgroupName victim;
        const char *policy, *step;
        ActionKind action;
        Id128 incident;
        uint64_t since_usec, deadline_usec; /* USEC_INFINITY: until calm */
        Properties previous;                /* throttle, protect: what comes back */
} HoldStatus;

/* The i-th of them; false when there are no more. */
bool core_watch_status(const Core *core, size_t i, WatchStatus *ret);
bool core_hold_status(const Core *core, size_t i, HoldStatus *ret);
