/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* A point in time as people type it for --since= and --until=: "2026-11-23", "2026-11-23 03:10", "03:10:30", "today",
 * "yesterday", "now", "-2h", "2h ago", "@1795403529"; local time. CLOCK_REALTIME in microseconds; -EINVAL for what is none
 * of these. `now_usec` is what time it is. */
int when_parse(const char *s, uint64_t now_usec, uint64_t *ret_usec);
