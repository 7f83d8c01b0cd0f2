/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An action is an entry of a table that is made at start. act/systemd-chain.c sends its calls; a reply or the deadline
 * ends it. All ends go through action_end(), which empties the entry before it answers, so that the answer may bring
 * the next action. What goes wrong before a reply is awaited is kept in the entry and answered from a deferred event
 * source. */

#include <errno.h>
#include <stdio.h>

#include "act/systemd-action.h"
#include "act/systemd-connection.h"
#include "act/systemd.h"
#include "base/clock.h"

#define THAW_AGAIN_USEC (50 * USEC_PER_MSEC)
#define TIMER_ACCURACY_USEC USEC_PER_MSEC

/* ---- The end of an action -------------------------------------------------------------------- */

static void action_drop_slots(Action *a) {
        a->thaw_slot = sd_bus_slot_unref(a->thaw_slot);
        a->slot = sd_bus_slot_unref(a->slot);
}

static void timer_set(Systemd *s) {
        uint64_t next = USEC_INFINITY;

        for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++)
                if (s->actions[i].systemd && !s->actions[i].ends)
                        next = MIN(next, MIN(s->actions[i].deadline_usec, s->actions[i].again_usec));
        if (next == USEC_INFINITY) {
                (void) sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
                return;
        }
        (void) sd_event_source_set_time(s->timer, next);
        (void) sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT);
}

void action_end(Action *a, OutcomeKind kind, int error, const char *words) {
        Systemd *s = a->systemd;
        Outcome outcome = a->outcome;

        outcome.kind = kind;
        outcome.error = error;
        (void) snprintf(outcome.error_text, sizeof(outcome.error_text), "%s", words);
        action_drop_slots(a);
        *a = (Action){ 0 };
        timer_set(s);
        s->answer(s->userdata, &outcome);
}

/* The same from the loop. `words` stay the caller's. */
static void action_end_later(Action *a, int error, const char *words) {
        action_drop_slots(a);
        a->ends = true;
        a->error = error;
        a->words = words;
        (void) sd_event_source_set_enabled(a->systemd->deferred, SD_EVENT_ONESHOT);
}

void action_again(Action *a, const sd_bus_error *e, int error) {
        a->slot = sd_bus_slot_unref(a->slot);
        a->again_usec = usec_add(clock_usec(), THAW_AGAIN_USEC);
        a->error = error;
        (void) snprintf(a->outcome.error_text, sizeof(a->outcome.error_text), "%s", e->message ? e->message : e->name);
        timer_set(a->systemd);
}

/* ---- Its start and its time ------------------------------------------------------------------ */

/* What waits for a connection that is no more fails. */
static int reconnect(Systemd *s) {
        for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++)
                if (s->actions[i].slot)
                        action_end_later(&s->actions[i], -ECONNRESET, "the connection to systemd was lost");
        return connection_open(&s->connection);
}

static void action_start(Action *a) {
        Systemd *s = a->systemd;
        int r = 0;

        if (!connection_is_open(&s->connection))
                r = reconnect(s);
        if (r >= 0)
                r = a->start(a);
        /* That it is lost can first show in a write. */
        if (r < 0 && !connection_is_open(&s->connection)) {
                action_drop_slots(a);
                r = reconnect(s);
                if (r >= 0)
                        r = a->start(a);
        }
        if (r < 0)
                action_end_later(a, r,
                                 connection_is_open(&s->connection) ? "the call to systemd could not be sent"
                                                                    : "systemd cannot be reached");
}

static int on_deferred(sd_event_source *source, void *userdata) {
        Systemd *s = userdata;

        for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++) {
                Action *a = &s->actions[i];

                if (a->ends)
                        action_end(a, a->error < 0 ? OUTCOME_FAILED : OUTCOME_DONE, a->error, a->words);
        }
        return 0;
}

static void action_time_out(Action *a) {
        if (a->again_usec < USEC_INFINITY) /* it has answered, again and again */
                action_end(a, OUTCOME_FAILED, a->error, a->outcome.error_text);
        else
                action_end(a, OUTCOME_TIMEOUT, -ETIMEDOUT, "systemd did not answer in time");
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Systemd *s = userdata;
        uint64_t now = clock_usec();

        for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++) {
                Action *a = &s->actions[i];

                if (!a->systemd || a->ends)
                        continue;
                if (a->deadline_usec <= now)
                        action_time_out(a);
                else if (a->again_usec <= now) {
                        a->again_usec = USEC_INFINITY;
                        action_start(a);
                }
        }
        timer_set(s);
        return 0;
}

/* ---- The interface --------------------------------------------------------------------------- */

/* A free entry, filled in as far as all actions are alike. NULL if there is none; it is answered then. */
static Action *action_new(Systemd *s, uint64_t id, const CgroupName *victim) {
        for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++) {
                Action *a = &s->actions[i];

                if (a->systemd)
                        continue;
                *a = (Action){
                        .systemd = s,
                        .outcome = { .id = id, .via = VIA_SYSTEMD },
                        .again_usec = USEC_INFINITY,
                        .deadline_usec = usec_add(clock_usec(), SYSTEMD_DEADLINE_USEC),
                };
                (void) snprintf(a->unit, sizeof(a->unit), "%s", victim->unit ? victim->unit : "");
                return a;
        }

        s->answer(s->userdata,
                  &(Outcome){ .id = id, .kind = OUTCOME_FAILED, .via = VIA_SYSTEMD, .error = -EBUSY,
                              .error_text = "too many actions are under way" });
        return NULL;
}

void systemd_act(Systemd *s, const Decision *d) {
        Action *a;

        a = action_new(s, d->id, &d->victim);
        if (!a)
                return;
        a->start = chain_for_act(d->action);
        a->memory_high_bytes = d->properties.values[PROPERTY_MEMORY_HIGH];
        a->signal = d->signal;
        a->thaw_first = d->thaw_first;
        a->gone_is_done = d->action == ACTION_KILL;

        if (a->start)
                action_start(a);
        else { /* log */
                a->outcome.via = VIA_NONE;
                action_end_later(a, 0, "");
        }
        timer_set(s);
}

void systemd_undo(Systemd *s, const Undo *u) {
        Action *a;

        a = action_new(s, u->id, &u->victim);
        if (!a)
                return;
        a->start = chain_for_undo(u->action);
        a->memory_high_bytes = u->previous.values[PROPERTY_MEMORY_HIGH];
        a->gone_is_done = true;
        a->try_again = u->action == ACTION_FREEZE;

        assert(a->start); /* nothing else is held */
        action_start(a);
        timer_set(s);
}

int systemd_new_with_peers(Systemd **ret, sd_event *event, const SystemdPeer *peers, size_t n_peers,
                           SystemdAnswer answer, void *userdata) {
        _cleanup_(systemd_freep) Systemd *s = NULL;
        int r;

        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        s->event = sd_event_ref(event);
        s->answer = answer;
        s->userdata = userdata;
        s->connection = (Connection){ .event = s->event, .peers = peers, .n_peers = n_peers };

        r = sd_event_add_time(event, &s->timer, CLOCK_MONOTONIC, 0, TIMER_ACCURACY_USEC, on_timer, s);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        r = sd_event_add_defer(event, &s->deferred, on_deferred, s);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(s->deferred, SD_EVENT_OFF);
        if (r < 0)
                return r;

        /* The first action tries again. */
        (void) connection_open(&s->connection);
        *ret = TAKE_PTR(s);
        return 0;
}

int systemd_new(Systemd **ret, sd_event *event, SystemdAnswer answer, void *userdata) {
        static const SystemdPeer peers[] = {
                { "unix:path=/run/systemd/private", false },
                { "unix:path=/run/dbus/system_bus_socket", true },
        };

        return systemd_new_with_peers(ret, event, peers, ELEMENTSOF(peers), answer, userdata);
}

Systemd *systemd_free(Systemd *s) {
        if (!s)
                return NULL;
        for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++)
                action_drop_slots(&s->actions[i]);
        connection_close(&s->connection);
        sd_event_source_disable_unref(s->deferred);
        sd_event_source_disable_unref(s->timer);
        sd_event_unref(s->event);
        free(s);
        return NULL;
}

const char *systemd_version(const Systemd *s) {
        return s->connection.version;
}
