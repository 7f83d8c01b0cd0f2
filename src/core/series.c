/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/cleanup.h"
#include "base/usec.h"
#include "core/series.h"

#define NEAR 4U

void series_clear(Series *s) {
        s->first = s->n = 0;
}

void series_push(Series *s, uint64_t now_usec, uint64_t value, uint64_t spacing_usec) {
        if (s->n > 0 && now_usec < series_last(s)->now_usec)
                series_clear(s);

        if (s->n >= 2 && series_last(s)->now_usec - series_point(s, s->n - 2)->now_usec < spacing_usec)
                s->n--;
        else if (s->n == SERIES_POINTS) {
                s->first = (s->first + 1) % SERIES_POINTS;
                s->n--;
        }
        *series_point(s, s->n++) = (Point){ now_usec, value };
}

/* How many of the readings, oldest first, are from before `when`. */
static size_t count_before(const Series *s, uint64_t when) {
        size_t low = 0, high = s->n;

        /* Most ask for what is near the end: there it is in the cache. */
        for (size_t step = NEAR; low < high && step <= high && series_point(s, high - 1)->now_usec >= when; step *= 2)
                if (series_point(s, high - step)->now_usec < when)
                        low = high - step + 1;
                else
                        high -= step;
        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (series_point(s, middle)->now_usec < when)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

const Point *series_before(const Series *s, uint64_t age_usec) {
        const Point *last = series_last(s);
        size_t n = last && last->now_usec >= age_usec ? count_before(s, last->now_usec - age_usec + 1) : 0;

        return n > 0 ? series_point(s, n - 1) : NULL;
}

const Point *series_within(const Series *s, uint64_t age_usec) {
        const Point *last = series_last(s);

        return last ? series_point(s, count_before(s, usec_sub(last->now_usec, age_usec))) : NULL;
}

uint64_t series_at(const Series *s, uint64_t when) {
        const Point *before = series_point(s, 0), *after;
        size_t n;

        if (when <= before->now_usec)
                return before->value;
        n = count_before(s, when);
        before = series_point(s, n - 1);
        if (n == s->n)
                return before->value;

        after = series_point(s, n);
        unsigned __int128 part = after->value - before->value;
        uint64_t span = after->now_usec - before->now_usec; /* `when` lies behind `before`: it is not 0 */

        return before->value + (uint64_t) (part * (when - before->now_usec) / span);
}
