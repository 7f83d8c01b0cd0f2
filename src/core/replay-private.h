/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/replay.h"

/* What replay*.c share: replay.c moves events, replay-known.c makes up surveys, replay-owed.c answers, replay-compare.c
 * holds both sides of a step beside each other. */

/* ---- What a trace tells of its cgroups --------------------------------------------------------- */

typedef struct Known {
        uint64_t id;
        CgroupKind kind;
        bool alive, container;
        char *path; /* NULL: only later lines name it */
        bool is_candidate; /* `candidate` was seen, or will be */
        Candidate candidate;
        bool is_sampled;
        Sample sample;
        uint64_t gone_usec; /* 0: never */
} Known;

typedef struct KnownSet {
        void *root; /* tsearch(3) */
        Known **items;
        size_t n, n_allocated;
        Candidate *candidates; /* of the survey that was made up last, TRACE_CANDIDATES_MAX */
} KnownSet;

/* Takes in what the event tells; `early` for one that is yet to come. 0 or -ENOMEM. */
int known_learn(KnownSet *set, const Event *event, bool early);
const Known *known_find(const KnownSet *set, uint64_t id);
/* Makes up a survey; false if nothing was ever seen of the watch. */
bool known_survey(const KnownSet *set, uint64_t watch_id, Event *ret);
void known_forget(KnownSet *set); /* a new core: cgroups are told anew */
void known_done(KnownSet *set);

/* ---- Both sides of one step -------------------------------------------------------------------- */

typedef struct Lines {
        char *text; /* one after the other, each with its NUL */
        size_t used, allocated, n;
} Lines;

/* 0 or -ENOMEM. */
int lines_add(Lines *l, const char *line);
void lines_clear(Lines *l);
void lines_done(Lines *l);

/* Calls `tell` for each line of both, in the order of a diff; `now` is NULL for what only was, `then` for what only
 * is. */
void lines_compare(const Lines *then, const Lines *now, void (*tell)(void *userdata, const char *then, const char *now),
                   void *userdata);

/* What a decision or undo is known by beside its id: "act throttle a.service". */
#define LINE_NAME_MAX (2U * UNIT_NAME_MAX)
bool line_name(const char *line, char *buf, uint64_t *ret_id);

/* ---- Decisions that wait for their outcome ----------------------------------------------------- */

#define OWED_MAX 512U
#define OWED_IDS_MAX 1024U

typedef struct Owed {
        uint64_t due_usec; /* of the made-up answer; USEC_INFINITY: the trace has one */
        char name[LINE_NAME_MAX];
        Outcome made_up;
} Owed;

typedef struct OwedSet {
        Owed items[OWED_MAX];
        size_t n;
        struct {
                uint64_t then, now;
        } ids[OWED_IDS_MAX]; /* of decisions that both made; the oldest is forgotten */
        size_t n_ids;
} OwedSet;

/* This core has decided so, in these words. */
void owed_add(OwedSet *set, const Effect *effect, const char *line, uint64_t now_usec);
/* The daemon has decided so: if this core waits for the answer to the same, the trace has it. */
void owed_match(OwedSet *set, const char *then);
/* Gives an outcome of then the id of now; false if this core made no such decision. It is not owed any more. */
bool owed_translate(OwedSet *set, Outcome *outcome);
/* The one to be answered first; NULL if none waits. */
const Owed *owed_first(const OwedSet *set);
void owed_remove(OwedSet *set, uint64_t id);
