/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/policy.h"
#include "ctl/journal-record.h"

/* What the records of one incident tell when they are put together: what was short, because of whom, what was done, and
 * what came of it. Everything points into the records. */

typedef enum DeedKind {
        DEED_ACTION,  /* memstalld's own */
        DEED_REFUSAL, /* it was due and was not taken */
        DEED_KILL,    /* somebody else killed */
} DeedKind;

/* How an action ended, the last that is known of it. */
typedef enum DeedEnd {
        END_UNKNOWN, /* no record says */
        END_TOLD,    /* log: there is no more to it */
        END_DRY,     /* a dry run: nothing was done */
        END_FAILED,
        END_TIMEOUT,
        END_REFUSED, /* it was not tried: it would have done harm */
        END_DONE,    /* and not yet, or never, looked at what came of it */
        END_HELPED,
        END_IN_VAIN, /* it had no effect */
        _END_MAX,
} DeedEnd;

typedef struct Deed {
        DeedKind kind;
        uint64_t at_usec;
        const JournalRecord *record;   /* decision, refused, killed-by-other; NULL: it is not in the journal any more */
        const JournalRecord *started;  /* outcome of Start= before it; each of these NULL if there is none */
        const JournalRecord *answer;   /* outcome */
        const JournalRecord *effect;   /* outcome after Settle= */
        const JournalRecord *released; /* the last try */
        const JournalRecord *any;      /* the first of them that is there: who, what, by which step */
        ActionKind action;             /* _ACTION_KIND_INVALID if there is none */
        DeedEnd end;
        bool held; /* it holds a unit, and no record says that it was released */
} Deed;

/* A unit's part in it. */
typedef struct Part {
        const char *unit, *comm, *class;
        size_t unit_length;   /* of `unit`, which may be in the middle of a text */
        const char *rests_on; /* of blame: "growth: grows 20M/s, …", up to the end of the line; NULL: it is not of blame */
        const char *pid;
        uint32_t share; /* of the stall time, hundredths of a percent */
} Part;

#define STORY_DEEDS_MAX 64U
#define STORY_PARTS_MAX 5U

typedef struct Story {
        const char *incident;
        uint64_t first_usec, last_usec; /* of its records */
        const char *watch, *watch_unit, *policy; /* NULL: no record says */
        Cause cause;
        const char *limit; /* the cgroup path whose limit it was; NULL: no record says */
        const JournalRecord *worst; /* the decision, or other record with numbers, at the highest pressure; NULL: none */
        Deed deeds[STORY_DEEDS_MAX];
        size_t n_deeds, n_more; /* so many more were between the first and the last ones */
        Part causes[STORY_PARTS_MAX], sufferers[STORY_PARTS_MAX]; /* greatest first */
        size_t n_causes, n_sufferers;
        bool is_open;  /* something is held, or an answer is owed */
        bool has_gaps; /* records that must have been there are missing */
} Story;

/* The story of the incident, which must be one of those in the records. */
void story_tell(const JournalRecords *records, const char *incident, Story *ret);

/* The deed that matters most: the harshest that was done, else the last. NULL if there is none. */
const Deed *story_worst_deed(const Story *s);

/* The last name of a cgroup's path. */
const char *story_name(const char *path);

/* Who paid, or was chosen; "the host" for it, "" if nobody. */
const char *deed_victim(const Deed *d);
