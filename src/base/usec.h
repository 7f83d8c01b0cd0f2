/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Time is microseconds in a uint64_t, on CLOCK_MONOTONIC, as PSI and sd-event have it. */

#include <stdint.h>

#define USEC_INFINITY UINT64_MAX
#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MINUTE)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)
#define USEC_PER_WEEK (7 * USEC_PER_DAY)

/* Sums and differences that stop at the ends instead of wrapping; infinity stays infinity. */
static inline uint64_t usec_add(uint64_t a, uint64_t b) {
        return a > USEC_INFINITY - b ? USEC_INFINITY : a + b;
}

static inline uint64_t usec_sub(uint64_t a, uint64_t b) {
        if (a == USEC_INFINITY)
                return USEC_INFINITY;
        return a > b ? a - b : 0;
}
