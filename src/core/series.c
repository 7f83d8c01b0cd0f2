/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/cleanup.h"
#include "core/series.h"

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

const Point *series_before(const Series *s, uint64_t age_usec) {
        for (size_t i = s->n; i-- > 0;)
                if (series_last(s)->now_usec - series_point(s, i)->now_usec >= age_usec)
                        return series_point(s, i);
        return NULL;
}

const Point *series_within(const Series *s, uint64_t age_usec) {
        for (size_t i = 0; i < s->n; i++)
                if (series_last(s)->now_usec - series_point(s, i)->now_usec <= age_usec)
                        return series_point(s, i);
        return NULL;
}

uint64_t series_at(const Series *s, uint64_t when) {
        const Point *before = series_point(s, 0), *after;

        if (when <= before->now_usec)
                return before->value;

        for (size_t i = 1; i < s->n; i++) {
                after = series_point(s, i);
                if (after->now_usec >= when) {
                        uint64_t span = after->now_usec - before->now_usec; /* `when` lies behind `before`: it is not 0 */
                        unsigned __int128 part = after->value - before->value;

                        return before->value + (uint64_t) (part * (when - before->now_usec) / span);
                }
                before = after;
        }
        return before->value;
}
