/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Values as systemd writes them: durations as in systemd.time(7), sizes with the suffixes K M G T P E to the base
 * of 1024 as in systemd.resource-control(5). All of them take the whole string or fail. Shares are integers in
 * hundredths of a percent: 10000 is all.
 *
 * Errors: -EINVAL for what is no such value, -ERANGE for what is too large for its type. */

/* A decimal number without sign. */
int parse_uint(const char *s, uint64_t *ret);

/* "2s", "1min 30s", "500ms", "infinity"; a number without unit is seconds. Microseconds. */
int parse_duration(const char *s, uint64_t *ret_usec);

/* "512M", "1.5G", "4096". Bytes. */
int parse_size(const char *s, uint64_t *ret_bytes);

/* "40%", "2.5%"; at most 100%, two digits after the point. Hundredths of a percent. */
int parse_share(const char *s, uint32_t *ret_share);

/* The same without an upper limit: "250%". */
int parse_percent(const char *s, uint64_t *ret_share);

/* "yes", "no", "true", "false", "on", "off", "1", "0", and "y", "n", "t", "f", in any case. */
int parse_boolean(const char *s, bool *ret);
