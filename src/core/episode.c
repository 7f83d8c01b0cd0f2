/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From a look at a watch to an action and to what became of it. An episode (an incident, to its records) begins when
 * a step holds and ends when nothing has held for a while and nothing is held. In between there is at most one action
 * in progress, and after each Settle= passes before the steps count again. */

#include "base/usec.h"
#include "core/condition.h"
#include "core/core-private.h"

#define INCIDENT_QUIET_USEC (10 * USEC_PER_SEC)
#define DYING_USEC (5 * USEC_PER_SEC)
#define RETRY_LOOK_USEC USEC_PER_SEC
#define TRIES_MAX 4U

static uint64_t mix(uint64_t x) {
        /* The finalizer of splitmix64: each incident's id looks random, and is the same in each replay. */
        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
        return x ^ (x >> 31);
}

Id128 episode_new_incident(Core *core) {
        core->n_incidents++;
        return (Id128){ core->seed.high ^ mix(core->n_incidents), core->seed.low + core->n_incidents };
}

static void incident_begin(Core *core, Watch *w) {
        if (w->in_incident)
                return;

        w->in_incident = true;
        w->incident = episode_new_incident(core);
        for (size_t i = 0; i < w->policy->n_steps; i++) {
                w->steps[i].n_acted = 0;
                w->steps[i].refused = 0;
        }
}

void episode_end(Core *core, Watch *w) {
        Effect *e;

        if (!w->in_incident)
                return;
        w->in_incident = false;
        core->n_ended++;
        e = effects_add(core, EFFECT_ENDED);
        e->ended.incident = w->incident;
        e->ended.watch = node_name(w->node);
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
                episode_end(core, w);
}

/* One look, evaluated. Returns the step to act on, if any and if what is in progress does not bar it. */
static const Step *see(Core *core, Watch *w, const Sample *values, const PressureLimit *limit) {
        const Step *step = NULL;

        if (!w->in_incident) {
                const Sample *calm = w->sample_usec != 0 ? &w->sample : values;

                w->incident_events = calm->events_high + calm->events_max;
        }
        watch_see(w, core->now_usec, values, limit);
        watch_evaluate(w, core->now_usec);
        if (watch_holds_any(w))
                incident_begin(core, w);

        if (!core->releasing && !w->in_flight && w->settle_usec == USEC_INFINITY &&
            w->escalate_usec == USEC_INFINITY)
                step = watch_step_due(w, core->now_usec, core->settings->dry_run);
        w->due_since_usec = step ? MIN(w->due_since_usec, core->now_usec) : USEC_INFINITY;
        return step;
}

static void plan(Core *core, Watch *w) {
        incident_maybe_end(core, w);
        watch_plan_look(w, core->now_usec, release_watch_holds(core, w));
}

static Report *report(Core *core, Watch *w, const Outcome *outcome, uint32_t pressure_after, uint64_t freed_bytes) {
        Effect *e = effects_add(core, EFFECT_REPORT);

        e->report = (Report){
                .decision = w->decision,
                .outcome = *outcome,
                .latency_usec = usec_sub(core->now_usec, w->decision->event_usec),
                .pressure_before = w->decision->pressure[PRESSURE_SOME],
                .pressure_after = pressure_after,
                .freed_bytes = freed_bytes,
        };
        return &e->report;
}

static bool ends_victim(ActionKind action) {
        return action == ACTION_KILL || action == ACTION_STOP || action == ACTION_RESTART;
}

/* A throttle or freeze takes from what it slows, and has helped only if pressure fell. */
static bool is_to_free(ActionKind action) {
        return action == ACTION_RECLAIM || ends_victim(action);
}

/* Waits that PSI leaves out are not in the pressure that is told, and where Stall= was the reason they count. */
static bool stall_fell(const Core *core, const Watch *w) {
        const Decision *d = w->decision;

        for (size_t i = 0; i < d->step->n_conditions; i++) {
                const Condition *c = d->step->conditions + i;

                if (c->kind == CONDITION_STALL &&
                    condition_value(w, c, core->now_usec - w->settle_since_usec) < d->seen[i] / 4 * 3)
                        return true;
        }
        return false;
}

/* The watch has had its Settle=: did it help? */
static void settle(Core *core, Watch *w) {
        const Decision *d = w->decision;
        uint64_t span_usec = MAX(core->now_usec - w->settle_total_at_usec, UINT64_C(1));
        uint64_t stalled_usec = usec_sub(w->sample.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME], w->settle_total_usec);
        uint32_t before = d->pressure[PRESSURE_SOME];
        uint32_t after = w->node->gone ? 0 : (uint32_t) (MIN(stalled_usec, span_usec) * 10000 / span_usec);
        uint64_t freed_bytes = w->node->gone ? d->sample.usage_bytes :
                                               usec_sub(d->sample.usage_bytes, w->sample.usage_bytes);
        bool fell = (before > 0 && after < before / 4 * 3) || stall_fell(core, w);
        bool helped = fell || (is_to_free(d->action) && freed_bytes > d->sample.usage_bytes / 100);
        Outcome outcome = {
                .id = d->id,
                .kind = helped ? OUTCOME_SETTLED : OUTCOME_NO_EFFECT,
                .via = w->via,
        };

        w->settle_usec = USEC_INFINITY;
        w->settle_due = false;
        if (w->settle_report)
                (void) report(core, w, &outcome, after, freed_bytes);
}

void episode_on_sample(Core *core, Watch *w, const Event *event) {
        const PressureLimit *limit = event->sample.cause == SAMPLE_TRIGGER ? &event->sample.limit : NULL;
        const Step *step = see(core, w, &event->sample.values, limit);

        if (w->settle_due)
                settle(core, w);
        release_check_calm(core, w);
        plan(core, w);

        /* Room that shrinks fast is trouble to come: a survey now gives growth something to be measured from. */
        if (step || ((w->wants & WANT_EVENTS) && !watch_holds_any(w) && watch_is_nearing(w, core->now_usec)) ||
            watch_wants_cause(w, core->now_usec))
                effects_add(core, EFFECT_SURVEY)->look = node_name(w->node);
}

void episode_on_survey(Core *core, Watch *w, const Event *event) {
        bool measured = survey_fill(&core->survey, &core->nodes, event);
        const Step *step;

        survey_blame(&core->survey, &core->nodes, event);
        watch_see_cause(w, core->now_usec,
                        survey_cause(&core->survey, &core->nodes, event, w->node,
                                     watch_incident_events(w, &event->survey.values), watch_cause_is_room(w)));
        step = see(core, w, &event->survey.values, NULL);
        if (step && (measured || !decide_needs_growth(core, w, step) || core->now_usec - w->due_since_usec >= USEC_PER_SEC))
                decide(core, w, event, step);
        plan(core, w);
}

/* The steps wait until the watch has settled; `report` says that its effect is to be told then. */
static void pause_steps(Core *core, Watch *w, bool report) {
        w->settle_usec = usec_add(core->now_usec, w->decision->step->settle_usec);
        w->settle_since_usec = core->now_usec;
        w->settle_total_usec = w->sample.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME];
        w->settle_total_at_usec = w->sample_usec;
        w->settle_report = report;
        if (w->node->gone)
                settle(core, w);
}

/* The victim was killed, stopped or restarted. */
static void on_ended(Core *core, Watch *w) {
        const Decision *d = w->decision;
        bool asked = d->action == ACTION_KILL && d->signal != SIGKILL;
        uint64_t grace_usec = asked ? d->step->kill_after_usec : 0;

        w->victim->dying_until_usec = usec_add(core->now_usec, MAX(grace_usec, DYING_USEC));
        if (d->thaw_first)
                release_on_kill(core, w->victim);
        if (asked && !w->victim->gone)
                w->escalate_usec = core->releasing ? core->now_usec : usec_add(core->now_usec, grace_usec);
}

/* Cooldown= is for what was done. A kill that did not happen is due again as soon as it has settled; so is what systemd
 * said no to (a job of the unit was pending), a few times; so is protect as long as somebody else suffers. What came to
 * no answer may still happen. */
static bool is_due_again(const Watch *w, const Outcome *outcome) {
        if (w->decision->action == ACTION_KILL)
                return outcome->kind == OUTCOME_FAILED || outcome->kind == OUTCOME_TIMEOUT;
        if (w->decision->action == ACTION_PROTECT && outcome->kind != OUTCOME_FAILED)
                return outcome->kind != OUTCOME_DRY_RUN;
        return outcome->kind == OUTCOME_FAILED && w->decision->count < TRIES_MAX;
}

/* Whatever became of Start=, the action that was announced with it follows. */
static void on_started(Core *core, Watch *w, const Outcome *outcome) {
        report(core, w, outcome, watch_pressure(w, w->decision->step, PRESSURE_SOME), 0)->started = true;
        decide_send(core, w);
        plan(core, w);
}

void episode_on_outcome(Core *core, Watch *w, const Outcome *outcome) {
        if (w->starting) {
                on_started(core, w, outcome);
                return;
        }
        w->in_flight = false;
        w->answer_by_usec = USEC_INFINITY;
        w->via = outcome->via;
        (void) report(core, w, outcome, watch_pressure(w, w->decision->step, PRESSURE_SOME), 0);

        if (outcome->kind == OUTCOME_DONE && ends_victim(w->decision->action) && w->victim)
                on_ended(core, w);
        if (is_due_again(w, outcome))
                watch_step_state(w, w->decision->step)->acted_usec = 0;
        /* After a dry run the next step is to see it as not done. */
        if (outcome->kind != OUTCOME_DRY_RUN)
                pause_steps(core, w, outcome->kind == OUTCOME_DONE);
        plan(core, w);
}

/* KillAfter= has passed and the victim is still there. */
static void escalate(Core *core, Watch *w) {
        Decision *d = w->decision;

        w->escalate_usec = USEC_INFINITY;
        if (!w->victim || w->victim->gone || d->action != ACTION_KILL)
                return;

        w->settle_usec = USEC_INFINITY; /* it settles anew after this one */
        w->settle_due = false;
        d->id = ++core->last_id;
        d->escalation = true;
        d->start[0] = '\0'; /* that was before the first signal */
        d->thaw_first = ledger_find(&core->ledger, w->victim, ACTION_FREEZE);
        d->signal = SIGKILL;
        d->event_usec = core->now_usec;
        d->n_culprits = 0;
        d->n_blames = 0;
        decide_send(core, w);
}

void episode_on_timer(Core *core, Watch *w) {
        bool settled;

        if (w->escalate_usec <= core->now_usec && !w->in_flight)
                escalate(core, w);
        settled = w->settle_usec <= core->now_usec;
        if (!settled && w->next_look_usec > core->now_usec)
                return;

        /* The sample plans the next look; should none come, it is asked for again. */
        effects_add(core, EFFECT_SAMPLE)->look = node_name(w->node);
        w->next_look_usec = core->now_usec + RETRY_LOOK_USEC;
        if (settled) {
                w->settle_due = true;
                w->settle_usec = core->now_usec + RETRY_LOOK_USEC;
        }
}

void episode_hurry(Core *core, Watch *w) {
        if (w->starting)
                w->answer_by_usec = core->now_usec;
        if (w->escalate_usec != USEC_INFINITY)
                w->escalate_usec = MIN(w->escalate_usec, core->now_usec);
}

void episode_on_gone(Core *core, Watch *w) {
        if (w->node->gone && w->settle_usec != USEC_INFINITY)
                settle(core, w);
        if (w->victim && w->victim->gone)
                w->escalate_usec = USEC_INFINITY; /* its name stays for the reports to come */
}
