/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/parse.h"
#include "sense/counters.h"
#include "sense/registry.h"

#define BRIEF_MAX 4U /* as many stand in a sentence */
#define VALUE_MAX 24U

/* Names of both files, what says most first: who had to wait, then who worked for it, then how the pages went. Kernels
 * differ in them; mm/vmstat.c, mm/memcontrol.c, Documentation/admin-guide/cgroup-v2.rst. */
static const char *const names[] = {
        "oom_kill",
        "allocstall_movable", "allocstall_normal", "allocstall_dma32", "allocstall_dma", "allocstall_device",
        "pgscan_direct_throttle",
        "compact_stall", "compact_fail", "compact_success",
        "pgscan_direct", "pgsteal_direct",
        "pgscan_kswapd", "pgsteal_kswapd",
        "pgscan_proactive", "pgsteal_proactive",
        "pgscan_khugepaged", "pgsteal_khugepaged",
        "pgscan", "pgsteal",
        "workingset_refault_anon", "workingset_refault_file", "workingset_refault",
        "workingset_activate_anon", "workingset_activate_file", "workingset_activate",
        "workingset_restore_anon", "workingset_restore_file",
        "pswpin", "pswpout", "zswpin", "zswpout", "swpin_zero", "swpout_zero",
        "pgmajfault",
        "thp_fault_fallback", "thp_swpout_fallback",
        "kswapd_low_wmark_hit_quickly", "kswapd_high_wmark_hit_quickly", "pageoutrun",
        "zone_reclaim_success", "zone_reclaim_failed",
        "slabs_scanned", "workingset_nodereclaim",
        "drop_slab", "drop_pagecache",
};

static_assert(ELEMENTSOF(names) <= COUNTERS_MAX, "room for all of them");

static void take_line(const char *line, size_t n_name, const char *end, uint64_t values[static COUNTERS_MAX]) {
        char digits[VALUE_MAX];
        size_t n = (size_t) (end - line) - n_name - 1;
        uint64_t value;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                if (strncmp(line, names[i], n_name) != 0 || names[i][n_name])
                        continue;
                if (n >= sizeof(digits))
                        return;
                memcpy(digits, line + n_name + 1, n);
                digits[n] = '\0';
                if (parse_uint(digits, &value) == 0)
                        values[i] = value;
                return;
        }
}

void counters_parse(const char *text, uint64_t values[static COUNTERS_MAX]) {
        for (size_t i = 0; i < COUNTERS_MAX; i++)
                values[i] = UINT64_MAX;
        for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
                size_t n = strcspn(line, " \n");

                if (line[n] == ' ')
                        take_line(line, n, end, values);
        }
}

void counters_read(Tree *t, uint64_t cgroup_id, Counters *ret) {
        const Folder *f = registry_find(t, cgroup_id);
        const int fds[_COUNTERS_OF_MAX] = {
                [COUNTERS_HOST] = t->host.vmstat_fd,
                [COUNTERS_OWN] = f ? f->fds[FOLDER_STAT] : -EBADF,
        };

        for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                if (fds[i] < 0 || fd_read_text(fds[i], t->text, sizeof(t->text)) < 0)
                        t->text[0] = '\0';
                counters_parse(t->text, ret->values[i]);
        }
}

/* By how much it moved; 0 where nobody knows. */
static uint64_t moved(const Counters *before, const Counters *after, CountersOf of, size_t i) {
        uint64_t a = before->values[of][i], b = after->values[of][i];

        return a == UINT64_MAX || b == UINT64_MAX || b < a ? 0 : b - a;
}

static bool append(char *buf, size_t size, size_t *used, const char *format, ...) _printf_(4, 5);

/* Appends and returns true, or leaves the text as it is. */
static bool append(char *buf, size_t size, size_t *used, const char *format, ...) {
        va_list arguments;
        int n;

        va_start(arguments, format);
        n = vsnprintf(buf + *used, size - *used, format, arguments);
        va_end(arguments);
        if (n < 0 || (size_t) n >= size - *used) {
                buf[*used] = '\0';
                return false;
        }
        *used += (size_t) n;
        return true;
}

static size_t tell(const Counters *before, const Counters *after, size_t n_max, const char *between, char *buf,
                   size_t size) {
        static const char *const prefixes[_COUNTERS_OF_MAX] = { [COUNTERS_HOST] = "", [COUNTERS_OWN] = "memory.stat:" };
        size_t used = 0, n = 0;

        buf[0] = '\0';
        for (CountersOf of = 0; of < _COUNTERS_OF_MAX; of++)
                for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                        uint64_t by = moved(before, after, of, i);

                        if (by == 0)
                                continue;
                        if (n < n_max)
                                (void) append(buf, size, &used, "%s%s%s +%" PRIu64, used > 0 ? between : "",
                                              prefixes[of], names[i], by);
                        n++;
                }
        return n;
}

size_t counters_lines(const Counters *before, const Counters *after, char *buf, size_t size) {
        return tell(before, after, SIZE_MAX, "\n", buf, size);
}

void counters_brief(const Counters *before, const Counters *after, char *buf, size_t size) {
        (void) tell(before, after, BRIEF_MAX, ", ", buf, size);
}
