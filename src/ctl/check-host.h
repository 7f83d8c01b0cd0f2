/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/load.h"
#include "ctl/host.h"

/* What policies ask of a host that it does not have, and what else on it would get in their way. A word of what is
 * missing belongs to the key that asks for it; what concerns the host as a whole, to the kernel's file that shows it. */

/* Adds a warning for each. 0 or -ENOMEM. */
int check_host(const Host *host, const Config *config, ConfigErrors *warnings);

/* Adds a hint for each glob that matches no cgroup of the host as it is now: it may well match one later. 0 or
 * -ENOMEM. */
int check_host_globs(const Host *host, const Config *config, ConfigErrors *hints);
