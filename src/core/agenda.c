/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/usec.h"
#include "core/agenda.h"

int agenda_make_room(Agenda *a, size_t n) {
        size_t n_allocated = MAX(a->n_allocated * 2, (size_t) 64);

        if (n <= a->n_allocated)
                return 0;
        n_allocated = MAX(n_allocated, n);
        for (AgendaQueueKind k = 0; k < _AGENDA_QUEUE_MAX; k++) {
                AgendaEntry *grown = realloc(a->queues[k].entries, n_allocated * sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                a->queues[k].entries = grown;
        }
        a->n_allocated = n_allocated;
        return 0;
}

void agenda_done(Agenda *a) {
        for (AgendaQueueKind k = 0; k < _AGENDA_QUEUE_MAX; k++)
                free(a->queues[k].entries);
        *a = (Agenda){ 0 };
}

/* ---- The heaps --------------------------------------------------------------------------------- */

static void put(AgendaQueue *q, AgendaQueueKind kind, size_t at, AgendaEntry entry) {
        q->entries[at] = entry;
        entry.watch->places[kind] = at + 1;
}

/* The entry goes to where it belongs, at or above `at`, which is free. */
static void sift_up(AgendaQueue *q, AgendaQueueKind kind, size_t at, AgendaEntry entry) {
        while (at > 0 && entry.usec < q->entries[(at - 1) / 2].usec) {
                put(q, kind, at, q->entries[(at - 1) / 2]);
                at = (at - 1) / 2;
        }
        put(q, kind, at, entry);
}

/* Likewise at or below it. */
static void sift_down(AgendaQueue *q, AgendaQueueKind kind, size_t at, AgendaEntry entry) {
        for (size_t below; (below = 2 * at + 1) < q->n; at = below) {
                if (below + 1 < q->n && q->entries[below + 1].usec < q->entries[below].usec)
                        below++;
                if (entry.usec <= q->entries[below].usec)
                        break;
                put(q, kind, at, q->entries[below]);
        }
        put(q, kind, at, entry);
}

static void sift(AgendaQueue *q, AgendaQueueKind kind, size_t at, AgendaEntry entry) {
        if (at > 0 && entry.usec < q->entries[(at - 1) / 2].usec)
                sift_up(q, kind, at, entry);
        else
                sift_down(q, kind, at, entry);
}

static void queue_remove(AgendaQueue *q, AgendaQueueKind kind, Watch *w) {
        size_t at = w->places[kind] - 1;

        w->places[kind] = 0;
        q->n--;
        if (at < q->n)
                sift(q, kind, at, q->entries[q->n]);
}

/* `in`: whether it is to be there. */
static void queue_note(AgendaQueue *q, AgendaQueueKind kind, Watch *w, bool in, uint64_t usec) {
        size_t place = w->places[kind];

        if (!in) {
                if (place > 0)
                        queue_remove(q, kind, w);
                return;
        }
        if (place == 0)
                sift_up(q, kind, q->n++, (AgendaEntry){ usec, w });
        else if (q->entries[place - 1].usec != usec)
                sift(q, kind, place - 1, (AgendaEntry){ usec, w });
}

/* ---- Actions on the way ------------------------------------------------------------------------ */

static void note_awaiting(Agenda *a, Watch *w, bool awaits) {
        if (awaits == w->is_awaiting)
                return;
        w->is_awaiting = awaits;
        if (awaits) {
                w->next_awaiting = a->awaiting;
                w->previous_awaiting = NULL;
                if (a->awaiting)
                        a->awaiting->previous_awaiting = w;
                a->awaiting = w;
                return;
        }
        if (w->next_awaiting)
                w->next_awaiting->previous_awaiting = w->previous_awaiting;
        if (w->previous_awaiting)
                w->previous_awaiting->next_awaiting = w->next_awaiting;
        else
                a->awaiting = w->next_awaiting;
}

/* What is counted of it changes the number of all. */
static void count(size_t *n, bool *counted, bool now) {
        *n += (size_t) now - (size_t) *counted;
        *counted = now;
}

/* ---- The whole --------------------------------------------------------------------------------- */

void agenda_note(Agenda *a, Watch *w) {
        uint64_t due_usec = watch_next(w);

        queue_note(a->queues + AGENDA_DUE, AGENDA_DUE, w, due_usec != USEC_INFINITY, due_usec);
        queue_note(a->queues + AGENDA_WARNED, AGENDA_WARNED, w, w->waits_for_warning, w->next_look_usec);
        note_awaiting(a, w, w->in_flight);
        count(&a->n_incidents, &w->counted_incident, w->in_incident);
        count(&a->n_busy, &w->counted_busy, watch_is_busy(w));
}

void agenda_drop(Agenda *a, Watch *w) {
        for (AgendaQueueKind k = 0; k < _AGENDA_QUEUE_MAX; k++)
                queue_note(a->queues + k, k, w, false, 0);
        note_awaiting(a, w, false);
        count(&a->n_incidents, &w->counted_incident, false);
        count(&a->n_busy, &w->counted_busy, false);
}

Watch *agenda_awaiting(const Agenda *a, uint64_t id) {
        Watch *w = a->awaiting;

        while (w && w->awaited_id != id)
                w = w->next_awaiting;
        return w;
}

size_t agenda_due(const Agenda *a, uint64_t now_usec, Watch **ret, size_t n_max) {
        const AgendaQueue *q = a->queues + AGENDA_DUE;
        size_t n = 0;

        if (q->n > 0 && q->entries[0].usec <= now_usec && n_max > 0)
                ret[n++] = q->entries[0].watch;
        /* What is due lies below what is due: the list is at the same time the queue of those to look below. */
        for (size_t i = 0; i < n; i++) {
                size_t below = 2 * (ret[i]->places[AGENDA_DUE] - 1) + 1;

                for (size_t at = below; at < MIN(below + 2, q->n) && n < n_max; at++)
                        if (q->entries[at].usec <= now_usec)
                                ret[n++] = q->entries[at].watch;
        }
        for (size_t i = 1; i < n; i++) {
                Watch *w = ret[i];
                size_t at = i;

                for (; at > 0 && ret[at - 1]->index > w->index; at--)
                        ret[at] = ret[at - 1];
                ret[at] = w;
        }
        return n;
}

uint64_t agenda_next(const Agenda *a, AgendaQueueKind kind) {
        return a->queues[kind].n > 0 ? a->queues[kind].entries[0].usec : USEC_INFINITY;
}
