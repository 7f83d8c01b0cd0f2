/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <string.h>

#include "act/journal-text.h"
#include "base/format.h"
#include "base/usec.h"

/* What each action is called while it is announced, and after it. */
static const struct {
        const char *doing, *would, *done;
} words[_ACTION_KIND_MAX] = {
        [ACTION_LOG] = { "logging only", "would log only", "logged" },
        [ACTION_THROTTLE] = { "throttling", "would throttle", "throttled" },
        [ACTION_FREEZE] = { "freezing", "would freeze", "frozen" },
        [ACTION_KILL] = { "killing", "would kill", "killed" },
};

/* "infinity", or a size. */
static char *format_limit(char *buf, size_t size, uint64_t bytes) {
        if (bytes == UINT64_MAX)
                return strcpy(buf, "infinity");
        return format_size(buf, size, bytes);
}

#define FORMAT_LIMIT(bytes) format_limit((char[FORMAT_MAX]){ 0 }, FORMAT_MAX, bytes)

static char *format_amount(char *buf, size_t size, const Amount *a) {
        return a->is_share ? format_share(buf, size, a->share) : format_size(buf, size, a->bytes);
}

#define FORMAT_AMOUNT(amount) format_amount((char[FORMAT_MAX]){ 0 }, FORMAT_MAX, amount)

static const char *name_of(const CgroupName *c) {
        return c->kind == CGROUP_HOST ? "host" : c->unit;
}

/* Shares to a tenth of a percent: more is noise to a reader, and the fields have it. */
static char *format_seen(char *buf, size_t size, uint64_t share) {
        return format_share(buf, size, share >= 1000 ? share / 100 * 100 : share / 10 * 10);
}

#define FORMAT_SEEN(share) format_seen((char[FORMAT_MAX]){ 0 }, FORMAT_MAX, share)

/* The same for what took some time: whole milliseconds, where it was any. */
static char *format_took(char *buf, size_t size, uint64_t usec) {
        return format_duration(buf, size, usec < USEC_PER_MSEC ? usec : usec / USEC_PER_MSEC * USEC_PER_MSEC);
}

#define FORMAT_TOOK(usec) format_took((char[FORMAT_MAX]){ 0 }, FORMAT_MAX, usec)

void text_signal(Text *t, int signal) {
        const char *name = sigabbrev_np(signal);

        if (name)
                text_add(t, "SIG%s", name);
        else
                text_add(t, "signal %d", signal);
}

/* ---- Why ------------------------------------------------------------------------------------- */

static void add_condition(Text *t, const Condition *c, uint64_t seen, const Sample *sample) {
        switch (c->kind) {
        case CONDITION_PRESSURE:
                text_add(t, "memory pressure %s %s of %s (limit %s)", pressure_to_string(c->pressure.kind),
                         FORMAT_SEEN(seen), FORMAT_DURATION(c->pressure.window_usec),
                         FORMAT_SHARE(c->pressure.share));
                break;
        case CONDITION_AVAILABLE:
                text_add(t, "%s of %s available (limit %s)", FORMAT_SIZE(seen), FORMAT_LIMIT(sample->limit_bytes),
                         FORMAT_AMOUNT(&c->amount));
                break;
        case CONDITION_USAGE:
                text_add(t, "%s of %s used (limit %s)", FORMAT_SIZE(seen), FORMAT_LIMIT(sample->limit_bytes),
                         FORMAT_AMOUNT(&c->amount));
                break;
        case _CONDITION_KIND_MAX:
                break;
        }
}

void text_conditions(Text *t, const Decision *d) {
        for (size_t i = 0; i < d->step->n_conditions; i++) {
                const Condition *c = &d->step->conditions[i];

                text_add(t, "%s%s=", i > 0 ? "; " : "", condition_to_string(c->kind));
                if (c->kind == CONDITION_PRESSURE)
                        text_add(t, "%s %s %s: %s", pressure_to_string(c->pressure.kind),
                                 FORMAT_SHARE(c->pressure.share), FORMAT_DURATION(c->pressure.window_usec),
                                 FORMAT_SHARE(d->seen[i]));
                else
                        text_add(t, "%s: %s", FORMAT_AMOUNT(&c->amount), FORMAT_SIZE(d->seen[i]));
        }
}

/* ---- What ------------------------------------------------------------------------------------ */

static void add_deed(Text *t, const Decision *d) {
        text_add(t, "%s", d->dry_run ? words[d->action].would : words[d->action].doing);
        if (d->victim.id == 0)
                return;
        switch (d->action) {
        case ACTION_THROTTLE:
                text_add(t, " %s to %s", d->victim.unit, FORMAT_SIZE(d->properties.values[PROPERTY_MEMORY_HIGH]));
                break;
        case ACTION_KILL:
                text_add(t, " %s%s with ", d->escalation ? "what is left of " : "", d->victim.unit);
                text_signal(t, d->signal);
                break;
        case ACTION_LOG:
                text_add(t, ", first in line is %s", d->victim.unit);
                break;
        case ACTION_FREEZE:
        case _ACTION_KIND_MAX:
        case _ACTION_KIND_INVALID:
                text_add(t, " %s", d->victim.unit);
                break;
        }
}

void text_decision(Text *t, const Decision *d) {
        text_add(t, "%s: ", name_of(&d->watch));
        for (size_t i = 0; i < d->step->n_conditions; i++) {
                text_add(t, "%s", i > 0 ? ", " : "");
                add_condition(t, &d->step->conditions[i], d->seen[i], &d->sample);
        }
        text_add(t, "%s", d->step->n_conditions > 0 ? ": " : "");
        add_deed(t, d);

        text_add(t, " (");
        if (d->victim.id != 0)
                text_add(t, "it uses %s; ", FORMAT_SIZE(d->victim_usage_bytes));
        text_add(t, "cause: %s)", cause_to_string(d->cause));

        text_add(t, " [policy %s, step %s", d->policy->name, d->step->name);
        if (d->count > 1)
                text_add(t, ", time %u", d->count);
        text_add(t, "%s]", d->dry_run ? ", dry run" : "");
}

void text_culprit(Text *t, const Culprit *c, const char *comm) {
        text_add(t, "%s[%" PRIu32 "] in %s: %s ", comm && *comm ? comm : "process", c->values.pid, name_of(&c->unit),
                 c->role == ROLE_CAUSE ? "cause of" : "suffers");
        text_add(t, "%s of the stall time: %s in %" PRIu64 " %s (%s", FORMAT_SEEN(c->share),
                 FORMAT_TOOK(c->values.stall_usec), c->values.count, c->values.count == 1 ? "stall" : "stalls",
                 stall_to_string(c->values.class));
        if (c->limit.id != 0)
                text_add(t, ", limit of %s", name_of(&c->limit));
        text_add(t, ")");
}

/* ---- What came of it ------------------------------------------------------------------------- */

/* "throttled to 90M" */
static void add_done(Text *t, const Decision *d) {
        text_add(t, "%s", words[d->action].done);
        if (d->action == ACTION_THROTTLE)
                text_add(t, " to %s", FORMAT_SIZE(d->properties.values[PROPERTY_MEMORY_HIGH]));
        if (d->action == ACTION_KILL) {
                text_add(t, " with ");
                text_signal(t, d->signal);
        }
}

static void add_error(Text *t, const Outcome *o) {
        const char *name = strerrorname_np(-o->error);

        if (o->error_text[0])
                text_add(t, ": %s", o->error_text);
        else if (name)
                text_add(t, ": %s", name);
}

/* After Settle=: what the action did for the watch. */
static void add_effect(Text *t, const Report *r) {
        const Decision *d = r->decision;
        bool settled = r->outcome.kind == OUTCOME_SETTLED;

        text_add(t, "%s: %s after %s", name_of(&d->watch), settled ? "settled" : "no better", words[d->action].doing);
        if (d->victim.id != 0)
                text_add(t, " %s", d->victim.unit);
        text_add(t, ": memory pressure some %s, was %s", FORMAT_SEEN(r->pressure_after),
                 FORMAT_SEEN(r->pressure_before));
        if (r->freed_bytes > 0)
                text_add(t, "; %s freed", FORMAT_SIZE(r->freed_bytes));
}

void text_outcome(Text *t, const Report *r) {
        const Decision *d = r->decision;
        const Outcome *o = &r->outcome;

        if (o->kind == OUTCOME_SETTLED || o->kind == OUTCOME_NO_EFFECT) {
                add_effect(t, r);
                return;
        }
        text_add(t, "%s: ", name_of(d->victim.id != 0 ? &d->victim : &d->watch));
        if (o->kind == OUTCOME_DONE && o->gone)
                text_add(t, "gone already, nothing is left to be ");
        else if (o->kind == OUTCOME_TIMEOUT)
                text_add(t, "perhaps ");
        else if (o->kind != OUTCOME_DONE)
                text_add(t, "not ");
        add_done(t, d);

        if (o->kind == OUTCOME_DRY_RUN)
                text_add(t, ": this is a dry run");
        else if (o->kind != OUTCOME_DONE)
                add_error(t, o);
        else if (d->action != ACTION_LOG)
                text_add(t, ", %s after the stall was seen", FORMAT_TOOK(r->latency_usec));
}

/* ---- The way back ---------------------------------------------------------------------------- */

void text_release(Text *t, const Undo *u) {
        static const char *const reasons[_RELEASE_REASON_MAX] = {
                [RELEASE_CALM] = "the pressure stayed low",
                [RELEASE_MAX_HOLD] = "it was held as long as MaxHold= allows",
                [RELEASE_GONE] = "the unit has stopped",
                [RELEASE_KILL] = "it is to be killed",
                [RELEASE_STOP] = "memstalld stops",
                [RELEASE_RELOAD] = "the policies are loaded anew",
                [RELEASE_FAILED] = "the action had failed half-way",
                [RELEASE_RECOVERED] = "memstalld had ended without releasing it",
        };

        text_add(t, "%s: ", u->victim.unit);
        if (u->action == ACTION_THROTTLE)
                text_add(t, "MemoryHigh=%s again", FORMAT_LIMIT(u->previous.values[PROPERTY_MEMORY_HIGH]));
        else
                text_add(t, "thawed");
        text_add(t, " after %s: %s [policy %s, step %s]", FORMAT_TOOK(u->held_usec), reasons[u->reason],
                 u->policy->name, u->step->name);
}

void text_release_failed(Text *t, const Undo *u, const Outcome *o) {
        text_add(t, "%s: still %s after %s, could not be released", u->victim.unit, words[u->action].done,
                 FORMAT_TOOK(u->held_usec));
        add_error(t, o);
}

void text_refused(Text *t, const Refusal *r) {
        static const char *const reasons[_REFUSAL_REASON_MAX] = {
                [REFUSAL_PROTECTED] = "every candidate is protected",
                [REFUSAL_BUDGET] = "MaxActions= is used up",
                [REFUSAL_NOBODY] = "there is no candidate",
                [REFUSAL_FULL] = "as many units are held as memstalld can hold",
                [REFUSAL_POLICY_BUDGET] = "the budget of the policy is used up (MaxActions=)",
                [REFUSAL_NAME] = "what Start= names is no name of a unit once its specifiers are replaced",
        };

        text_add(t, "%s: step %s of policy %s was due and is not taken", name_of(&r->watch), r->step->name,
                 r->policy->name);
        if (r->victim.id != 0)
                text_add(t, " on %s", r->victim.unit);
        text_add(t, ": %s", reasons[r->reason]);
}
