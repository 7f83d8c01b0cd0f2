/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/decision.h"
#include "core/node.h"
#include "core/psi-window.h"
#include "core/room.h"

/* One cgroup that a policy watches: what was seen of it, which steps hold, and where its episode stands. */

#define WATCH_LIMITS_MAX (POLICY_STEPS_MAX * STEP_CONDITIONS_MAX + 1)

typedef struct StepState {
        uint64_t held_since_usec;  /* USEC_INFINITY while the conditions do not all hold */
        uint64_t clear_since_usec; /* the opposite */
        uint64_t acted_usec;       /* 0: never */
        unsigned n_acted; /* in this incident */
        uint32_t refused; /* a bit for each RefusalReason that this incident has seen */
} StepState;

typedef struct Watch {
        Node *node; /* reference; node->watch points back until the cgroup is gone */
        const Policy *policy;
        size_t index; /* in Core.watches */

        /* What the kernel is asked to wake it for. */
        PressureLimit limits[WATCH_LIMITS_MAX];
        size_t n_limits;
        unsigned wants; /* WANT_…; WANT_EVENTS: some step is about what no pressure tells of early */
        uint64_t spacing_usec;

        /* What was seen. */
        PsiWindow windows[_PRESSURE_KIND_MAX];
        Sample sample;
        uint64_t sample_usec; /* 0: never */
        Room room;
        uint64_t next_look_usec; /* USEC_INFINITY: asleep until the kernel wakes it */

        /* The episode. */
        StepState *steps; /* one for each of policy->steps */
        bool in_incident;
        Id128 incident;
        uint64_t quiet_since_usec;
        uint64_t incident_events; /* events high and max when it began */
        uint64_t due_since_usec;  /* since when a step is due and not yet acted on; USEC_INFINITY: none is */

        /* The action in progress: at most one. */
        bool in_flight;
        bool starting;        /* it is the answer about decision.start that is awaited; the action follows */
        uint64_t awaited_id;  /* what the answer is to name */
        Node *victim; /* reference; NULL for none */
        Decision decision;
        uint64_t answer_by_usec;
        uint64_t settle_usec; /* the steps do not count before; USEC_INFINITY: they do */
        bool settle_due;      /* the next look tells how it went */
        bool settle_report;   /* something was done whose effect can be told */
        uint64_t settle_total_usec, settle_total_at_usec; /* some total=, as last seen before that */
        uint64_t settle_since_usec; /* when the last action was answered; 0: never */
        uint64_t escalate_usec; /* SIGKILL is due then; USEC_INFINITY: none */
        OutcomeVia via;
} Watch;

int watch_new(Watch **ret, Node *node, const Policy *policy);
Watch *watch_free(Watch *w);
DEFINE_CLEANUP(Watch *, watch_free);

/* Takes in a look. `limit` is the trigger that fired, NULL if none did. */
void watch_see(Watch *w, uint64_t now_usec, const Sample *values, const PressureLimit *limit);

/* Looks at every condition of every step with what was seen last; keeps since when each step has held. */
void watch_evaluate(Watch *w, uint64_t now_usec);

/* The step to act on: of those that have held for their For=, and hold since the last action alone, the last in the
 * file, if its Cooldown= is over. A step
 * that harms nobody (log, protect, DryRun=) and is cooling lets an earlier one act; another one does not: what is milder
 * has been tried. NULL if none. `dry_run` is the daemon's DryRun=. */
const Step *watch_step_due(const Watch *w, uint64_t now_usec, bool dry_run);

/* What the condition sees now: a share, or bytes. */
uint64_t watch_condition_value(const Watch *w, const Condition *c);

/* Share of the window of the first Pressure= of the step, or of two seconds if it has none. */
uint32_t watch_pressure(const Watch *w, const Step *step, PressureKind kind);

/* Whether any step holds, For= or not. */
bool watch_holds_any(const Watch *w);

/* Sets next_look_usec. `held` says that a throttle or freeze of this watch waits for its Until=. */
void watch_plan_look(Watch *w, uint64_t now_usec, bool held);

static inline StepState *watch_step_state(const Watch *w, const Step *step) {
        return w->steps + (step - w->policy->steps);
}
