/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* In which line of a configuration file something stands: a Policy holds what was said, not where. */

/* The line of the last assignment to `key` in the section; false if there is none, or the file cannot be read. `nth`
 * counts sections of that name from 0; SIZE_MAX takes them as one. */
bool where_find(const char *path, const char *section, size_t nth, const char *key, unsigned *ret_line);

/* The same for a place to complain about: where the key is not given, the header of the section; where there is none
 * either, 1. `key` may be NULL. */
unsigned where_key(const char *path, const char *section, size_t nth, const char *key);
