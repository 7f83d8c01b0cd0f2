/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "act/managed-oom.h"
#include "act/systemd-connection.h"

/* What act/managed-oom.c, which knows whose turn it is, shares with act/managed-oom-units.c, which knows the units, and with
 * act/managed-oom-ask.c, which asks. */

/* The event's `managed`. */
typedef struct ManagedSays {
        bool pressure, swap;
        uint32_t share;
        uint64_t duration_usec;
} ManagedSays;

typedef enum ManagedState {
        MANAGED_IDLE,
        MANAGED_QUEUED,
        MANAGED_ASKING,
} ManagedState;

typedef struct ManagedUnit ManagedUnit;

struct ManagedUnit {
        ManagedOom *managed;
        uint64_t cgroup_id;
        ManagedState state;
        ManagedUnit *previous, *next; /* in the queue */
        uint64_t due_usec;
        bool again;      /* it is to be asked about once more, after this time */
        unsigned n_tries; /* in vain */

        sd_bus_slot *slots[2]; /* of what it is asked now */
        unsigned n_calls;
        bool numbers;   /* those of them */
        bool in_vain;   /* one was not answered */
        ManagedSays says; /* as far as it has answered */
        ManagedSays told;
        char unit[];
};

struct ManagedOom {
        sd_event *event;
        sd_event_source *timer; /* on while there is something to ask, or to connect to */
        Connection connection;
        ManagedOomHandler handler;
        void *userdata;
        void *units; /* tsearch(3), by cgroup */
        size_t n_units, n_lost;
        ManagedUnit *first, *last; /* the queue */
        unsigned n_calls;          /* under way */
        uint64_t age_usec;         /* that a unit must have, and that an attempt in vain must have */
        uint64_t tick_usec;        /* not before is anything asked */
        uint64_t reopen_usec;      /* not before is connected; USEC_INFINITY while it is */
        uint64_t patience_usec;    /* how long to wait with the next attempt */

        /* Of a user manager: there is a connection only while there is something to ask. */
        bool brief;
        unsigned n_attempts; /* to connect since the last answer */
        SystemdPeer user;
        char address[64];
};

/* Asks about a unit that is in no queue; it is MANAGED_ASKING then, or MANAGED_IDLE if it has no such properties. */
void managed_ask(ManagedUnit *u);

/* Takes back what it is asked. */
void managed_ask_no_more(ManagedUnit *u);

/* All is answered, in `says`, or `in_vain`. */
void managed_on_answered(ManagedUnit *u);

/* Puts a unit that is MANAGED_IDLE at the end of the queue, and takes it out wherever it stands. */
void managed_enqueue(ManagedUnit *u, uint64_t due_usec);
void managed_dequeue(ManagedUnit *u);

/* After anything has changed about what is to be asked. */
void managed_timer_set(ManagedOom *m);

void managed_units_free(ManagedOom *m);
