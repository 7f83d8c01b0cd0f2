/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/budget.h"
#include "core/core.h"
#include "core/node.h"

/* What others kill for memory. A kill is told at once, with what a survey then shows; the kernel's OOM killer may
 * take a process a millisecond after the other, so what the same killer does to the same unit in the next ten seconds
 * is counted, and told as one. All of that has one incident id: that of the watch, if it is in an incident, or one of
 * its own. */

#define SIGHTINGS_MAX 16U /* units at once; of kills elsewhere only the number is told */
#define SIGHTING_PATH_MAX 1024U
#define SIGHTING_TRACES_MAX 10U /* EFFECT_ENDED, an hour */

typedef enum SightingState {
        SIGHTING_FREE,
        SIGHTING_ASKED, /* for a survey: what was seen is to be told */
        SIGHTING_TOLD,  /* what comes in the next seconds is counted */
} SightingState;

/* One killer and one unit. */
typedef struct Seen {
        SightingState state;
        uint64_t due_usec; /* SIGHTING_ASKED: waits no longer for the survey. _TOLD: tells what it has counted, or ends */
        Killer killer;
        Node *victim; /* reference; NULL: it was gone before we heard of it, and the next two name it */
        char path[SIGHTING_PATH_MAX], unit[UNIT_NAME_MAX];
        bool delegated;
        Node *watch; /* reference: what is surveyed. NULL: nothing can be */
        Id128 incident;
        bool own_incident; /* it is not that of a watch, and ends with this */
        uint64_t events;   /* memory.events.local of the watch, high and max together: what is beyond that belongs to it */

        bool pending, again;
        uint64_t count, pid;
        char comm[KILLED_COMM_MAX], reason[KILLED_REASON_MAX];
} Seen;

typedef struct Sightings {
        Seen *seen;    /* SIGHTINGS_MAX of them, allocated once */
        size_t n;      /* how many are not free */
        Stall *stalls; /* those of a survey that belong to one sighting, and where they stood */
        size_t *places;
        Budget traces; /* who is killed and started again for ever is to leave room for the traces of other incidents */
        uint64_t missed;
} Sightings;

/* 0 or -ENOMEM. */
int sighting_init(Sightings *s);
void sighting_done(Sightings *s);

/* Somebody else killed: counts it, or asks for a survey. */
void sighting_on_killed(Core *core, const Event *event);
/* A survey has come, if for another reason: whatever waits for one of this watch is told. After the watch itself has had
 * it. */
void sighting_on_survey(Core *core, const Event *event);
/* What is due is told without a survey, or asks for another one, or ends. */
void sighting_on_timer(Core *core);
/* The earliest time at which sighting_on_timer() has something to do. */
uint64_t sighting_next(const Core *core);
