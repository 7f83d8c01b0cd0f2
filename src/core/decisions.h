/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/watch.h"

/* The decisions of which something is still to be told: of an action under way, of one whose effect is awaited. They are
 * large and few, so all watches share them. */

#define DECISIONS_MAX 256U

typedef struct DecisionSlot {
        Watch *owner; /* NULL: nobody */
        Decision decision;
} DecisionSlot;

typedef struct Decisions {
        DecisionSlot *slots; /* DECISIONS_MAX of them, allocated once */
        size_t hand;         /* where the search goes on: what was left last is taken last */
} Decisions;

/* 0 or -ENOMEM. */
int decisions_init(Decisions *d);
void decisions_done(Decisions *d);

/* The watch has a decision from now on, its last one if it still has that. False if so many actions are under way. */
bool decisions_take(Decisions *d, Watch *w);

/* The watch ends. What it pointed to stays as it is until another one is taken. */
void decisions_drop(Decisions *d, Watch *w);
