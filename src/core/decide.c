/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A step is due: who pays, what exactly is done, and all the reasons that the record will give. */

#include <string.h>

#include "base/usec.h"
#include "core/condition.h"
#include "core/core-private.h"
#include "core/start-name.h"
#include "core/victim.h"

/* Effectors answer within one second; memory.reclaim may work for five. What is over that is for an answer that is
 * lost. */
#define RECLAIM_LIMIT_USEC (7 * USEC_PER_SEC)
#define JOB_SPARE_USEC (2 * USEC_PER_SEC)
#define START_SPARE_USEC USEC_PER_SEC

static void refuse(Core *core, Watch *w, const Step *step, const Suspect *suspect, RefusalReason reason) {
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
                .victim = node_name(suspect ? suspect->node : NULL),
                .reason = reason,
        };
}

bool decide_needs_growth(const Core *core, const Watch *w, const Step *step) {
        const RankMeasure *rank = step->n_rank > 0 ? step->rank : w->policy->victim.rank;
        size_t n = step->n_rank > 0 ? step->n_rank : w->policy->victim.n_rank;
        bool others = w->node->kind != CGROUP_UNIT || w->policy->victim.from || core->survey.n > 1;

        if (step->action == ACTION_PROTECT)
                return others && !step->shield; /* who suffers through no fault of its own: blame goes by growth */
        for (size_t i = 0; i < n; i++)
                switch (rank[i]) {
                case RANK_GROWTH:
                case RANK_PRESSURE:
                case RANK_RECLAIM:
                        return true;
                case RANK_CULPRIT:
                        if (others)
                                return true;
                        break;
                case RANK_USAGE:
                case RANK_SWAP:
                case _RANK_MEASURE_MAX:
                case _RANK_MEASURE_INVALID:
                        break;
                }
        return false;
}

static uint64_t part_of(uint64_t bytes, const Amount *a) {
        if (!a->is_share)
                return a->bytes;
        return (uint64_t) MIN((unsigned __int128) bytes * a->share / 10000, (unsigned __int128) UINT64_MAX);
}

bool decide_limits_memory(const Step *step) {
        return step->action == ACTION_THROTTLE && (step->memory_high.is_share || step->memory_high.bytes > 0);
}

/* What the action is, in numbers. */
static void fill_action(const Core *core, Decision *d, const Node *victim) {
        const Step *step = d->step;

        d->signal = step->signal;
        if (action_is_job(step->action) || d->start[0])
                d->timeout_usec = step->start_timeout_usec;

        switch (step->action) {

        case ACTION_PROTECT:
                properties_set(&d->properties, PROPERTY_MEMORY_LOW, part_of(d->victim_usage_bytes, &step->memory_low));
                break;

        case ACTION_THROTTLE:
                d->properties = step->limits;
                if (decide_limits_memory(step))
                        properties_set(&d->properties, PROPERTY_MEMORY_HIGH,
                                       part_of(d->victim_usage_bytes, &step->memory_high));
                break;

        case ACTION_RECLAIM:
                d->reclaim_bytes = part_of(d->victim_usage_bytes, &step->reclaim);
                break;

        case ACTION_KILL:
                d->grain = d->policy->victim.grain;
                d->thaw_first = ledger_find(&core->ledger, victim, ACTION_FREEZE);
                break;

        case ACTION_STOP:
        case ACTION_RESTART:
                d->thaw_first = ledger_find(&core->ledger, victim, ACTION_FREEZE);
                break;

        case ACTION_LOG:
        case ACTION_FREEZE:
        case ACTION_START:
        case _ACTION_KIND_MAX:
        case _ACTION_KIND_INVALID:
                break;
        }
}

static void fill_reasons(Core *core, const Watch *w, const Event *event, Decision *d) {
        const Step *step = d->step;
        bool room = false;

        for (size_t i = 0; i < step->n_conditions; i++) {
                d->seen[i] = watch_condition_value(w, step->conditions + i);
                room = room || condition_is_room(step->conditions[i].kind);
        }
        for (PressureKind k = 0; k < _PRESSURE_KIND_MAX; k++)
                d->pressure[k] = watch_pressure(w, step, k);
        d->sample = w->sample;
        d->event_usec = w->due_since_usec;
        d->cause = survey_cause(&core->survey, &core->nodes, event, w->node,
                                w->sample.events_high + w->sample.events_max - w->incident_events, room);
        d->n_culprits = survey_culprits(&core->survey, &core->nodes, event, d->culprits, DECISION_CULPRITS_MAX);
        d->n_blames = survey_blames(&core->survey, d->blames, DECISION_BLAMES_MAX, &d->blame_unknown);
}

static void fill(Core *core, Watch *w, const Event *event, const Step *step, const VictimChoice *choice,
                 const char *start) {
        StepState *state = watch_step_state(w, step);
        const Suspect *s = choice->suspect;
        Decision *d = w->decision;

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
        strcpy(d->start, start);
        fill_action(core, d, s ? s->node : NULL);
        fill_reasons(core, w, event, d);
        watch_set_victim(w, s ? s->node : NULL);
}

static uint64_t answer_limit_usec(const Decision *d) {
        if (action_is_job(d->action))
                return usec_add(d->timeout_usec, JOB_SPARE_USEC);
        return d->action == ACTION_RECLAIM ? RECLAIM_LIMIT_USEC : ANSWER_LIMIT_USEC;
}

static void await(Core *core, Watch *w, uint64_t id, uint64_t limit_usec) {
        w->in_flight = true;
        w->awaited_id = id;
        w->answer_by_usec = usec_add(core->now_usec, limit_usec);
}

/* Start= takes its time: some of those that were named may be gone by now, and forgotten. */
static void refresh_names(const Core *core, Decision *d) {
        for (size_t i = 0; i < d->n_culprits; i++) {
                d->culprits[i].unit = node_name(node_registry_recall(&core->nodes, d->culprits[i].unit.id));
                d->culprits[i].limit = node_name(node_registry_recall(&core->nodes, d->culprits[i].limit.id));
        }
        for (size_t i = 0; i < d->n_blames; i++)
                d->blames[i].unit = node_name(node_registry_recall(&core->nodes, d->blames[i].unit.id));
}

void decide_send(Core *core, Watch *w) {
        if (w->starting)
                refresh_names(core, w->decision);
        w->starting = false;
        w->in_flight = false;
        w->answer_by_usec = USEC_INFINITY;
        effects_add(core, EFFECT_ACT)->decision = *w->decision;
        release_sent(core, w->decision->id);
        if (w->decision->action != ACTION_LOG)
                await(core, w, w->decision->id, answer_limit_usec(w->decision));
}

/* Start= before the action, which follows with the answer. */
static void send_start(Core *core, Watch *w) {
        Effect *e = effects_add(core, EFFECT_START);

        w->starting = true;
        await(core, w, ++core->last_id, usec_add(w->decision->timeout_usec, START_SPARE_USEC));
        e->job.id = w->awaited_id;
        e->job.decision = w->decision;
}

/* Both budgets, or neither. */
static bool take_budget(Core *core, Watch *w, const Step *step, const Suspect *suspect) {
        Budget *own = core_policy_budget(core, w->policy);

        if (own && !budget_left(own, core->now_usec)) {
                refuse(core, w, step, suspect, REFUSAL_POLICY_BUDGET);
                return false;
        }
        if (!budget_take(&core->budget, core->now_usec)) {
                refuse(core, w, step, suspect, REFUSAL_BUDGET);
                return false;
        }
        return !own || budget_take(own, core->now_usec);
}

/* Whether the step may take this victim now; tells why if not. Fills in what Start= names. */
static bool may_act(Core *core, Watch *w, const Step *step, const VictimChoice *choice, char *ret_start) {
        const CgroupName victim = node_name(choice->suspect ? choice->suspect->node : NULL);
        int r = step->start ? start_name(ret_start, step->start, &victim, w->incident) : 0;

        if ((!choice->suspect && step->action != ACTION_LOG && step->action != ACTION_START) ||
            r == START_NAME_E_NOBODY) {
                /* Where all are held already the step has done what it can, and the ladder goes on. */
                if (choice->n_held == 0)
                        refuse(core, w, step, NULL,
                               choice->n_protected > 0 ? REFUSAL_PROTECTED :
                               choice->n_oomd > 0      ? REFUSAL_OOMD :
                                                         REFUSAL_NOBODY);
                return false;
        }
        if (r != 0) {
                refuse(core, w, step, choice->suspect, REFUSAL_NAME);
                return false;
        }
        if (!decisions_take(&core->decisions, w)) {
                refuse(core, w, step, choice->suspect, REFUSAL_FULL);
                return false;
        }
        if (step->dry_run || core->settings->dry_run)
                return true;
        if (action_holds(step->action) && core->ledger.n >= HOLDS_MAX) {
                refuse(core, w, step, choice->suspect, REFUSAL_FULL);
                return false;
        }
        /* What harms nobody leaves the budget for what may have to be done in the end. */
        if ((step->action == ACTION_LOG || step->action == ACTION_PROTECT) && !step->start)
                return true;
        return take_budget(core, w, step, choice->suspect);
}

void decide(Core *core, Watch *w, const Event *event, const Step *step) {
        StepState *state = watch_step_state(w, step);
        const VictimRules rules = {
                .policy = w->policy,
                .step = step,
                .watch = w->node,
                .managed_oom = core->settings->managed_oom,
                .leave_to_oomd = roster_leaves_to_oomd(core),
                .incident = w->incident,
                .now_usec = core->now_usec,
                .held = ledger_holds,
                .ledger = &core->ledger,
        };
        VictimChoice choice = victim_choose(&rules, &core->survey);
        char start[UNIT_NAME_MAX] = "";

        state->acted_usec = core->now_usec; /* one that may not act cools down, too: each try is a survey */
        if (!may_act(core, w, step, &choice, start))
                return;

        fill(core, w, event, step, &choice, start);
        if (action_holds(step->action) && !w->decision->dry_run)
                release_expect(core, w->decision, w->node, w->victim);
        state->n_acted++;
        w->due_since_usec = USEC_INFINITY;
        if (start[0] && step->action != ACTION_START && !w->decision->dry_run)
                send_start(core, w);
        else
                decide_send(core, w);
}
