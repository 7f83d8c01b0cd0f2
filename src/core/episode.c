/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From a look at a watch to an action and to what became of it. An episode (an incident, to its records) begins when
 * a step holds and ends when nothing has held for a while and nothing is held. In between there is at most one action
 * in progress, and after each Settle= passes before the steps count again. */

#include "base/usec.h"
#include "core/core-private.h"
#include "core/victim.h"

#define INCIDENT_QUIET_USEC (10 * USEC_PER_SEC)
#define DYING_USEC (5 * USEC_PER_SEC)
#define RETRY_LOOK_USEC USEC_PER_SEC

static uint64_t mix(uint64_t x) {
        /* The finalizer of splitmix64: each incident's id looks random, and is the same in each replay. */
        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
        return x ^ (x >> 31);
}

static void incident_begin(Core *core, Watch *w) {
        if (w->in_incident)
                return;

        core->n_incidents++;
        w->in_incident = true;
        w->quiet_since_usec = core->now_usec;
        w->incident = (Id128){ core->seed.high ^ mix(core->n_incidents), core->seed.low + core->n_incidents };
        w->incident_events = w->sample.events_high + w->sample.events_max;
        for (size_t i = 0; i < w->policy->n_steps; i++) {
                w->steps[i].n_acted = 0;
                w->steps[i].refused = 0;
        }
}

static void incident_maybe_end(Core *core, Watch *w) {
        if (!w->in_incident)
                return;
        if (watch_holds_any(w) || w->in_flight || w->settle_usec != USEC_INFINITY ||
            w->escalate_usec != USEC_INFINITY || release_watch_holds(core, w)) {
                w->quiet_since_usec = core->now_usec;
                return;
        }
        if (core->now_usec - w->quiet_since_usec >= INCIDENT_QUIET_USEC)
                w->in_incident = false;
}

static void refuse(Core *core, Watch *w, const Step *step, const Node *victim, RefusalReason reason) {
        StepState *state = watch_step_state(w, step);
        Effect *e;

        if (state->refused & (UINT32_C(1) << reason))
                return;
        state->refused |= UINT32_C(1) << reason;
        e = core_emit(core, EFFECT_REFUSE);
        e->refusal = (Refusal){
                .incident = w->incident,
                .policy = w->policy,
                .step = step,
                .watch = node_name(w->node),
                .victim = node_name(victim),
                .reason = reason,
        };
}

/* One look, evaluated. Returns the step to act on, if any and if what is in progress does not bar it. */
static const Step *see(Core *core, Watch *w, const Sample *values, const PressureLimit *limit) {
        const Step *step = NULL;

        watch_see(w, core->now_usec, values, limit);
        watch_evaluate(w, core->now_usec);
        if (watch_holds_any(w))
                incident_begin(core, w);

        if (!core->releasing && !w->in_flight && w->settle_usec == USEC_INFINITY)
                step = watch_step_due(w, core->now_usec, core->settings->dry_run);
        w->due_since_usec = step ? MIN(w->due_since_usec, core->now_usec) : USEC_INFINITY;
        return step;
}

static void plan(Core *core, Watch *w) {
        incident_maybe_end(core, w);
        watch_plan_look(w, core->now_usec, release_watch_holds(core, w));
}

static void report(Core *core, Watch *w, const Outcome *outcome, uint32_t pressure_after, uint64_t freed_bytes) {
        core_emit(core, EFFECT_REPORT)->report = (Report){
                .decision = &w->decision,
                .outcome = *outcome,
                .latency_usec = usec_sub(core->now_usec, w->decision.event_usec),
                .pressure_before = w->decision.pressure[PRESSURE_SOME],
                .pressure_after = pressure_after,
                .freed_bytes = freed_bytes,
        };
}

/* The watch has had its Settle=: did it help? */
static void settle(Core *core, Watch *w) {
        const Decision *d = &w->decision;
        uint64_t span_usec = MAX(core->now_usec - w->settle_since_usec, UINT64_C(1));
        uint64_t stalled_usec = usec_sub(w->sample.pressure_usec[PRESSURE_SOME], w->settle_total_usec);
        uint32_t before = d->pressure[PRESSURE_SOME];
        uint32_t after = w->node->gone ? 0 : (uint32_t) (MIN(stalled_usec, span_usec) * 10000 / span_usec);
        uint64_t freed_bytes = w->node->gone ? d->sample.usage_bytes :
                                               usec_sub(d->sample.usage_bytes, w->sample.usage_bytes);
        bool helped = (before > 0 && after < before / 4 * 3) || freed_bytes > d->sample.usage_bytes / 100;
        Outcome outcome = {
                .id = d->id,
                .kind = helped ? OUTCOME_SETTLED : OUTCOME_NO_EFFECT,
                .via = w->via,
        };

        w->settle_usec = USEC_INFINITY;
        w->settle_due = false;
        if (w->settle_report)
                report(core, w, &outcome, after, freed_bytes);
}

void episode_on_sample(Core *core, Watch *w, const Event *event) {
        const PressureLimit *limit = event->sample.cause == SAMPLE_TRIGGER ? &event->sample.limit : NULL;
        const Step *step = see(core, w, &event->sample.values, limit);

        if (w->settle_due)
                settle(core, w);
        release_check_calm(core, w);
        plan(core, w);

        /* Room that shrinks fast is trouble to come: a survey now gives growth something to be measured from. */
        if (step || (w->wants_room && w->room.rate > 0 && !watch_holds_any(w) &&
                     w->next_look_usec - core->now_usec < USEC_PER_SEC))
                core_emit(core, EFFECT_SURVEY)->look = node_name(w->node);
}

/* Whether the victim cannot well be chosen before growth or pressure have been measured. */
static bool needs_growth(const Watch *w) {
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
                case _RANK_MEASURE_MAX:
                case _RANK_MEASURE_INVALID:
                        break;
                }
        return false;
}

/* What the action is, in numbers. */
static void decide_action(Core *core, Decision *d, const Node *victim) {
        const Step *step = d->step;

        d->signal = d->escalation ? SIGKILL : step->signal;
        if (step->action == ACTION_THROTTLE)
                d->memory_high_bytes =
                        step->memory_high.is_share ?
                                (uint64_t) ((unsigned __int128) d->victim_usage_bytes * step->memory_high.share / 10000) :
                                step->memory_high.bytes;
        if (step->action == ACTION_KILL)
                d->thaw_first = victim && ledger_find(&core->ledger, victim, ACTION_FREEZE);
}

static void decide_reasons(Core *core, Watch *w, const Event *event, Decision *d) {
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

static void decide(Core *core, Watch *w, const Event *event, const Step *step, const VictimChoice *choice) {
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
                .victim_usage_bytes = s ? s->usage_bytes : 0,
        };
        decide_action(core, d, s ? s->node : NULL);
        decide_reasons(core, w, event, d);
        node_unref(w->victim);
        w->victim = node_ref(s ? s->node : NULL);
}

/* The decision goes out; from here on an answer is owed. */
static void send(Core *core, Watch *w) {
        core_emit(core, EFFECT_ACT)->decision = w->decision;
        if (w->decision.action == ACTION_LOG)
                return;
        w->in_flight = true;
        w->answer_by_usec = core->now_usec + ANSWER_LIMIT_USEC;
}

/* Whether the step may take this victim now; tells why if not. */
static bool may_act(Core *core, Watch *w, const Step *step, const VictimChoice *choice) {
        const Hold *h;

        if (step->action == ACTION_LOG)
                return true;
        if (!choice->suspect) {
                refuse(core, w, step, NULL, choice->n_protected > 0 ? REFUSAL_PROTECTED : REFUSAL_NOBODY);
                return false;
        }
        if (step->dry_run || core->settings->dry_run)
                return true;

        h = ledger_find(&core->ledger, choice->suspect->node, step->action);
        if (h && h->state != HOLD_HELD)
                return false; /* on its way in or out: wait for the answer */
        if (action_holds(step->action) && !h && core->ledger.n >= HOLDS_MAX) {
                refuse(core, w, step, choice->suspect->node, REFUSAL_FULL);
                return false;
        }
        if (!budget_take(&core->budget, core->now_usec)) {
                refuse(core, w, step, choice->suspect->node, REFUSAL_BUDGET);
                return false;
        }
        return true;
}

static void act(Core *core, Watch *w, const Event *event, const Step *step) {
        StepState *state = watch_step_state(w, step);
        VictimChoice choice = victim_choose(w->policy, &core->survey, step->action, core->now_usec, ledger_holds,
                                            &core->ledger);

        if (!may_act(core, w, step, &choice))
                return;

        decide(core, w, event, step, &choice);
        if (action_holds(step->action) && !w->decision.dry_run)
                release_expect(core, &w->decision, w->node, w->victim);
        state->acted_usec = core->now_usec;
        state->n_acted++;
        w->due_since_usec = USEC_INFINITY;
        send(core, w);
}

void episode_on_survey(Core *core, Watch *w, const Event *event) {
        const Step *step = see(core, w, &event->survey.values, NULL);
        bool measured = survey_fill(&core->survey, &core->nodes, event);

        survey_blame(&core->survey, &core->nodes, event);
        if (step && (measured || !needs_growth(w) || core->now_usec - w->due_since_usec >= USEC_PER_SEC))
                act(core, w, event, step);
        plan(core, w);
}

/* The steps wait until the watch has settled; `report` says that its effect is to be told then. */
static void pause_steps(Core *core, Watch *w, bool report) {
        w->settle_usec = usec_add(core->now_usec, w->decision.step->settle_usec);
        w->settle_since_usec = core->now_usec;
        w->settle_total_usec = w->sample.pressure_usec[PRESSURE_SOME];
        w->settle_report = report;
        if (w->node->gone)
                settle(core, w);
}

static void on_killed(Core *core, Watch *w) {
        const Decision *d = &w->decision;
        uint64_t grace_usec = d->signal == SIGKILL ? 0 : d->step->kill_after_usec;

        w->victim->dying_until_usec = usec_add(core->now_usec, MAX(grace_usec, DYING_USEC));
        if (d->thaw_first)
                release_on_kill(core, w->victim);
        if (d->signal != SIGKILL)
                w->escalate_usec = usec_add(core->now_usec, grace_usec);
}

void episode_on_outcome(Core *core, Watch *w, const Outcome *outcome) {
        w->in_flight = false;
        w->answer_by_usec = USEC_INFINITY;
        w->via = outcome->via;
        report(core, w, outcome, watch_pressure(w, w->decision.step, PRESSURE_SOME), 0);

        if (outcome->kind == OUTCOME_DONE && w->decision.action == ACTION_KILL && w->victim)
                on_killed(core, w);
        /* After a dry run the next step is to see it as not done. */
        if (outcome->kind != OUTCOME_DRY_RUN)
                pause_steps(core, w, outcome->kind == OUTCOME_DONE);
        plan(core, w);
}

/* KillAfter= has passed and the victim is still there. */
static void escalate(Core *core, Watch *w) {
        Decision *d = &w->decision;

        w->escalate_usec = USEC_INFINITY;
        if (!w->victim || w->victim->gone || d->action != ACTION_KILL)
                return;

        d->id = ++core->last_id;
        d->escalation = true;
        d->thaw_first = ledger_find(&core->ledger, w->victim, ACTION_FREEZE);
        d->signal = SIGKILL;
        d->event_usec = core->now_usec;
        d->n_culprits = 0;
        send(core, w);
}

void episode_on_timer(Core *core, Watch *w) {
        bool settled = w->settle_usec <= core->now_usec;

        if (w->escalate_usec <= core->now_usec && !w->in_flight)
                escalate(core, w);
        if (!settled && w->next_look_usec > core->now_usec)
                return;

        /* The sample plans the next look; should none come, it is asked for again. */
        core_emit(core, EFFECT_SAMPLE)->look = node_name(w->node);
        w->next_look_usec = core->now_usec + RETRY_LOOK_USEC;
        if (settled) {
                w->settle_due = true;
                w->settle_usec = core->now_usec + RETRY_LOOK_USEC;
        }
}

void episode_on_gone(Core *core, Watch *w) {
        if (w->node->gone && w->settle_usec != USEC_INFINITY)
                settle(core, w);
        if (w->victim && w->victim->gone)
                w->escalate_usec = USEC_INFINITY; /* its name stays for the reports to come */
}

uint64_t episode_next(const Watch *w) {
        return MIN(MIN(w->next_look_usec, w->settle_usec), MIN(w->answer_by_usec, w->escalate_usec));
}
