/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The recent past of one total= of a memory.pressure file, and from it the share of time stalled over any window up
 * to PRESSURE_WINDOW_MAX_USEC. avg10 is of no use here: it lags by seconds and decays as slowly (kernel:
 * kernel/sched/psi.c, Documentation/accounting/psi.rst). */

#define PSI_WINDOW_POINTS 128U

typedef struct PsiPoint {
        uint64_t now_usec;
        uint64_t total_usec;
} PsiPoint;

typedef struct PsiWindow {
        PsiPoint points[PSI_WINDOW_POINTS]; /* oldest first, from `first` on, around the end */
        size_t first, n;
} PsiWindow;

/* Adds a reading. It takes the place of the last one if that lies closer than `spacing_usec` to the one before: so a
 * flood of events does not push the past out, and those kept reach back over PSI_WINDOW_POINTS - 2 spacings. Time and
 * totals that run backwards start the window anew. */
void psi_window_push(PsiWindow *w, uint64_t now_usec, uint64_t total_usec, uint64_t spacing_usec);

/* Tells the window what a kernel trigger knows: of the last `window_usec` before `now_usec`, `stall_usec` were
 * stalled, and a tenth of the window later this still is so (the kernel looks ten times in a window). Counts only where
 * the readings do not say so themselves. The total must have grown by as much since the last reading before the window,
 * or nothing changes: the event is a false one, as a trigger can give right after arming (kernel/sched/psi.c seeds it
 * from another total than it looks at). Call it after the push. */
void psi_window_seed(PsiWindow *w, uint64_t now_usec, uint64_t window_usec, uint64_t stall_usec);

/* The share of `window_usec` before the latest reading that was stalled, hundredths of a percent. What lies before the
 * oldest reading counts as free of stalls. */
uint32_t psi_window_share(const PsiWindow *w, uint64_t window_usec);
