/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/decision.h"
#include "core/node.h"

/* A survey, worked out: each candidate with its measures, and who is to blame for the stalls. */

#define CANDIDATES_MAX 4096U

typedef struct Suspect {
        Node *node;
        uint64_t current_bytes;    /* memory.current */
        uint64_t usage_bytes;      /* of it, what is not protected */
        uint64_t growth;           /* bytes a second since the base */
        uint64_t life_growth;      /* bytes a second since the unit was made; 0 for one that was found */
        uint64_t pressure_usec;    /* stalled since the base */
        uint64_t swap_bytes;
        uint64_t scanned;          /* pages since the base */
        Preference preference;
        uint64_t suffered_usec;    /* stall time of its own tasks */
        uint64_t caused_usec;      /* stall time traced to it, its own or others' */
} Suspect;

typedef struct Survey {
        Suspect *suspects; /* CANDIDATES_MAX of them, allocated once */
        size_t n;
        uint64_t caused_usec; /* sum over the suspects */
        uint64_t stall_usec;  /* sum over all stalls */
        uint64_t class_usec[_STALL_CLASS_MAX];
} Survey;

int survey_init(Survey *s);
void survey_done(Survey *s);

/* Fills the survey from the event. Growth, pressure and pages scanned are measured from each node's base; a node
 * without one, or with one older than ten seconds, gets it now. Returns whether every candidate had a base of at least
 * 50 ms: if not, these three say nothing yet. */
bool survey_fill(Survey *s, const NodeRegistry *nodes, const Event *event);

/* Traces the stalls to their causes (caused_usec): reclaim for a unit's own limit to that unit; reclaim for a slice's
 * limit to those beneath it that grew, lately and since they were made, in proportion; reclaim for the host, and waits for
 * evicted pages, to all that grew; where nobody is seen to grow, a charge or an allocation to the task that made it, and a
 * wait to nobody. A slice, or a container, has caused and suffered what all beneath it have. */
void survey_blame(Survey *s, const NodeRegistry *nodes, const Event *event);

Suspect *survey_find(Survey *s, uint64_t cgroup_id);

/* Why the watch stalls: from the classes of its stalls, and from its counters where they do not say. `events` is how
 * much memory.events.local (high and max together) counted since the incident began; `room` says that the step which
 * acts is about room or usage. */
Cause survey_cause(const Survey *s, const NodeRegistry *nodes, const Event *event, const Node *watch,
                   uint64_t events, bool room);

/* The largest stalls with their role and share, into `ret`, at most `n_max`, each at least a hundredth of all stall
 * time; returns how many. */
size_t survey_culprits(Survey *s, const NodeRegistry *nodes, const Event *event, Culprit *ret, size_t n_max);
