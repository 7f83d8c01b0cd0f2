/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/usec.h"
#include "core/policy.h"
#include "core/psi-window.h"

/* What a watch remembers of one total= of a pressure file. Of a watch that is calm, and seldom looked at, two readings say as
 * much of the last ten seconds as a whole window does; one that is looked at more often has a window. Those are few, and
 * shared by all watches, so that a watch that sleeps is small. Should more watches be in trouble at once than there are
 * windows, the last of them keep two readings all the same: what they tell is coarser. */

typedef struct PastPool PastPool;

typedef struct Past {
        PsiWindow *window; /* NULL: two readings are enough */
        PastPool *pool;    /* borrowed: whose window it is; NULL: its own */
        size_t place;      /* in the pool */
        size_t n;          /* of the readings */
        Point readings[2];
} Past;

/* No pressure is asked for over more than this. */
#define PAST_REACH_USEC PRESSURE_WINDOW_MAX_USEC

/* So many windows; all of their memory is taken at once. 0 or -ENOMEM. */
int past_pool_new(PastPool **ret, size_t n);
PastPool *past_pool_free(PastPool *pool); /* after all that have a window of it */

/* `pool` is borrowed; NULL: it always has a window, of its own. 0 or -ENOMEM. */
int past_new(Past **ret, PastPool *pool);
Past *past_free(Past *p);

/* The same past. `to` has a window of its own. */
void past_copy(Past *to, const Past *from);

/* As in core/psi-window.h, for windows up to PAST_REACH_USEC. */
void past_push(Past *p, uint64_t now_usec, uint64_t total_usec, uint64_t spacing_usec);
void past_seed(Past *p, uint64_t now_usec, uint64_t window_usec, uint64_t stall_usec);
uint32_t past_share(const Past *p, uint64_t window_usec);
uint32_t past_share_max(const Past *p, uint64_t window_usec);
