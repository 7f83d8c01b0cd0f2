/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event.h"

/* The kernel's texts, and names of folders, as values. Pure: the text may be anything. */

/* The totals of a pressure file in microseconds, Documentation/accounting/psi.rst. -EBADMSG unless there are a whole
 * `some` and a whole `full` line; of doubled ones the first counts. */
int text_parse_pressure(const char *text, uint64_t ret_usec[static _PRESSURE_KIND_MAX]);

/* high, max and oom_kill of memory.events or memory.events.local into the fields of `ret`; lines that are missing are
 * 0, for kernels differ in them. -EBADMSG, with `ret` untouched, if a value is no number. */
int text_parse_events(const char *text, Sample *ret);

/* MemTotal and MemAvailable of proc_meminfo(5) in bytes. -EBADMSG if one is missing or no number. */
int text_parse_meminfo(const char *text, uint64_t *ret_total_bytes, uint64_t *ret_available_bytes);

/* The unit that the folder `name` of a slice stands for: `*ret_unit` points into `name` behind the underscore that
 * systemd puts before names that would collide with the kernel's (cg_unescape, https://systemd.io/CGROUP_DELEGATION).
 * False for folders that are no slice, service or scope, and for names that no unit can have. */
bool text_parse_unit(const char *name, CgroupKind *ret_kind, const char **ret_unit);
