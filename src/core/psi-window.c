/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/cleanup.h"
#include "base/usec.h"
#include "core/psi-window.h"

void psi_window_push(PsiWindow *w, uint64_t now_usec, uint64_t total_usec, uint64_t spacing_usec) {
        if (w->n > 0 && total_usec < series_last(w)->value)
                series_clear(w);
        series_push(w, now_usec, total_usec, spacing_usec);
}

/* What was stalled in the `window_usec` before the last reading, as far as the readings tell. */
static uint64_t stalled_within(const PsiWindow *w, uint64_t window_usec) {
        const Point *last = series_last(w);

        return last->value - series_at(w, usec_sub(last->now_usec, window_usec));
}

void psi_window_seed(PsiWindow *w, uint64_t now_usec, uint64_t window_usec, uint64_t stall_usec) {
        uint64_t start = usec_sub(now_usec, window_usec), total, base;
        size_t n_before = 0;

        if (w->n == 0 || stalled_within(w, window_usec) >= stall_usec)
                return;

        while (n_before < w->n && series_point(w, n_before)->now_usec <= start)
                n_before++;

        total = series_last(w)->value;
        if (n_before == 0 || total - series_point(w, n_before - 1)->value < stall_usec)
                return; /* less than that has stalled since the last reading before the window: a false event */

        /* Readings from before the window spread the stall over a time in which, as the kernel says, it was not: one
         * takes their place. The kernel looks ten times in a window (UPDATES_PER_WINDOW), so what it tells holds for
         * a tenth more: a second look right after the event must not find less. */
        start += window_usec / 10;
        base = total - stall_usec;
        if (n_before < w->n) {
                start = MIN(start, series_point(w, n_before)->now_usec);
                base = MIN(base, series_point(w, n_before)->value);
        }
        w->first = (w->first + n_before - 1) % SERIES_POINTS;
        w->n -= n_before - 1;
        *series_point(w, 0) = (Point){ start, base };
}

static uint32_t share_of(uint64_t stall_usec, uint64_t window_usec) {
        return (uint32_t) ((unsigned __int128) MIN(stall_usec, window_usec) * 10000 / window_usec);
}

uint32_t psi_window_share(const PsiWindow *w, uint64_t window_usec) {
        return w->n > 0 && window_usec > 0 ? share_of(stalled_within(w, window_usec), window_usec) : 0;
}

uint32_t psi_window_share_max(const PsiWindow *w, uint64_t window_usec) {
        const Point *before = series_before(w, window_usec);

        if (w->n == 0 || window_usec == 0)
                return 0;
        return share_of(series_last(w)->value - (before ? before : series_point(w, 0))->value, window_usec);
}
