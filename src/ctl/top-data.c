/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ctl/top-data.h"

#include <stdio.h>
#include <string.h>

#include "base/usec.h"
#include "core/decision.h"

#define RECENT 5U /* samples that the order goes by: the newest alone would make rows jump */

/* ---- The tree -------------------------------------------------------------------------------- */

static void node_free(TopNode *n) {
        while (n->children) {
                TopNode *next = n->children->next;

                node_free(n->children);
                n->children = next;
        }
        if (n->level == TOP_HOST)
                return;
        free(n->name);
        free(n->cgroup);
        free(n->comm);
        free(n);
}

void top_data_done(TopData *d) {
        node_free(&d->host);
        top_reading_done(&d->last);
        *d = (TopData){ 0 };
}

static TopNode *node_get(TopNode *parent, const char *name, uint32_t pid) {
        TopNode *n;

        for (n = parent->children; n; n = n->next)
                if (n->pid == pid && strcmp(n->name, name) == 0)
                        return n;
        n = calloc(1, sizeof(*n));
        if (!n)
                return NULL;
        *n = (TopNode){ .parent = parent, .level = parent->level + 1, .pid = pid, .name = strdup(name) };
        if (!n->name) {
                free(n);
                return NULL;
        }
        n->next = parent->children;
        parent->children = n;
        return n;
}

static TopNode *unit_get(TopData *d, const char *unit, const char *cgroup) {
        TopNode *n = node_get(&d->host, *unit ? unit : "(gone)", 0);

        if (n && !n->cgroup)
                n->cgroup = strdup(cgroup);
        return n;
}

static TopNode *leaf_get(TopData *d, const TopRow *row) {
        TopNode *n = unit_get(d, row->unit, row->cgroup);
        char name[64];

        (void) snprintf(name, sizeof(name), "%s[%u]", row->comm, row->pid);
        n = n ? node_get(n, name, row->pid) : NULL;
        if (n && !n->comm)
                n->comm = strdup(row->comm);
        n = n ? node_get(n, stall_to_string(row->class), 0) : NULL;
        if (n)
                n->class = row->class;
        n = n ? node_get(n, row->stack, 0) : NULL;
        if (n)
                n->class = row->class;
        return n;
}

static bool is_nothing(const TopNode *n) {
        for (size_t i = 0; i < TOP_HISTORY; i++)
                if (n->stall_usec[i] > 0 || n->wait_usec[i] > 0 || n->cause_usec[i] > 0)
                        return false;
        return true;
}

static void shift(uint64_t *values) {
        memmove(values + 1, values, (TOP_HISTORY - 1) * sizeof(*values));
        values[0] = 0;
}

static void node_begin(TopNode *n) {
        shift(n->stall_usec);
        shift(n->wait_usec);
        shift(n->cause_usec);
        n->count = 0;
        for (TopNode **at = &n->children; *at;) {
                TopNode *below = *at;

                node_begin(below);
                if (is_nothing(below)) {
                        *at = below->next;
                        node_free(below);
                } else
                        at = &below->next;
        }
}

void top_data_begin(TopData *d) {
        node_begin(&d->host);
        shift(d->span_usec);
        d->n_samples = MIN(d->n_samples + 1, TOP_HISTORY);
        d->cut = false;
}

/* ---- What comes in ---------------------------------------------------------------------------- */

static const char *base_name(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

static bool ends_with(const char *s, const char *suffix) {
        size_t n = strlen(s), k = strlen(suffix);

        return n >= k && strcmp(s + n - k, suffix) == 0;
}

/* Whose doing it is for certain: reclaim for the limit of a unit is that unit's; of a slice or the host there is no
 * telling without a survey; direct compaction is for who asks for large pages. */
static int add_cause(TopData *d, const TopRow *row, uint64_t usec) {
        bool own = row->class == STALL_COMPACTION || (row->class == STALL_HIGH_THROTTLE && !*row->limit);
        TopNode *n;

        if (!own && (strlen(row->limit) <= 1 || ends_with(row->limit, ".slice")))
                return 0;
        n = own ? unit_get(d, row->unit, row->cgroup) : unit_get(d, base_name(row->limit), row->limit);
        if (!n)
                return -ENOMEM;
        n->cause_usec[0] += usec;
        return 0;
}

static int take(TopData *d, const TopDelta *delta) {
        TopNode *leaf = leaf_get(d, delta->row);
        uint64_t usec = (uint64_t) delta->usec;

        if (!leaf)
                return -ENOMEM;
        for (TopNode *n = leaf; n; n = n->parent) {
                if (stall_is_counted(delta->row->class))
                        n->stall_usec[0] += usec;
                else
                        n->wait_usec[0] += usec;
                n->count += delta->count;
        }
        return stall_is_counted(delta->row->class) ? add_cause(d, delta->row, usec) : 0;
}

int top_data_add(TopData *d, TopReading *reading) {
        _cleanup_(freep) TopDelta *deltas = NULL;
        size_t n = 0;
        int r = 0;

        if (d->last.now_usec > 0) {
                r = top_reading_compare(&d->last, reading, &deltas, &n);
                if (r < 0)
                        return r;
                for (size_t i = 0; i < n && r >= 0; i++)
                        r = take(d, deltas + i);
                d->span_usec[0] += usec_sub(reading->now_usec, d->last.now_usec);
                d->cut |= reading->left_out_usec > 0;
        }
        top_reading_done(&d->last);
        d->last = *reading;
        *reading = (TopReading){ 0 };
        return r;
}

/* ---- Values and order ------------------------------------------------------------------------ */

uint64_t top_data_rate(const TopData *d, const uint64_t *values) {
        return d->span_usec[0] > 0 ? values[0] * USEC_PER_SEC / d->span_usec[0] : 0;
}

static uint64_t recent(const uint64_t *values) {
        uint64_t sum = 0;

        for (size_t i = 0; i < RECENT; i++)
                sum += values[i];
        return sum;
}

uint32_t top_data_cause(const TopData *d, const TopNode *n) {
        uint64_t all = recent(d->host.stall_usec);

        return all > 0 ? (uint32_t) (recent(n->cause_usec) * 10000 / all) : 0;
}

static bool goes_before(const TopNode *a, const TopNode *b, TopSort sort) {
        uint64_t x = recent(a->stall_usec) + recent(a->wait_usec), y = recent(b->stall_usec) + recent(b->wait_usec);

        if (sort == TOP_SORT_CAUSE && recent(a->cause_usec) != recent(b->cause_usec))
                return recent(a->cause_usec) > recent(b->cause_usec);
        if (sort != TOP_SORT_NAME && x != y)
                return x > y;
        return strcmp(a->name, b->name) < 0;
}

static TopNode *merge(TopNode *a, TopNode *b, TopSort sort) {
        TopNode *merged = NULL, **end = &merged;

        while (a && b) {
                TopNode **less = goes_before(b, a, sort) ? &b : &a;

                *end = *less;
                end = &(*less)->next;
                *less = *end;
        }
        *end = a ? a : b;
        return merged;
}

/* There may be thousands: a fork bomb is what one looks for with this. */
static TopNode *sort_list(TopNode *list, TopSort sort) {
        TopNode *middle = list, *half;

        if (!list || !list->next)
                return list;
        for (const TopNode *end = list->next; end && end->next; end = end->next->next)
                middle = middle->next;
        half = middle->next;
        middle->next = NULL;
        return merge(sort_list(list, sort), sort_list(half, sort), sort);
}

static void node_sort(TopNode *n, TopSort sort) {
        n->children = sort_list(n->children, sort);
        for (TopNode *below = n->children; below; below = below->next)
                node_sort(below, sort);
}

void top_data_sort(TopData *d) {
        node_sort(&d->host, d->sort);
}
