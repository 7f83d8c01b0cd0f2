/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How often callers on the bus may ask for what costs the daemon something: each some times a second, and all of them
 * together not much more. Nothing here allocates. */

#define CALL_RATE_CALLERS 16U
#define CALL_RATE_NAME_MAX 64U

typedef struct CallRate {
        unsigned per_caller, total; /* calls a second: for whoever has the CallRate to set */
        struct {
                char name[CALL_RATE_NAME_MAX]; /* unique name on the bus */
                unsigned n_calls;
        } callers[CALL_RATE_CALLERS];
        size_t n_callers;
        unsigned n_calls;
        uint64_t begin_usec; /* of the second that is counted */
} CallRate;

/* Whether `caller` may ask now, and counts it if so. */
bool call_rate_allows(CallRate *r, const char *caller, uint64_t now_usec);
