/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/policy.h"

/* What a unit says itself with ManagedOOMMemoryPressure=, …Limit=, …DurationSec= and ManagedOOMSwap=
 * (man:systemd.resource-control(5)), made into a policy of last rank: who watches it is asked only where no file has a
 * policy for the unit. */

typedef struct Managed {
        bool pressure;
        uint32_t share;         /* 0: the default */
        uint64_t duration_usec; /* 0: the default */
        bool swap;
} Managed;

static inline bool managed_is_set(const Managed *m) {
        return m->pressure || m->swap;
}

/* Whether they come to the same policy. */
bool managed_equal(const Managed *a, const Managed *b);

#define MANAGED_POLICY_NAME "managed-oom"

/* The policy, without a file: a step `pressure` (`full` over the limit for the duration; the kill goes by pages scanned,
 * then usage) and a step `swap` (both free swap and MemAvailable under what SwapUsedLimit= leaves; by swap, then usage).
 * `settings` has the defaults. 0 or -ENOMEM. */
int managed_policy_new(Policy **ret, const Managed *values, const Settings *settings);
