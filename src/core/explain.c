/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/usec.h"
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
        if (core->now_usec < n->left_alone_until_usec)
                ret->notes |= UNIT_LEFT_ALONE;
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
        return w->policy->victim.from && !(victim_standing(w->policy, w->node, n, now_usec, false) & VICTIM_NOT_FROM);
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
                .standing = victim_standing(w->policy, w->node, n, core->now_usec, roster_leaves_to_oomd(core)),
                .in_incident = w->in_incident,
                .awake = w->next_look_usec != USEC_INFINITY,
                .incident = w->incident,
                .looked_usec = w->sample_usec,
                .budget = budget_of(core_policy_budget((Core *) core, w->policy), core->now_usec),
        };
        ret->doing = doing_of(w, &ret->until_usec);
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
