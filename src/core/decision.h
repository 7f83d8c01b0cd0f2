/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id128.h"
#include "core/event.h"
#include "core/policy.h"

/* What to do, and why: the core's only output. Everything here is values, or points into the core and its policies
 * and stays as it is until the next core_step(). */

/* A cgroup as records and effectors name it. */
typedef struct CgroupName {
        uint64_t id;
        CgroupKind kind;
        const char *path;
        const char *unit;
} CgroupName;

/* Why a watch stalls: the words of Cause=. */
typedef enum Cause {
        CAUSE_UNKNOWN,
        CAUSE_UNIT_LIMIT,  /* it fights its own limit */
        CAUSE_SLICE_LIMIT, /* the limit of a slice above */
        CAUSE_HOST_SHORT,  /* the host has no room */
        CAUSE_REFAULT,
        CAUSE_SWAP,
        CAUSE_THROTTLED, /* the sleep that memory.high imposes */
        CAUSE_COMPACTION,
        CAUSE_IO,
        _CAUSE_MAX,
} Cause;

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
        uint64_t memory_high_bytes;

        Cause cause;
        RankMeasure rank; /* the measure that told the victim from the next candidate */
        size_t n_candidates;
        uint64_t seen[STEP_CONDITIONS_MAX]; /* value of each condition: a share, or bytes */
        uint32_t pressure[_PRESSURE_KIND_MAX];
        Sample sample;
        uint64_t victim_usage_bytes;
        uint64_t event_usec; /* when the event was seen that led here */

        Culprit culprits[DECISION_CULPRITS_MAX];
        size_t n_culprits;
} Decision;

/* An action that is held must be undone. */
typedef struct Undo {
        uint64_t id;
        Id128 incident;
        const Policy *policy;
        const Step *step;
        CgroupName watch;
        CgroupName victim;
        ActionKind action; /* throttle or freeze */
        ReleaseReason reason;
        uint64_t previous_bytes; /* throttle: MemoryHigh= to put back */
        uint64_t held_usec;
} Undo;

/* The end of a decision, or its effect after Settle=. */
typedef struct Report {
        const Decision *decision;
        Outcome outcome;
        uint64_t latency_usec; /* from the kernel's event to the answer */
        uint32_t pressure_before, pressure_after; /* some, hundredths of a percent */
        uint64_t freed_bytes;                     /* settled: how much less the watch uses */
} Report;

typedef enum RefusalReason {
        REFUSAL_PROTECTED, /* every candidate is protected */
        REFUSAL_BUDGET,    /* MaxActions= is used up */
        REFUSAL_NOBODY,    /* there is no candidate */
        REFUSAL_FULL,      /* as many actions are held as memstalld can hold */
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
        EFFECT_SAMPLE,  /* sense: answer with EVENT_SAMPLE */
        EFFECT_SURVEY,  /* sense: answer with EVENT_SURVEY */
        EFFECT_ACT,     /* act: do it, answer with EVENT_OUTCOME; journal: decision, culprits */
        EFFECT_UNDO,    /* act: undo it, answer with EVENT_OUTCOME */
        EFFECT_REPORT,  /* journal: outcome */
        EFFECT_RELEASE, /* journal: release; the undo is done */
        EFFECT_STUCK,   /* journal: the undo failed, and will be tried again */
        EFFECT_REFUSE,  /* journal: refused */
        _EFFECT_KIND_MAX,
} EffectKind;

typedef struct Effect {
        EffectKind kind;
        union {
                struct {
                        CgroupName watch;
                        const PressureLimit *limits;
                        size_t n_limits;
                        bool wants_room; /* memory.events.local wakes it too */
                } arm;
                CgroupName look; /* EFFECT_SAMPLE, EFFECT_SURVEY */
                Decision decision;
                Undo undo; /* EFFECT_UNDO, EFFECT_RELEASE */
                struct {
                        Undo undo;
                        Outcome outcome;
                } stuck;
                Report report;
                Refusal refusal;
        };
} Effect;

/* Everything that one event brought about, in the order in which it is to be done. */
typedef struct Effects {
        Effect *items;
        size_t n_items;
        uint64_t wakeup_usec; /* an EVENT_TIMER is wanted then; USEC_INFINITY: none */
} Effects;

/* The words of records and of the language: "unit-limit", "cause", "done", "systemd", "calm", "memcg-max". */
const char *cause_to_string(Cause c);
const char *role_to_string(CulpritRole r);
const char *outcome_to_string(OutcomeKind k);
const char *via_to_string(OutcomeVia v);
const char *release_to_string(ReleaseReason r);
const char *refusal_to_string(RefusalReason r);
const char *stall_to_string(StallClass c);
