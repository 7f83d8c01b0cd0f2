/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The recent past of one number: readings in a ring, from which changes over a window come. */

#define SERIES_POINTS 128U

typedef struct Point {
        uint64_t now_usec;
        uint64_t value;
} Point;

typedef struct Series {
        size_t first, n;
        Point points[SERIES_POINTS]; /* oldest first, from `first` on, around the end */
} Series;

/* Adds a reading. It takes the place of the last one if that lies closer than `spacing_usec` to the one before: so a
 * flood of events does not push the past out, and those kept reach back over SERIES_POINTS - 2 spacings. Time that runs
 * backwards starts the series anew. */
void series_push(Series *s, uint64_t now_usec, uint64_t value, uint64_t spacing_usec);

/* Forgets all readings. */
void series_clear(Series *s);

/* The i-th oldest reading, i < s->n. */
static inline Point *series_point(const Series *s, size_t i) {
        return (Point *) &s->points[(s->first + i) % SERIES_POINTS];
}

/* The last reading; NULL if there is none. */
static inline const Point *series_last(const Series *s) {
        return s->n > 0 ? series_point(s, s->n - 1) : NULL;
}

/* The newest reading that is at least `age_usec` older than the last one; NULL if none is. */
const Point *series_before(const Series *s, uint64_t age_usec);

/* The oldest reading that is at most `age_usec` older than the last one: the last itself, if no other; NULL if there is
 * none at all. */
const Point *series_within(const Series *s, uint64_t age_usec);

/* The value at `when`, between the readings on the straight line through them; outside them that of the first or last.
 * For values that never shrink, and at least one reading. */
uint64_t series_at(const Series *s, uint64_t when);
