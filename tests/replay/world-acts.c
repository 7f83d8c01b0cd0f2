/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the core wants, and the systemd that does it. */

#include "world-private.h"

#define ANSWER_USEC (5 * USEC_PER_MSEC)
#define ANSWER_SLOW_USEC (800 * USEC_PER_MSEC)
#define ANSWER_TIMEOUT_USEC USEC_PER_SEC

static size_t index_of(const CgroupName *name) {
        return name->id == 0 ? 0 : (size_t) name->id - 1;
}

static void arm(World *w, const Effect *e) {
        WorldCgroup *c = w->cgroups + index_of(&e->arm.watch);

        c->wants = e->arm.wants;
        c->n_triggers = 0;
        for (size_t i = 0; i < e->arm.n_limits && c->n_triggers < WORLD_TRIGGERS_MAX; i++)
                if (e->arm.limits[i].resource == RESOURCE_MEMORY || e->arm.limits[i].resource == RESOURCE_IO)
                        c->triggers[c->n_triggers++] = (WorldTrigger){
                                .limit = e->arm.limits[i],
                                .start_usec = w->now_usec,
                                .start_total_usec = world_total_usec(w, c, e->arm.limits + i),
                        };
}

/* The answer to one request; whether it was done. */
static bool answer(World *w, WorldAsked asked, WorldItem *item) {
        static const struct {
                uint64_t usec;
                OutcomeKind kind;
                int error;
        } kinds[_ANSWER_MAX] = {
                [ANSWER_DONE] = { ANSWER_USEC, OUTCOME_DONE, 0 },
                [ANSWER_SLOW] = { ANSWER_SLOW_USEC, OUTCOME_DONE, 0 },
                [ANSWER_FAILED] = { ANSWER_USEC, OUTCOME_FAILED, -EIO },
                [ANSWER_TIMEOUT] = { ANSWER_TIMEOUT_USEC, OUTCOME_TIMEOUT, -ETIMEDOUT },
                [ANSWER_REFUSED] = { ANSWER_USEC, OUTCOME_REFUSED, -EPERM },
                [ANSWER_LOST] = { USEC_INFINITY, OUTCOME_DONE, 0 },
                [ANSWER_GONE] = { ANSWER_USEC, OUTCOME_FAILED, -ENOENT },
        };
        WorldAnswer a = w->answers[asked].n > 0 ? w->answers[asked].answer : ANSWER_DONE;

        if (w->cgroups[item->cgroup].gone)
                a = ANSWER_GONE;
        else if (w->answers[asked].n > 0)
                w->answers[asked].n--;
        item->kind = EVENT_OUTCOME;
        item->at_usec = usec_add(w->now_usec, kinds[a].usec);
        item->outcome.kind = kinds[a].kind;
        item->outcome.error = kinds[a].error;
        item->outcome.via = VIA_SYSTEMD;
        item->outcome.gone = a == ANSWER_GONE;
        if (item->at_usec != USEC_INFINITY)
                world_queue(w, item);
        return kinds[a].kind == OUTCOME_DONE;
}

static void die(World *w, WorldCgroup *victim) {
        victim->dies_at_usec = MIN(victim->dies_at_usec, w->now_usec + victim->dies_usec);
}

/* What was set before: nothing of it. */
static void fill_previous(const Properties *set, Properties *ret) {
        for (Property which = 0; which < _PROPERTY_MAX; which++)
                if (properties_has(set, which))
                        properties_set(ret, which, which == PROPERTY_MEMORY_LOW ? 0 : UINT64_MAX);
}

static void do_throttle(World *w, const Decision *d, WorldCgroup *victim) {
        victim->throttled = true;
}

static void do_protect(World *w, const Decision *d, WorldCgroup *victim) {
        victim->shielded = true;
}

static void do_reclaim(World *w, const Decision *d, WorldCgroup *victim) {
        victim->usage_micro -= MIN(victim->usage_micro, d->reclaim_bytes * 1000000);
}

static void do_freeze(World *w, const Decision *d, WorldCgroup *victim) {
        victim->frozen = true;
}

static void do_kill(World *w, const Decision *d, WorldCgroup *victim) {
        victim->frozen = victim->frozen && !d->thaw_first;
        if ((d->signal == SIGKILL || !victim->stubborn) && !victim->frozen)
                die(w, victim);
}

static void do_stop(World *w, const Decision *d, WorldCgroup *victim) {
        victim->comes_back = d->action == ACTION_RESTART;
        die(w, victim);
}

static void act(World *w, const Decision *d) {
        static const struct {
                WorldAsked asked;
                void (*act)(World *w, const Decision *d, WorldCgroup *victim);
        } actions[_ACTION_KIND_MAX] = {
                [ACTION_PROTECT] = { ASKED_PROTECT, do_protect }, [ACTION_THROTTLE] = { ASKED_THROTTLE, do_throttle },
                [ACTION_RECLAIM] = { ASKED_RECLAIM, do_reclaim }, [ACTION_FREEZE] = { ASKED_FREEZE, do_freeze },
                [ACTION_KILL] = { ASKED_KILL, do_kill },          [ACTION_STOP] = { ASKED_STOP, do_stop },
                [ACTION_RESTART] = { ASKED_RESTART, do_stop },    [ACTION_START] = { ASKED_START, NULL },
        };
        WorldItem item = { .outcome.id = d->id, .at_usec = w->now_usec, .kind = EVENT_OUTCOME };

        if (d->action == ACTION_LOG)
                return;
        if (d->dry_run) {
                item.outcome.kind = OUTCOME_DRY_RUN;
                world_queue(w, &item);
                return;
        }
        item.cgroup = d->action == ACTION_START ? 0 : index_of(&d->victim);
        fill_previous(&d->properties, &item.outcome.previous);
        if (answer(w, actions[d->action].asked, &item) && actions[d->action].act)
                actions[d->action].act(w, d, w->cgroups + item.cgroup);
}

static void undo(World *w, const Undo *u) {
        WorldItem item = { .outcome.id = u->id, .cgroup = index_of(&u->victim) };
        WorldCgroup *victim = w->cgroups + item.cgroup;

        if (!answer(w, ASKED_UNDO, &item))
                return;
        if (u->action == ACTION_THROTTLE)
                victim->throttled = false;
        else if (u->action == ACTION_FREEZE)
                victim->frozen = false;
        else
                victim->shielded = false;
}

void world_take(World *w, const Effects *effects) {
        w->wakeup_usec = effects->wakeup_usec;
        for (const Effect *e = effects->items; e < effects->items + effects->n_items; e++)
                if (e->kind == EFFECT_ARM)
                        arm(w, e);
                else if (e->kind == EFFECT_DISARM)
                        w->cgroups[index_of(&e->look)].n_triggers = 0;
                else if (e->kind == EFFECT_SAMPLE || e->kind == EFFECT_SURVEY)
                        world_queue(w, &(WorldItem){ .at_usec = w->now_usec, .cgroup = index_of(&e->look),
                                                     .kind = e->kind == EFFECT_SAMPLE ? EVENT_SAMPLE : EVENT_SURVEY });
                else if (e->kind == EFFECT_START)
                        (void) answer(w, ASKED_JOB, &(WorldItem){ .outcome.id = e->job.id });
                else if (e->kind == EFFECT_ACT)
                        act(w, &e->decision);
                else if (e->kind == EFFECT_UNDO)
                        undo(w, &e->undo);
}
