/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A step is due: who pays, what exactly is done, and all the reasons that the record will give. */

#include "base/usec.h"
#include "core/core-private.h"
#include "core/victim.h"

static void refuse(Core *core, Watch *w, const Step *step, const Node *victim, RefusalReason reason) {
        StepState *state = watch_step_state(w, step);
        Effect *e;

        if (state->refused & (UINT32_C(1) << reason))
                return;
        state->refused |= UINT32_C(1) << reason;
        e = effects_add(core, EFFECT_REFUSE);
        e->refusal = (Refusal){
                .incident = w->incident,
                .policy = w->policy,
                .step = step,
                .watch = node_name(w->node),
                .victim = node_name(victim),
                .reason = reason,
        };
}

/* Whether the victim cannot well be chosen before growth or pressure have been measured. */
bool decide_needs_growth(const Watch *w) {
        for (size_t i = 0; i < w->policy->victim.n_rank; i++)
                switch (w->policy->victim.rank[i]) {
                case RANK_GROWTH:
                case RANK_PRESSURE:
                        return true;
                case RANK_CULPRIT:
                        if (w->node->kind != CGROUP_UNIT)
                                return true;
                        break;
                case RANK_USAGE:
                case RANK_SWAP:
                case RANK_RECLAIM:
                case _RANK_MEASURE_MAX:
                case _RANK_MEASURE_INVALID:
                        break;
                }
        return false;
}

/* What the action is, in numbers. */
static void fill_action(const Core *core, Decision *d, const Node *victim) {
        const Step *step = d->step;

        d->signal = d->escalation ? SIGKILL : step->signal;
        if (step->action == ACTION_THROTTLE)
                properties_set(&d->properties, PROPERTY_MEMORY_HIGH,
                               step->memory_high.is_share ?
                                       (uint64_t) ((unsigned __int128) d->victim_usage_bytes * step->memory_high.share /
                                                   10000) :
                                       step->memory_high.bytes);
        if (step->action == ACTION_KILL)
                d->thaw_first = victim && ledger_find(&core->ledger, victim, ACTION_FREEZE);
}

static void fill_reasons(Core *core, const Watch *w, const Event *event, Decision *d) {
        const Step *step = d->step;
        bool room = false;

        for (size_t i = 0; i < step->n_conditions; i++) {
                d->seen[i] = watch_condition_value(w, step->conditions + i);
                room = room || step->conditions[i].kind != CONDITION_PRESSURE;
        }
        for (PressureKind k = 0; k < _PRESSURE_KIND_MAX; k++)
                d->pressure[k] = watch_pressure(w, step, k);
        d->sample = w->sample;
        d->event_usec = w->due_since_usec;
        d->cause = survey_cause(&core->survey, &core->nodes, event, w->node,
                                w->sample.events_high + w->sample.events_max - w->incident_events, room);
        d->n_culprits = survey_culprits(&core->survey, &core->nodes, event, d->culprits, DECISION_CULPRITS_MAX);
}

static void fill(Core *core, Watch *w, const Event *event, const Step *step, const VictimChoice *choice) {
        StepState *state = watch_step_state(w, step);
        const Suspect *s = choice->suspect;
        Decision *d = &w->decision;

        *d = (Decision){
                .id = ++core->last_id,
                .incident = w->incident,
                .count = state->n_acted + 1,
                .policy = w->policy,
                .step = step,
                .watch = node_name(w->node),
                .victim = node_name(s ? s->node : NULL),
                .action = step->action,
                .dry_run = step->dry_run || core->settings->dry_run,
                .rank = choice->rank,
                .n_candidates = choice->n_candidates,
                .victim_usage_bytes = s ? s->current_bytes : 0,
        };
        fill_action(core, d, s ? s->node : NULL);
        fill_reasons(core, w, event, d);
        node_unref(w->victim);
        w->victim = node_ref(s ? s->node : NULL);
}

/* The decision goes out; from here on an answer is owed. */
void decide_send(Core *core, Watch *w) {
        effects_add(core, EFFECT_ACT)->decision = w->decision;
        if (w->decision.action == ACTION_LOG)
                return;
        w->in_flight = true;
        w->answer_by_usec = core->now_usec + ANSWER_LIMIT_USEC;
}

/* Whether the step may take this victim now; tells why if not. */
static bool may_act(Core *core, Watch *w, const Step *step, const VictimChoice *choice) {
        if (step->action == ACTION_LOG)
                return true;
        if (!choice->suspect) {
                /* Where all are held already the step has done what it can, and the ladder goes on. */
                if (choice->n_held == 0)
                        refuse(core, w, step, NULL, choice->n_protected > 0 ? REFUSAL_PROTECTED : REFUSAL_NOBODY);
                return false;
        }
        if (step->dry_run || core->settings->dry_run)
                return true;
        if (action_holds(step->action) && core->ledger.n >= HOLDS_MAX) {
                refuse(core, w, step, choice->suspect->node, REFUSAL_FULL);
                return false;
        }
        if (!budget_take(&core->budget, core->now_usec)) {
                refuse(core, w, step, choice->suspect->node, REFUSAL_BUDGET);
                return false;
        }
        return true;
}

void decide(Core *core, Watch *w, const Event *event, const Step *step) {
        StepState *state = watch_step_state(w, step);
        VictimChoice choice = victim_choose(w->policy, &core->survey, step->action, core->now_usec, ledger_holds,
                                            &core->ledger);

        state->acted_usec = core->now_usec; /* one that may not act cools down, too: each try is a survey */
        w->due_since_usec = MIN(w->due_since_usec, core->now_usec);
        if (!may_act(core, w, step, &choice))
                return;

        fill(core, w, event, step, &choice);
        if (action_holds(step->action) && !w->decision.dry_run)
                release_expect(core, &w->decision, w->node, w->victim);
        state->n_acted++;
        w->due_since_usec = USEC_INFINITY;
        decide_send(core, w);
}
