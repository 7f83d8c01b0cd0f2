/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The answer to Explain(s), piece by piece as bus.c has its type. */

#include <stdio.h>
#include <string.h>

#include "agent/bus-explain.h"
#include "base/clock.h"
#include "config/print-value.h"
#include "core/victim.h"
#include "sense/watch.h"

/* ---- Words --------------------------------------------------------------------------------------- */

typedef struct Note {
        unsigned bit;
        const char *word;
} Note;

static int append_notes(sd_bus_message *m, const Note *notes, size_t n, unsigned set) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "s");
        for (size_t i = 0; r >= 0 && i < n; i++)
                if (set & notes[i].bit)
                        r = sd_bus_message_append(m, "s", notes[i].word);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* What values of a kind are: how to write them is the client's affair. */
static const char *value_unit(ConditionKind kind) {
        static const char *const units[_CONDITION_KIND_MAX] = {
                [CONDITION_PRESSURE] = "share",     [CONDITION_HOST_PRESSURE] = "share",
                [CONDITION_IO_PRESSURE] = "share",  [CONDITION_CPU_PRESSURE] = "share",
                [CONDITION_STALL] = "share",        [CONDITION_AVAILABLE] = "bytes",
                [CONDITION_HOST_AVAILABLE] = "bytes", [CONDITION_SWAP_FREE] = "bytes",
                [CONDITION_USAGE] = "bytes",        [CONDITION_GROWTH] = "bytes/s",
                [CONDITION_EXHAUSTION] = "usec",    [CONDITION_REFAULTS] = "pages/s",
                [CONDITION_RECLAIM] = "pages/s",    [CONDITION_EFFICIENCY] = "share",
                [CONDITION_EVENT] = "events",       [CONDITION_CAUSE] = "causes",
                [CONDITION_PRESENT] = "units",      [CONDITION_ABSENT] = "units",
                [CONDITION_DYING_DESCENDANTS] = "cgroups",
        };

        return units[kind];
}

/* ---- A watch ------------------------------------------------------------------------------------- */

static int append_condition(sd_bus_message *m, const ExplainCondition *c) {
        _cleanup_(freep) char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        char *value;

        if (!f)
                return -ENOMEM;
        print_condition(f, c->condition);
        if (fclose(f) != 0)
                return -ENOMEM;
        text[strcspn(text, "\n")] = '\0';
        value = strchr(text, '=');
        if (value)
                *value++ = '\0';
        return sd_bus_message_append(m, "(sssttbt)", text, value ? value : "", value_unit(c->condition->kind), c->value,
                                     c->limit, c->holds, c->last_held_usec);
}

static int append_refused(sd_bus_message *m, uint32_t refused) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "s");
        for (RefusalReason i = 0; r >= 0 && i < _REFUSAL_REASON_MAX; i++)
                if (refused & UINT32_C(1) << i)
                        r = sd_bus_message_append(m, "s", refusal_to_string(i));
        return r < 0 ? r : sd_bus_message_close_container(m);
}

#define CONDITION_TYPE "(sssttbt)"
#define STEP_TYPE "(ssbstttttuasa" CONDITION_TYPE ")"
#define WATCH_TYPE "(ssssasbsbsttuuta" STEP_TYPE ")"

static int append_step(sd_bus_message *m, const ExplainLook *l, size_t i, const ExplainStep *s) {
        ExplainCondition c;
        int r;

        r = sd_bus_message_open_container(m, 'r', "ssbstttttuasa" CONDITION_TYPE);
        if (r >= 0)
                r = sd_bus_message_append(m, "ssbstttttu", s->step->name, action_to_string(s->step->action),
                                          s->step->dry_run, step_doing_to_string(s->doing), s->since_usec, s->until_usec,
                                          s->last_held_usec, s->acted_usec, s->step->for_usec, s->n_acted);
        if (r >= 0)
                r = append_refused(m, s->refused);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', CONDITION_TYPE);
        for (size_t j = 0; r >= 0 && explain_condition(l, i, j, &c); j++)
                r = append_condition(m, &c);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_steps(sd_bus_message *m, const ExplainLook *l) {
        ExplainStep s;
        int r;

        r = sd_bus_message_open_container(m, 'a', STEP_TYPE);
        for (size_t i = 0; r >= 0 && explain_step(l, i, &s); i++)
                r = append_step(m, l, i, &s);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_standing(sd_bus_message *m, const Question *q, const ExplainWatch *w) {
        static const Note notes[] = {
                { VICTIM_NOT_FROM, "not-from" },   { VICTIM_CONTAINER, "container" }, { VICTIM_NEVER, "never" },
                { VICTIM_PROTECTED, "protected" }, { VICTIM_DYING, "dying" },         { VICTIM_AVOID, "avoid" },
                { VICTIM_PREFER, "prefer" },       { VICTIM_OOMD, "oomd" },                  { 1U << 30, "omit" },              { 1U << 31, "oomd-avoid" },
        };
        Preference preference = PREFERENCE_NONE;
        unsigned set = w->standing;

        if (q->agent->config.settings.managed_oom)
                preference = tree_preference(q->agent->tree, w->watch.id, q->cgroup_id);
        set |= preference == PREFERENCE_OMIT ? 1U << 30 : preference == PREFERENCE_AVOID ? 1U << 31 : 0;
        return append_notes(m, notes, ELEMENTSOF(notes), set);
}

/* The i-th watch, as the first look (if one was needed) and one that is taken now show it. */
static int append_watch(sd_bus_message *m, const Question *q, size_t i, const ExplainWatch *w, uint64_t now_usec) {
        _cleanup_(explain_look_freep) ExplainLook *l = NULL;
        ExplainSight sights[2];
        char incident[33] = "";
        bool fresh;
        size_t n = 0;
        int r;

        if (q->first_id[i] == w->watch.id)
                sights[n++] = q->first[i];
        sights[n].now_usec = now_usec;
        fresh = watch_sample(q->agent->tree, w->watch.id, &sights[n].sample) == 0;
        r = explain_look_new(&l, q->agent->core, w->watch.id, sights, fresh ? n + 1 : 0);
        if (r < 0)
                return r;
        if (w->in_incident)
                bus_incident_text(incident, &w->incident);

        r = sd_bus_message_open_container(m, 'r', "ssssasbsbsttuuta" STEP_TYPE);
        if (r >= 0)
                r = sd_bus_message_append(m, "ssss", w->watch.path, w->watch.unit, w->policy->name,
                                          w->policy->file ? w->policy->file : "");
        if (r >= 0)
                r = append_standing(m, q, w);
        if (r >= 0)
                r = sd_bus_message_append(m, "bsbsttuut", w->itself, incident, fresh, watch_doing_to_string(w->doing),
                                          w->until_usec, fresh ? now_usec : w->looked_usec, w->budget.left,
                                          w->budget.max_actions, w->budget.time_usec);
        if (r >= 0)
                r = append_steps(m, l);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* ---- The unit ------------------------------------------------------------------------------------ */

static int append_unit(sd_bus_message *m, const Question *q, const ExplainUnit *u, uint64_t now_usec) {
        static const Note notes[] = {
                { UNIT_PROTECTED, "protected" }, { UNIT_PROTECTED_BELOW, "protected-below" },
                { UNIT_CONTAINER, "container" }, { UNIT_DYING, "dying" },
                { UNIT_DELEGATED, "delegated" }, { UNIT_MANAGED, "managed-oom" },
                { UNIT_LEFT_ALONE, "left-alone" },
        };
        int r;

        r = sd_bus_message_append(m, "ss", u->name.path, u->name.unit);
        if (r >= 0)
                r = append_notes(m, notes, ELEMENTSOF(notes), u->notes);
        return r < 0 ? r : sd_bus_message_append(m, "tbuut", now_usec, q->agent->config.settings.dry_run, u->budget.left,
                                                 u->budget.max_actions, u->budget.time_usec);
}

static int append_policies(sd_bus_message *m, const Question *q) {
        PolicyVerdict verdict;
        const Policy *p;
        int r;

        r = sd_bus_message_open_container(m, 'a', "(sss)");
        for (size_t i = 0; r >= 0 && explain_policy(q->agent->core, q->cgroup_id, i, &p, &verdict); i++)
                r = sd_bus_message_append(m, "(sss)", p->name, p->file, verdict_to_string(verdict));
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* What is held on it, and on slices above it. */
static int append_holds(sd_bus_message *m, const Question *q, const ExplainUnit *u) {
        HoldStatus h;
        int r;

        r = sd_bus_message_open_container(m, 'a', "(sssstt)");
        for (size_t i = 0; r >= 0 && core_hold_status(q->agent->core, i, &h); i++) {
                size_t n = strlen(h.victim.path);

                if (strncmp(u->name.path, h.victim.path, n) == 0 && (!u->name.path[n] || u->name.path[n] == '/'))
                        r = sd_bus_message_append(m, "(sssstt)", h.victim.unit, action_to_string(h.action), h.policy,
                                                  h.step, h.since_usec, h.deadline_usec);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_watches(sd_bus_message *m, const Question *q, uint64_t now_usec) {
        ExplainWatch w;
        int r;

        r = sd_bus_message_open_container(m, 'a', WATCH_TYPE);
        for (size_t i = 0; r >= 0 && i < QUESTION_WATCHES_MAX && explain_watch(q->agent->core, q->cgroup_id, i, &w); i++)
                r = append_watch(m, q, i, &w, now_usec);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int explain_answer(const Question *q) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        uint64_t now_usec = clock_usec();
        ExplainUnit u;
        int r;

        if (!explain_unit(q->agent->core, q->cgroup_id, &u))
                return sd_bus_reply_method_errorf(q->message, "org.memstalld1.NoSuchUnit", "it has stopped meanwhile");
        r = sd_bus_message_new_method_return(q->message, &reply);
        if (r >= 0)
                r = append_unit(reply, q, &u, now_usec);
        if (r >= 0)
                r = append_policies(reply, q);
        if (r >= 0)
                r = append_holds(reply, q, &u);
        if (r >= 0)
                r = append_watches(reply, q, now_usec);
        return r < 0 ? sd_bus_reply_method_errno(q->message, r, NULL) : sd_bus_send(NULL, reply, NULL);
}
