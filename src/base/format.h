/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Values for people, written so that base/parse.h reads them again. Each writes a terminated string into `buf`, cut
 * where the buffer ends (FORMAT_MAX is enough for any), and returns `buf`. */

#define FORMAT_MAX 32U

/* "1min 30s", "500ms", "infinity": the two largest units that are not zero. */
char *format_duration(char *buf, size_t size, uint64_t usec);

/* "512M", "1.5G": one digit after the point, rounded down. */
char *format_size(char *buf, size_t size, uint64_t bytes);

/* "40%", "2.5%", "0.07%". `share` in hundredths of a percent. */
char *format_share(char *buf, size_t size, uint64_t share);

#define FORMAT_DURATION(usec) format_duration((char[FORMAT_MAX]){ 0 }, FORMAT_MAX, usec)
#define FORMAT_SIZE(bytes) format_size((char[FORMAT_MAX]){ 0 }, FORMAT_MAX, bytes)
#define FORMAT_SHARE(share) format_share((char[FORMAT_MAX]){ 0 }, FORMAT_MAX, share)
