/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/usec.h"
#include "core/core-private.h"
#include "core/match.h"

int core_new(Core **ret, const Settings *settings, const PolicySet *policies, Id128 seed) {
        _cleanup_(core_freep) Core *core = calloc(1, sizeof(*core));
        int r;

        if (!core)
                return -ENOMEM;
        *core = (Core){
                .settings = settings,
                .policies = policies,
                .seed = seed,
                .effects.items = calloc(EFFECTS_MAX, sizeof(Effect)),
        };
        if (!core->effects.items)
                return -ENOMEM;

        r = survey_init(&core->survey);
        if (r < 0)
                return r;
        r = budget_init(&core->budget, settings->max_actions, settings->max_actions_usec);
        if (r < 0)
                return r;
        core->policy_budgets = calloc(MAX(policies->n_policies, (size_t) 1), sizeof(Budget));
        if (!core->policy_budgets)
                return -ENOMEM;
        for (size_t i = 0; i < policies->n_policies; i++) {
                const Policy *p = policies->policies[i];

                if (p->max_actions == 0)
                        continue;
                r = budget_init(core->policy_budgets + i, p->max_actions, p->max_actions_usec);
                if (r < 0)
                        return r;
        }

        *ret = TAKE_PTR(core);
        return 0;
}

Core *core_free(Core *core) {
        if (!core)
                return NULL;

        effects_clear(core);
        ledger_done(&core->ledger);
        for (size_t i = 0; i < core->n_watches; i++)
                watch_free(core->watches[i]);
        free(core->watches);
        node_registry_done(&core->nodes);
        budget_done(&core->budget);
        for (size_t i = 0; core->policy_budgets && i < core->policies->n_policies; i++)
                budget_done(core->policy_budgets + i);
        free(core->policy_budgets);
        survey_done(&core->survey);
        free(core->effects.items);
        free(core);
        return NULL;
}

Budget *core_policy_budget(Core *core, const Policy *policy) {
        for (size_t i = 0; policy->max_actions > 0 && i < core->policies->n_policies; i++)
                if (core->policies->policies[i] == policy)
                        return core->policy_budgets + i;
        return NULL;
}

static int add_watch(Core *core, Node *node, const Policy *policy) {
        _cleanup_(watch_freep) Watch *w = NULL;
        Effect *arm;
        int r;

        if (core->n_watches == core->n_watches_allocated) {
                size_t n = MAX(core->n_watches_allocated * 2, (size_t) 64);
                Watch **grown = realloc(core->watches, n * sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                core->watches = grown;
                core->n_watches_allocated = n;
        }

        r = watch_new(&w, node, policy);
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
        node->watch = TAKE_PTR(w);
        return 0;
}

static void remove_watch(Core *core, Watch *w) {
        episode_end(core, w);
        core->watches[w->index] = core->watches[--core->n_watches];
        core->watches[w->index]->index = w->index;
        core->buried_watch = w; /* a report may point into it until the next step */
}

static void on_cgroup_new(Core *core, const Event *event) {
        _cleanup_(node_unrefp) Node *node = NULL;
        const Policy *policy = match_policy(core->policies, event->cgroup.kind, event->cgroup.unit);
        Node *known;

        if (node_new(&node, event->cgroup_id, event->cgroup.kind, event->cgroup.path, event->cgroup.unit) < 0 ||
            node_registry_add(&core->nodes, node) < 0) {
                core->n_lost++;
                return;
        }
        known = TAKE_PTR(node);
        known->born_usec = event->cgroup.born_usec;
        known->delegated = event->cgroup.delegated;
        known->container = event->cgroup.container;
        known->protected = match_protected(core->settings, known->unit);
        if (policy && add_watch(core, known, policy) < 0)
                core->n_lost++;
}

static void on_cgroup_gone(Core *core, Node *node) {
        node->gone = true;
        release_on_gone(core, node);
        for (size_t i = 0; i < core->n_watches; i++)
                if (core->watches[i]->node == node || core->watches[i]->victim == node)
                        episode_on_gone(core, core->watches[i]);
        effects_keep(core, node);
        if (node->watch && !node->watch->in_flight)
                remove_watch(core, node->watch); /* one that waits for an answer stays until it has it */
        node->watch = NULL;
        node_registry_remove(&core->nodes, node);
}

static void on_outcome(Core *core, const Outcome *outcome) {
        release_on_outcome(core, outcome);
        for (size_t i = 0; i < core->n_watches; i++)
                if (core->watches[i]->in_flight && core->watches[i]->awaited_id == outcome->id) {
                        Watch *w = core->watches[i];

                        episode_on_outcome(core, w, outcome);
                        if (w->node->gone && !w->in_flight)
                                remove_watch(core, w);
                        break;
                }
}

/* What is due, in the order of the watches; what finds no room among the effects is due at once again. */
static void on_timer(Core *core) {
        for (size_t i = 0; i < core->n_watches && effects_have_room(core); i++) {
                Watch *w = core->watches[i];

                if (w->answer_by_usec <= core->now_usec) {
                        const Outcome lost = { .id = w->awaited_id, .kind = OUTCOME_TIMEOUT, .error = -ETIMEDOUT };

                        on_outcome(core, &lost);
                        break; /* the watch may be gone with it; the others are due still */
                }
                if (episode_next(w) <= core->now_usec)
                        episode_on_timer(core, w);
        }
}

static uint64_t next_wakeup(const Core *core) {
        uint64_t next = release_next(core);

        for (size_t i = 0; i < core->n_watches; i++)
                next = MIN(next, episode_next(core->watches[i]));
        return next;
}

const Effects *core_step(Core *core, const Event *event) {
        Node *node;

        effects_clear(core);
        node = node_registry_find(&core->nodes, event->cgroup_id);
        core->now_usec = MAX(core->now_usec, event->now_usec); /* for the core time never runs back */

        switch (event->kind) {

        case EVENT_CGROUP_NEW:
                if (!node)
                        on_cgroup_new(core, event);
                break;

        case EVENT_CGROUP_GONE:
                if (node)
                        on_cgroup_gone(core, node);
                break;

        case EVENT_SAMPLE:
                if (node && node->watch)
                        episode_on_sample(core, node->watch, event);
                if (node)
                        release_on_sample(core, node, event);
                break;

        case EVENT_SURVEY:
                if (node && node->watch)
                        episode_on_survey(core, node->watch, event);
                break;

        case EVENT_OUTCOME:
                on_outcome(core, &event->outcome);
                break;

        case EVENT_RELEASE:
                release_on_request(core, event);
                break;

        case EVENT_HELD:
                release_recover(core, event);
                break;

        case EVENT_TIMER:
                on_timer(core);
                break;

        case EVENT_CLOCK:
        case EVENT_MANAGED:
                break;

        case _EVENT_KIND_MAX:
                break;
        }

        release_on_timer(core);
        core->effects.wakeup_usec = next_wakeup(core);
        return &core->effects;
}

CoreCounts core_counts(const Core *core) {
        CoreCounts counts = {
                .n_watches = core->n_watches,
                .n_held = core->ledger.n,
                .held_generation = core->ledger.generation,
                .n_open = core->ledger.n,
                .n_lost = core->n_lost,
        };

        for (size_t i = 0; i < core->n_watches; i++) {
                counts.n_incidents += core->watches[i]->in_incident;
                counts.n_open += core->watches[i]->in_flight || core->watches[i]->escalate_usec != USEC_INFINITY;
        }
        return counts;
}

CoreIds core_ids(const Core *core) {
        return (CoreIds){ .last_id = core->last_id, .n_begun = core->n_incidents, .n_ended = core->n_ended };
}

void core_count_from(Core *core, const CoreIds *ids) {
        core->last_id = ids->last_id;
        core->n_incidents = ids->n_begun;
        core->n_ended = ids->n_ended;
}

bool core_watch_status(const Core *core, size_t i, WatchStatus *ret) {
        const Watch *w;

        if (i >= core->n_watches)
                return false;
        w = core->watches[i];
        *ret = (WatchStatus){
                .name = node_name(w->node),
                .policy = w->policy->name,
                .awake = w->next_look_usec != USEC_INFINITY,
                .in_incident = w->in_incident,
                .incident = w->incident,
        };
        if (w->in_incident)
                for (PressureKind k = 0; k < _PRESSURE_KIND_MAX; k++)
                        ret->pressure[k] = psi_window_share(w->windows + k, 2 * USEC_PER_SEC);
        return true;
}

bool core_hold_status(const Core *core, size_t i, HoldStatus *ret) {
        for (size_t j = 0; j < HOLDS_MAX; j++) {
                const Hold *h = core->ledger.holds + j;

                if (h->state == HOLD_FREE || i-- > 0)
                        continue;
                *ret = (HoldStatus){
                        .victim = node_name(h->victim),
                        .policy = h->policy->name,
                        .step = h->step->name,
                        .action = h->action,
                        .incident = h->incident,
                        .since_usec = h->since_usec,
                        .deadline_usec = h->deadline_usec,
                        .previous = h->previous,
                        .is_known = h->state != HOLD_PENDING || h->action == ACTION_FREEZE,
                };
                return true;
        }
        return false;
}
