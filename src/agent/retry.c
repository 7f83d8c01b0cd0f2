/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent/retry.h"
#include "base/cleanup.h"

#define DOUBLINGS_MAX 9U
#define STEP_USEC (USEC_PER_SEC / 4)

void retry_later(Retry *r, uint64_t now_usec) {
        uint64_t delay_usec, step_usec;

        if (r->good_since_usec != 0 && now_usec - r->good_since_usec >= RETRY_LATEST_USEC)
                r->n_tries = 0;
        delay_usec = MIN(RETRY_FIRST_USEC << MIN(r->n_tries, DOUBLINGS_MAX), RETRY_LATEST_USEC);
        step_usec = delay_usec < RETRY_LATEST_USEC ? STEP_USEC : RETRY_LATEST_USEC;
        r->due_usec = now_usec + delay_usec;
        r->due_usec += step_usec - r->due_usec % step_usec;
        r->waits = true;
        r->n_tries += r->n_tries < DOUBLINGS_MAX;
        r->good_since_usec = 0;
}

void retry_done(Retry *r, uint64_t now_usec) {
        r->waits = false;
        if (r->good_since_usec == 0)
                r->good_since_usec = now_usec;
}
