/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* In which line of a configuration file something stands: a Policy holds what was said, not where. */

/* The line of the last assignment to `key` in the section, or of its header if there is none or `key` is NULL. `nth`
 * counts sections of that name from 0; SIZE_MAX takes them as one. 1 if the file has no such section or cannot be
 * read. */
unsigned where_key(const char *path, const char *section, size_t nth, const char *key);
