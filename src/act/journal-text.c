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
        [ACTION_PROTECT] = { "protecting", "would protect", "protected" },
        [ACTION_THROTTLE] = { "throttling", "would throttle", "throttled" },
        [ACTION_RECLAIM] = { "reclaiming", "would reclaim", "reclaimed" },
        [ACTION_FREEZE] = { "freezing", "would freeze", "frozen" },
        [ACTION_KILL] = { "killing", "would kill", "killed" },
        [ACTION_STOP] = { "stopping", "would stop", "stopped" },
        [ACTION_RESTART] = { "restarting", "would restart", "restarted" },
        [ACTION_START] = { "starting", "would start", "started" },
};

const char *name_of(const CgroupName *c) {
        if (c->kind == CGROUP_HOST)
                return "host";
        /* Users choose what their units are called: one of the system's may be called so, too. */
        return c->delegated ? c->path : c->unit;
}

/* "SIGKILL"; the number for what has no name. */
static void add_signal(Text *t, int signal) {
        const char *name = sigabbrev_np(signal);

        if (name)
                text_add(t, "SIG%s", name);
        else
                text_add(t, "signal %d", signal);
}

/* ---- Properties ------------------------------------------------------------------------------ */

/* As man:systemd.resource-control(5) has them. */
static void add_property(Text *t, Property p, uint64_t value) {
        switch (p) {
        case PROPERTY_MEMORY_HIGH:
                text_add(t, "MemoryHigh=%s", FORMAT_LIMIT(value));
                break;
        case PROPERTY_MEMORY_LOW:
                text_add(t, "MemoryLow=%s", FORMAT_LIMIT(value));
                break;
        case PROPERTY_CPU_QUOTA: /* microseconds a second, as hundredths of a percent */
                text_add(t, "CPUQuota=%s", value == UINT64_MAX ? "infinity" : FORMAT_SHARE(value / 100));
                break;
        case PROPERTY_CPU_WEIGHT:
        case PROPERTY_IO_WEIGHT:
                text_add(t, "%s=", property_to_string(p));
                if (value == UINT64_MAX)
                        text_add(t, "default");
                else
                        text_add(t, "%" PRIu64, value);
                break;
        case PROPERTY_SLICES_LOW:
        case PROPERTY_SLICES_RAISED:
        case PROPERTY_SLICE_LOW:
        case _PROPERTY_MAX:
                break;
        }
}

/* "MemoryHigh=512M, CPUQuota=20%"; with `short_high` the first of them is "512M". False if there is none. */
static bool add_properties(Text *t, const Properties *p, bool short_high) {
        bool any = false;

        for (Property which = 0; which < PROPERTY_SLICES_LOW; which++) {
                if (!properties_has(p, which))
                        continue;
                text_add(t, "%s", any ? ", " : "");
                if (which == PROPERTY_MEMORY_HIGH && short_high)
                        text_add(t, "%s", FORMAT_LIMIT(p->values[which]));
                else
                        add_property(t, which, p->values[which]);
                any = true;
        }
        return any;
}

/* ---- What ------------------------------------------------------------------------------------ */

/* "hog.service to 512M, CPUQuota=20%": what an action is done to, and with what. */
static void add_object(Text *t, const Decision *d) {
        const char *unit = name_of(&d->victim);

        switch (d->action) {
        case ACTION_PROTECT:
                text_add(t, " %s with ", unit);
                (void) add_properties(t, &d->properties, false);
                break;
        case ACTION_THROTTLE:
                text_add(t, " %s to ", unit);
                (void) add_properties(t, &d->properties, true);
                break;
        case ACTION_RECLAIM:
                text_add(t, " %s of %s", FORMAT_SIZE(d->reclaim_bytes), unit);
                break;
        case ACTION_KILL:
                text_add(t, " %s%s with ", d->grain == GRAIN_PROCESS ? "the largest process of " :
                                           d->escalation             ? "what is left of " : "", unit);
                add_signal(t, d->signal);
                break;
        case ACTION_START:
                text_add(t, " %s for %s", d->start, unit);
                break;
        case ACTION_LOG:
                text_add(t, ", first in line is %s", unit);
                break;
        case ACTION_FREEZE:
        case ACTION_STOP:
        case ACTION_RESTART:
        case _ACTION_KIND_MAX:
        case _ACTION_KIND_INVALID:
                text_add(t, " %s", unit);
                break;
        }
}

static void add_deed(Text *t, const Decision *d) {
        text_add(t, "%s", d->dry_run ? words[d->action].would : words[d->action].doing);
        if (d->victim.id != 0)
                add_object(t, d);
        else if (d->action == ACTION_START)
                text_add(t, " %s", d->start);
}

void text_decision(Text *t, const Decision *d) {
        text_add(t, "%s: ", name_of(&d->watch));
        for (size_t i = 0; i < d->step->n_conditions; i++) {
                text_add(t, "%s", i > 0 ? ", " : "");
                text_condition(t, &d->step->conditions[i], d->seen[i], &d->sample);
        }
        text_add(t, "%s", d->step->n_conditions > 0 ? ": " : "");
        add_deed(t, d);
        if (d->start[0] && d->action != ACTION_START && !d->escalation)
                text_add(t, " after starting %s", d->start);

        text_add(t, " (");
        if (d->victim.id != 0)
                text_add(t, "it uses %s; ", FORMAT_SIZE(d->victim_usage_bytes));
        text_add(t, "cause: %s", cause_to_string(d->cause));
        if (d->n_blames > 0) {
                text_add(t, ", because of ");
                text_blame(t, d->blames, d->n_blames);
        }
        text_add(t, ")");

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
static void add_done(Text *t, const Decision *d, const Outcome *o) {
        text_add(t, "%s", words[d->action].done);
        if (d->action == ACTION_THROTTLE) {
                text_add(t, " to ");
                (void) add_properties(t, &d->properties, true);
        }
        if (d->action == ACTION_PROTECT) {
                text_add(t, " with ");
                (void) add_properties(t, &d->properties, false);
        }
        if (d->action == ACTION_RECLAIM && o->kind == OUTCOME_DONE && !o->error_text[0])
                text_add(t, " %s", FORMAT_SIZE(d->reclaim_bytes)); /* the words say how much if it was less */
        if (d->action == ACTION_KILL) {
                text_add(t, " with ");
                add_signal(t, d->signal);
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

/* "not ", "perhaps ": what stands before the deed that was, or was not, done. */
static const char *doubt(const Outcome *o) {
        if (o->kind == OUTCOME_DONE)
                return o->gone ? "gone already, nothing is left to be " : "";
        return o->kind == OUTCOME_TIMEOUT ? "perhaps " : "not ";
}

static void add_end(Text *t, const Report *r, bool told) {
        const Outcome *o = &r->outcome;

        if (o->kind == OUTCOME_DRY_RUN)
                text_add(t, ": this is a dry run");
        else if (o->kind != OUTCOME_DONE)
                add_error(t, o);
        else {
                text_add(t, ", %s after the stall was seen", FORMAT_TOOK(r->latency_usec));
                if (o->error_text[0] && !told)
                        text_add(t, " (%s)", o->error_text);
        }
}

/* A unit was started: as the action, or before it. */
static void add_started(Text *t, const Report *r) {
        const Decision *d = r->decision;

        text_add(t, "%s: %sstarted", d->start, doubt(&r->outcome));
        if (r->started) {
                text_add(t, " before %s", words[d->action].doing);
                if (d->victim.id != 0)
                        text_add(t, " %s", name_of(&d->victim));
        } else if (d->victim.id != 0)
                text_add(t, " for %s", name_of(&d->victim));
        add_end(t, r, false);
}

void text_outcome(Text *t, const Report *r) {
        const Decision *d = r->decision;
        const Outcome *o = &r->outcome;
        bool told = o->kind == OUTCOME_DONE && d->action == ACTION_KILL && d->grain == GRAIN_PROCESS && o->error_text[0];

        if (o->kind == OUTCOME_SETTLED || o->kind == OUTCOME_NO_EFFECT) {
                add_effect(t, r);
                return;
        }
        if (r->started || d->action == ACTION_START) {
                add_started(t, r);
                return;
        }
        text_add(t, "%s: ", name_of(d->victim.id != 0 ? &d->victim : &d->watch));
        if (told) /* "killed chromium[1234], 812M" */
                text_add(t, "%s", o->error_text);
        else {
                text_add(t, "%s", doubt(o));
                add_done(t, d, o);
        }
        if (d->action != ACTION_LOG || o->kind != OUTCOME_DONE)
                add_end(t, r, told);
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
                [RELEASE_LIVELOCK] = "it has nothing left to give and only lost time under the limit",
                [RELEASE_EXPIRED] = "the policy has expired",
                [RELEASE_BY_HAND] = "released by hand",
        };

        text_add(t, "%s: ", u->victim.unit);
        if (u->action == ACTION_FREEZE)
                text_add(t, "thawed");
        else if (add_properties(t, &u->previous, false))
                text_add(t, " again");
        else
                text_add(t, "%s no more", words[u->action].done);
        text_add(t, " after %s: %s [policy %s, step %s]", FORMAT_TOOK(u->held_usec), reasons[u->reason],
                 u->policy->name, u->step->name);
}

void text_release_failed(Text *t, const Undo *u, const Outcome *o) {
        if (o->error == -EINPROGRESS && o->via == VIA_CGROUP)
                text_add(t, "%s: no longer %s after %s, through the cgroup files; systemd will be told as soon as it answers",
                         u->victim.unit, words[u->action].done, FORMAT_TOOK(u->held_usec));
        else
                text_add(t, "%s: still %s after %s, could not be released", u->victim.unit, words[u->action].done,
                         FORMAT_TOOK(u->held_usec));
        add_error(t, o);
}

void text_refused(Text *t, const Refusal *r) {
        static const char *const reasons[_REFUSAL_REASON_MAX] = {
                [REFUSAL_PROTECTED] = "every candidate is protected",
                [REFUSAL_BUDGET] = "MaxActions= of the whole host is used up",
                [REFUSAL_OOMD] = "every candidate is left to systemd-oomd, see LeaveToOomd= in memstalld.conf(5)",
                [REFUSAL_NOBODY] = "there is no candidate that has a part in it",
                [REFUSAL_FULL] = "as many actions are under way or held as memstalld can keep in mind",
                [REFUSAL_POLICY_BUDGET] = "MaxActions= of the policy is used up",
                [REFUSAL_NAME] = "what Start= names is no name of a unit",
        };

        text_add(t, "%s: step %s of policy %s was due and is not taken", name_of(&r->watch), r->step->name,
                 r->policy->name);
        if (r->victim.id != 0)
                text_add(t, " on %s", r->victim.unit);
        text_add(t, ": %s", reasons[r->reason]);
}

void text_expired(Text *t, const Policy *p) {
        text_add(t, "policy %s has expired: it is off, nothing is watched by it any more", p->name);
}
