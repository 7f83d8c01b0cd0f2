/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When a watch is to be looked at again. Cheap before dear: a step that waits for something of which the kernel or the
 * core tells by itself needs no look; one that waits for room is looked at as the room shrinks; one of which only a rate
 * is missing, a few times in the rate's window. */

#include "base/usec.h"
#include "core/condition.h"
#include "core/watch.h"

#define LOOK_MIN_USEC (100 * USEC_PER_MSEC)
#define LOOK_MAX_USEC (20 * USEC_PER_SEC)
#define LOOK_IDLE_USEC USEC_PER_SEC
#define LOOK_CAUSE_USEC (500 * USEC_PER_MSEC)
#define LOOKS_IN_WINDOW 4U

/* The rate's window, in which a few looks are to fall. */
static uint64_t pace(const Condition *c) {
        return MAX(LOOK_MIN_USEC, MIN(track_window(c) / LOOKS_IN_WINDOW, LOOK_MAX_USEC));
}

/* A cause without anything else that could wake the step: a stall there must be. */
static bool may_have_cause(const Watch *w, const Step *step) {
        for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++)
                if (c->kind != CONDITION_CAUSE && !condition_is_presence(c->kind))
                        return true;
        return watch_share(w, RESOURCE_MEMORY, PRESSURE_SOME, WATCH_WINDOW_USEC) > 0;
}

typedef struct Plan {
        uint64_t look_usec;
        uint64_t nearest_bytes; /* how near the next level is; UINT64_MAX: none is waited for */
} Plan;

/* The room that may be gone before the next look: half of it, so that most of the time that Exhaustion= gives is left. */
static void plan_exhaustion(const Watch *w, const Condition *c, uint64_t now_usec, Plan *plan) {
        const Track *t = watch_track(w, QUANTITY_ROOM, TRACK_SLOPE_USEC);

        if (t && track_may_run_out(t, TRACK_SLOPE_USEC, c->usec))
                plan->look_usec = MIN(plan->look_usec, now_usec + TRACK_SLOPE_MIN_USEC);
        plan->nearest_bytes = MIN(plan->nearest_bytes, MAX(w->sample.room_bytes / 2, UINT64_C(1)));
}

/* A condition does not hold of which nothing tells. */
static void plan_condition(const Watch *w, const Step *step, const Condition *c, uint64_t now_usec, Plan *plan) {
        switch (c->kind) {

        case CONDITION_GROWTH:
        case CONDITION_REFAULTS:
        case CONDITION_RECLAIM:
        case CONDITION_EFFICIENCY:
                plan->look_usec = MIN(plan->look_usec, now_usec + pace(c));
                break;

        case CONDITION_EXHAUSTION:
                plan_exhaustion(w, c, now_usec, plan);
                break;

        case CONDITION_DYING_DESCENDANTS:
                plan->look_usec = MIN(plan->look_usec, now_usec + LOOK_MAX_USEC);
                break;

        case CONDITION_STALL:
                plan->look_usec = MIN(plan->look_usec,
                                      now_usec + MAX(c->pressure.window_usec / LOOKS_IN_WINDOW, LOOK_MIN_USEC));
                break;

        case CONDITION_CAUSE:
                if (may_have_cause(w, step))
                        plan->look_usec = MIN(plan->look_usec, now_usec + LOOK_CAUSE_USEC);
                break;

        case CONDITION_PRESSURE:
        case CONDITION_HOST_PRESSURE:
        case CONDITION_IO_PRESSURE:
        case CONDITION_CPU_PRESSURE:
        case CONDITION_AVAILABLE:
        case CONDITION_HOST_AVAILABLE:
        case CONDITION_SWAP_FREE:
        case CONDITION_USAGE:
        case CONDITION_EVENT:
        case CONDITION_PRESENT:
        case CONDITION_ABSENT:
        case _CONDITION_KIND_MAX:
                break;
        }
}

static bool waits_to_be_woken(const Watch *w, const Step *step) {
        for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++)
                if ((condition_wakes(c->kind) || condition_is_presence(c->kind)) && !condition_holds(w, c) &&
                    !condition_is_undecided(w, c))
                        return true;
        return false;
}

static bool plan_levels(const Watch *w, const Step *step, Plan *plan) {
        bool waits = false;

        for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++)
                if (condition_is_level(c->kind) && !condition_holds(w, c)) {
                        plan->nearest_bytes = MIN(plan->nearest_bytes, condition_distance(w, c));
                        waits = true;
                }
        return waits;
}

static void plan_step(const Watch *w, const Step *step, uint64_t now_usec, Plan *plan) {
        if (waits_to_be_woken(w, step) || plan_levels(w, step, plan))
                return;
        for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++)
                if (!condition_holds(w, c))
                        plan_condition(w, step, c, now_usec, plan);
}

/* When some step could begin to hold of which nothing tells. */
static uint64_t plan_steps(Watch *w, uint64_t now_usec) {
        Plan plan = { .look_usec = USEC_INFINITY, .nearest_bytes = UINT64_MAX };

        for (const Step *step = w->policy->steps; step < w->policy->steps + w->policy->n_steps; step++)
                plan_step(w, step, now_usec, &plan);
        if (plan.nearest_bytes == UINT64_MAX)
                w->room = (Room){ 0 }; /* nobody waits for room: what was seen of it is no slope later on */
        else
                plan.look_usec = MIN(plan.look_usec, now_usec + room_next_look(&w->room, now_usec, plan.nearest_bytes,
                                                                              w->sample.host_total_bytes));

        /* Looks that are far off fall together on whole seconds, so that many watches cost one wake-up. */
        if (plan.look_usec != USEC_INFINITY && plan.look_usec - now_usec > 2 * USEC_PER_SEC)
                plan.look_usec -= plan.look_usec % USEC_PER_SEC;
        return plan.look_usec;
}

/* Whether some step holds that may act before long. */
static bool step_pending(const Watch *w, uint64_t now_usec) {
        for (const Step *step = w->policy->steps; step < w->policy->steps + w->policy->n_steps; step++)
                if (watch_step_state(w, step)->held_since_usec != USEC_INFINITY && !watch_step_cools(w, step, now_usec))
                        return true;
        return false;
}

void watch_plan_look(Watch *w, uint64_t now_usec, bool held) {
        uint64_t look_usec = plan_steps(w, now_usec);

        if (step_pending(w, now_usec))
                look_usec = MIN(look_usec, now_usec + MAX(w->spacing_usec, LOOK_MIN_USEC));
        else if (held || w->in_incident)
                look_usec = MIN(look_usec, now_usec + LOOK_IDLE_USEC);
        w->next_look_usec = look_usec;
}

void watch_plan_look_soon(Watch *w, uint64_t now_usec) {
        w->next_look_usec = MIN(w->next_look_usec, MAX(now_usec, w->sample_usec + LOOK_MIN_USEC));
}

/* Whether the step has a Cause= for which a survey could be asked. */
static bool waits_for_cause(const Watch *w, const Step *step) {
        bool has_cause = false;

        for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++)
                has_cause = has_cause || c->kind == CONDITION_CAUSE;
        return has_cause && watch_step_holds_but(w, step, CONDITION_CAUSE) && may_have_cause(w, step);
}

bool watch_wants_cause(Watch *w, uint64_t now_usec) {
        if (w->cause_asked_usec != 0 && now_usec - w->cause_asked_usec < LOOK_CAUSE_USEC)
                return false;
        for (const Step *step = w->policy->steps; step < w->policy->steps + w->policy->n_steps; step++)
                if (waits_for_cause(w, step)) {
                        w->cause_asked_usec = now_usec;
                        return true;
                }
        return false;
}

void watch_see_cause(Watch *w, uint64_t now_usec, Cause cause) {
        w->cause = cause;
        w->cause_usec = now_usec;
}

uint64_t watch_incident_events(const Watch *w, const Sample *values) {
        const Sample *before = w->sample_usec != 0 ? &w->sample : values;
        uint64_t calm = w->in_incident ? w->incident_events : before->events_high + before->events_max;

        return usec_sub(values->events_high + values->events_max, calm);
}

bool watch_cause_is_room(const Watch *w) {
        for (const Step *step = w->policy->steps; step < w->policy->steps + w->policy->n_steps; step++) {
                if (!waits_for_cause(w, step))
                        continue;
                for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++)
                        if (condition_is_room(c->kind))
                                return true;
        }
        return false;
}
