/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/errors.h"
#include "core/policy.h"

/* Warns of each policy that never watches anything, since an earlier one takes all that it matches. Only what follows
 * from the globs is said to. 0 or -ENOMEM. */
int policy_order_warn(const PolicySet *set, ConfigErrors *errors);
