/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/series.h"

/* The recent past of one total= of a pressure file, and from it the share of time stalled over any window up to
 * PRESSURE_WINDOW_MAX_USEC. avg10 is of no use here: it lags by seconds and decays as slowly (kernel:
 * kernel/sched/psi.c, Documentation/accounting/psi.rst). */

typedef Series PsiWindow;

/* Adds a reading, as series_push() does. A total that shrinks starts the window anew. */
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

/* The most that share can be: as if all that came since the last reading before the window had come within it. */
uint32_t psi_window_share_max(const PsiWindow *w, uint64_t window_usec);
