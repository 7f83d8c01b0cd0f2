/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Events go into the core, effects come out and are carried out in their order: actions are sent before anything is
 * told about them. Looks that the core asks for are taken at once, within the same turn of the loop. */

#include <systemd/sd-daemon.h>

#include "agent/agent-private.h"
#include "agent/alarm.h"
#include "agent/memory.h"
#include "base/clock.h"
#include "sense/watch.h"

#define TIMER_ACCURACY_DIVISOR 64U /* a timer that is far off may be late by this part of its time */
#define TIMER_ACCURACY_MAX_USEC (250 * USEC_PER_MSEC)

/* With what the kernel's counters did in the incident. */
static void tell_decision(Agent *a, const Decision *d) {
        journal_set_counters(a->journal, baselines_compare(&a->baselines, a->tree, d->watch.id, d->incident,
                                                           clock_usec()));
        journal_decision(a->journal, d);
        culprits_tell(a, d);
        journal_set_counters(a->journal, NULL);
}

static FaultMark *fault_mark(Agent *a, uint64_t decision_id) {
        return a->fault_marks + decision_id % FAULT_MARKS_MAX;
}

static void tell_outcome(Agent *a, const Report *r) {
        const FaultMark *mark = fault_mark(a, r->outcome.id);

        if (mark->decision_id == r->outcome.id && r->outcome.kind != OUTCOME_SETTLED && r->outcome.kind != OUTCOME_NO_EFFECT)
                journal_set_faults(a->journal, memory_major_faults() - mark->n_major_faults);
        if (r->outcome.kind == OUTCOME_SETTLED || r->outcome.kind == OUTCOME_NO_EFFECT)
                journal_set_counters(a->journal, baselines_compare(&a->baselines, a->tree, r->decision->watch.id,
                                                                   r->decision->incident, clock_usec()));
        journal_outcome(a->journal, r);
        journal_set_counters(a->journal, NULL);
}

/* Whether the decision has been told already, with the start of what goes before it. */
static bool is_told(const Decision *d) {
        return d->start[0] && d->action != ACTION_START && !d->dry_run && !d->escalation;
}

static void act(Agent *a, const Decision *d) {
        *fault_mark(a, d->id) = (FaultMark){ d->id, a->n_major_faults };
        effectors_act(a, d);
        if (!is_told(d))
                tell_decision(a, d);
}

static void start(Agent *a, uint64_t id, const Decision *d) {
        effector_start(a->effector, id, d->start, d->timeout_usec);
        tell_decision(a, d);
}

static void ask_look(Agent *a, bool survey, const CgroupName *name) {
        if (a->n_looks < LOOKS_MAX)
                a->looks[a->n_looks++] = (Look){ .survey = survey, .cgroup_id = name->id };
}

static void carry_out(Agent *a, const Effect *e) {
        switch (e->kind) {

        case EFFECT_ARM:
                arming_arm(a, e);
                break;

        case EFFECT_SAMPLE:
                ask_look(a, false, &e->look);
                break;

        case EFFECT_SURVEY:
                ask_look(a, true, &e->look);
                break;

        case EFFECT_DISARM:
                arming_disarm(a, e->look.id);
                break;

        case EFFECT_FOLLOW:
                sensors_follow(a, e->look.id);
                break;

        case EFFECT_UNFOLLOW:
                tree_unfollow(a->tree, e->look.id);
                break;

        case EFFECT_START:
                start(a, e->job.id, e->job.decision);
                break;

        case EFFECT_EXPIRED:
                journal_expired(a->journal, e->expired);
                break;

        case EFFECT_ACT:
                act(a, &e->decision);
                break;

        case EFFECT_UNDO:
                effectors_undo(a, &e->undo);
                break;

        case EFFECT_REPORT:
                tell_outcome(a, &e->report);
                bus_tell_outcome(a->bus, &e->report);
                metrics_count_outcome(a->metrics, &e->report);
                break;

        case EFFECT_RELEASE:
                journal_release(a->journal, &e->undo);
                bus_tell_release(a->bus, &e->undo);
                metrics_count_release(a->metrics, &e->undo);
                break;

        case EFFECT_STUCK:
                journal_release_failed(a->journal, &e->stuck.undo, &e->stuck.outcome);
                break;

        case EFFECT_REFUSE:
                journal_refused(a->journal, &e->refusal);
                metrics_count_refusal(a->metrics, &e->refusal);
                break;

        case EFFECT_SEEN:
                sightings_tell(a, &e->seen);
                break;

        case EFFECT_ENDED:
        case _EFFECT_KIND_MAX:
                break;
        }
}

/* Sets the one timer to what the core waits for. */
static void set_timer(Agent *a, uint64_t wakeup_usec, uint64_t now_usec) {
        uint64_t delay_usec = usec_sub(wakeup_usec, now_usec);

        if (wakeup_usec == USEC_INFINITY) {
                (void) sd_event_source_set_enabled(a->timer, SD_EVENT_OFF);
                return;
        }
        (void) sd_event_source_set_time(a->timer, wakeup_usec);
        (void) sd_event_source_set_time_accuracy(
                a->timer, MAX(UINT64_C(1), MIN(delay_usec / TIMER_ACCURACY_DIVISOR, TIMER_ACCURACY_MAX_USEC)));
        (void) sd_event_source_set_enabled(a->timer, SD_EVENT_ONESHOT);
}

/* What was done is recorded after it is done. */
static void record(Agent *a, const Event *event, const Effects *effects, const CoreIds *before) {
        const CoreIds after = core_ids(a->core);

        recorder_step(a->recorder, event, effects, before, &after);
        for (size_t i = 0; i < effects->n_items; i++)
                if (effects->items[i].kind == EFFECT_ENDED)
                        incidents_ended(a->incidents, effects->items[i].ended.incident);
}

static void step(Agent *a, const Event *event) {
        const CoreIds before = core_ids(a->core);
        const Effects *effects = core_step(a->core, event);

        held_save(a); /* before anything is done that it must tell of */
        a->stepping = true;
        for (size_t i = 0; i < effects->n_items; i++)
                carry_out(a, effects->items + i);
        a->stepping = false;
        set_timer(a, effects->wakeup_usec, event->now_usec);
        warnings_wanted(a, effects->warning_usec);
        record(a, event, effects, &before);
}

void agent_tell_status(Agent *a) {
        CoreCounts now = core_counts(a->core);
        size_t n_policies = a->config.policies.n_policies;
        uint64_t now_usec = clock_usec();

        if ((now.n_watches == a->told.n_watches && now.n_incidents == a->told.n_incidents &&
             now.n_held == a->told.n_held && a->told_usec != 0) ||
            usec_sub(now_usec, a->told_usec) < USEC_PER_SEC)
                return;
        (void) sd_notifyf(0, "STATUS=%zu %s, %zu watched, %zu %s, %zu held%s", n_policies,
                          n_policies == 1 ? "policy" : "policies", now.n_watches, now.n_incidents,
                          now.n_incidents == 1 ? "incident" : "incidents", now.n_held,
                          a->config.settings.dry_run ? ", dry run" : "");
        a->told = now;
        a->told_usec = now_usec;
}

static void step_and_look(Agent *a, Event *event) {
        event->now_usec = clock_usec();
        a->n_major_faults = memory_major_faults();
        step(a, event);

        for (size_t i = 0; i < a->n_looks; i++) {
                Event seen;

                if (!sensors_look(a, a->looks + i, &seen))
                        continue;
                seen.now_usec = clock_usec();
                step(a, &seen);
        }
        a->n_looks = 0;
}

void agent_feed(Agent *a, Event *event) {
        Event killed;

        step_and_look(a, event);
        while (sightings_next(a, &killed))
                step_and_look(a, &killed);
        while (a->n_late > 0) {
                Event late = { .kind = EVENT_OUTCOME, .now_usec = clock_usec(), .outcome = a->late[--a->n_late] };

                step(a, &late);
        }
        recorder_drop_old(a->recorder, clock_usec());
        agent_tell_status(a);
        agent_check_phase(a);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        agent_feed(userdata, &(Event){ .kind = EVENT_TIMER });
        return 0;
}

int agent_add_timer(Agent *a) {
        int r;

        r = sd_event_add_time(a->event, &a->timer, CLOCK_MONOTONIC, 0, 1, on_timer, a);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(a->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        return sd_event_source_set_priority(a->timer, PRIORITY_TIMER);
}

void agent_on_outcome(void *userdata, const Outcome *outcome) {
        Agent *a = userdata;

        /* An effector without room answers at once, while the core's effects are still being carried out. One more
         * than can be kept is not lost: the core asks again when an answer does not come. */
        if (a->stepping) {
                if (a->n_late < LATE_MAX)
                        a->late[a->n_late++] = *outcome;
                return;
        }
        agent_feed(a, &(Event){ .kind = EVENT_OUTCOME, .outcome = *outcome });
}
