/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/errors.h"
#include "core/policy.h"

/* policy.d/NAME.conf: one policy, see man:memstalld.policy(5). */

/* Reads and checks the policy in the file. 0, CONFIG_E_… or -ENOMEM. */
int policy_read_file(const char *path, Policy **ret, ConfigErrors *errors);
