/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Undoing: what is throttled or frozen comes back when the watch is calm, when its time is up, when the unit goes, and
 * when the daemon does. */

#include "base/usec.h"
#include "core/core-private.h"

#define RETRY_FIRST_USEC (500 * USEC_PER_MSEC)
#define RETRY_DOUBLINGS_MAX 6U

void release_expect(Core *core, const Decision *d, Node *watch, Node *victim) {
        (void) ledger_add(&core->ledger, d, watch, victim, core->now_usec);
}

void release_sent(Core *core, uint64_t id) {
        Hold *h = ledger_find_id(&core->ledger, id);

        if (!h)
                return;
        h->since_usec = core->now_usec;
        h->deadline_usec = usec_add(core->now_usec, h->step->max_hold_usec);
}

static Undo describe(const Core *core, const Hold *h) {
        return (Undo){
                .id = h->id,
                .incident = h->incident,
                .policy = h->policy,
                .step = h->step,
                .watch = node_name(h->watch),
                .victim = node_name(h->victim),
                .action = h->action,
                .reason = h->reason,
                .previous = h->previous,
                .held_usec = core->now_usec - h->since_usec,
        };
}

/* Sends the undo, or lets it follow as soon as the action's own answer is here. */
static void undo(Core *core, Hold *h, ReleaseReason reason) {
        if (h->state == HOLD_UNDOING || h->release)
                return;

        if (h->state != HOLD_RETRY) {
                h->reason = reason;
                h->release = h->state == HOLD_PENDING || !effects_have_room(core);
        }
        if (h->release || !effects_have_room(core))
                return; /* follows with the answer, or in the next step */
        h->state = HOLD_UNDOING;
        h->retry_usec = core->now_usec + ANSWER_LIMIT_USEC;
        h->id = ++core->last_id;
        effects_add(core, EFFECT_UNDO)->undo = describe(core, h);
}

/* What came back too soon has been tried: Cooldown= of the step counts from its end, and meanwhile the ladder goes on. */
static void cool_down(const Core *core, const Hold *h) {
        if (h->watch->watch && h->watch->watch->policy == h->policy &&
            (h->reason == RELEASE_CALM || h->reason == RELEASE_MAX_HOLD || h->reason == RELEASE_BY_HAND))
                watch_step_state(h->watch->watch, h->step)->acted_usec = core->now_usec;
}

static void finish(Core *core, Hold *h) {
        if (h->follows && !h->victim->gone)
                effects_add(core, EFFECT_UNFOLLOW)->look = node_name(h->victim);
        effects_keep(core, h->watch);
        effects_keep(core, h->victim);
        ledger_remove(&core->ledger, h);
}

/* Whether nothing has changed that could be undone. */
static bool left_nothing(const Hold *h, const Outcome *outcome) {
        if (outcome->kind == OUTCOME_REFUSED || outcome->kind == OUTCOME_DRY_RUN)
                return true;
        if (outcome->gone) /* it takes its properties along, but not those of the slices above it */
                return !properties_has(&outcome->previous, PROPERTY_SLICES_LOW);
        return outcome->kind != OUTCOME_DONE && h->action != ACTION_FREEZE && outcome->previous.set == 0;
}

/* Until the incident is over the action is not tried with this unit again. */
static void note_vain(const Hold *h) {
        Node *n = h->victim;

        if (n->vain_incident.high != h->incident.high || n->vain_incident.low != h->incident.low)
                n->vain = 0;
        n->vain_incident = h->incident;
        n->vain |= UINT32_C(1) << h->action;
}

/* A throttled unit is looked at while it is held. Where it is watched with all that matters here, those looks do. */
static void follow(Core *core, Hold *h) {
        const unsigned needs = WANT_EVENTS | WANT_STAT;

        if (!decide_limits_memory(h->step) || h->victim->gone)
                return;
        h->look_usec = core->now_usec;
        h->follows = !h->victim->watch || (h->victim->watch->wants & needs) != needs;
        if (h->follows)
                effects_add(core, EFFECT_FOLLOW)->look = node_name(h->victim);
}

/* The action's answer. One that failed may have been done half-way, and is undone. One that timed out goes on in systemd
 * and the kernel (a freeze waits for each task to leave the kernel): it counts as held. */
static void on_pending(Core *core, Hold *h, const Outcome *outcome) {
        bool release = h->release;

        if (outcome->kind == OUTCOME_REFUSED && h->action == ACTION_PROTECT)
                note_vain(h); /* it has as much already: the next one's turn */
        if (left_nothing(h, outcome)) {
                finish(core, h);
                return;
        }

        h->state = HOLD_HELD;
        h->release = false;
        h->previous = outcome->previous;
        core->ledger.generation++;
        if (outcome->kind != OUTCOME_FAILED && !release && !core->releasing)
                follow(core, h);
        if (outcome->kind == OUTCOME_FAILED)
                undo(core, h, RELEASE_FAILED);
        else if (release || core->releasing)
                undo(core, h, release ? h->reason : core->release_reason);
}

static void on_undone(Core *core, Hold *h, const Outcome *outcome) {
        if (outcome->kind == OUTCOME_DONE || outcome->gone) {
                effects_add(core, EFFECT_RELEASE)->undo = describe(core, h);
                cool_down(core, h);
                finish(core, h);
                return;
        }
        if (h->n_tries == 0) {
                Effect *e = effects_add(core, EFFECT_STUCK);

                e->stuck.undo = describe(core, h);
                e->stuck.outcome = *outcome;
        }
        h->state = HOLD_RETRY;
        h->retry_usec = core->now_usec + (RETRY_FIRST_USEC << MIN(h->n_tries, RETRY_DOUBLINGS_MAX));
        h->n_tries++;
}

void release_on_outcome(Core *core, const Outcome *outcome) {
        Hold *h = ledger_find_id(&core->ledger, outcome->id);

        if (!h)
                return;
        if (h->state == HOLD_PENDING)
                on_pending(core, h, outcome);
        else
                on_undone(core, h, outcome);
}

/* Whether the watch has stayed below Until= for its window, or the conditions have not held for as long. */
static bool is_calm(const Core *core, const Watch *w, const Hold *h) {
        const Step *step = h->step;

        if (core->now_usec - h->since_usec < step->until.window_usec)
                return false;
        if (!step->has_until) {
                const StepState *state = watch_step_state(w, step);

                return state->held_since_usec == USEC_INFINITY &&
                       core->now_usec - state->clear_since_usec >= step->until.window_usec;
        }
        return watch_share(w, step->until.resource, step->until.kind, step->until.window_usec) < step->until.share;
}

void release_check_calm(Core *core, Watch *w) {
        for (size_t i = 0; i < core->ledger.end; i++) {
                Hold *h = core->ledger.holds + i;

                if (h->state == HOLD_HELD && h->watch == w->node && h->policy == w->policy && is_calm(core, w, h))
                        undo(core, h, RELEASE_CALM);
        }
}

void release_on_sample(Core *core, const Node *n, const Event *event) {
        Hold *h = ledger_find(&core->ledger, n, ACTION_THROTTLE);

        if (!h || h->state != HOLD_HELD || h->look_usec == USEC_INFINITY)
                return;
        h->look_usec = usec_add(core->now_usec, LIVELOCK_LOOK_USEC);
        if (!livelock_see(&h->livelock, core->now_usec, &event->sample.values))
                return;
        note_vain(h);
        undo(core, h, RELEASE_LIVELOCK);
}

/* The look notes when the next one is due; should it not come, it is asked for again. */
static void look(Core *core, Hold *h) {
        if (h->look_usec > core->now_usec || h->victim->gone || !effects_have_room(core))
                return;
        h->look_usec = usec_add(core->now_usec, LIVELOCK_LOOK_USEC);
        effects_add(core, EFFECT_SAMPLE)->look = node_name(h->victim);
}

void release_on_timer(Core *core) {
        for (size_t i = 0; i < core->ledger.end; i++) {
                Hold *h = core->ledger.holds + i;

                if (h->state == HOLD_HELD)
                        look(core, h);
                if (h->state == HOLD_HELD && h->release) {
                        h->release = false; /* there was no room for its effect in an earlier step */
                        undo(core, h, h->reason);
                } else if (h->state == HOLD_HELD && h->deadline_usec <= core->now_usec)
                        undo(core, h, RELEASE_MAX_HOLD);
                else if ((h->state == HOLD_RETRY || h->state == HOLD_UNDOING) && h->retry_usec <= core->now_usec) {
                        h->state = HOLD_RETRY; /* an undo without an answer is sent again, too */
                        undo(core, h, h->reason);
                }
        }
}

void release_on_gone(Core *core, const Node *n) {
        for (size_t i = 0; i < core->ledger.end; i++) {
                Hold *h = core->ledger.holds + i;

                if (h->state != HOLD_FREE && (h->victim == n || h->watch == n))
                        undo(core, h, RELEASE_GONE);
        }
}

void release_policy(Core *core, const Policy *policy, ReleaseReason reason) {
        for (size_t i = 0; i < core->ledger.end; i++) {
                Hold *h = core->ledger.holds + i;

                if (h->state != HOLD_FREE && (!policy || h->policy == policy))
                        undo(core, h, reason);
        }
}

static void release_by_hand(Core *core, uint64_t victim_id) {
        for (size_t i = 0; i < core->ledger.end; i++) {
                Hold *h = core->ledger.holds + i;

                if (h->state == HOLD_FREE || (victim_id != 0 && h->victim->id != victim_id))
                        continue;
                h->victim->left_alone_until_usec = usec_add(core->now_usec, LEFT_ALONE_USEC);
                undo(core, h, RELEASE_BY_HAND);
        }
}

void release_on_request(Core *core, const Event *event) {
        if (event->release == RELEASE_BY_HAND) {
                release_by_hand(core, event->cgroup_id);
                return;
        }
        core->releasing = true;
        core->release_reason = event->release;
        for (size_t i = 0; i < core->n_watches; i++) {
                episode_hurry(core, core->watches[i]);
                agenda_note(&core->agenda, core->watches[i]);
        }
        release_policy(core, NULL, event->release);
}

void release_recover(Core *core, const Event *event) {
        static const Policy earlier_policy = { .name = (char *) "earlier-run", .file = (char *) "" };
        static const Step earlier_step = { .name = (char *) "-" };
        const Decision d = {
                .incident = event->held.incident,
                .policy = &earlier_policy,
                .step = &earlier_step,
                .action = event->held.action,
        };
        _cleanup_(node_unrefp) Node *victim = NULL;
        const char *path = event->held.path ?: "";
        Hold *h;

        if (!action_holds(event->held.action) || node_new(&victim, 0, CGROUP_UNIT, path, event->held.unit) < 0)
                return;
        victim->delegated = event->held.delegated;
        h = ledger_add(&core->ledger, &d, victim, victim, MIN(event->held.since_usec, core->now_usec));
        if (!h)
                return;
        h->state = HOLD_HELD;
        h->deadline_usec = USEC_INFINITY;
        h->previous = event->held.previous;
        undo(core, h, RELEASE_RECOVERED);
}

void release_on_kill(Core *core, const Node *victim) {
        Hold *h = ledger_find(&core->ledger, victim, ACTION_FREEZE);

        if (!h || h->state != HOLD_HELD)
                return;
        h->reason = RELEASE_KILL;
        effects_add(core, EFFECT_RELEASE)->undo = describe(core, h);
        finish(core, h);
}

bool release_watch_holds(const Core *core, const Watch *w) {
        for (size_t i = 0; i < core->ledger.end; i++)
                if (core->ledger.holds[i].state != HOLD_FREE && core->ledger.holds[i].watch == w->node)
                        return true;
        return false;
}

uint64_t release_next(const Core *core) {
        uint64_t next = USEC_INFINITY;

        for (size_t i = 0; i < core->ledger.end; i++) {
                const Hold *h = core->ledger.holds + i;

                if (h->state == HOLD_HELD)
                        next = MIN(next, h->release ? core->now_usec : MIN(h->deadline_usec, h->look_usec));
                else if (h->state == HOLD_RETRY || h->state == HOLD_UNDOING)
                        next = MIN(next, h->retry_usec);
        }
        return next;
}
