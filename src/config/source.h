/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "config/errors.h"

/* The text of one configuration file, known to be text before anything reads it: inih takes a directory for an empty
 * file and stops at NUL bytes. */

typedef struct Source {
        char *path;
        char *text; /* `size` bytes of UTF-8, without a byte order mark or control characters but tab, CR LF and LF */
        size_t size;
} Source;

#define SOURCE_SIZE_MAX (1024U * 1024U)

/* Reads a file whole, through symlinks. 0, CONFIG_E_…, or -ENOMEM. */
int source_read(const char *path, Source *ret, ConfigErrors *errors);

void source_done(Source *source);
