/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Units wait in a queue until they are old enough, and are asked about from its front: a few every tenth of a second,
 * as many as may be under way. One that goes away leaves the queue from wherever it is. What is due sooner waits behind
 * what is due later, never longer than that age. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "act/managed-oom-private.h"
#include "base/clock.h"

#define AGE_USEC (2 * USEC_PER_SEC)
#define TICK_USEC (100 * USEC_PER_MSEC)
#define UNITS_PER_TICK 10U
#define TIMER_ACCURACY_USEC (20 * USEC_PER_MSEC)
#define REOPEN_LAST_USEC (64 * USEC_PER_SEC)
#define TRIES_MAX 8U
#define ATTEMPTS_MAX 6U /* of a user manager, in vain: half a minute */

/* ---- The queue ------------------------------------------------------------------------------- */

void managed_enqueue(ManagedUnit *u, uint64_t due_usec) {
        ManagedOom *m = u->managed;

        u->state = MANAGED_QUEUED;
        u->due_usec = due_usec;
        u->previous = m->last;
        u->next = NULL;
        *(m->last ? &m->last->next : &m->first) = u;
        m->last = u;
}

void managed_dequeue(ManagedUnit *u) {
        ManagedOom *m = u->managed;

        *(u->previous ? &u->previous->next : &m->first) = u->next;
        *(u->next ? &u->next->previous : &m->last) = u->previous;
        u->previous = u->next = NULL;
        u->state = MANAGED_IDLE;
}

static bool may_ask(const ManagedOom *m) {
        return m->first && m->n_calls + 2 <= MANAGED_OOM_CALLS_MAX && m->reopen_usec == USEC_INFINITY;
}

static bool is_done(const ManagedOom *m) {
        return m->brief && m->reopen_usec == USEC_INFINITY && !m->first && m->n_calls == 0;
}

/* While nothing may be asked, an answer or a connection is waited for. */
static uint64_t next_turn(const ManagedOom *m) {
        if (may_ask(m))
                return MAX(m->first->due_usec, m->tick_usec);
        if (is_done(m))
                return 0;
        if (!m->brief || m->reopen_usec == USEC_INFINITY)
                return m->reopen_usec;
        return m->first ? MAX(m->first->due_usec, m->reopen_usec) : USEC_INFINITY;
}

void managed_timer_set(ManagedOom *m) {
        uint64_t next = next_turn(m);

        if (next == USEC_INFINITY) {
                (void) sd_event_source_set_enabled(m->timer, SD_EVENT_OFF);
                return;
        }
        (void) sd_event_source_set_time(m->timer, next);
        (void) sd_event_source_set_enabled(m->timer, SD_EVENT_ONESHOT);
}

/* ---- Connections ----------------------------------------------------------------------------- */

static void be_patient_anew(ManagedOom *m) {
        m->patience_usec = m->age_usec / 2;
        m->n_attempts = 0;
}

/* The next attempt, unless it is a user manager that has gone for good: then what waits is not asked any more. */
static void connect_later(ManagedOom *m) {
        m->reopen_usec = usec_add(clock_usec(), m->patience_usec);
        if (!m->brief || m->n_attempts < ATTEMPTS_MAX)
                return;
        while (m->first)
                managed_dequeue(m->first);
        be_patient_anew(m);
}

static int on_lost(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        ManagedOom *m = userdata;

        connect_later(m);
        managed_timer_set(m);
        return 0;
}

static int on_reloading(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        ManagedOom *m = userdata;
        int active;

        be_patient_anew(m);
        if (sd_bus_message_read(message, "b", &active) >= 0 && !active)
                managed_oom_rescan(m);
        return 0;
}

static bool connect_now(ManagedOom *m) {
        bool connected = connection_open(&m->connection) >= 0;

        m->n_attempts++;
        if (connected)
                m->reopen_usec = USEC_INFINITY;
        else
                connect_later(m);
        m->patience_usec = MIN(m->patience_usec * 2, REOPEN_LAST_USEC); /* until it has answered */
        return connected;
}

static bool wants_connection(const ManagedOom *m, uint64_t now) {
        return m->reopen_usec <= now && (!m->brief || (m->first && m->first->due_usec <= now));
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        ManagedOom *m = userdata;
        uint64_t now = clock_usec();

        if (is_done(m)) {
                connection_close(&m->connection);
                m->reopen_usec = 0;
        }
        /* What was lost may have been a systemd that has executed itself anew, and read its files. */
        if (wants_connection(m, now) && connect_now(m) && !m->brief)
                managed_oom_rescan(m);
        for (unsigned i = 0; i < UNITS_PER_TICK && may_ask(m) && m->first->due_usec <= now; i++) {
                ManagedUnit *u = m->first;

                managed_dequeue(u);
                managed_ask(u);
        }
        m->tick_usec = now + TICK_USEC;
        managed_timer_set(m);
        return 0;
}

/* ---- Answers --------------------------------------------------------------------------------- */

static bool says_the_same(const ManagedSays *a, const ManagedSays *b) {
        return a->pressure == b->pressure && a->swap == b->swap && a->share == b->share &&
               a->duration_usec == b->duration_usec;
}

void managed_on_answered(ManagedUnit *u) {
        ManagedOom *m = u->managed;
        bool in_vain = u->in_vain;

        u->state = MANAGED_IDLE;
        u->n_tries = in_vain ? u->n_tries + 1 : 0;
        if (!in_vain)
                be_patient_anew(m);
        if (u->again || (in_vain && u->n_tries < TRIES_MAX))
                managed_enqueue(u, usec_add(clock_usec(), u->again ? 0 : m->age_usec));
        managed_timer_set(m);

        if (in_vain || says_the_same(&u->says, &u->told))
                return;
        u->told = u->says;
        m->handler(m->userdata, &(Event){ .kind = EVENT_MANAGED,
                                          .now_usec = clock_usec(),
                                          .cgroup_id = u->cgroup_id,
                                          .managed = { .pressure = u->told.pressure,
                                                       .share = u->told.share,
                                                       .duration_usec = u->told.duration_usec,
                                                       .swap = u->told.swap } });
}

/* ---- All of it ------------------------------------------------------------------------------- */

/* Not connected yet. */
static int new_alone(ManagedOom **ret, sd_event *event, uint64_t age_usec, ManagedOomHandler handler, void *userdata) {
        static const ConnectionSignal signals[] = { { "Reloading", on_reloading } };
        _cleanup_(managed_oom_freep) ManagedOom *m = NULL;
        int r;

        m = calloc(1, sizeof(*m));
        if (!m)
                return -ENOMEM;
        m->event = sd_event_ref(event);
        m->handler = handler;
        m->userdata = userdata;
        m->age_usec = age_usec;
        be_patient_anew(m);
        m->connection = (Connection){
                .event = m->event,
                .signals = signals,
                .n_signals = ELEMENTSOF(signals),
                .lost = on_lost,
                .userdata = m,
        };
        r = sd_event_add_time(event, &m->timer, CLOCK_MONOTONIC, 0, TIMER_ACCURACY_USEC, on_timer, m);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(m->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

int managed_oom_new_with_peers(ManagedOom **ret, sd_event *event, const SystemdPeer *peers, size_t n_peers,
                               uint64_t age_usec, ManagedOomHandler handler, void *userdata) {
        _cleanup_(managed_oom_freep) ManagedOom *m = NULL;
        int r;

        r = new_alone(&m, event, age_usec, handler, userdata);
        if (r < 0)
                return r;
        m->connection.peers = peers;
        m->connection.n_peers = n_peers;
        (void) connect_now(m);
        managed_timer_set(m);
        *ret = TAKE_PTR(m);
        return 0;
}

int managed_oom_new_for_user_at(ManagedOom **ret, sd_event *event, uint32_t uid, const char *address, uint64_t age_usec,
                                ManagedOomHandler handler, void *userdata) {
        _cleanup_(managed_oom_freep) ManagedOom *m = NULL;
        int r;

        r = new_alone(&m, event, age_usec, handler, userdata);
        if (r < 0)
                return r;
        if (snprintf(m->address, sizeof(m->address), "%s", address) >= (int) sizeof(m->address))
                return -ENAMETOOLONG;
        m->user = (SystemdPeer){ .address = m->address, .is_user = true, .uid = uid };
        m->connection.peers = &m->user;
        m->connection.n_peers = 1;
        m->brief = true;
        *ret = TAKE_PTR(m);
        return 0;
}

int managed_oom_new_for_user(ManagedOom **ret, sd_event *event, uint32_t uid, ManagedOomHandler handler, void *userdata) {
        char address[64];

        (void) snprintf(address, sizeof(address), "unix:path=/run/user/%" PRIu32 "/systemd/private", uid);
        return managed_oom_new_for_user_at(ret, event, uid, address, AGE_USEC, handler, userdata);
}

int managed_oom_new(ManagedOom **ret, sd_event *event, ManagedOomHandler handler, void *userdata) {
        static const SystemdPeer peers[] = {
                { .address = "unix:path=/run/dbus/system_bus_socket", .is_bus = true },
                { .address = "unix:path=/run/systemd/private" },
        };

        return managed_oom_new_with_peers(ret, event, peers, ELEMENTSOF(peers), AGE_USEC, handler, userdata);
}

ManagedOom *managed_oom_free(ManagedOom *m) {
        if (!m)
                return NULL;
        managed_units_free(m);
        connection_close(&m->connection);
        sd_event_source_disable_unref(m->timer);
        sd_event_unref(m->event);
        free(m);
        return NULL;
}
