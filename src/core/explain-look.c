/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A watch at another time than that of the core's last look: a copy of it, its steps and their conditions. */

#include <string.h>

#include "base/usec.h"
#include "core/condition.h"
#include "core/core-private.h"
#include "core/explain.h"

struct ExplainLook {
        const Core *core;
        Watch *watch; /* a copy */
        uint64_t now_usec;
};

ExplainLook *explain_look_free(ExplainLook *l) {
        if (l)
                watch_free(l->watch);
        free(l);
        return NULL;
}

/* What was seen, and where the episode stands; nothing that is owned. */
static void copy_watch(Watch *to, const Watch *from) {
        for (PressureResource i = 0; i < _RESOURCE_MAX; i++)
                for (PressureKind k = 0; k < _PRESSURE_KIND_MAX; k++)
                        if (from->windows[i][k])
                                past_copy(to->windows[i][k], from->windows[i][k]);
        if (from->waits)
                past_copy(to->waits, from->waits);
        for (size_t i = 0; i < from->n_tracks; i++)
                to->tracks[i] = from->tracks[i];
        memcpy(to->steps, from->steps, from->policy->n_steps * sizeof(*from->steps));
        to->presence = from->presence;
        to->sample = from->sample;
        to->sample_usec = from->sample_usec;
        to->cause = from->cause;
        to->cause_usec = from->cause_usec;
        to->settle_since_usec = from->settle_since_usec;
}

int explain_look_new(ExplainLook **ret, const Core *core, uint64_t watch_id, const ExplainSight *sights, size_t n) {
        _cleanup_(explain_look_freep) ExplainLook *l = NULL;
        const Node *node = node_registry_find(&core->nodes, watch_id);
        const Watch *w = node ? node->watch : NULL;
        int r;

        if (!w)
                return -ESRCH;
        l = calloc(1, sizeof(*l));
        if (!l)
                return -ENOMEM;
        *l = (ExplainLook){ .core = core, .now_usec = MAX(core->now_usec, w->sample_usec) };
        r = watch_new(&l->watch, w->node, w->policy, NULL);
        if (r < 0)
                return r;
        copy_watch(l->watch, w);
        for (size_t i = 0; i < n; i++) {
                if (sights[i].now_usec < l->now_usec)
                        continue;
                l->now_usec = sights[i].now_usec;
                watch_see(l->watch, l->now_usec, &sights[i].sample, NULL);
                watch_evaluate(l->watch, l->now_usec);
        }
        *ret = TAKE_PTR(l);
        return 0;
}

/* Whether a later step would have its turn: it has held for its time, and is due or may not be passed over. */
static bool is_behind(const ExplainLook *l, const Step *step) {
        const Watch *w = l->watch;
        const Step *due = watch_step_due(w, l->now_usec, l->core->settings->dry_run);

        if (due)
                return due > step;
        /* None is due although this one could be: a harsher one that cools bars it. */
        return true;
}

bool explain_step(const ExplainLook *l, size_t i, ExplainStep *ret) {
        const Watch *w = l->watch;
        const StepState *state;
        const Step *step;
        bool holds, cools;

        if (i >= w->policy->n_steps)
                return false;
        step = w->policy->steps + i;
        state = w->steps + i;
        *ret = (ExplainStep){
                .step = step,
                .since_usec = state->held_since_usec,
                .last_held_usec = state->last_held_usec,
                .acted_usec = state->acted_usec,
                .n_acted = state->n_acted,
                .refused = state->refused,
        };
        holds = state->held_since_usec != USEC_INFINITY;
        cools = watch_step_cools(w, step, l->now_usec);
        if (!holds)
                ret->doing = STEP_WAITS;
        else if (l->now_usec - state->held_since_usec < step->for_usec) {
                ret->doing = STEP_HOLDS;
                ret->until_usec = usec_add(state->held_since_usec, step->for_usec);
        } else if (!watch_step_fresh(w, step, l->now_usec))
                ret->doing = STEP_STALE;
        else if (cools)
                ret->doing = STEP_COOLS;
        else
                ret->doing = is_behind(l, step) ? STEP_BEHIND : STEP_DUE;
        if (watch_step_due(w, l->now_usec, l->core->settings->dry_run) == step)
                ret->doing = STEP_DUE;
        if (cools && ret->doing != STEP_HOLDS)
                ret->until_usec = usec_add(state->acted_usec, watch_step_cooldown(w, step));
        return true;
}

bool explain_condition(const ExplainLook *l, size_t i, size_t j, ExplainCondition *ret) {
        const Watch *w = l->watch;
        const Step *step = i < w->policy->n_steps ? w->policy->steps + i : NULL;
        const Condition *c;

        if (!step || j >= step->n_conditions)
                return false;
        c = step->conditions + j;
        *ret = (ExplainCondition){
                .condition = c,
                .value = watch_condition_value(w, c),
                .limit = condition_limit(w, c),
                .holds = w->sample_usec != 0 && condition_holds(w, c),
                .last_held_usec = w->steps[i].condition_held_usec[j],
        };
        return true;
}

const char *step_doing_to_string(StepDoing d) {
        static const char *const words[_STEP_DOING_MAX] = {
                [STEP_WAITS] = "waits", [STEP_HOLDS] = "holds",   [STEP_STALE] = "stale",
                [STEP_COOLS] = "cools", [STEP_BEHIND] = "behind", [STEP_DUE] = "due",
        };

        return words[d];
}
