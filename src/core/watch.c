/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/usec.h"
#include "core/watch.h"

#define LOOK_MIN_USEC (100 * USEC_PER_MSEC)
#define LOOK_IDLE_USEC USEC_PER_SEC
#define DOUBLINGS_MAX 8U

/* The first reclaim shows in `some` before anything stalls for long: kswapd counts itself into the host's pressure
 * (kernel: balance_pgdat()). It wakes those watches whose steps wait for room to run out. */
static const PressureLimit early_warning = {
        .kind = PRESSURE_SOME,
        .share = 200,
        .window_usec = USEC_PER_SEC,
};

static bool limits_equal(const PressureLimit *a, const PressureLimit *b) {
        return a->kind == b->kind && a->share == b->share && a->window_usec == b->window_usec;
}

static void add_limit(Watch *w, const PressureLimit *limit) {
        for (size_t i = 0; i < w->n_limits; i++)
                if (limits_equal(w->limits + i, limit))
                        return;
        if (w->n_limits < WATCH_LIMITS_MAX)
                w->limits[w->n_limits++] = *limit;
}

/* What the policy needs to be woken for, and how dense the readings must lie: a hundred in its longest window, so that
 * the past which the ring holds reaches back over it. */
static void plan_sensors(Watch *w) {
        uint64_t longest_usec = PRESSURE_WINDOW_MIN_USEC;

        for (const Step *step = w->policy->steps; step < w->policy->steps + w->policy->n_steps; step++) {
                for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++)
                        if (c->kind == CONDITION_PRESSURE) {
                                add_limit(w, &c->pressure);
                                longest_usec = MAX(longest_usec, c->pressure.window_usec);
                        } else
                                w->wants |= WANT_EVENTS;
                if (action_holds(step->action) && step->has_until)
                        longest_usec = MAX(longest_usec, step->until.window_usec);
        }
        if (w->wants & WANT_EVENTS)
                add_limit(w, &early_warning);
        w->spacing_usec = longest_usec / 100;
}

int watch_new(Watch **ret, Node *node, const Policy *policy) {
        _cleanup_(watch_freep) Watch *w = calloc(1, sizeof(*w));

        if (!w)
                return -ENOMEM;
        *w = (Watch){
                .node = node_ref(node),
                .policy = policy,
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
        plan_sensors(w);

        *ret = TAKE_PTR(w);
        return 0;
}

Watch *watch_free(Watch *w) {
        if (!w)
                return NULL;

        node_unref(w->victim);
        node_unref(w->node);
        free(w->steps);
        free(w);
        return NULL;
}

void watch_see(Watch *w, uint64_t now_usec, const Sample *values, const PressureLimit *limit) {
        for (PressureKind k = 0; k < _PRESSURE_KIND_MAX; k++)
                psi_window_push(w->windows + k, now_usec, values->pressure_usec[RESOURCE_MEMORY][k], w->spacing_usec);
        if (limit)
                psi_window_seed(w->windows + limit->kind, now_usec, limit->window_usec,
                                (limit->window_usec * limit->share + 9999) / 10000);
        w->sample = *values;
        w->sample_usec = now_usec;
}

uint64_t watch_condition_value(const Watch *w, const Condition *c) {
        switch (c->kind) {

        case CONDITION_PRESSURE:
                return psi_window_share(w->windows + c->pressure.kind, c->pressure.window_usec);

        case CONDITION_AVAILABLE:
                return w->sample.room_bytes;

        case CONDITION_USAGE:
                return w->sample.usage_bytes;

        case _CONDITION_KIND_MAX:
                break;
        }
        return 0;
}

/* An amount in bytes: a share is one of the tightest limit, MemTotal for the host. */
static uint64_t amount_bytes(const Watch *w, const Amount *a) {
        if (!a->is_share)
                return a->bytes;
        return (uint64_t) ((unsigned __int128) w->sample.limit_bytes * a->share / 10000);
}

/* How far the condition is from holding, in bytes; 0 if it holds. */
static uint64_t amount_distance(const Watch *w, const Condition *c) {
        uint64_t limit = amount_bytes(w, &c->amount), value = watch_condition_value(w, c);

        if (c->kind == CONDITION_AVAILABLE)
                return value < limit ? 0 : usec_add(value - limit, 1);
        return value > limit ? 0 : usec_add(limit - value, 1);
}

static bool condition_holds(const Watch *w, const Condition *c) {
        if (c->kind == CONDITION_PRESSURE)
                return watch_condition_value(w, c) >= c->pressure.share;
        return amount_distance(w, c) == 0;
}

static bool conditions_hold(const Watch *w, const Step *step) {
        for (size_t i = 0; i < step->n_conditions; i++)
                if (!condition_holds(w, step->conditions + i))
                        return false;
        return true;
}

void watch_evaluate(Watch *w, uint64_t now_usec) {
        for (const Step *step = w->policy->steps; step < w->policy->steps + w->policy->n_steps; step++) {
                StepState *state = watch_step_state(w, step);

                if (conditions_hold(w, step)) {
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

static bool step_cools(const Step *step, const StepState *state, uint64_t now_usec) {
        unsigned doublings = state->n_acted > 0 ? MIN(state->n_acted - 1, DOUBLINGS_MAX) : 0;
        uint64_t cooldown_usec = step->cooldown_usec;

        if (grows_rare(step->action) && cooldown_usec < USEC_PER_DAY)
                cooldown_usec <<= doublings;
        return state->acted_usec != 0 && now_usec - state->acted_usec < cooldown_usec;
}

/* Whether the pressure is still there after the last action: what its window remembers from before does not count. */
static bool step_is_fresh(const Watch *w, const Step *step, uint64_t now_usec) {
        uint64_t since_usec = now_usec - w->settle_since_usec;

        for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++)
                if (c->kind == CONDITION_PRESSURE && c->pressure.window_usec > since_usec &&
                    psi_window_share(w->windows + c->pressure.kind, since_usec) < c->pressure.share)
                        return false;
        return true;
}

static bool step_has_held(const Watch *w, const Step *step, uint64_t now_usec) {
        const StepState *state = watch_step_state(w, step);

        return state->held_since_usec != USEC_INFINITY && now_usec - state->held_since_usec >= step->for_usec &&
               step_is_fresh(w, step, now_usec);
}

const Step *watch_step_due(const Watch *w, uint64_t now_usec, bool dry_run) {
        for (size_t i = w->policy->n_steps; i-- > 0;) {
                const Step *step = w->policy->steps + i;

                if (!step_has_held(w, step, now_usec))
                        continue;
                if (!step_cools(step, w->steps + i, now_usec))
                        return step;
                if (step->action != ACTION_LOG && step->action != ACTION_PROTECT && !step->dry_run && !dry_run)
                        return NULL;
        }
        return NULL;
}

uint32_t watch_pressure(const Watch *w, const Step *step, PressureKind kind) {
        uint64_t window_usec = 2 * USEC_PER_SEC;

        for (size_t i = step->n_conditions; i-- > 0;)
                if (step->conditions[i].kind == CONDITION_PRESSURE)
                        window_usec = step->conditions[i].pressure.window_usec;
        return psi_window_share(w->windows + kind, window_usec);
}

bool watch_holds_any(const Watch *w) {
        for (size_t i = 0; i < w->policy->n_steps; i++)
                if (w->steps[i].held_since_usec != USEC_INFINITY)
                        return true;
        return false;
}

/* When the conditions about room and usage could begin to hold. */
static uint64_t plan_room(Watch *w, uint64_t now_usec) {
        uint64_t nearest = UINT64_MAX, look_usec;

        for (const Step *step = w->policy->steps; step < w->policy->steps + w->policy->n_steps; step++)
                for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++)
                        if (c->kind != CONDITION_PRESSURE) {
                                uint64_t distance = amount_distance(w, c);

                                if (distance > 0)
                                        nearest = MIN(nearest, distance);
                        }
        if (nearest == UINT64_MAX)
                return USEC_INFINITY;

        look_usec = now_usec + room_next_look(&w->room, now_usec, nearest, w->sample.host_total_bytes);
        /* Looks that are far off fall together on whole seconds, so that many watches cost one wake-up. */
        if (look_usec - now_usec > 2 * USEC_PER_SEC)
                look_usec -= look_usec % USEC_PER_SEC;
        return look_usec;
}

/* Whether some step holds that may act before long. */
static bool step_pending(const Watch *w, uint64_t now_usec) {
        for (size_t i = 0; i < w->policy->n_steps; i++)
                if (w->steps[i].held_since_usec != USEC_INFINITY &&
                    !step_cools(w->policy->steps + i, w->steps + i, now_usec))
                        return true;
        return false;
}

void watch_plan_look(Watch *w, uint64_t now_usec, bool held) {
        uint64_t look_usec = w->wants & WANT_EVENTS ? plan_room(w, now_usec) : USEC_INFINITY;

        if (step_pending(w, now_usec))
                look_usec = MIN(look_usec, now_usec + MAX(w->spacing_usec, LOOK_MIN_USEC));
        else if (held || w->in_incident)
                look_usec = MIN(look_usec, now_usec + LOOK_IDLE_USEC);
        w->next_look_usec = look_usec;
}
