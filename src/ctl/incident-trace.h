/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ctl/chart.h"

#define INCIDENT_TRACES "/var/lib/memstalld/incidents"

#define INCIDENT_DIGITS 32
#define INCIDENT_DIGITS_MIN 4

/* Whether `s` names an incident: an id, its first digits, four at least, or "last". */
bool incident_is_name(const char *s);

/* The path of the trace that memstalld kept of the incident of that name, the newest one for "last", below `root` ("" or a
 * folder). 0; -ENOENT without one; -ENOTUNIQ if more than one begins with these digits; -errno. */
int incident_trace_find(const char *root, const char *name, char *ret, size_t size);

/* How the memory pressure of the watch went, from the trace that memstalld kept of an incident. `watch` is its path, as in
 * MEMSTALLD_WATCH. Lines that a newer version wrote are passed over. 0; -ENOENT without such a file; -errno. */
int incident_trace_read(const char *path, const char *watch, Chart *ret);
