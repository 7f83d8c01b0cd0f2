/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/usec.h"
#include "core/condition.h"
#include "core/watch.h"

#define DOUBLINGS_MAX 8U

int watch_new(Watch **ret, Node *node, const Policy *policy, PastPool *pasts) {
        _cleanup_(watch_freep) Watch *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return -ENOMEM;
        *w = (Watch){
                .node = node_ref(node),
                .policy = policy,
                .pasts = pasts,
                .due_since_usec = USEC_INFINITY,
                .next_look_usec = USEC_INFINITY,
                .settle_usec = USEC_INFINITY,
                .escalate_usec = USEC_INFINITY,
                .answer_by_usec = USEC_INFINITY,
                .steps = calloc(policy->n_steps, sizeof(StepState)),
        };
        if (!w->steps)
                return -ENOMEM;

        for (size_t i = 0; i < policy->n_steps; i++)
                w->steps[i] = (StepState){ .held_since_usec = USEC_INFINITY };
        r = watch_plan_sensors(w);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(w);
        return 0;
}

Watch *watch_free(Watch *w) {
        if (!w)
                return NULL;

        if (w->looks_at_host)
                w->warning->n_looking--;
        watch_set_victim(w, NULL);
        node_unref(w->node);
        for (PressureResource i = 0; i < _RESOURCE_MAX; i++)
                for (PressureKind k = 0; k < _PRESSURE_KIND_MAX; k++)
                        past_free(w->windows[i][k]);
        past_free(w->waits);
        free(w->tracks);
        free(w->limits);
        free(w->steps);
        policy_free(w->own_policy);
        free(w);
        return NULL;
}

void watch_set_victim(Watch *w, Node *victim) {
        if (w->victim == victim)
                return;
        if (w->victim) {
                if (w->next_of_victim)
                        w->next_of_victim->previous_of_victim = w->previous_of_victim;
                if (w->previous_of_victim)
                        w->previous_of_victim->next_of_victim = w->next_of_victim;
                else
                        w->victim->victim_of = w->next_of_victim;
                node_unref(w->victim);
        }
        w->victim = node_ref(victim);
        w->previous_of_victim = NULL;
        w->next_of_victim = victim ? victim->victim_of : NULL;
        if (w->next_of_victim)
                w->next_of_victim->previous_of_victim = w;
        if (victim)
                victim->victim_of = w;
}

void watch_see(Watch *w, uint64_t now_usec, const Sample *values, const PressureLimit *limit) {
        Past *window;

        for (PressureResource i = 0; i < _RESOURCE_MAX; i++)
                for (PressureKind k = 0; k < _PRESSURE_KIND_MAX; k++)
                        if (w->windows[i][k])
                                past_push(w->windows[i][k], now_usec, values->pressure_usec[i][k], w->spacing_usec);
        if (w->waits)
                past_push(w->waits, now_usec, values->wait_usec, w->spacing_usec);
        window = limit ? w->windows[limit->resource][limit->kind] : NULL;
        if (window)
                past_seed(window, now_usec, limit->window_usec, (limit->window_usec * limit->share + 9999) / 10000);
        for (Track *t = w->tracks; t < w->tracks + w->n_tracks; t++)
                track_push(t, now_usec, values);
        w->sample = *values;
        w->sample_usec = now_usec;
}

uint64_t watch_condition_value(const Watch *w, const Condition *c) {
        return condition_value(w, c, USEC_INFINITY);
}

/* Memory's `some` with so much of waits beside it. */
static uint32_t with_waits(const Watch *w, uint32_t waits, uint64_t window_usec) {
        return MIN(watch_share(w, RESOURCE_MEMORY, PRESSURE_SOME, window_usec) +
                           MIN(waits, watch_share(w, RESOURCE_IO, PRESSURE_SOME, window_usec)),
                   10000U);
}

uint32_t watch_share(const Watch *w, PressureResource resource, PressureKind kind, uint64_t window_usec) {
        if (resource == RESOURCE_STALL)
                return with_waits(w, w->waits ? past_share(w->waits, window_usec) : 0, window_usec);
        return w->windows[resource][kind] ? past_share(w->windows[resource][kind], window_usec) : 0;
}

uint32_t watch_stall_max(const Watch *w, uint64_t window_usec) {
        return with_waits(w, w->waits ? past_share_max(w->waits, window_usec) : 0, window_usec);
}

const Track *watch_track(const Watch *w, Quantity quantity, uint64_t window_usec) {
        for (const Track *t = w->tracks; t < w->tracks + w->n_tracks; t++)
                if (t->quantity == quantity && t->window_usec == window_usec)
                        return t;
        return NULL;
}

bool watch_step_holds_but(const Watch *w, const Step *step, ConditionKind kind) {
        for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++)
                if (c->kind != kind && !condition_holds(w, c))
                        return false;
        return true;
}

/* Notes which conditions hold; returns whether all do. */
static bool evaluate_step(const Watch *w, const Step *step, StepState *state, uint64_t now_usec) {
        bool all = true;

        for (size_t i = 0; i < step->n_conditions; i++) {
                if (condition_holds(w, step->conditions + i))
                        state->condition_held_usec[i] = now_usec;
                else
                        all = false;
        }
        return all;
}

void watch_evaluate(Watch *w, uint64_t now_usec) {
        for (const Step *step = w->policy->steps; step < w->policy->steps + w->policy->n_steps; step++) {
                StepState *state = watch_step_state(w, step);

                if (evaluate_step(w, step, state, now_usec)) {
                        state->last_held_usec = now_usec;
                        state->clear_since_usec = USEC_INFINITY;
                        state->held_since_usec = MIN(state->held_since_usec, now_usec);
                } else {
                        state->held_since_usec = USEC_INFINITY;
                        state->clear_since_usec = MIN(state->clear_since_usec, now_usec);
                }
        }
}

/* What is told or held again and again in one incident is so at growing distances: its cool-down doubles each time. A
 * record or a message loses nothing by it, and for a throttle or freeze that did not last it is the harsher step's turn. */
static bool grows_rare(ActionKind action) {
        return action == ACTION_LOG || action == ACTION_THROTTLE || action == ACTION_FREEZE || action == ACTION_START;
}

uint64_t watch_step_cooldown(const Watch *w, const Step *step) {
        const StepState *state = watch_step_state(w, step);
        unsigned doublings = state->n_acted > 0 ? MIN(state->n_acted - 1, DOUBLINGS_MAX) : 0;
        uint64_t cooldown_usec = step->cooldown_usec;

        if (grows_rare(step->action) && cooldown_usec < USEC_PER_DAY)
                cooldown_usec <<= doublings;
        return cooldown_usec;
}

bool watch_step_cools(const Watch *w, const Step *step, uint64_t now_usec) {
        const StepState *state = watch_step_state(w, step);

        return state->acted_usec != 0 && now_usec - state->acted_usec < watch_step_cooldown(w, step);
}

bool watch_step_fresh(const Watch *w, const Step *step, uint64_t now_usec) {
        uint64_t since_usec = now_usec - w->settle_since_usec;

        for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++) {
                uint64_t window_usec = condition_is_pressure(c->kind) ? c->pressure.window_usec : track_window(c);

                if (window_usec > since_usec && !condition_accepts(w, c, condition_value(w, c, since_usec)))
                        return false;
        }
        return true;
}

static bool step_has_held(const Watch *w, const Step *step, uint64_t now_usec) {
        const StepState *state = watch_step_state(w, step);

        return state->held_since_usec != USEC_INFINITY && now_usec - state->held_since_usec >= step->for_usec &&
               watch_step_fresh(w, step, now_usec);
}

const Step *watch_step_due(const Watch *w, uint64_t now_usec, bool dry_run) {
        for (size_t i = w->policy->n_steps; i-- > 0;) {
                const Step *step = w->policy->steps + i;

                if (!step_has_held(w, step, now_usec))
                        continue;
                if (!watch_step_cools(w, step, now_usec))
                        return step;
                if (step->action != ACTION_LOG && step->action != ACTION_PROTECT && !step->dry_run && !dry_run)
                        return NULL;
        }
        return NULL;
}

uint32_t watch_pressure(const Watch *w, const Step *step, PressureKind kind) {
        uint64_t window_usec = WATCH_WINDOW_USEC;

        for (size_t i = step->n_conditions; i-- > 0;)
                if (step->conditions[i].kind == CONDITION_PRESSURE)
                        window_usec = step->conditions[i].pressure.window_usec;
        return watch_share(w, RESOURCE_MEMORY, kind, window_usec);
}

bool watch_holds_any(const Watch *w) {
        for (size_t i = 0; i < w->policy->n_steps; i++)
                if (w->steps[i].held_since_usec != USEC_INFINITY)
                        return true;
        return false;
}
