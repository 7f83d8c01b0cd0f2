/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "ctl/explain-seen.h"
#include "ctl/json.h"

bool seen_has(const SeenWords *words, const char *word) {
        for (size_t i = 0; i < words->n_items; i++)
                if (strcmp(words->items[i], word) == 0)
                        return true;
        return false;
}

void seen_done(Seen *s) {
        free(s->policies);
        sd_bus_message_unref(s->message);
        *s = (Seen){ 0 };
}

/* ---- Out of the message -------------------------------------------------------------------------- */

#define CONDITION_TYPE "sssttbt"
#define STEP_TYPE "ssbstttttuasa(" CONDITION_TYPE ")"
#define WATCH_TYPE "ssssasbsbsttuuta(" STEP_TYPE ")"

/* Words that there is no room for are no less words: none is that this version knows. */
static int read_words(sd_bus_message *m, SeenWords *ret) {
        const char *word;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read(m, "s", &word)) > 0)
                if (ret->n_items < SEEN_WORDS_MAX)
                        ret->items[ret->n_items++] = word;
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* Enters the next of a list of structures; 0 at its end, which it leaves. */
static int next_item(sd_bus_message *m, const char *type) {
        int r = sd_bus_message_enter_container(m, 'r', type);

        if (r != 0)
                return r;
        r = sd_bus_message_exit_container(m);
        return r < 0 ? r : 0;
}

static int read_condition(sd_bus_message *m, SeenCondition *c) {
        int r;

        r = sd_bus_message_read(m, CONDITION_TYPE, &c->key, &c->text, &c->unit, &c->value, &c->limit, &c->holds,
                                &c->last_held_usec);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_step(sd_bus_message *m, SeenStep *s) {
        int r;

        r = sd_bus_message_read(m, "ssbstttttu", &s->name, &s->action, &s->dry_run, &s->doing, &s->since_usec,
                                &s->until_usec, &s->last_held_usec, &s->acted_usec, &s->for_usec, &s->n_acted);
        if (r >= 0)
                r = read_words(m, &s->refused);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "(" CONDITION_TYPE ")");
        while (r >= 0 && (r = next_item(m, CONDITION_TYPE)) > 0) {
                if (s->n_conditions >= STEP_CONDITIONS_MAX)
                        return -ENOBUFS;
                r = read_condition(m, s->conditions + s->n_conditions++);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_watch(sd_bus_message *m, SeenWatch *w) {
        int r;

        r = sd_bus_message_read(m, "ssss", &w->path, &w->unit, &w->policy, &w->file);
        if (r >= 0)
                r = read_words(m, &w->standing);
        if (r >= 0)
                r = sd_bus_message_read(m, "bsbsttuut", &w->itself, &w->incident, &w->fresh, &w->doing, &w->until_usec,
                                        &w->looked_usec, &w->budget.left, &w->budget.max_actions,
                                        &w->budget.time_usec);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "(" STEP_TYPE ")");
        while (r >= 0 && (r = next_item(m, STEP_TYPE)) > 0) {
                if (w->n_steps >= POLICY_STEPS_MAX)
                        return -ENOBUFS;
                r = read_step(m, w->steps + w->n_steps++);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_policies(sd_bus_message *m, Seen *s) {
        SeenPolicy p;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(sss)");
        while (r >= 0 && (r = sd_bus_message_read(m, "(sss)", &p.name, &p.file, &p.verdict)) > 0) {
                SeenPolicy *grown = reallocarray(s->policies, s->n_policies + 1, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                s->policies = grown;
                s->policies[s->n_policies++] = p;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_holds(sd_bus_message *m, Seen *s) {
        SeenHold h;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(sssstt)");
        while (r >= 0 && (r = sd_bus_message_read(m, "(sssstt)", &h.unit, &h.action, &h.policy, &h.step, &h.since_usec,
                                                  &h.deadline_usec)) > 0)
                if (s->n_holds < SEEN_HOLDS_MAX)
                        s->holds[s->n_holds++] = h;
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int seen_read(sd_bus_message *message, Seen *ret) {
        sd_bus_message *m = sd_bus_message_ref(message);
        int r;

        *ret = (Seen){ .message = m };
        r = sd_bus_message_read(m, "ss", &ret->path, &ret->unit);
        if (r >= 0)
                r = read_words(m, &ret->notes);
        if (r >= 0)
                r = sd_bus_message_read(m, "tbuut", &ret->now_usec, &ret->dry_run, &ret->budget.left,
                                        &ret->budget.max_actions, &ret->budget.time_usec);
        if (r >= 0)
                r = read_policies(m, ret);
        if (r >= 0)
                r = read_holds(m, ret);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "(" WATCH_TYPE ")");
        while (r >= 0 && (r = next_item(m, WATCH_TYPE)) > 0) {
                if (ret->n_watches >= SEEN_WATCHES_MAX)
                        return -ENOBUFS;
                r = read_watch(m, ret->watches + ret->n_watches++);
        }
        return MIN(r, 0);
}

/* ---- As JSON ------------------------------------------------------------------------------------- */

static void json_words(Json *j, const char *key, const SeenWords *words) {
        json_list(j, key);
        for (size_t i = 0; i < words->n_items; i++)
                json_string(j, NULL, words->items[i]);
        json_end(j);
}

/* How long ago; null for never. */
static void json_age(Json *j, const char *key, uint64_t now_usec, uint64_t usec) {
        if (usec == 0 || usec == UINT64_MAX)
                json_null(j, key);
        else
                json_uint(j, key, now_usec > usec ? now_usec - usec : 0);
}

static void json_left(Json *j, const char *key, uint64_t now_usec, uint64_t usec) {
        if (usec == 0 || usec == UINT64_MAX)
                json_null(j, key);
        else
                json_uint(j, key, usec > now_usec ? usec - now_usec : 0);
}

static void json_budget(Json *j, const char *key, const SeenBudget *b) {
        if (b->max_actions == 0) {
                json_null(j, key);
                return;
        }
        json_object(j, key);
        json_uint(j, "left", b->left);
        json_uint(j, "max", b->max_actions);
        json_uint(j, "time_usec", b->time_usec);
        json_end(j);
}

static void json_step(Json *j, const Seen *seen, const SeenStep *s) {
        json_object(j, NULL);
        json_string(j, "step", s->name);
        json_string(j, "action", s->action);
        json_boolean(j, "dry_run", s->dry_run || seen->dry_run);
        json_string(j, "state", s->doing);
        json_age(j, "holds_usec", seen->now_usec, s->since_usec);
        json_left(j, "until_usec", seen->now_usec, s->until_usec);
        json_age(j, "held_usec_ago", seen->now_usec, s->last_held_usec);
        json_age(j, "acted_usec_ago", seen->now_usec, s->acted_usec);
        json_uint(j, "acted", s->n_acted);
        json_words(j, "refused", &s->refused);
        json_list(j, "conditions");
        for (const SeenCondition *c = s->conditions; c < s->conditions + s->n_conditions; c++) {
                json_object(j, NULL);
                json_string(j, "key", c->key);
                json_string(j, "value", c->text);
                json_string(j, "unit", c->unit);
                json_uint(j, "limit", c->limit);
                json_uint(j, "now", c->value);
                json_boolean(j, "holds", c->holds);
                json_age(j, "held_usec_ago", seen->now_usec, c->last_held_usec);
                json_end(j);
        }
        json_end(j);
        json_end(j);
}

static void json_watch(Json *j, const Seen *s, const SeenWatch *w) {
        json_object(j, NULL);
        json_string(j, "watch", w->unit);
        json_string(j, "cgroup", w->path);
        json_boolean(j, "itself", w->itself);
        json_string(j, "policy", w->policy);
        json_string(j, "file", w->file);
        json_words(j, "victim_notes", &w->standing);
        json_string(j, "incident", *w->incident ? w->incident : NULL);
        json_string(j, "state", w->doing);
        json_left(j, "until_usec", s->now_usec, w->until_usec);
        json_boolean(j, "fresh", w->fresh);
        json_age(j, "looked_usec_ago", s->now_usec, w->looked_usec);
        json_budget(j, "budget", &w->budget);
        json_list(j, "steps");
        for (const SeenStep *step = w->steps; step < w->steps + w->n_steps; step++)
                json_step(j, s, step);
        json_end(j);
        json_end(j);
}

void seen_print_json(FILE *f, const Seen *s) {
        Json j = { .f = f };

        json_object(&j, NULL);
        json_string(&j, "unit", s->unit);
        json_string(&j, "cgroup", s->path);
        json_words(&j, "notes", &s->notes);
        json_boolean(&j, "dry_run", s->dry_run);
        json_boolean(&j, "no_freeze", s->no_freeze);
        json_budget(&j, "budget", &s->budget);
        json_list(&j, "policies");
        for (size_t i = 0; i < s->n_policies; i++) {
                json_object(&j, NULL);
                json_string(&j, "policy", s->policies[i].name);
                json_string(&j, "file", s->policies[i].file);
                json_string(&j, "verdict", s->policies[i].verdict);
                json_end(&j);
        }
        json_end(&j);
        json_list(&j, "holds");
        for (const SeenHold *h = s->holds; h < s->holds + s->n_holds; h++) {
                json_object(&j, NULL);
                json_string(&j, "unit", h->unit);
                json_string(&j, "action", h->action);
                json_string(&j, "policy", h->policy);
                json_string(&j, "step", h->step);
                json_age(&j, "held_usec", s->now_usec, h->since_usec);
                json_left(&j, "until_usec", s->now_usec, h->deadline_usec);
                json_end(&j);
        }
        json_end(&j);
        json_list(&j, "watches");
        for (const SeenWatch *w = s->watches; w < s->watches + s->n_watches; w++)
                json_watch(&j, s, w);
        json_end(&j);
        json_end(&j);
}
