/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/usec.h"
#include "core/decision.h"
#include "core/node.h"
#include "core/past.h"
#include "core/presence.h"
#include "core/room.h"
#include "core/track.h"
#include "core/warning.h"

/* One cgroup that a policy watches: what was seen of it, which steps hold, and where its episode stands. */

/* The window of pressure that is told where no condition names another. */
#define WATCH_WINDOW_USEC UINT64_C(2000000)

typedef struct StepState {
        uint64_t held_since_usec;  /* USEC_INFINITY while the conditions do not all hold */
        uint64_t clear_since_usec; /* the opposite */
        uint64_t acted_usec;       /* 0: never */
        unsigned n_acted; /* in this incident */
        uint32_t refused; /* a bit for each RefusalReason that this incident has seen */

        /* For explain alone: the last look at which all its conditions held, and each of them; 0: none. */
        uint64_t last_held_usec;
        uint64_t condition_held_usec[STEP_CONDITIONS_MAX];
} StepState;

/* core/agenda.h: the queues that a watch may be in. */
typedef enum AgendaQueueKind {
        AGENDA_DUE,    /* something of its own is due: a look, Settle=, an answer, a SIGKILL */
        AGENDA_WARNED, /* a warning of the host's memory would bring its next look forward */
        _AGENDA_QUEUE_MAX,
} AgendaQueueKind;

typedef struct Watch {
        Node *node; /* reference; node->watch points back until the cgroup is gone */
        const Policy *policy;
        size_t index; /* in Core.watches */

        /* The agenda's own: its place in each queue, counted from one, 0 for none; and what is counted of it. */
        size_t places[_AGENDA_QUEUE_MAX];
        Watch *next_awaiting, *previous_awaiting;
        bool is_awaiting, counted_incident, counted_busy;

        Policy *own_policy; /* what the unit's own ManagedOOM…= say, if that is the policy; owned */
        Managed managed;    /* what they said */
        bool leaving;       /* ends when its action is over */
        Watch *next_buried;

        /* What the kernel is asked to wake it for. */
        PressureLimit *limits;
        size_t n_limits;
        unsigned wants; /* WANT_…; WANT_EVENTS: some step is about what no pressure tells of early */
        bool wants_presence; /* some step is about which units run */
        uint64_t spacing_usec;

        /* What was seen. */
        PastPool *pasts; /* borrowed: whose windows these have; NULL: each has its own */
        Past *windows[_RESOURCE_MAX][_PRESSURE_KIND_MAX]; /* NULL for those that nothing asks for */
        Past *waits; /* Sample.wait_usec: what tasks waited, so that it may grow faster than time; NULL likewise */
        Track *tracks;
        size_t n_tracks;
        const Presence *presence; /* borrowed; NULL: nobody knows */
        Sample sample;
        uint64_t sample_usec; /* 0: never */
        Room room, host_room; /* what is waited for below a limit, and of the host's */
        bool nearing;         /* at its slope it is gone soon: worth a survey */
        uint64_t nearing_asked_usec;
        Warning *warning; /* borrowed; NULL: the kernel warns of nothing */
        bool waits_for_warning; /* one brings its next look forward */
        bool looks_at_host;     /* counted in warning->n_looking */
        uint64_t next_look_usec; /* USEC_INFINITY: asleep until the kernel wakes it */
        Cause cause;             /* of the last survey */
        uint64_t cause_usec, cause_asked_usec; /* 0: never */

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
        Node *victim; /* reference; NULL for none; see watch_set_victim() */
        Watch *next_of_victim, *previous_of_victim;
        Decision *decision; /* one of core/decisions.h while an action is under way, and until another watch needs it */
        uint64_t answer_by_usec;
        uint64_t settle_usec; /* the steps do not count before; USEC_INFINITY: they do */
        bool settle_due;      /* the next look tells how it went */
        bool settle_report;   /* something was done whose effect can be told */
        uint64_t settle_total_usec, settle_total_at_usec; /* some total=, as last seen before that */
        uint64_t settle_since_usec; /* when the last action was answered; 0: never */
        uint64_t escalate_usec; /* SIGKILL is due then; USEC_INFINITY: none */
        OutcomeVia via;
} Watch;

/* `policy` and `pasts` are borrowed; who looks at one watch alone needs no pool. 0 or -ENOMEM. */
int watch_new(Watch **ret, Node *node, const Policy *policy, PastPool *pasts);
Watch *watch_free(Watch *w);
DEFINE_CLEANUP(Watch *, watch_free);

/* Whom its last action is or was about; the node's victim_of knows it. */
void watch_set_victim(Watch *w, Node *victim);

/* The action on the way must have its answer, and what was announced with it must follow. */
static inline bool watch_is_busy(const Watch *w) {
        return w->in_flight || w->escalate_usec != USEC_INFINITY;
}

/* Nothing more will be told of its last decision. */
static inline bool watch_is_through(const Watch *w) {
        return !watch_is_busy(w) && w->settle_usec == USEC_INFINITY;
}

/* The earliest time at which something is due: its next look, Settle=, an answer, a SIGKILL. */
static inline uint64_t watch_next(const Watch *w) {
        return MIN(MIN(w->next_look_usec, w->settle_usec), MIN(w->answer_by_usec, w->escalate_usec));
}

/* Takes in a look. `limit` is the trigger that fired, NULL if none did. */
void watch_see(Watch *w, uint64_t now_usec, const Sample *values, const PressureLimit *limit);

/* Looks at every condition of every step with what was seen last; keeps since when each step has held. */
void watch_evaluate(Watch *w, uint64_t now_usec);

/* The step to act on: of those that have held for their For=, and hold since the last action alone, the last in the
 * file, if its Cooldown= is over. A step
 * that harms nobody (log, protect, DryRun=) and is cooling lets an earlier one act; another one does not: what is milder
 * has been tried. NULL if none. `dry_run` is the daemon's DryRun=. */
const Step *watch_step_due(const Watch *w, uint64_t now_usec, bool dry_run);

/* What the condition sees now:
 *   Pressure=, HostPressure=, IOPressure=, CPUPressure=, Stall=   the share of the window that was stalled
 *   Available=, HostAvailable=, SwapFree=, Usage=         bytes: the room, MemAvailable, free swap, the usage
 *   Growth=                   bytes a second; 0 where it shrinks or is not known
 *   Exhaustion=               microseconds until the room is gone; USEC_INFINITY where it does not shrink, or is not known
 *   Refaults=, Reclaim=       pages a second; 0 while not known
 *   Efficiency=               the share of scanned pages that were reclaimed; all where next to none are scanned
 *   Event=                    how often it was counted
 *   Cause=                    the bit of the Cause, as in Condition.causes; 0 where no survey told within two seconds
 *   Present=, Absent=         how many units match
 *   DyingDescendants=         how many there are */
uint64_t watch_condition_value(const Watch *w, const Condition *c);

/* Share of the window that the watch stalled, hundredths of a percent; 0 for what no step asks for, except memory. Of
 * RESOURCE_STALL, whatever `kind`: what memory's `some` says, and beside it the waits that PSI does not count, but no more
 * of them than io's `some` confirms: they are those of all tasks together, it is a share of time. */
uint32_t watch_share(const Watch *w, PressureResource resource, PressureKind kind, uint64_t window_usec);

/* The most that RESOURCE_STALL can be: where the last look but one was long ago, the waits since then may all have been
 * in the window. */
uint32_t watch_stall_max(const Watch *w, uint64_t window_usec);

/* The track of this quantity and window; NULL if no condition needs it. */
const Track *watch_track(const Watch *w, Quantity quantity, uint64_t window_usec);

/* Share of the window of the first Pressure= of the step, or of two seconds if it has none. */
uint32_t watch_pressure(const Watch *w, const Step *step, PressureKind kind);

/* Whether any step holds, For= or not. */
bool watch_holds_any(const Watch *w);

/* Sets next_look_usec. `held` says that a throttle or freeze of this watch waits for its Until=. */
void watch_plan_look(Watch *w, uint64_t now_usec, bool held);

/* A unit came or went that some step asks for: the next look is due. */
void watch_plan_look_soon(Watch *w, uint64_t now_usec);

/* Whether a survey is wanted now for the sake of Cause=: all other conditions of such a step hold, and none was asked for
 * within half a second. Notes that it is. */
bool watch_wants_cause(Watch *w, uint64_t now_usec);

/* Whether what some step waits for will come soon, at the slope it has: worth a survey, ten times a second at most. Notes
 * that one is asked for. */
bool watch_is_nearing(Watch *w, uint64_t now_usec);

/* A survey has told why the watch stalls: takes it in where a step asks for it. Before watch_see(). */
void watch_see_cause(Watch *w, uint64_t now_usec, Cause cause);

/* How much memory.events.local (high and max together) of such a look lies beyond what it was when the incident began, or
 * at the last look where there is none. */
uint64_t watch_incident_events(const Watch *w, const Sample *values);

/* Whether a step that waits for its cause is about room or usage. */
bool watch_cause_is_room(const Watch *w);

/* Whether all conditions of the step but those of this kind hold; _CONDITION_KIND_MAX: all. */
bool watch_step_holds_but(const Watch *w, const Step *step, ConditionKind kind);

/* Whether the step is within its Cooldown=; how long that is by now, in this incident. */
bool watch_step_cools(const Watch *w, const Step *step, uint64_t now_usec);
uint64_t watch_step_cooldown(const Watch *w, const Step *step);

/* Whether what is measured over a window is still there after the last action: what the window remembers from before does
 * not count. */
bool watch_step_fresh(const Watch *w, const Step *step, uint64_t now_usec);

/* watch-sensors.c, for watch_new() alone: what the policy needs to be woken for, and to see. 0 or -ENOMEM. */
int watch_plan_sensors(Watch *w);

static inline StepState *watch_step_state(const Watch *w, const Step *step) {
        return w->steps + (step - w->policy->steps);
}
