/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An entry is a header and the record, at a multiple of the header's size. An entry that does not fit before the end
 * of the ring starts over at its beginning, and a header of `room` 0 marks the place that it left empty; where not
 * even a header fits there is none to read, because places and the ring's size are multiples of it. */

#include <string.h>

#include "act/record-queue.h"
#include "base/cleanup.h"

typedef struct Entry {
        size_t room;   /* of the entry with its header; 0: go on at the ring's beginning */
        size_t length; /* of the record */
        char record[];
} Entry;

static size_t room_for(size_t length) {
        return (sizeof(Entry) + length + sizeof(Entry) - 1) / sizeof(Entry) * sizeof(Entry);
}

static Entry *entry_at(RecordQueue *q, size_t place) {
        return (Entry *) (void *) (q->data + place);
}

/* Moves the tail to where an entry of `room` bytes fits; false if it fits nowhere. */
static bool make_room(RecordQueue *q, size_t room) {
        if (q->n_records == 0)
                q->head = q->tail = 0;
        else if (q->tail <= q->head) /* the tail has started over: the gap lies before the head */
                return room <= q->head - q->tail;

        if (room <= sizeof(q->data) - q->tail)
                return true;
        if (room > q->head)
                return false;
        if (q->tail < sizeof(q->data))
                *entry_at(q, q->tail) = (Entry){ 0 };
        q->tail = 0;
        return true;
}

bool record_queue_push(RecordQueue *q, const char *data, size_t length) {
        size_t room = room_for(length);
        Entry *e;

        if (!make_room(q, room))
                return false;
        e = entry_at(q, q->tail);
        *e = (Entry){ .room = room, .length = length };
        memcpy(e->record, data, length);
        q->tail += room;
        q->n_records++;
        return true;
}

char *record_queue_first(RecordQueue *q, size_t *ret_length) {
        if (q->n_records == 0)
                return NULL;
        *ret_length = entry_at(q, q->head)->length;
        return entry_at(q, q->head)->record;
}

void record_queue_shorten(RecordQueue *q, size_t length) {
        assert(q->n_records > 0 && length <= entry_at(q, q->head)->length);
        entry_at(q, q->head)->length = length;
}

void record_queue_pop(RecordQueue *q) {
        assert(q->n_records > 0);
        q->head += entry_at(q, q->head)->room;
        q->n_records--;
        if (q->n_records > 0 && (q->head == sizeof(q->data) || entry_at(q, q->head)->room == 0))
                q->head = 0;
}
