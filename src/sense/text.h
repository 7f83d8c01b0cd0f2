/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event.h"

/* The kernel's texts, and names of folders, as values. Pure: the text may be anything. */

/* The totals of a pressure file in microseconds, Documentation/accounting/psi.rst. -EBADMSG, with `ret_usec` untouched,
 * unless there is a whole `some` line and no broken `full` one; without any, as in cpu.pressure before 5.13, that is 0.
 * Of doubled ones the first counts. */
int text_parse_pressure(const char *text, uint64_t ret_usec[static _PRESSURE_KIND_MAX]);

/* high, max, oom and oom_kill of memory.events or memory.events.local into the fields of `ret`; lines that are missing
 * are 0, for kernels differ in them. -EBADMSG, with `ret` untouched, if a value is no number. */
int text_parse_events(const char *text, Sample *ret);

typedef struct HostMemory {
        uint64_t total_bytes;     /* MemTotal */
        uint64_t available_bytes; /* MemAvailable, proc_meminfo(5) */
        uint64_t free_bytes;      /* MemFree; all that is available where that is missing */
        uint64_t swap_total_bytes, swap_free_bytes;
} HostMemory;

/* proc_meminfo(5). -EBADMSG, with `ret` untouched, if MemTotal or MemAvailable is missing, or any of them is no number;
 * without lines about swap there is none. */
int text_parse_meminfo(const char *text, HostMemory *ret);

/* What reclaim did so far, in pages. */
typedef struct ReclaimCounts {
        uint64_t refaults;  /* workingset_refault_anon and _file; workingset_refault before 5.9 */
        uint64_t scanned;   /* pgscan; where there is none what kswapd, direct reclaim, khugepaged and memory.reclaim did */
        uint64_t reclaimed; /* pgsteal, likewise */
} ReclaimCounts;

/* The counters of memory.stat or /proc/vmstat; lines that are missing are 0. A last line that does not end may be cut,
 * and is left out. -EBADMSG, with `ret` untouched, if a value is no number. */
int text_parse_reclaim(const char *text, ReclaimCounts *ret);

/* nr_dying_descendants of cgroup.stat, 0 if it is missing. -EBADMSG if it is no number. */
int text_parse_dying(const char *text, uint64_t *ret);

/* The unit that the folder `name` of a slice stands for: `*ret_unit` points into `name` behind the underscore that
 * systemd puts before names that would collide with the kernel's (cg_unescape, https://systemd.io/CGROUP_DELEGATION).
 * False for folders that are no slice, service or scope, and for names that no unit can have. */
bool text_parse_unit(const char *name, CgroupKind *ret_kind, const char **ret_unit);

/* Whether a unit of the system manager is the manager of a user, user@.service(5): what is below it is in slices and
 * units again. */
bool text_is_user_manager(const char *unit);
