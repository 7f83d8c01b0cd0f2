/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/decision.h"
#include "core/livelock.h"
#include "core/node.h"

/* What is held (protected, throttled, frozen), until when, and what was there before. An entry is made before the action is
 * sent, and leaves only when its undo is known to be done: whatever goes wrong, it is tried again. */

#define HOLDS_MAX 256U

typedef enum HoldState {
        HOLD_FREE,
        HOLD_PENDING, /* the action is sent, its answer awaited */
        HOLD_HELD,
        HOLD_UNDOING, /* the undo is sent, its answer awaited */
        HOLD_RETRY,   /* the undo failed and will be sent again */
} HoldState;

typedef struct Hold {
        HoldState state;
        uint64_t id; /* of the decision while pending, of the undo while undoing */
        Id128 incident;
        const Policy *policy;
        const Step *step;
        Node *watch, *victim; /* references */
        ActionKind action;
        Properties previous;
        uint64_t since_usec;
        uint64_t deadline_usec;   /* MaxHold=; USEC_INFINITY: none */
        bool release;             /* undo as soon as the answer is here */
        ReleaseReason reason;
        uint64_t retry_usec;
        unsigned n_tries;
        uint64_t look_usec; /* a throttle under which the unit may livelock: the next look; USEC_INFINITY: none */
        bool follows;       /* EFFECT_FOLLOW is out for it */
        Livelock livelock;
} Hold;

typedef struct Ledger {
        Hold holds[HOLDS_MAX];
        size_t n, end; /* how many there are, and none at or beyond that index */
        unsigned generation; /* another one whenever what must outlive the daemon is another */
} Ledger;

/* The hold of this kind on this unit, or NULL. */
Hold *ledger_find(const Ledger *l, const Node *victim, ActionKind action);

/* The hold that waits for the answer to this decision or undo, or NULL. */
Hold *ledger_find_id(const Ledger *l, uint64_t id);

/* A new entry, pending; NULL if all are taken. */
Hold *ledger_add(Ledger *l, const Decision *d, Node *watch, Node *victim, uint64_t now_usec);

void ledger_remove(Ledger *l, Hold *h);

/* Removes all, for the end of the core. */
void ledger_done(Ledger *l);

/* For victim_choose(). */
bool ledger_holds(const void *ledger, const Node *victim, ActionKind action);
