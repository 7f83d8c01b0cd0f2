/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/cleanup.h"
#include "base/usec.h"
#include "core/psi-window.h"

static PsiPoint *point(const PsiWindow *w, size_t i) {
        return (PsiPoint *) &w->points[(w->first + i) % PSI_WINDOW_POINTS];
}

void psi_window_push(PsiWindow *w, uint64_t now_usec, uint64_t total_usec, uint64_t spacing_usec) {
        if (w->n > 0) {
                const PsiPoint *last = point(w, w->n - 1);

                if (now_usec < last->now_usec || total_usec < last->total_usec)
                        w->n = 0;
        }

        if (w->n >= 2 && point(w, w->n - 1)->now_usec - point(w, w->n - 2)->now_usec < spacing_usec)
                w->n--;
        else if (w->n == PSI_WINDOW_POINTS) {
                w->first = (w->first + 1) % PSI_WINDOW_POINTS;
                w->n--;
        }
        *point(w, w->n++) = (PsiPoint){ now_usec, total_usec };
}

/* The total at `when`, between the readings on the straight line through them. */
static uint64_t total_at(const PsiWindow *w, uint64_t when) {
        const PsiPoint *before = point(w, 0), *after;

        if (when <= before->now_usec)
                return before->total_usec;

        for (size_t i = 1; i < w->n; i++) {
                after = point(w, i);
                if (after->now_usec >= when) {
                        uint64_t span = after->now_usec - before->now_usec;
                        unsigned __int128 part = after->total_usec - before->total_usec;

                        if (span == 0)
                                return after->total_usec;
                        return before->total_usec + (uint64_t) (part * (when - before->now_usec) / span);
                }
                before = after;
        }
        return before->total_usec;
}

/* What was stalled in the `window_usec` before the last reading, as far as the readings tell. */
static uint64_t stalled_within(const PsiWindow *w, uint64_t window_usec) {
        const PsiPoint *last = point(w, w->n - 1);

        return last->total_usec - total_at(w, usec_sub(last->now_usec, window_usec));
}

void psi_window_seed(PsiWindow *w, uint64_t now_usec, uint64_t window_usec, uint64_t stall_usec) {
        uint64_t start = usec_sub(now_usec, window_usec), total, base;
        size_t n_before = 0;

        if (w->n == 0 || stalled_within(w, window_usec) >= stall_usec)
                return;

        while (n_before < w->n && point(w, n_before)->now_usec <= start)
                n_before++;

        total = point(w, w->n - 1)->total_usec;
        if (n_before == 0 || total - point(w, n_before - 1)->total_usec < stall_usec)
                return; /* less than that has stalled since the last reading before the window: a false event */

        /* Readings from before the window spread the stall over a time in which, as the kernel says, it was not: one
         * takes their place. The kernel looks ten times in a window (UPDATES_PER_WINDOW), so what it tells holds for
         * a tenth more: a second look right after the event must not find less. */
        start += window_usec / 10;
        base = total - stall_usec;
        if (n_before < w->n) {
                start = MIN(start, point(w, n_before)->now_usec);
                base = MIN(base, point(w, n_before)->total_usec);
        }
        w->first = (w->first + n_before - 1) % PSI_WINDOW_POINTS;
        w->n -= n_before - 1;
        *point(w, 0) = (PsiPoint){ start, base };
}

uint32_t psi_window_share(const PsiWindow *w, uint64_t window_usec) {
        if (w->n == 0 || window_usec == 0)
                return 0;

        return (uint32_t) ((unsigned __int128) MIN(stalled_within(w, window_usec), window_usec) * 10000 / window_usec);
}
