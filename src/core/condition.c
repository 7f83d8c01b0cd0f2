/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/usec.h"
#include "core/condition.h"

#define CAUSE_AGE_MAX_USEC (2 * USEC_PER_SEC)
#define SCAN_MIN_PER_SECOND 32U /* pages; fewer are no reclaim worth a judgement */
#define ALL 10000U

/* Pages reclaimed of those scanned; all of them where next to none are scanned. */
static uint64_t efficiency(const Watch *w, uint64_t window_usec) {
        const Track *scanned = watch_track(w, QUANTITY_SCANNED, TRACK_SLOPE_USEC);
        const Track *reclaimed = watch_track(w, QUANTITY_RECLAIMED, TRACK_SLOPE_USEC);
        uint64_t n_scanned, n_reclaimed, span_usec;
        bool shrank;

        if (!scanned || !reclaimed || !track_change(scanned, window_usec, &shrank, &n_scanned, &span_usec) ||
            n_scanned < (unsigned __int128) SCAN_MIN_PER_SECOND * span_usec / USEC_PER_SEC ||
            !track_change(reclaimed, window_usec, &shrank, &n_reclaimed, &span_usec))
                return ALL;
        return (uint64_t) MIN((unsigned __int128) n_reclaimed * ALL / MAX(n_scanned, UINT64_C(1)),
                              (unsigned __int128) ALL);
}

static uint64_t cause_bit(const Watch *w) {
        if (w->cause_usec == 0 || usec_sub(w->sample_usec, w->cause_usec) > CAUSE_AGE_MAX_USEC)
                return 0;
        return UINT64_C(1) << w->cause;
}

static uint64_t tracked_value(const Watch *w, const Condition *c, uint64_t window_usec) {
        Quantity quantities[2];
        const Track *t;

        if (c->kind == CONDITION_EFFICIENCY)
                return efficiency(w, window_usec);

        (void) track_quantities(c, quantities);
        t = watch_track(w, quantities[0], track_window(c));
        if (c->kind == CONDITION_EXHAUSTION)
                return t ? track_time_left(t, window_usec) : USEC_INFINITY;
        if (!t)
                return 0;
        return c->kind == CONDITION_EVENT ? track_count(t, window_usec) : track_rate(t, window_usec);
}

uint64_t condition_value(const Watch *w, const Condition *c, uint64_t window_usec) {
        switch (c->kind) {

        case CONDITION_PRESSURE:
        case CONDITION_HOST_PRESSURE:
        case CONDITION_IO_PRESSURE:
        case CONDITION_CPU_PRESSURE:
        case CONDITION_STALL:
                return watch_share(w, c->pressure.resource, c->pressure.kind, MIN(window_usec, c->pressure.window_usec));

        case CONDITION_AVAILABLE:
                return w->sample.room_bytes;

        case CONDITION_HOST_AVAILABLE:
                return w->sample.host_available_bytes;

        case CONDITION_SWAP_FREE:
                return w->sample.swap_free_bytes;

        case CONDITION_USAGE:
                return w->sample.usage_bytes;

        case CONDITION_GROWTH:
        case CONDITION_EXHAUSTION:
        case CONDITION_REFAULTS:
        case CONDITION_RECLAIM:
        case CONDITION_EFFICIENCY:
        case CONDITION_EVENT:
                return tracked_value(w, c, MIN(window_usec, track_window(c)));

        case CONDITION_CAUSE:
                return cause_bit(w);

        case CONDITION_PRESENT:
        case CONDITION_ABSENT:
                return w->presence ? presence_count(w->presence, c) : 0;

        case CONDITION_DYING_DESCENDANTS:
                return w->sample.dying;

        case _CONDITION_KIND_MAX:
                break;
        }
        return 0;
}

uint64_t condition_amount(const Watch *w, const Condition *c) {
        uint64_t all = c->kind == CONDITION_HOST_AVAILABLE ? w->sample.host_total_bytes :
                       c->kind == CONDITION_SWAP_FREE      ? w->sample.swap_total_bytes :
                                                             w->sample.limit_bytes;

        if (!c->amount.is_share)
                return c->amount.bytes;
        return (uint64_t) ((unsigned __int128) all * c->amount.share / ALL);
}

uint64_t condition_distance(const Watch *w, const Condition *c) {
        uint64_t limit = condition_amount(w, c), value = condition_value(w, c, USEC_INFINITY);

        if (c->kind == CONDITION_USAGE)
                return value > limit ? 0 : usec_add(limit - value, 1);
        if (c->kind == CONDITION_SWAP_FREE && w->sample.swap_total_bytes == 0)
                return UINT64_MAX;
        return value < limit ? 0 : usec_add(value - limit, 1);
}

bool condition_is_undecided(const Watch *w, const Condition *c) {
        return c->kind == CONDITION_STALL && watch_stall_max(w, c->pressure.window_usec) >= MAX(c->pressure.share / 2, 1U);
}

uint64_t condition_limit(const Watch *w, const Condition *c) {
        switch (c->kind) {

        case CONDITION_PRESSURE:
        case CONDITION_HOST_PRESSURE:
        case CONDITION_IO_PRESSURE:
        case CONDITION_CPU_PRESSURE:
        case CONDITION_STALL:
                return c->pressure.share;

        case CONDITION_AVAILABLE:
        case CONDITION_HOST_AVAILABLE:
        case CONDITION_SWAP_FREE:
        case CONDITION_USAGE:
                return condition_amount(w, c);

        case CONDITION_GROWTH:
        case CONDITION_REFAULTS:
        case CONDITION_RECLAIM:
                return c->rate.per_second;

        case CONDITION_EXHAUSTION:
                return c->usec;

        case CONDITION_EFFICIENCY:
                return c->share;

        case CONDITION_EVENT:
                return c->event.count;

        case CONDITION_CAUSE:
                return c->causes;

        case CONDITION_DYING_DESCENDANTS:
                return c->count;

        case CONDITION_PRESENT:
        case CONDITION_ABSENT:
        case _CONDITION_KIND_MAX:
                break;
        }
        return 0;
}

bool condition_accepts(const Watch *w, const Condition *c, uint64_t value) {
        uint64_t limit = condition_limit(w, c);

        switch (c->kind) {

        case CONDITION_PRESSURE:
        case CONDITION_HOST_PRESSURE:
        case CONDITION_IO_PRESSURE:
        case CONDITION_CPU_PRESSURE:
        case CONDITION_STALL:
        case CONDITION_EVENT:
                return value >= limit;

        case CONDITION_AVAILABLE:
        case CONDITION_HOST_AVAILABLE:
        case CONDITION_SWAP_FREE:
        case CONDITION_USAGE:
                return condition_distance(w, c) == 0;

        case CONDITION_GROWTH:
        case CONDITION_REFAULTS:
        case CONDITION_RECLAIM:
        case CONDITION_DYING_DESCENDANTS:
                return value > limit;

        case CONDITION_EXHAUSTION:
                return value != USEC_INFINITY && value <= limit;

        case CONDITION_EFFICIENCY:
                return value < limit;

        case CONDITION_CAUSE:
                return (value & limit) != 0;

        case CONDITION_PRESENT:
                return value > 0;

        case CONDITION_ABSENT:
                return w->presence && value == 0;

        case _CONDITION_KIND_MAX:
                break;
        }
        return false;
}

bool condition_holds(const Watch *w, const Condition *c) {
        return condition_accepts(w, c, condition_value(w, c, USEC_INFINITY));
}
