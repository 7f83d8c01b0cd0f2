/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "act/systemd-connection.h"
#include "act/systemd.h"

/* What act/systemd.c, which keeps the table of actions, shares with act/systemd-chain.c, which knows their calls. */

#define UNIT_NAME_SIZE 256U /* systemd's UNIT_NAME_MAX and the end of a string */

typedef struct Action Action;

/* Sends the first call of an action's chain. 0 or -errno. */
typedef int (*ActionStart)(Action *a);

struct Action {
        Systemd *systemd; /* NULL: the entry is free */
        ActionStart start;
        sd_bus_slot *slot;      /* of the call whose reply is awaited */
        sd_bus_slot *thaw_slot; /* of the thaw before a kill */
        bool ends;              /* with the words and error below, once the loop comes round */
        const char *words;
        int error;

        Outcome outcome; /* as far as it is known */
        char unit[UNIT_NAME_SIZE];
        uint64_t memory_high_bytes;
        int signal;
        bool thaw_first;
        bool gone_is_done; /* a kill or an undo: without the unit there is nothing left to do */
        bool try_again;    /* a thaw */
        uint64_t again_usec;
        uint64_t deadline_usec;
};

struct Systemd {
        sd_event *event;
        SystemdAnswer answer;
        void *userdata;
        Connection connection;
        sd_event_source *timer;    /* the next deadline or second try; on while there is one */
        sd_event_source *deferred; /* on while an entry ends */
        Action actions[SYSTEMD_ACTIONS_MAX];
};

/* The start of a decision or an undo; NULL if there is nothing to do. */
ActionStart chain_for_act(ActionKind kind);
ActionStart chain_for_undo(ActionKind kind);

/* Empties the entry, then answers: the last thing that is done to it. */
void action_end(Action *a, OutcomeKind kind, int error, const char *words);

/* Lets go of the call and sends the chain once more in a while, until the deadline; then `error` is the answer. */
void action_again(Action *a, const sd_bus_error *e, int error);
