/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/errors.h"
#include "config/source.h"

/* What an ini file says, line by line. inih reads the lines; what it would cut, join or skip in silence is refused
 * before it sees it, so that a file means here what it would mean to systemd:
 *
 *   - spaces before a line are no continuation of the line above;
 *   - a comment has a line of its own, and nothing follows a section header;
 *   - "Key=value" only, neither "Key: value" nor a key alone;
 *   - no line is longer than inih's buffer, and a backslash at its end is no continuation. */

typedef struct IniEvents {
        /* A header, also of an empty section and again for each repetition. */
        int (*section)(void *user, unsigned line, const char *name);
        /* An assignment; the value is stripped of the spaces around it, and may be empty. */
        int (*assignment)(void *user, unsigned line, const char *key, const char *value);
} IniEvents;

/* The longest line that the distributions' builds of inih take: INI_MAX_LINE less line feed and NUL. */
#define INI_LINE_MAX 198

/* Reads the whole source. Refused lines are reported in `errors`, and reading goes on; a refused header is told to
 * `section` as NULL, since nobody knows what the lines below it belong to. 0, or the negative errno of a callback. */
int ini_read(const Source *source, const IniEvents *events, void *user, ConfigErrors *errors);
