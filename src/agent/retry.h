/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/usec.h"

/* When to try again what could not be had: after a second, then each time twice as long, at most five minutes. What was had
 * for those five minutes begins anew. */

#define RETRY_FIRST_USEC USEC_PER_SEC
#define RETRY_LATEST_USEC (5 * USEC_PER_MINUTE)

typedef struct Retry {
        bool waits; /* for another try, at: */
        uint64_t due_usec;
        unsigned n_tries;
        uint64_t good_since_usec; /* 0: it is not had */
} Retry;

/* It could not be had, or is lost. Many are due together: one wake-up for all, at the longest distance of all of them. */
void retry_later(Retry *r, uint64_t now_usec);

/* It is had, or there is no hope. */
void retry_done(Retry *r, uint64_t now_usec);

static inline bool retry_is_due(const Retry *r, uint64_t now_usec) {
        return r->waits && r->due_usec <= now_usec;
}
