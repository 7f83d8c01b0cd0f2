/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <string.h>

#include "core/properties.h"
#include "core/trace-private.h"

/* What every line about an action tells: which policy and step, of which watch, for whom. */
static void write_whose(TraceWriter *w, const Policy *policy, const Step *step, const CgroupName *watch,
                        const CgroupName *victim) {
        trace_write_text(w, "policy", policy->name);
        trace_write_text(w, "step", step->name);
        trace_write_text(w, "watch", watch->unit);
        if (victim->id != 0)
                trace_write_text(w, "victim", victim->unit);
}

static void write_incident(TraceWriter *w, Id128 incident) {
        trace_write(w, " incident=" ID128_FORMAT, ID128_VALUES(incident));
}

static void write_error(TraceWriter *w, const Outcome *outcome) {
        if (outcome->via != VIA_NONE)
                trace_write(w, " via=%s", via_to_string(outcome->via));
        if (outcome->error != 0)
                trace_write(w, " error=%d", outcome->error);
        if (outcome->error_text[0])
                trace_write_text(w, "text", outcome->error_text);
}

static void write_arm(TraceWriter *w, const Effect *effect) {
        static const struct {
                unsigned bit;
                const char *word;
        } wants[] = {
                { WANT_STAT, "stat" },   { WANT_IO, "io" },
                { WANT_CPU, "cpu" },     { WANT_DYING, "dying" },
                { WANT_WAITS, "waits" },
                { WANT_CANDIDATE_SWAP, "candidate-swap" },
                { WANT_CANDIDATE_STAT, "candidate-stat" },
                { WANT_CANDIDATE_SLICES, "candidate-slices" },
                { WANT_CANDIDATE_ALL, "candidate-all" },
        };

        trace_write_text(w, "watch", effect->arm.watch.unit);
        for (size_t i = 0; i < effect->arm.n_limits; i++) {
                trace_write(w, " trigger=");
                trace_write_limit(w, effect->arm.limits + i);
        }
        if (effect->arm.wants & WANT_EVENTS)
                trace_write(w, " events=yes");
        for (size_t i = 0; i < ELEMENTSOF(wants); i++)
                if (effect->arm.wants & wants[i].bit)
                        trace_write(w, " wants=%s", wants[i].word);
}

static void write_look(TraceWriter *w, const Effect *effect) {
        trace_write_text(w, "watch", effect->look.unit);
}

static void write_expired(TraceWriter *w, const Effect *effect) {
        trace_write_text(w, "policy", effect->expired->name);
}

static void write_start(TraceWriter *w, const Effect *effect) {
        const Decision *d = effect->job.decision;

        trace_write(w, " id=%" PRIu64 " decision=%" PRIu64, effect->job.id, d->id);
        trace_write_text(w, "unit", d->start);
        trace_write(w, " timeout=");
        trace_write_time(w, d->timeout_usec);
        write_incident(w, d->incident);
}

/* The cause that the watch was found to have; "-" if none. */
static const char *cause_of_bit(uint64_t bit) {
        for (Cause c = 0; c < _CAUSE_MAX; c++)
                if (bit == UINT64_C(1) << c)
                        return cause_to_string(c);
        return "-";
}

/* "Pressure=12.5%": each condition with the value that was seen. */
static void write_conditions(TraceWriter *w, const Decision *d) {
        for (size_t i = 0; i < d->step->n_conditions; i++) {
                const Condition *c = d->step->conditions + i;

                trace_write(w, " saw=%s:", condition_to_string(c->kind));
                if (condition_is_pressure(c->kind) || c->kind == CONDITION_EFFICIENCY)
                        trace_write_share(w, d->seen[i]);
                else if (c->kind == CONDITION_EXHAUSTION)
                        trace_write_time(w, d->seen[i]);
                else if (c->kind == CONDITION_CAUSE)
                        trace_write(w, "%s", cause_of_bit(d->seen[i]));
                else
                        trace_write_bytes(w, d->seen[i]);
        }
}

static void write_culprits(TraceWriter *w, const Culprit *culprits, size_t n) {
        for (size_t i = 0; i < n; i++) {
                const Culprit *c = culprits + i;

                trace_write_text(w, "culprit", c->unit.unit);
                trace_write(w, ":%" PRIu32 ":%s:%s:", c->values.pid, stall_to_string(c->values.class),
                            role_to_string(c->role));
                trace_write_share(w, c->share);
        }
}

static void write_blames(TraceWriter *w, const Blame *blames, size_t n) {
        for (size_t i = 0; i < n; i++) {
                trace_write_text(w, "blame", blames[i].unit.unit);
                trace_write(w, ":%s:", blame_to_string(blames[i].kind));
                trace_write_share(w, blames[i].share);
        }
}

static void write_act(TraceWriter *w, const Effect *effect) {
        const Decision *d = &effect->decision;

        trace_write(w, " id=%" PRIu64 " action=%s", d->id, action_to_string(d->action));
        write_whose(w, d->policy, d->step, &d->watch, &d->victim);
        trace_write(w, " count=%u", d->count);
        if (d->properties.set != 0)
                trace_write(w, " set=%s", FORMAT_PROPERTIES(&d->properties));
        if (d->action == ACTION_KILL)
                trace_write(w, " signal=%d", d->signal);
        if (d->grain != GRAIN_UNIT)
                trace_write(w, " grain=%s", grain_to_string(d->grain));
        if (d->reclaim_bytes > 0)
                trace_write(w, " reclaim=%" PRIu64, d->reclaim_bytes);
        if (d->start[0])
                trace_write_text(w, "start", d->start);
        if (d->thaw_first)
                trace_write(w, " thaw=yes");
        if (d->escalation)
                trace_write(w, " escalation=yes");
        if (d->dry_run)
                trace_write(w, " dry-run=yes");
        trace_write(w, " cause=%s rank=%s candidates=%zu", cause_to_string(d->cause), rank_to_string(d->rank),
                    d->n_candidates);
        write_conditions(w, d);
        write_culprits(w, d->culprits, d->n_culprits);
        write_blames(w, d->blames, d->n_blames);
        write_incident(w, d->incident);
}

static void write_undo(TraceWriter *w, const Effect *effect) {
        const Undo *u = &effect->undo;

        trace_write(w, " id=%" PRIu64 " action=%s", u->id, action_to_string(u->action));
        write_whose(w, u->policy, u->step, &u->watch, &u->victim);
        trace_write(w, " reason=%s", release_to_string(u->reason));
        if (u->previous.set != 0)
                trace_write(w, " previous=%s", FORMAT_PROPERTIES(&u->previous));
        trace_write(w, " held=");
        trace_write_time(w, u->held_usec);
        write_incident(w, u->incident);
}

static void write_report(TraceWriter *w, const Effect *effect) {
        const Report *r = &effect->report;

        trace_write(w, " id=%" PRIu64 " result=%s", r->outcome.id, outcome_to_string(r->outcome.kind));
        if (r->started)
                trace_write_text(w, "start", r->decision->start);
        write_error(w, &r->outcome);
        trace_write(w, " latency=");
        trace_write_time(w, r->latency_usec);
        trace_write(w, " before=");
        trace_write_share(w, r->pressure_before);
        trace_write(w, " after=");
        trace_write_share(w, r->pressure_after);
        trace_write(w, " freed=%" PRIu64, r->freed_bytes);
        write_incident(w, r->decision->incident);
}

static void write_stuck(TraceWriter *w, const Effect *effect) {
        const Undo *u = &effect->stuck.undo;

        trace_write(w, " id=%" PRIu64 " action=%s", u->id, action_to_string(u->action));
        write_whose(w, u->policy, u->step, &u->watch, &u->victim);
        trace_write(w, " result=%s", outcome_to_string(effect->stuck.outcome.kind));
        write_error(w, &effect->stuck.outcome);
        write_incident(w, u->incident);
}

static void write_refuse(TraceWriter *w, const Effect *effect) {
        const Refusal *r = &effect->refusal;

        trace_write(w, " action=%s", action_to_string(r->step->action));
        write_whose(w, r->policy, r->step, &r->watch, &r->victim);
        trace_write(w, " reason=%s", refusal_to_string(r->reason));
        write_incident(w, r->incident);
}

static void write_seen(TraceWriter *w, const Effect *effect) {
        const Sighting *s = &effect->seen;

        trace_write(w, " killer=%s%s", killer_to_string(s->killer), s->pending ? " pending=yes" : "");
        if (s->pid != 0)
                trace_write(w, " pid=%" PRIu64, s->pid);
        if (s->comm[0])
                trace_write_text(w, "comm", s->comm);
        trace_write_text(w, "victim", s->victim.unit);
        trace_write_text(w, "watch", s->watch.unit);
        trace_write(w, " count=%" PRIu64, s->count);
        if (s->missed > 0)
                trace_write(w, " missed=%" PRIu64, s->missed);
        if (s->reason[0])
                trace_write_text(w, "reason", s->reason);
        trace_write(w, " cause=%s", cause_to_string(s->cause));
        write_culprits(w, s->culprits, s->n_culprits);
        write_blames(w, s->blames, s->n_blames);
        write_incident(w, s->incident);
}

static const struct {
        const char *word;
        void (*write)(TraceWriter *w, const Effect *effect);
} kinds[_EFFECT_KIND_MAX] = {
        [EFFECT_ARM] = { "arm", write_arm },
        [EFFECT_DISARM] = { "disarm", write_look },
        [EFFECT_FOLLOW] = { "follow", write_look },
        [EFFECT_UNFOLLOW] = { "unfollow", write_look },
        [EFFECT_START] = { "start", write_start },
        [EFFECT_EXPIRED] = { "expired", write_expired },
        [EFFECT_ACT] = { "act", write_act },
        [EFFECT_UNDO] = { "undo", write_undo },
        [EFFECT_REPORT] = { "report", write_report },
        [EFFECT_RELEASE] = { "release", write_undo },
        [EFFECT_STUCK] = { "stuck", write_stuck },
        [EFFECT_REFUSE] = { "refuse", write_refuse },
        [EFFECT_SEEN] = { "seen", write_seen },
};

int trace_effect_find(const char *word) {
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (kinds[i].word && strcmp(kinds[i].word, word) == 0)
                        return (int) i;
        return -EINVAL;
}

bool trace_effect_decides(EffectKind kind) {
        static const bool looks[_EFFECT_KIND_MAX] = {
                [EFFECT_ARM] = true, [EFFECT_DISARM] = true, [EFFECT_FOLLOW] = true, [EFFECT_UNFOLLOW] = true,
        };

        return kinds[kind].write && !looks[kind];
}

bool trace_line_decides(const char *line) {
        const char *word = strstr(line, "effect=");

        for (size_t i = 0; word && i < ELEMENTSOF(kinds); i++) {
                size_t n = kinds[i].word ? strlen(kinds[i].word) : 0;

                if (n > 0 && strncmp(word + 7, kinds[i].word, n) == 0 && (word[7 + n] == ' ' || !word[7 + n]))
                        return trace_effect_decides((EffectKind) i);
        }
        return false;
}

int trace_format_effect(const Effect *effect, uint64_t now_usec, char *buf, size_t size) {
        TraceWriter w = { .buf = buf, .size = size };

        if (!kinds[effect->kind].write)
                return TRACE_E_NOTHING;
        trace_write(&w, "time=");
        trace_write_time(&w, now_usec);
        trace_write(&w, " effect=%s", kinds[effect->kind].word);
        kinds[effect->kind].write(&w, effect);
        return trace_written(&w);
}
