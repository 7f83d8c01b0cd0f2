/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ctl/top-reading.h"

#include <string.h>

#include "base/usec.h"

static void row_done(TopRow *row) {
        free(row->unit);
        free(row->cgroup);
        free(row->limit);
        free(row->comm);
        free(row->stack);
        *row = (TopRow){ 0 };
}

int top_reading_add(TopReading *r, const TopRow *row) {
        TopRow *grown = realloc(r->rows, (r->n_rows + 1) * sizeof(*grown)), *copy;

        if (!grown)
                return -ENOMEM;
        r->rows = grown;
        copy = grown + r->n_rows;
        *copy = *row;
        copy->unit = strdup(row->unit);
        copy->cgroup = strdup(row->cgroup);
        copy->limit = strdup(row->limit);
        copy->comm = strdup(row->comm);
        copy->stack = strdup(row->stack);
        if (!copy->unit || !copy->cgroup || !copy->limit || !copy->comm || !copy->stack) {
                row_done(copy);
                return -ENOMEM;
        }
        r->n_rows++;
        return 0;
}

void top_reading_done(TopReading *r) {
        for (size_t i = 0; i < r->n_rows; i++)
                row_done(r->rows + i);
        free(r->rows);
        *r = (TopReading){ 0 };
}

static const TopRow *reading_find(const TopReading *r, uint64_t key) {
        for (size_t i = 0; i < r->n_rows; i++)
                if (r->rows[i].key == key)
                        return r->rows + i;
        return NULL;
}

/* ---- Differences ----------------------------------------------------------------------------- */

static bool is_same_process(const TopRow *a, const TopRow *b) {
        return a->pid == b->pid && strcmp(a->cgroup, b->cgroup) == 0;
}

/* What a section ran goes to a sum when it ends, perhaps of another class than was thought while it ran: what fell is
 * taken from what grew, of the same class first, then of the process. More than that fell only where a section ran for
 * longer than sums reach back; that is nobody's. */
static void settle(TopDelta *deltas, size_t n, bool same_class) {
        for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < n && deltas[i].usec < 0; j++) {
                        int64_t taken;

                        if (deltas[j].usec <= 0 || !is_same_process(deltas[i].row, deltas[j].row) ||
                            (same_class && deltas[i].row->class != deltas[j].row->class))
                                continue;
                        taken = MIN(-deltas[i].usec, deltas[j].usec);
                        deltas[i].usec += taken;
                        deltas[j].usec -= taken;
                }
}

static TopDelta delta_of(const TopReading *last, const TopRow *row) {
        const TopRow *before = reading_find(last, row->key);
        TopDelta d = { .row = row, .usec = (int64_t) row->stall_usec, .count = row->running ? 0 : row->count };

        if (before) {
                d.usec -= (int64_t) before->stall_usec;
                if (!row->running)
                        d.count = usec_sub(row->count, before->count);
                /* The cgroup has gone since: it had a name. */
                if (!*row->unit && *before->unit)
                        d.row = before;
        } else if (!row->running) /* or it was there, and too small to be told */
                d.usec = (int64_t) usec_sub(row->stall_usec, last->left_out_usec);
        return d;
}

int top_reading_compare(const TopReading *last, const TopReading *now, TopDelta **ret, size_t *ret_n) {
        _cleanup_(freep) TopDelta *deltas = calloc(now->n_rows + last->n_rows + 1, sizeof(*deltas));
        size_t n = 0, n_more = 0;

        if (!deltas)
                return -ENOMEM;
        for (size_t i = 0; i < now->n_rows; i++)
                deltas[n++] = delta_of(last, now->rows + i);
        /* What ran and does not any more. A sum that is missing has been left, and did not fall. */
        for (size_t i = 0; i < last->n_rows; i++)
                if (last->rows[i].running && !reading_find(now, last->rows[i].key))
                        deltas[n++] = (TopDelta){ last->rows + i, -(int64_t) last->rows[i].stall_usec, 0 };
        settle(deltas, n, true);
        settle(deltas, n, false);
        for (size_t i = 0; i < n; i++)
                if (deltas[i].usec > 0)
                        deltas[n_more++] = deltas[i];
        *ret = TAKE_PTR(deltas);
        *ret_n = n_more;
        return 0;
}
