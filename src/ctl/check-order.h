/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/load.h"

/* What a policy names in [Match] and never gets, as a policy that comes before it takes all of it: for each cgroup the
 * first one watches. Adds a warning for each such key. 0 or -ENOMEM. */
int check_order(const Config *config, ConfigErrors *warnings);
