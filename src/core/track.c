/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/cleanup.h"
#include "base/usec.h"
#include "core/track.h"

#define REACH 4U /* as many windows long a span may be */
#define SPACINGS 100U

static const struct {
        size_t offset; /* in Sample */
        bool counts;   /* only ever grows */
} quantities[_QUANTITY_MAX] = {
        [QUANTITY_USAGE] = { offsetof(Sample, usage_bytes), false },
        [QUANTITY_ROOM] = { offsetof(Sample, room_bytes), false },
        [QUANTITY_REFAULTS] = { offsetof(Sample, refaults), true },
        [QUANTITY_SCANNED] = { offsetof(Sample, scanned), true },
        [QUANTITY_RECLAIMED] = { offsetof(Sample, reclaimed), true },
        [QUANTITY_EVENTS_HIGH] = { offsetof(Sample, events_high), true },
        [QUANTITY_EVENTS_MAX] = { offsetof(Sample, events_max), true },
        [QUANTITY_EVENTS_OOM] = { offsetof(Sample, events_oom), true },
};

static Quantity event_quantity(MemoryEvent event) {
        static const Quantity of_event[_MEMORY_EVENT_MAX] = {
                [MEMORY_EVENT_HIGH] = QUANTITY_EVENTS_HIGH,
                [MEMORY_EVENT_MAX] = QUANTITY_EVENTS_MAX,
                [MEMORY_EVENT_OOM] = QUANTITY_EVENTS_OOM,
        };

        return of_event[event];
}

size_t track_quantities(const Condition *c, Quantity ret[static 2]) {
        static const struct {
                size_t n;
                Quantity of[2];
        } of_kind[_CONDITION_KIND_MAX] = {
                [CONDITION_GROWTH] = { 1, { QUANTITY_USAGE } },
                [CONDITION_EXHAUSTION] = { 1, { QUANTITY_ROOM } },
                [CONDITION_REFAULTS] = { 1, { QUANTITY_REFAULTS } },
                [CONDITION_RECLAIM] = { 1, { QUANTITY_SCANNED } },
                [CONDITION_EFFICIENCY] = { 2, { QUANTITY_SCANNED, QUANTITY_RECLAIMED } },
        };

        if (c->kind == CONDITION_EVENT) {
                ret[0] = event_quantity(c->event.event);
                return 1;
        }
        for (size_t i = 0; i < of_kind[c->kind].n; i++)
                ret[i] = of_kind[c->kind].of[i];
        return of_kind[c->kind].n;
}

uint64_t track_window(const Condition *c) {
        if (c->kind == CONDITION_GROWTH || c->kind == CONDITION_REFAULTS || c->kind == CONDITION_RECLAIM)
                return c->rate.window_usec;
        if (c->kind == CONDITION_EXHAUSTION || c->kind == CONDITION_EFFICIENCY)
                return TRACK_SLOPE_USEC;
        return c->kind == CONDITION_EVENT ? c->event.window_usec : 0;
}

void track_push(Track *t, uint64_t now_usec, const Sample *values) {
        uint64_t value = *(const uint64_t *) ((const char *) values + quantities[t->quantity].offset);

        if (quantities[t->quantity].counts && t->series.n > 0 && value < series_last(&t->series)->value)
                series_clear(&t->series);
        series_push(&t->series, now_usec, value, t->window_usec / SPACINGS);
}

bool track_change(const Track *t, uint64_t window_usec, bool *ret_shrank, uint64_t *ret_change,
                  uint64_t *ret_span_usec) {
        const Point *last = series_last(&t->series), *base = series_before(&t->series, window_usec);
        uint64_t reach_usec = window_usec > USEC_INFINITY / REACH ? USEC_INFINITY : window_usec * REACH;

        if (!base || last->now_usec == base->now_usec ||
            last->now_usec - base->now_usec > MAX(reach_usec, TRACK_SLOPE_USEC))
                return false;
        *ret_shrank = last->value < base->value;
        *ret_change = *ret_shrank ? base->value - last->value : last->value - base->value;
        *ret_span_usec = last->now_usec - base->now_usec;
        return true;
}

static uint64_t per_second(uint64_t change, uint64_t span_usec) {
        return (uint64_t) MIN((unsigned __int128) change * USEC_PER_SEC / span_usec, (unsigned __int128) UINT64_MAX);
}

uint64_t track_rate(const Track *t, uint64_t window_usec) {
        const Point *oldest = series_within(&t->series, window_usec);
        uint64_t change, span_usec, rate = 0;
        bool shrank;

        if (track_change(t, window_usec, &shrank, &change, &span_usec) && !shrank)
                rate = per_second(change, span_usec);
        if (quantities[t->quantity].counts && oldest && window_usec > 0)
                rate = MAX(rate, per_second(series_last(&t->series)->value - oldest->value, window_usec));
        return rate;
}

uint64_t track_count(const Track *t, uint64_t window_usec) {
        const Point *base = series_before(&t->series, window_usec);

        if (t->series.n == 0)
                return 0;
        return series_last(&t->series)->value - (base ? base : series_point(&t->series, 0))->value;
}

static uint64_t time_left(const Point *base, const Point *last) {
        unsigned __int128 usec;

        if (last->value >= base->value)
                return USEC_INFINITY;
        usec = (unsigned __int128) last->value * (last->now_usec - base->now_usec) / (base->value - last->value);
        return usec < USEC_INFINITY ? (uint64_t) usec : USEC_INFINITY;
}

/* What the slope is measured from; NULL while nothing does. */
static const Point *slope_base(const Track *t, uint64_t window_usec) {
        const Point *last = series_last(&t->series), *base = series_before(&t->series, window_usec);

        if (!base || last->now_usec - base->now_usec > 2 * window_usec)
                base = series_within(&t->series, window_usec);
        return base && last->now_usec - base->now_usec >= TRACK_SLOPE_MIN_USEC ? base : NULL;
}

uint64_t track_time_left(const Track *t, uint64_t window_usec) {
        const Point *base = slope_base(t, window_usec);

        return base ? time_left(base, series_last(&t->series)) : USEC_INFINITY;
}

bool track_may_run_out(const Track *t, uint64_t window_usec, uint64_t usec) {
        const Point *base = series_before(&t->series, window_usec);

        return base && !slope_base(t, window_usec) && time_left(base, series_last(&t->series)) <= usec;
}
