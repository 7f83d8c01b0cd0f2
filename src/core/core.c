/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/strv.h"
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

        r = roster_init(core);
        if (r < 0)
                return r;
        r = past_pool_new(&core->pasts, PASTS_MAX);
        if (r < 0)
                return r;
        r = presence_init(&core->presence, policies);
        if (r < 0)
                return r;
        r = decisions_init(&core->decisions);
        if (r < 0)
                return r;
        r = survey_init(&core->survey);
        if (r < 0)
                return r;
        r = sighting_init(&core->sightings);
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
        agenda_done(&core->agenda);
        for (size_t i = 0; i < core->n_watches; i++)
                watch_free(core->watches[i]);
        free(core->watches);
        past_pool_free(core->pasts);
        node_registry_done(&core->nodes);
        presence_done(&core->presence);
        roster_done(core);
        budget_done(&core->budget);
        for (size_t i = 0; core->policy_budgets && i < core->policies->n_policies; i++)
                budget_done(core->policy_budgets + i);
        free(core->policy_budgets);
        decisions_done(&core->decisions);
        survey_done(&core->survey);
        sighting_done(&core->sightings);
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

static void on_cgroup_new(Core *core, const Event *event) {
        _cleanup_(node_unrefp) Node *node = NULL;
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
        /* A user's own dbus.service is protected, the slices above it are not for its sake. */
        if (match_protected(core->settings, known->unit))
                node_protect(known, !known->delegated || strv_fnmatch(core->settings->protect, known->unit));
        roster_add(core, known);
}

static void tell_gone(Core *core, Watch *w) {
        episode_on_gone(core, w);
        agenda_note(&core->agenda, w);
}

static void on_cgroup_gone(Core *core, Node *node) {
        node->gone = true;
        if (node->n_refs > 1) { /* else nobody but the registry knows it */
                release_on_gone(core, node);
                for (Watch *w = node->victim_of; w; w = w->next_of_victim)
                        tell_gone(core, w);
                if (node->watch && node->watch->victim != node)
                        tell_gone(core, node->watch);
        }
        effects_keep(core, node);
        roster_remove(core, node);
        node_registry_remove(&core->nodes, node);
}

static void on_outcome(Core *core, const Outcome *outcome) {
        Watch *w = agenda_awaiting(&core->agenda, outcome->id);

        release_on_outcome(core, outcome);
        if (!w)
                return;
        episode_on_outcome(core, w, outcome);
        agenda_note(&core->agenda, w);
        if (w->node->gone && !w->in_flight)
                roster_remove_watch(core, w);
}

static void on_sample(Core *core, Node *node, const Event *event) {
        if (node->watch) {
                episode_on_sample(core, node->watch, event);
                agenda_note(&core->agenda, node->watch);
        }
        release_on_sample(core, node, event);
}

static void on_survey(Core *core, Node *node, const Event *event) {
        if (node && node->watch) {
                episode_on_survey(core, node->watch, event);
                agenda_note(&core->agenda, node->watch);
        }
        sighting_on_survey(core, event);
}

/* What is due, in the order of the watches; what finds no room among the effects is due at once again. */
static void on_timer(Core *core) {
        Watch *due[DUE_MAX];
        size_t n = agenda_due(&core->agenda, core->now_usec, due, DUE_MAX);

        for (size_t i = 0; i < n && effects_have_room(core); i++) {
                Watch *w = due[i];

                if (w->answer_by_usec <= core->now_usec) {
                        const Outcome lost = { .id = w->awaited_id, .kind = OUTCOME_TIMEOUT, .error = -ETIMEDOUT };

                        on_outcome(core, &lost);
                        break; /* the watch may be gone with it; the others are due still */
                }
                episode_on_timer(core, w);
                agenda_note(&core->agenda, w);
        }
}

/* The watches that wait for it look, as far as they have not just looked. */
static void on_warning(Core *core, WarningKind kind) {
        if (!warning_note(&core->warning, kind, core->now_usec))
                return;
        for (size_t i = 0; i < core->n_watches; i++)
                if (core->watches[i]->waits_for_warning) {
                        watch_plan_look_soon(core->watches[i], core->now_usec);
                        agenda_note(&core->agenda, core->watches[i]);
                }
        on_timer(core);
}

static uint64_t next_warning(const Core *core) {
        if (agenda_length(&core->agenda, AGENDA_WARNED) == 0)
                return USEC_INFINITY;
        return warning_wanted(&core->warning, core->now_usec, agenda_next(&core->agenda, AGENDA_WARNED));
}

static uint64_t next_wakeup(const Core *core) {
        return MIN(MIN(release_next(core), roster_next(core)),
                   MIN(sighting_next(core), agenda_next(&core->agenda, AGENDA_DUE)));
}

const Effects *core_step(Core *core, const Event *event) {
        Node *node;

        effects_clear(core);
        node = node_registry_find(&core->nodes, event->cgroup_id);
        core->now_usec = MAX(core->now_usec, event->now_usec); /* for the core time never runs back */
        roster_check(core);

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
                if (node)
                        on_sample(core, node, event);
                break;

        case EVENT_SURVEY:
                on_survey(core, node, event);
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
                roster_on_clock(core, event->realtime_usec);
                break;

        case EVENT_MANAGED:
                if (node)
                        roster_on_managed(core, node, event);
                break;

        case EVENT_WARNING:
                on_warning(core, event->warning);
                break;

        case EVENT_KILLED:
                sighting_on_killed(core, event);
                break;

        case _EVENT_KIND_MAX:
                break;
        }

        release_on_timer(core);
        sighting_on_timer(core);
        roster_check(core);
        core->effects.wakeup_usec = next_wakeup(core);
        core->effects.warning_usec = next_warning(core);
        return &core->effects;
}

CoreCounts core_counts(const Core *core) {
        return (CoreCounts){
                .n_watches = core->n_watches,
                .n_incidents = core->agenda.n_incidents,
                .n_held = core->ledger.n,
                .held_generation = core->ledger.generation,
                .n_open = core->ledger.n + core->agenda.n_busy,
                .n_lost = core->n_lost,
        };
}

CoreIds core_ids(const Core *core) {
        return (CoreIds){ .last_id = core->last_id, .n_begun = core->n_incidents, .n_ended = core->n_ended };
}

void core_count_from(Core *core, const CoreIds *ids) {
        core->last_id = ids->last_id;
        core->n_incidents = ids->n_begun;
        core->n_ended = ids->n_ended;
}

bool core_in_incident(const Core *core, uint64_t cgroup_id) {
        const Node *node = node_registry_find(&core->nodes, cgroup_id);

        return node && node->watch && node->watch->in_incident;
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
                        ret->pressure[k] = watch_share(w, RESOURCE_MEMORY, k, WATCH_WINDOW_USEC);
        return true;
}

bool core_hold_status(const Core *core, size_t i, HoldStatus *ret) {
        for (size_t j = 0; j < core->ledger.end; j++) {
                const Hold *h = core->ledger.holds + j;

                if (h->state == HOLD_FREE || i-- > 0)
                        continue;
                *ret = (HoldStatus){
                        .slot = j,
                        .pending = h->state == HOLD_PENDING ? h->id : 0,
                        .victim = node_name(h->victim),
                        .policy = h->policy->name,
                        .step = h->step->name,
                        .action = h->action,
                        .incident = h->incident,
                        .since_usec = h->since_usec,
                        .deadline_usec = h->deadline_usec,
                        .previous = h->previous,
                };
                return true;
        }
        return false;
}
