/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An action is an entry of a table that is made at start. act/systemd-chain.c and the files beside it send its calls; a
 * reply, the end of its job or the deadline ends it. All ends go through action_end(), which empties the entry before it
 * answers, so that the answer may bring the next action. What goes wrong before a reply is awaited is kept in the entry
 * and answered from a deferred event source. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "act/systemd-action.h"
#include "act/systemd.h"
#include "base/clock.h"

#define THAW_AGAIN_USEC (50 * USEC_PER_MSEC)
#define TIMER_ACCURACY_USEC USEC_PER_MSEC

/* ---- The end of an action -------------------------------------------------------------------- */

static void action_drop_slots(Action *a) {
        for (size_t i = 0; i < ELEMENTSOF(a->get_slots); i++)
                a->get_slots[i] = sd_bus_slot_unref(a->get_slots[i]);
        a->thaw_slot = sd_bus_slot_unref(a->thaw_slot);
        a->slot = sd_bus_slot_unref(a->slot);
}

static void timer_set(Systemd *s) {
        uint64_t next = USEC_INFINITY;

        for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++)
                if (s->actions[i].systemd && !s->actions[i].ends)
                        next = MIN(next, MIN(s->actions[i].deadline_usec, s->actions[i].again_usec));
        next = MIN(next, s->connection.retry_usec);
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
        protect_on_end(a, kind);
        *a = (Action){ 0 };
        timer_set(s);
        s->answer(s->userdata, &outcome);
}

void action_end_later(Action *a, OutcomeKind kind, int error, const char *words) {
        action_drop_slots(a);
        a->awaits_job = false;
        a->ends = true;
        a->end_kind = kind;
        a->end_words = words;
        a->error = error;
        (void) sd_event_source_set_enabled(a->systemd->deferred, SD_EVENT_ONESHOT);
}

void action_again(Action *a, const sd_bus_error *e, int error) {
        a->slot = sd_bus_slot_unref(a->slot);
        a->again_usec = usec_add(clock_usec(), THAW_AGAIN_USEC);
        a->error = error;
        (void) snprintf(a->outcome.error_text, sizeof(a->outcome.error_text), "%s", e->message ? e->message : e->name);
        timer_set(a->systemd);
}

void action_unheard(Action *a) {
        a->outcome.unheard = true;
        if (a->marked)
                (void) oom_mark_take_back(a->path, a->n_marked);
        a->marked = false;
}

bool action_note(Action *a, const Properties *previous) {
        if (held_list_note(a->systemd->held, a->outcome.id, previous))
                return true;
        action_end(a, OUTCOME_REFUSED, -ENOSPC, "it has no place on the list of what is held");
        return false;
}

/* ---- Its start and its time ------------------------------------------------------------------ */

int systemd_reconnect(Systemd *s) {
        for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++)
                if (s->actions[i].slot || s->actions[i].awaits_job) {
                        action_unheard(&s->actions[i]);
                        action_end_later(&s->actions[i], OUTCOME_FAILED, -ECONNRESET, "the connection to systemd was lost");
                }
        return connection_open(&s->connection);
}

static void doubt(Systemd *s) {
        if (connection_doubt(&s->connection))
                (void) systemd_reconnect(s);
}

void action_start(Action *a) {
        Systemd *s = a->systemd;
        int r = 0;

        if (!connection_is_open(&s->connection))
                r = systemd_reconnect(s);
        if (r >= 0)
                r = a->start(a);
        /* That it is lost can first show in a write. */
        if (r < 0 && !connection_is_open(&s->connection)) {
                action_drop_slots(a);
                r = systemd_reconnect(s);
                if (r >= 0)
                        r = a->start(a);
        }
        if (r >= 0)
                return;
        if (!connection_is_open(&s->connection))
                (void) connection_doubt(&s->connection);
        if (r != -EOPNOTSUPP)
                action_unheard(a);
        action_end_later(a, OUTCOME_FAILED, r,
                         connection_is_open(&s->connection) ? "the call to systemd could not be sent"
                                                            : "systemd cannot be reached");
}

static int on_deferred(sd_event_source *source, void *userdata) {
        Systemd *s = userdata;

        for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++) {
                Action *a = &s->actions[i];

                if (a->ends)
                        action_end(a, a->end_kind, a->error, a->end_words);
        }
        return 0;
}

static void action_time_out(Action *a) {
        if (a->again_usec < USEC_INFINITY) /* it has answered, again and again */
                action_end(a, OUTCOME_FAILED, a->error, a->outcome.error_text);
        else if (a->awaits_job)
                action_end(a, OUTCOME_TIMEOUT, -ETIMEDOUT, "the job is still running");
        else if (a->is_heard)
                action_end(a, OUTCOME_TIMEOUT, -EINPROGRESS, "some of its processes cannot be stopped where they are in the kernel");
        else {
                Systemd *s = a->systemd;

                action_unheard(a);
                action_end(a, OUTCOME_TIMEOUT, -ETIMEDOUT, "systemd did not answer in time");
                doubt(s);
        }
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
        if (s->connection.retry_usec <= now)
                doubt(s);
        timer_set(s);
        return 0;
}

/* ---- The interface --------------------------------------------------------------------------- */

/* A free entry, filled in as far as all actions are alike. NULL if there is none; it is answered then. */
static Action *action_new(Systemd *s, uint64_t id, const char *unit, const char *path, uint64_t time_usec) {
        for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++) {
                Action *a = &s->actions[i];

                if (a->systemd)
                        continue;
                *a = (Action){
                        .systemd = s,
                        .outcome = { .id = id, .via = VIA_SYSTEMD },
                        .again_usec = USEC_INFINITY,
                        .deadline_usec = usec_add(clock_usec(), time_usec),
                };
                (void) snprintf(a->unit, sizeof(a->unit), "%s", unit ? unit : "");
                if (path && strlen(path) < sizeof(a->path))
                        strcpy(a->path, path);
                return a;
        }

        s->answer(s->userdata,
                  &(Outcome){ .id = id, .kind = OUTCOME_FAILED, .via = VIA_SYSTEMD, .error = -EBUSY,
                              .error_text = "too many actions are under way" });
        return NULL;
}

static const char not_known[] = "the system manager does not know it";

/* NULL, or why this is for the effector that uses the cgroup files. */
static const char *why_not(const Decision *d) {
        if (d->victim.delegated && d->action != ACTION_LOG && d->action != ACTION_START)
                return not_known;
        if (d->action == ACTION_RECLAIM || (d->action == ACTION_KILL && d->grain == GRAIN_PROCESS))
                return "systemd has no call for it";
        return NULL;
}

void systemd_act(Systemd *s, const Decision *d) {
        static const char *const methods[_ACTION_KIND_MAX] = {
                [ACTION_STOP] = "StopUnit",
                [ACTION_RESTART] = "RestartUnit",
                [ACTION_START] = "StartUnit",
        };
        const char *why = why_not(d);
        Action *a;

        a = action_new(s, d->id, d->action == ACTION_START ? d->start : d->victim.unit, d->victim.path,
                       action_is_job(d->action) && d->timeout_usec > 0 ? d->timeout_usec : SYSTEMD_DEADLINE_USEC);
        if (!a)
                return;
        a->start = chain_for_act(d->action);
        a->is_victim = d->action != ACTION_START;
        a->method = methods[d->action];
        a->properties = d->properties;
        a->usage_bytes = d->victim_usage_bytes;
        a->signal = d->signal;
        a->thaw_first = d->thaw_first;
        a->gone_is_done = d->action == ACTION_KILL || d->action == ACTION_STOP;

        if (why || d->action == ACTION_LOG) {
                a->outcome.via = VIA_NONE;
                action_end_later(a, why ? OUTCOME_REFUSED : OUTCOME_DONE, why ? -EOPNOTSUPP : 0, why ? why : "");
        } else
                action_start(a);
        timer_set(s);
}

void systemd_start(Systemd *s, uint64_t id, const char *unit, uint64_t timeout_usec) {
        Action *a;

        a = action_new(s, id, unit, NULL, timeout_usec > 0 ? timeout_usec : SYSTEMD_DEADLINE_USEC);
        if (!a)
                return;
        a->start = job_start;
        a->method = "StartUnit";
        action_start(a);
        timer_set(s);
}

void systemd_undo(Systemd *s, const Undo *u) {
        Action *a;

        a = action_new(s, u->id, u->victim.unit, u->victim.path, SYSTEMD_DEADLINE_USEC);
        if (!a)
                return;
        a->start = chain_for_undo(u->action);
        a->is_victim = true;
        a->properties = u->previous;
        a->gone_is_done = true;
        a->try_again = u->action == ACTION_FREEZE;

        assert(a->start); /* nothing else is held */
        if (u->victim.delegated)
                action_end_later(a, OUTCOME_FAILED, -EOPNOTSUPP, not_known);
        else
                action_start(a);
        timer_set(s);
}

int systemd_new_with_peers(Systemd **ret, sd_event *event, const SystemdPeer *peers, size_t n_peers,
                           SystemdAnswer answer, void *userdata) {
        static const ConnectionSignal signals[] = { { "JobRemoved", job_on_removed } };
        _cleanup_(systemd_freep) Systemd *s = NULL;
        struct utsname host;
        int r;

        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        if (uname(&host) == 0)
                (void) snprintf(s->kernel, sizeof(s->kernel), "%s", host.release);
        s->event = sd_event_ref(event);
        s->answer = answer;
        s->userdata = userdata;
        s->connection = (Connection){
                CONNECTION_INIT,
                .event = s->event,
                .signals = signals,
                .n_signals = ELEMENTSOF(signals),
                .lost = job_on_lost,
                .userdata = s,
                .peers = peers,
                .n_peers = n_peers,
        };

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

void systemd_keep_list(Systemd *s, HeldList *list) {
        s->held = list;
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

bool systemd_is_silent(const Systemd *s) {
        return s->connection.is_silent;
}

const char *systemd_version(const Systemd *s) {
        return s->connection.version;
}
