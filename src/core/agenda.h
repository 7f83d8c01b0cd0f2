/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/watch.h"

/* When each watch is next due, in order: what a step costs does not grow with the number of watches that sleep. */

typedef struct AgendaEntry {
        uint64_t usec;
        Watch *watch;
} AgendaEntry;

/* A heap: no entry is earlier than the one at (its index - 1) / 2. */
typedef struct AgendaQueue {
        AgendaEntry *entries;
        size_t n;
} AgendaQueue;

typedef struct Agenda {
        AgendaQueue queues[_AGENDA_QUEUE_MAX];
        size_t n_allocated; /* entries of each */
        Watch *awaiting;    /* those with an action in flight, newest first */
        size_t n_incidents; /* watches in one */
        size_t n_busy;      /* watches with an answer or a SIGKILL owed */
} Agenda;

/* Makes room for so many watches. 0 or -ENOMEM. */
int agenda_make_room(Agenda *a, size_t n);
void agenda_done(Agenda *a);

/* Whatever the watch waits for may have changed. For one that is new as well; there is room for it. */
void agenda_note(Agenda *a, Watch *w);

/* The watch ends. */
void agenda_drop(Agenda *a, Watch *w);

/* The watch that waits for the answer to this decision; NULL if none does. */
Watch *agenda_awaiting(const Agenda *a, uint64_t id);

/* Watches that are due, at most `n_max`, in the order of their index; returns how many. */
size_t agenda_due(const Agenda *a, uint64_t now_usec, Watch **ret, size_t n_max);

/* The earliest time at which one is due; USEC_INFINITY if none will be. */
uint64_t agenda_next(const Agenda *a, AgendaQueueKind kind);

/* How many watches are in the queue. */
static inline size_t agenda_length(const Agenda *a, AgendaQueueKind kind) {
        return a->queues[kind].n;
}
