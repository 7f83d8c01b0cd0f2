/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sense/tree.h"

/* The kernel's own counters of what it did for memory: those of /proc/vmstat and of a watch's memory.stat that say
 * something about a stall (sense/counters.c has the table). What is of interest is by how much they moved. */

#define COUNTERS_MAX 48U

typedef enum CountersOf {
        COUNTERS_HOST, /* /proc/vmstat */
        COUNTERS_OWN,  /* memory.stat of the watch; nothing for the host */
        _COUNTERS_OF_MAX,
} CountersOf;

/* UINT64_MAX: this kernel, or this file, has no such counter. */
typedef struct Counters {
        uint64_t values[_COUNTERS_OF_MAX][COUNTERS_MAX];
} Counters;

/* "NAME NUMBER" lines; others, and a last one that does not end, are skipped. */
void counters_parse(const char *text, uint64_t values[static COUNTERS_MAX]);

/* One read of each file that is open: that of the host always is, memory.stat of what is watched or followed. What cannot
 * be read has no counters. */
void counters_read(Tree *tree, uint64_t cgroup_id, Counters *ret);

/* What moved, as "NAME +N" lines: the host's first, then the watch's own as "memory.stat:NAME +N", each in the order of what
 * says most. Lines that do not fit are left out whole. Returns how many moved, of both. */
size_t counters_lines(const Counters *before, const Counters *after, char *buf, size_t size);

/* The first few of the same in one line: "allocstall_movable +1520, pgscan_direct +48221". */
void counters_brief(const Counters *before, const Counters *after, char *buf, size_t size);
