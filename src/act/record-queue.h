/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Records that wait, first in, first out, in a ring of fixed size. Each lies in one piece and may be cut in place.
 * Starts as zeroes. */

#define RECORD_QUEUE_SIZE (256U * 1024)

typedef struct RecordQueue {
        _Alignas(16) char data[RECORD_QUEUE_SIZE];
        size_t head, tail; /* the first record's place; the place behind the last */
        size_t n_records;
} RecordQueue;

/* False if there is no room. */
bool record_queue_push(RecordQueue *q, const char *data, size_t length);

/* The first record; NULL if there is none. */
char *record_queue_first(RecordQueue *q, size_t *ret_length);

/* The first record was cut to `length`. */
void record_queue_shorten(RecordQueue *q, size_t length);

void record_queue_pop(RecordQueue *q);
