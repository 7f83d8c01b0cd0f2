/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id128.h"
#include "core/event.h"
#include "core/policy.h"
#include "core/wants.h"

/* What to do, and why: the core's only output. Everything here is values, or points into the core and its policies
 * and stays as it is until the next core_step(). */

#define UNIT_NAME_MAX 256U /* systemd's own, with the end of the string */

/* A cgroup as records and effectors name it. */
typedef struct CgroupName {
        uint64_t id;
        CgroupKind kind;
        const char *path;
        const char *unit;
        bool delegated; /* the system manager does not know it: acted on through the cgroup files */
} CgroupName;

typedef enum CulpritRole {
        ROLE_CAUSE,
        ROLE_SUFFERER,
        _ROLE_MAX,
} CulpritRole;

/* One of the stalls of the survey that led to a decision. */
typedef struct Culprit {
        size_t stall; /* its index in the survey's list */
        CulpritRole role;
        uint32_t share; /* of the stall time of all of them, hundredths of a percent */
        CgroupName unit;
        CgroupName limit; /* id 0 if the reclaim was for no cgroup's limit */
        Stall values;
} Culprit;

#define DECISION_CULPRITS_MAX 5U

/* What a unit's share of blame rests on. */
typedef enum BlameKind {
        BLAME_LIMIT,    /* it has reached a limit of its own */
        BLAME_GROWTH,   /* it took memory that it had not before */
        BLAME_REFAULTS, /* nobody did; it goes round in more than there is room for */
        BLAME_RECLAIM,  /* it had the others' memory reclaimed: memory.reclaim, a limit that was set */
        BLAME_ITSELF,   /* it asked for large pages, or sleeps at a limit that nobody else has a part in */
        _BLAME_KIND_MAX,
} BlameKind;

/* One unit's part in why the watch stalls. All shares and what is laid to nobody add up to the whole. */
typedef struct Blame {
        CgroupName unit;
        BlameKind kind; /* what most of its share rests on */
        uint32_t share; /* of the stall time, hundredths of a percent */
        uint64_t caused_usec;
        bool is_cause;        /* at least half of what it suffers itself is laid to it, and a tenth of all */
        uint64_t growth;    /* bytes a second */
        uint64_t brought;   /* bytes a second of new pages: growth, and what was reclaimed from it meanwhile */
        uint64_t refaults;  /* pages a second */
        uint64_t reclaimed; /* pages that it had reclaimed of others */
} Blame;

#define DECISION_BLAMES_MAX 5U

/* A step acts. */
typedef struct Decision {
        uint64_t id;
        Id128 incident;
        unsigned count; /* how often this step has acted in this incident, this time included */
        const Policy *policy;
        const Step *step;
        CgroupName watch;
        CgroupName victim;
        ActionKind action;
        bool dry_run;
        bool escalation; /* SIGKILL to what a milder Signal= left */
        bool thaw_first;
        int signal;
        Grain grain;               /* kill */
        Properties properties;     /* throttle, protect: what is to be set */
        uint64_t reclaim_bytes;    /* reclaim */
        char start[UNIT_NAME_MAX]; /* Start=, its specifiers replaced; empty: none */
        uint64_t timeout_usec;     /* as long are jobs waited for */

        Cause cause;
        RankMeasure rank; /* the measure that told the victim from the next candidate */
        size_t n_candidates;
        uint64_t seen[STEP_CONDITIONS_MAX]; /* value of each condition, see watch_condition_value() */
        uint32_t pressure[_PRESSURE_KIND_MAX];
        Sample sample;
        uint64_t victim_usage_bytes;
        uint64_t event_usec; /* when the event was seen that led here */

        Culprit culprits[DECISION_CULPRITS_MAX];
        size_t n_culprits;
        Blame blames[DECISION_BLAMES_MAX]; /* greatest first */
        size_t n_blames;
        uint32_t blame_unknown; /* share that is laid to nobody, or to more than have room here */
} Decision;

/* Somebody else killed, and what memory looked like. */
typedef struct Sighting {
        Id128 incident; /* that of the watch, if it has one; else one of its own */
        Killer killer;
        bool pending;
        uint64_t count;  /* how many processes since it was last told; pid and comm are those of the last */
        bool again;      /* it has killed there within the same seconds, and that was told */
        uint64_t missed; /* kills elsewhere that nothing was told of: there were too many at once */
        uint64_t pid;
        char comm[KILLED_COMM_MAX], reason[KILLED_REASON_MAX];
        CgroupName victim; /* id 0: it is gone */
        CgroupName watch; /* the nearest that a policy watches; the host if none does */
        const Policy *policy; /* which; NULL if none does */
        bool looked; /* what follows was seen; else nothing could be */
        Cause cause;
        Sample sample;
        Culprit culprits[DECISION_CULPRITS_MAX];
        size_t n_culprits;
        Blame blames[DECISION_BLAMES_MAX];
        size_t n_blames;
        uint32_t blame_unknown;
} Sighting;

/* An action that is held must be undone. */
typedef struct Undo {
        uint64_t id;
        Id128 incident;
        const Policy *policy;
        const Step *step;
        CgroupName watch;
        CgroupName victim;
        ActionKind action; /* one that holds */
        ReleaseReason reason;
        Properties previous; /* throttle, protect: what to put back */
        uint64_t held_usec;
} Undo;

/* The end of a decision, or its effect after Settle=. */
typedef struct Report {
        const Decision *decision;
        Outcome outcome;
        uint64_t latency_usec; /* from the kernel's event to the answer */
        uint32_t pressure_before, pressure_after; /* some, hundredths of a percent */
        uint64_t freed_bytes;                     /* settled: how much less the watch uses */
        bool started;                             /* it is about decision->start, which runs before the action */
} Report;

typedef enum RefusalReason {
        REFUSAL_PROTECTED, /* every candidate is protected */
        REFUSAL_BUDGET,    /* MaxActions= is used up */
        REFUSAL_OOMD,      /* every candidate is left to systemd-oomd */
        REFUSAL_NOBODY,    /* there is no candidate, or by Rank= none has a part in it */
        REFUSAL_FULL,      /* as many actions are under way, or held, as memstalld can keep in mind */
        REFUSAL_POLICY_BUDGET, /* MaxActions= of the policy is used up */
        REFUSAL_NAME,          /* what Start= names is no name of a unit once its specifiers are replaced */
        _REFUSAL_REASON_MAX,
} RefusalReason;

/* An action was due and is not taken. */
typedef struct Refusal {
        Id128 incident;
        const Policy *policy;
        const Step *step;
        CgroupName watch;
        CgroupName victim; /* id 0 if it is nobody in particular */
        RefusalReason reason;
} Refusal;

typedef enum EffectKind {
        EFFECT_ARM,     /* sense: keep triggers on this cgroup for each of `limits` */
        EFFECT_DISARM,  /* sense: nobody watches it any more */
        EFFECT_FOLLOW,  /* sense: EFFECT_SAMPLE may ask for this one though nobody watches it (WANT_EVENTS, _STAT) */
        EFFECT_UNFOLLOW,
        EFFECT_START,   /* act: start decision->start, answer with EVENT_OUTCOME (`job.id`) after timeout_usec at last */
        EFFECT_EXPIRED, /* journal: the policy is off from now on */
        EFFECT_SAMPLE,  /* sense: answer with EVENT_SAMPLE */
        EFFECT_SURVEY,  /* sense: answer with EVENT_SURVEY */
        EFFECT_ACT,     /* act: do it, answer with EVENT_OUTCOME; journal: decision, culprits */
        EFFECT_UNDO,    /* act: undo it, answer with EVENT_OUTCOME */
        EFFECT_REPORT,  /* journal: outcome */
        EFFECT_RELEASE, /* journal: release; the undo is done */
        EFFECT_STUCK,   /* journal: the undo failed, and will be tried again */
        EFFECT_REFUSE,  /* journal: refused */
        EFFECT_ENDED,   /* recorder: an incident is over */
        EFFECT_SEEN,    /* journal: somebody else killed; culprits */
        _EFFECT_KIND_MAX,
} EffectKind;

typedef struct Effect {
        EffectKind kind;
        union {
                struct {
                        CgroupName watch;
                        const PressureLimit *limits;
                        size_t n_limits;
                        unsigned wants; /* WANT_… */
                } arm;
                CgroupName look; /* EFFECT_SAMPLE, EFFECT_SURVEY, _DISARM, _FOLLOW, _UNFOLLOW */
                const Policy *expired;
                struct {
                        uint64_t id;
                        const Decision *decision;
                } job;
                Decision decision;
                Undo undo; /* EFFECT_UNDO, EFFECT_RELEASE */
                struct {
                        Undo undo;
                        Outcome outcome;
                } stuck;
                Report report;
                Refusal refusal;
                Sighting seen;
                struct {
                        Id128 incident;
                        CgroupName watch;
                } ended;
        };
} Effect;

/* Everything that one event brought about, in the order in which it is to be done. */
typedef struct Effects {
        Effect *items;
        size_t n_items;
        uint64_t wakeup_usec; /* an EVENT_TIMER is wanted then; USEC_INFINITY: none */
        uint64_t warning_usec; /* WARNING_KSWAPD is of no use before; USEC_INFINITY: not at all */
} Effects;

/* The words of records and of the language: "unit-limit", "cause", "done", "systemd", "calm", "memcg-max". */
const char *role_to_string(CulpritRole r);
const char *outcome_to_string(OutcomeKind k);
const char *via_to_string(OutcomeVia v);
const char *release_to_string(ReleaseReason r);
const char *refusal_to_string(RefusalReason r);
const char *stall_to_string(StallClass c);
const char *reclaim_to_string(ReclaimKind k);
const char *warning_to_string(WarningKind k);
const char *killer_to_string(Killer k);
const char *blame_to_string(BlameKind k);
