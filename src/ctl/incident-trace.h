/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/chart.h"

#define INCIDENT_TRACES "/var/lib/memstalld/incidents"

/* How the memory pressure of the watch went, from the trace that memstalld kept of an incident. `watch` is its path, as in
 * MEMSTALLD_WATCH. Lines that a newer version wrote are passed over. 0; -ENOENT without such a file; -errno. */
int incident_trace_read(const char *path, const char *watch, Chart *ret);
