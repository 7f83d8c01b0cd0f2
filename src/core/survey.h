/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/decision.h"
#include "core/node.h"

/* A survey, worked out: each candidate with its measures, and who is to blame for the stalls. */

#define CANDIDATES_MAX 4096U
#define OUTSIDERS_MAX 8U
#define SCOPES_MAX 16U

/* memory.stat counts pages. Where they are larger, reclaim weighs less beside growth than it should. */
#define SURVEY_PAGE_BYTES UINT64_C(4096)

/* What somebody brought about, and what that rests on. */
typedef struct Part {
        uint64_t usec;
        uint64_t by_usec[_BLAME_KIND_MAX];
        uint64_t reclaimed; /* pages that it had reclaimed of others */
} Part;

typedef struct Suspect {
        Node *node;
        uint64_t current_bytes;    /* memory.current */
        uint64_t usage_bytes;      /* of it, what is not protected */
        uint64_t growth;           /* bytes a second since the base */
        uint64_t brought;          /* bytes a second of new pages since the base */
        uint64_t refaults;         /* pages a second since the base */
        uint64_t life_growth;      /* bytes a second brought since the unit was made; 0 for one that was found */
        uint64_t pressure_usec;    /* stalled since the base */
        uint64_t swap_bytes;
        uint64_t scanned;          /* pages since the base */
        Preference preference;
        bool counted;              /* its reclaimed and refaulted pages are known, and were at the base */
        uint64_t suffered_usec;    /* stall time of its own tasks */
        uint64_t compaction_usec;  /* of it, in direct compaction */
        uint64_t caused_usec;      /* stall time traced to it, its own or others' */
        Part part;                 /* the same, with what it rests on; 0 for what only holds others */
} Suspect;

/* Who is to blame and no candidate. */
typedef struct Outsider {
        const Node *node;
        Part part;
} Outsider;

/* By what those beneath a limit share. */
typedef enum WeightBy {
        BY_NOTHING, /* nobody has any weight */
        BY_BROUGHT, /* new pages lately, and in its life, of who brings any lately */
        BY_LIFE,    /* the same of everybody */
        BY_REFAULTS,
        BY_COMPACTION,
} WeightBy;

/* A limit that several have part in, and the stall time that is for them to share. */
typedef struct Scope {
        const Node *limit; /* NULL: the host */
        WeightBy by;
        uint64_t usage_bytes; /* of all beneath it */
        uint64_t usec;
} Scope;

typedef struct Survey {
        const NodeRegistry *nodes; /* borrowed: what the last event was about */
        Suspect *suspects; /* CANDIDATES_MAX of them, allocated once */
        size_t n;
        Outsider outsiders[OUTSIDERS_MAX];
        size_t n_outsiders;
        Scope scopes[SCOPES_MAX];
        size_t n_scopes;
        uint64_t caused_usec; /* sum over the suspects */
        uint64_t stall_usec;  /* sum over all stalls, those that PSI does not count included */
        uint64_t class_usec[_STALL_CLASS_MAX]; /* likewise, each as what it is judged as, but for first reads of files */
} Survey;

int survey_init(Survey *s);
void survey_done(Survey *s);

/* Fills the survey from the event. Growth, pressure, pages scanned and new pages are measured from each node's base; a
 * node without one, or with one older than ten seconds, gets it now. Those that stalled and are gone come after the
 * candidates, without measures: nobody chooses them. Returns whether every candidate had a base of at
 * least 50 ms, or of 500 ms where somebody stalls and nobody brings anything, or less than a 256th of the limit and not
 * who came to the most in its life: if not, these say nothing yet.
 *
 * New pages are what the usage grew by and what was reclaimed meanwhile, less what was read again: who streams through
 * files does not grow and brings much, who is reclaimed from and reads it all again brings nothing. The kernel charges
 * in batches of 64 pages; so much is none. */
bool survey_fill(Survey *s, const NodeRegistry *nodes, const Event *event);

/* Traces the stalls to their causes.
 *
 * A limit: a unit's own to that unit, a slice's to those beneath it. Host without free pages: to all in the survey, who
 * need not be beneath the watch. Direct compaction to who asked for it, and that of kcompactd to those in proportion. A
 * wait for evicted pages: to who had them evicted, by what was reclaimed from the sufferer's cgroup and those above it
 * (event->survey.reclaims): for a limit and for the host as above, by hand to the unit that wrote memory.reclaim; PID 1
 * and memstalld do it to set a limit, which is the target's. Without such knowledge to all, but not by their lives: whose
 * pages were evicted may be the youngest.
 *
 * "Those" and "all" share by the new pages that they bring. Where some do, lately, who does not has no part in it;
 * otherwise what each brought in its whole life counts, unless the first in that is the first lately, too. Where that is
 * small beside what is read again, nobody grows, and they share by what they read again. Who has less than a fifth of the
 * greatest part has none. Where nothing is known of anybody a charge or an allocation is laid to the task that made it,
 * and a wait to nobody.
 *
 * A slice, or a container, has caused and suffered what all beneath it have. */
void survey_blame(Survey *s, const NodeRegistry *nodes, const Event *event);

/* How far one has to look for who brought about a stall that is for no limit. */
typedef enum Reach {
        REACH_ITSELF,       /* nobody else has a part in it */
        REACH_AS_RECLAIMED, /* as far as what was reclaimed lately; everywhere if nobody saw any */
        REACH_HOST,         /* everywhere */
} Reach;

Reach survey_reach(StallClass class);

/* Takes the node in, if there is room: NULL if not. What is known of it is the caller's to fill in. */
Suspect *survey_add(Survey *s, Node *n);

Suspect *survey_find(Survey *s, uint64_t cgroup_id);

/* Whether it only holds others, and does nothing by itself. */
bool survey_holds_others(const Node *n);

/* Why the watch stalls: from the classes of its stalls, from what was reclaimed for what, and from its counters where they do
 * not say. `events` is how much memory.events.local (high and max together) counted since the incident began; `room` says
 * that the step which acts is about room or usage. */
Cause survey_cause(const Survey *s, const NodeRegistry *nodes, const Event *event, const Node *watch,
                   uint64_t events, bool room);

/* The largest stalls with their role and share, into `ret`, at most `n_max`, each at least a hundredth of all stall
 * time; returns how many. The cause is who brought about at least half of what it suffered, and a hundredth of all. */
size_t survey_culprits(Survey *s, const NodeRegistry *nodes, const Event *event, Culprit *ret, size_t n_max);

/* Who is to blame, greatest first, into `ret`, at most `n_max`, each at least a hundredth of all stall time; returns how
 * many. Their shares and `*ret_unknown` add up to all; 0 without stalls. */
size_t survey_blames(const Survey *s, Blame *ret, size_t n_max, uint32_t *ret_unknown);
