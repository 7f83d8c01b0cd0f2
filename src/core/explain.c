/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/usec.h"
#include "core/condition.h"
#include "core/core-private.h"
#include "core/explain.h"
#include "core/match.h"
#include "core/victim.h"

/* ---- The unit ------------------------------------------------------------------------------------ */

typedef struct Search {
        const char *name;
        const Node *found;
} Search;

static void visit(Node *n, void *userdata) {
        Search *s = userdata;
        bool path = strcmp(n->path, s->name) == 0;

        if (n->gone || (!path && strcmp(n->unit, s->name) != 0))
                return;
        if (!s->found || path || (s->found->delegated && !n->delegated && strcmp(s->found->path, s->name) != 0))
                s->found = n;
}

uint64_t explain_find(const Core *core, const char *name) {
        Search s = { .name = name };

        node_registry_walk(&core->nodes, visit, &s);
        return s.found ? s.found->id : 0;
}

static ExplainBudget budget_of(const Budget *b, uint64_t now_usec) {
        if (!b)
                return (ExplainBudget){ 0 };
        return (ExplainBudget){
                .max_actions = b->max_actions,
                .left = b->max_actions - budget_used(b, now_usec),
                .time_usec = b->time_usec,
        };
}

bool explain_unit(const Core *core, uint64_t cgroup_id, ExplainUnit *ret) {
        const Node *n = node_registry_find(&core->nodes, cgroup_id);

        if (!n)
                return false;
        *ret = (ExplainUnit){
                .name = node_name(n),
                .budget = budget_of(&core->budget, core->now_usec),
                .now_usec = core->now_usec,
        };
        if (n->protected_by_name)
                ret->notes |= UNIT_PROTECTED;
        else if (n->protected)
                ret->notes |= UNIT_PROTECTED_BELOW;
        if (n->container)
                ret->notes |= UNIT_CONTAINER;
        if (core->now_usec < n->dying_until_usec)
                ret->notes |= UNIT_DYING;
        if (n->delegated)
                ret->notes |= UNIT_DELEGATED;
        if (n->watch && n->watch->own_policy)
                ret->notes |= UNIT_MANAGED;
        return true;
}

/* ---- Policies ------------------------------------------------------------------------------------ */

static PolicyVerdict verdict(const Core *core, const Node *n, const Policy *p, bool expired) {
        Policy any = *p;

        if (n->watch && n->watch->policy == p)
                return VERDICT_WATCHES;
        if (match_takes(p, n->kind, n->unit, n->path))
                return p->disabled ? VERDICT_DISABLED : expired ? VERDICT_EXPIRED : VERDICT_LATER;
        any.match.except = NULL;
        return match_takes(&any, n->kind, n->unit, n->path) ? VERDICT_EXCEPT : VERDICT_NO_MATCH;
}

bool explain_policy(const Core *core, uint64_t cgroup_id, size_t i, const Policy **ret, PolicyVerdict *ret_verdict) {
        const Node *n = node_registry_find(&core->nodes, cgroup_id);

        if (!n || i >= core->policies->n_policies)
                return false;
        *ret = core->policies->policies[i];
        *ret_verdict = verdict(core, n, *ret, core->roster.expired[i]);
        return true;
}

/* ---- Watches ------------------------------------------------------------------------------------- */

static WatchDoing doing_of(const Watch *w, uint64_t *ret_until_usec) {
        *ret_until_usec = USEC_INFINITY;
        if (w->in_flight) {
                *ret_until_usec = w->answer_by_usec;
                return w->starting ? DOING_STARTS : DOING_ACTS;
        }
        if (w->escalate_usec != USEC_INFINITY) {
                *ret_until_usec = w->escalate_usec;
                return DOING_ESCALATES;
        }
        if (w->settle_usec != USEC_INFINITY) {
                *ret_until_usec = w->settle_usec;
                return DOING_SETTLES;
        }
        return w->leaving ? DOING_LEAVES : DOING_NOTHING;
}

/* Whether the unit lies beneath the watch, or is what its From= looks for. */
static bool concerns(const Watch *w, const Node *n, uint64_t now_usec) {
        if (w->node == n || node_is_within(n, w->node))
                return true;
        return w->policy->victim.from && !(victim_standing(w->policy, w->node, n, now_usec) & VICTIM_NOT_FROM);
}

static const Watch *nth_watch(const Core *core, const Node *n, size_t i) {
        if (n->watch && i-- == 0)
                return n->watch;
        for (size_t j = 0; j < core->n_watches; j++)
                if (core->watches[j] != n->watch && concerns(core->watches[j], n, core->now_usec) && i-- == 0)
                        return core->watches[j];
        return NULL;
}

bool explain_watch(const Core *core, uint64_t cgroup_id, size_t i, ExplainWatch *ret) {
        const Node *n = node_registry_find(&core->nodes, cgroup_id);
        const Watch *w = n ? nth_watch(core, n, i) : NULL;

        if (!w)
                return false;
        *ret = (ExplainWatch){
                .watch = node_name(w->node),
                .policy = w->policy,
                .itself = w->node == n,
                .standing = victim_standing(w->policy, w->node, n, core->now_usec),
                .in_incident = w->in_incident,
                .awake = w->next_look_usec != USEC_INFINITY,
                .incident = w->incident,
                .looked_usec = w->sample_usec,
                .budget = budget_of(core_policy_budget((Core *) core, w->policy), core->now_usec),
        };
        ret->doing = doing_of(w, &ret->until_usec);
        return true;
}

/* ---- Steps --------------------------------------------------------------------------------------- */

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
                                *to->windows[i][k] = *from->windows[i][k];
        memcpy(to->tracks, from->tracks, from->n_tracks * sizeof(*from->tracks));
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
        r = watch_new(&l->watch, w->node, w->policy);
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

static uint64_t limit_of(const Watch *w, const Condition *c) {
        switch (c->kind) {

        case CONDITION_PRESSURE:
        case CONDITION_HOST_PRESSURE:
        case CONDITION_IO_PRESSURE:
        case CONDITION_CPU_PRESSURE:
        case CONDITION_STALL:
                return c->pressure.share;

        case CONDITION_AVAILABLE:
        case CONDITION_HOST_AVAILABLE:
        case CONDITION_SWAP_FREE:
        case CONDITION_USAGE:
                return condition_amount(w, c);

        case CONDITION_GROWTH:
        case CONDITION_REFAULTS:
        case CONDITION_RECLAIM:
                return c->rate.per_second;

        case CONDITION_EXHAUSTION:
                return c->usec;

        case CONDITION_EFFICIENCY:
                return c->share;

        case CONDITION_EVENT:
                return c->event.count;

        case CONDITION_CAUSE:
                return c->causes;

        case CONDITION_DYING_DESCENDANTS:
                return c->count;

        case CONDITION_PRESENT:
        case CONDITION_ABSENT:
        case _CONDITION_KIND_MAX:
                break;
        }
        return 0;
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
                .limit = limit_of(w, c),
                .holds = w->sample_usec != 0 && condition_holds(w, c),
                .last_held_usec = w->steps[i].condition_held_usec[j],
        };
        return true;
}

/* ---- Words --------------------------------------------------------------------------------------- */

const char *verdict_to_string(PolicyVerdict v) {
        static const char *const words[_VERDICT_MAX] = {
                [VERDICT_WATCHES] = "watches",   [VERDICT_LATER] = "later",   [VERDICT_EXPIRED] = "expired",
                [VERDICT_DISABLED] = "disabled", [VERDICT_EXCEPT] = "except", [VERDICT_NO_MATCH] = "no-match",
        };

        return words[v];
}

const char *watch_doing_to_string(WatchDoing d) {
        static const char *const words[_DOING_MAX] = {
                [DOING_NOTHING] = "nothing", [DOING_STARTS] = "starts",       [DOING_ACTS] = "acts",
                [DOING_SETTLES] = "settles", [DOING_ESCALATES] = "escalates", [DOING_LEAVES] = "leaves",
        };

        return words[d];
}

const char *step_doing_to_string(StepDoing d) {
        static const char *const words[_STEP_DOING_MAX] = {
                [STEP_WAITS] = "waits", [STEP_HOLDS] = "holds",   [STEP_STALE] = "stale",
                [STEP_COOLS] = "cools", [STEP_BEHIND] = "behind", [STEP_DUE] = "due",
        };

        return words[d];
}
