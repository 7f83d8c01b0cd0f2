/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "ctl/top-data.h"

/* Connects, and reads how the daemon sees stalls into `rung`. On failure the reason is in `why`, and the result a negative
 * errno. */
int top_bus_open(sd_bus **ret, char *rung, size_t rung_size, char *why, size_t why_size);

/* One reading; `since_usec` as in Stalls(). Asked too often, or no answer in time, is -EAGAIN: another try may go well. */
int top_bus_read(sd_bus *bus, uint64_t since_usec, TopReading *ret, char *why, size_t why_size);
