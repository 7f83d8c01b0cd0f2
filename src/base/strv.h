/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

/* A list of strings that ends with NULL and is owned whole; NULL is the empty list. */

/* Appends a copy of the first `n` bytes of `s`. 0, or -ENOMEM with the list as it was. */
int strv_push(char ***strv, const char *s, size_t n);

/* Frees the list and its strings; returns NULL. */
char **strv_free(char **strv);
DEFINE_CLEANUP(char **, strv_free);

size_t strv_length(char *const *strv);

/* Whether one of the globs in the list matches the whole of `name`, as fnmatch(3) with FNM_NOESCAPE does:
 * unit names are full of backslashes (man:systemd-escape(1)). They hold no slash, and in paths `*` crosses slashes, as
 * in systemctl's patterns. */
bool strv_fnmatch(char *const *globs, const char *name);
