/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When a watch is to be looked at again. Cheap before dear: a step that waits for something of which the kernel or the
 * core tells by itself needs no look; one that waits for room is looked at as the room shrinks; one of which only a rate
 * is missing, a few times in the rate's window. */

#include "base/usec.h"
#include "core/condition.h"
#include "core/watch-room.h"

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

/* A condition does not hold of which nothing tells. */
static void plan_condition(const Watch *w, const Step *step, const Condition *c, uint64_t now_usec, RoomPlan *plan) {
        switch (c->kind) {

        case CONDITION_GROWTH:
        case CONDITION_REFAULTS:
        case CONDITION_RECLAIM:
        case CONDITION_EFFICIENCY:
                room_plan_rate(w, c, now_usec, pace(c), plan);
                break;

        case CONDITION_EXHAUSTION:
                room_plan_exhaustion(w, c, now_usec, plan);
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

static bool plan_levels(const Watch *w, const Step *step, uint64_t now_usec, RoomPlan *plan) {
        bool waits = false;

        for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++)
                if (condition_is_level(c->kind) && !condition_holds(w, c)) {
                        room_plan_level(w, c, now_usec, plan);
                        waits = true;
                }
        return waits;
}

static void plan_step(const Watch *w, const Step *step, uint64_t now_usec, RoomPlan *plan) {
        if (waits_to_be_woken(w, step) || plan_levels(w, step, now_usec, plan))
                return;
        for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++)
                if (!condition_holds(w, c))
                        plan_condition(w, step, c, now_usec, plan);
}

/* When some step could begin to hold of which nothing tells. */
static uint64_t plan_steps(Watch *w, uint64_t now_usec) {
        uint64_t look_usec;
        RoomPlan plan = { .own_bytes = UINT64_MAX, .host_bytes = UINT64_MAX, .look_usec = USEC_INFINITY };

        for (const Step *step = w->policy->steps; step < w->policy->steps + w->policy->n_steps; step++)
                plan_step(w, step, now_usec, &plan);
        look_usec = room_plan_end(w, now_usec, &plan);
        return look_usec - now_usec < USEC_PER_SEC ? look_usec : room_align(now_usec, look_usec);
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

bool watch_is_nearing(Watch *w, uint64_t now_usec) {
        if (!w->nearing || (w->nearing_asked_usec != 0 && now_usec - w->nearing_asked_usec < LOOK_MIN_USEC))
                return false;
        w->nearing_asked_usec = now_usec;
        return true;
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
