/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which policy watches which cgroup, as cgroups come and go and policies do: Expires= comes, the clock is set, a unit's
 * own ManagedOOM…= change. What is no longer right ends, what is due begins; a watch with an action on the way ends when
 * that is over. */

#include <string.h>

#include "base/usec.h"
#include "core/core-private.h"
#include "core/match.h"

int roster_init(Core *core) {
        core->roster.expired = calloc(MAX(core->policies->n_policies, (size_t) 1), sizeof(bool));
        return core->roster.expired ? 0 : -ENOMEM;
}

void roster_done(Core *core) {
        free(core->roster.expired);
        core->roster = (Roster){ 0 };
}

/* The policy of the files that is to watch the node; NULL if none is. */
static const Policy *policy_for(const Core *core, const Node *n) {
        for (size_t i = 0; i < core->policies->n_policies; i++) {
                const Policy *p = core->policies->policies[i];

                if (!p->disabled && !core->roster.expired[i] && match_takes(p, n->kind, n->unit, n->path))
                        return p;
        }
        return NULL;
}

bool roster_leaves_to_oomd(const Core *core) {
        return core->settings->leave_to_oomd && core->roster.n_oomd > 0;
}

static bool is_managed(const Core *core, const Node *n) {
        return core->settings->managed_oom && managed_is_set(&n->managed) && !roster_leaves_to_oomd(core);
}

/* Whether the node has the watch that it is to have where `p` is policy_for() it. */
static bool is_right(const Core *core, const Node *n, const Policy *p) {
        const Watch *w = n->watch;

        if (p)
                return w && w->policy == p;
        if (is_managed(core, n))
                return w && w->own_policy && managed_equal(&w->managed, &n->managed);
        return !w;
}

static int make_room(Core *core) {
        size_t n = MAX(core->n_watches_allocated * 2, (size_t) 64);
        Watch **grown;

        int r;

        r = agenda_make_room(&core->agenda, core->n_watches + 1);
        if (r < 0)
                return r;
        if (core->n_watches < core->n_watches_allocated)
                return 0;
        grown = realloc(core->watches, n * sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        core->watches = grown;
        core->n_watches_allocated = n;
        return 0;
}

static int make_watch(Core *core, Node *node, const Policy *policy, Watch **ret) {
        _cleanup_(policy_freep) Policy *own = NULL;
        int r;

        if (!policy) {
                r = managed_policy_new(&own, &node->managed, core->settings);
                if (r < 0)
                        return r;
                policy = own;
        }
        r = watch_new(ret, node, policy, core->pasts);
        if (r < 0)
                return r;
        (*ret)->own_policy = TAKE_PTR(own);
        (*ret)->managed = node->managed;
        (*ret)->presence = &core->presence;
        (*ret)->warning = &core->warning;
        return 0;
}

/* The watch begins: by the policy, or where there is none by what the unit says itself. */
static int begin(Core *core, Node *node, const Policy *policy) {
        Watch *w;
        Effect *arm;
        int r;

        r = make_room(core);
        if (r < 0)
                return r;
        r = make_watch(core, node, policy, &w);
        if (r < 0)
                return r;

        arm = effects_add(core, EFFECT_ARM);
        arm->arm.watch = node_name(node);
        arm->arm.limits = w->limits;
        arm->arm.n_limits = w->n_limits;
        arm->arm.wants = w->wants;

        /* The first look is what all later ones are measured from. */
        effects_add(core, EFFECT_SAMPLE)->look = node_name(node);

        w->index = core->n_watches;
        core->watches[core->n_watches++] = w;
        node->watch = w;
        agenda_note(&core->agenda, w);
        return 0;
}

void roster_remove_watch(Core *core, Watch *w) {
        episode_end(core, w);
        agenda_drop(&core->agenda, w);
        decisions_drop(&core->decisions, w);
        core->watches[w->index] = core->watches[--core->n_watches];
        core->watches[w->index]->index = w->index;
        if (w->node->watch == w)
                w->node->watch = NULL;
        w->next_buried = core->buried; /* a report may point into it until the next step */
        core->buried = w;
}

/* The node gets the watch that it is to have. False if there is no room for the effects. */
static bool renew(Core *core, Node *n) {
        const Policy *p = policy_for(core, n);
        bool right = is_right(core, n, p);

        if (n->watch)
                n->watch->leaving = !right && watch_is_busy(n->watch);
        if (right)
                return true;
        if (n->watch && n->watch->leaving) {
                core->roster.leaving = true;
                return true;
        }
        if (!effects_have_room(core))
                return false;

        if (n->watch) {
                roster_remove_watch(core, n->watch);
                effects_add(core, EFFECT_DISARM)->look = node_name(n);
        }
        if ((p || is_managed(core, n)) && begin(core, n, p) < 0)
                core->n_lost++;
        return true;
}

static void tell_presence(Core *core, const Node *n, bool comes) {
        if (!presence_note(&core->presence, n, comes))
                return;
        for (size_t i = 0; i < core->n_watches; i++)
                if (core->watches[i]->wants_presence) {
                        watch_plan_look_soon(core->watches[i], core->now_usec);
                        agenda_note(&core->agenda, core->watches[i]);
                }
}

/* Its cgroup is there as long as it runs: no need to ask anybody. */
static bool is_oomd(const Node *n) {
        return !n->delegated && n->kind == CGROUP_UNIT && strcmp(n->unit, "systemd-oomd.service") == 0;
}

static void tell_oomd(Core *core, const Node *n, bool comes) {
        if (!is_oomd(n))
                return;
        core->roster.n_oomd += comes ? 1 : -1;
        core->roster.rematch = true;
}

void roster_add(Core *core, Node *n) {
        tell_oomd(core, n, true);
        tell_presence(core, n, true);
        core->roster.rematch = !renew(core, n) || core->roster.rematch;
}

void roster_remove(Core *core, Node *n) {
        Watch *w = n->watch;

        tell_oomd(core, n, false);
        tell_presence(core, n, false);
        if (w && !w->in_flight)
                roster_remove_watch(core, w); /* one that waits for an answer stays until it has it */
        n->watch = NULL;
}

void roster_on_managed(Core *core, Node *n, const Event *event) {
        n->managed = (Managed){
                .pressure = event->managed.pressure,
                .share = event->managed.share,
                .duration_usec = event->managed.duration_usec,
                .swap = event->managed.swap,
        };
        core->roster.rematch = !renew(core, n) || core->roster.rematch;
}

void roster_on_clock(Core *core, uint64_t realtime_usec) {
        core->roster.knows_clock = true;
        core->roster.realtime_usec = realtime_usec;
        core->roster.at_usec = core->now_usec;
}

/* Notes which policies are off from now on, and which are on again because the clock was set back. */
static void expire(Core *core) {
        const Roster *r = &core->roster;
        uint64_t realtime_usec = usec_add(r->realtime_usec, core->now_usec - r->at_usec);

        for (size_t i = 0; i < core->policies->n_policies; i++) {
                const Policy *p = core->policies->policies[i];
                bool expired = p->expires_usec != 0 && p->expires_usec <= realtime_usec;

                if (p->disabled || expired == r->expired[i] || !effects_have_room(core))
                        continue;
                r->expired[i] = expired;
                core->roster.rematch = true;
                if (!expired)
                        continue;
                effects_add(core, EFFECT_EXPIRED)->expired = p;
                release_policy(core, p, RELEASE_EXPIRED);
        }
}

static void visit(Node *n, void *userdata) {
        Core *core = userdata;

        if (!renew(core, n))
                core->roster.rematch = true; /* in the next step */
}

void roster_check(Core *core) {
        if (core->roster.knows_clock)
                expire(core);

        if (core->roster.leaving) {
                core->roster.leaving = false;
                for (size_t i = 0; i < core->n_watches; i++)
                        if (core->watches[i]->leaving) {
                                core->roster.leaving = true;
                                core->roster.rematch = core->roster.rematch || !watch_is_busy(core->watches[i]);
                        }
        }
        if (core->roster.rematch) {
                core->roster.rematch = false;
                node_registry_walk(&core->nodes, visit, core);
        }
}

uint64_t roster_next(const Core *core) {
        const Roster *r = &core->roster;
        uint64_t next = r->rematch ? core->now_usec : USEC_INFINITY;

        for (size_t i = 0; r->knows_clock && i < core->policies->n_policies; i++) {
                const Policy *p = core->policies->policies[i];

                if (!p->disabled && p->expires_usec != 0 && !r->expired[i])
                        next = MIN(next, usec_add(r->at_usec, usec_sub(p->expires_usec, r->realtime_usec)));
        }
        return next;
}
