/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sense/registry.h"
#include "sense/text.h"

/* What samples and surveys read alike, through descriptors that are open. For src/sense alone. */

/* Totals of a pressure file. What cannot be read leaves them as they are: it may have been turned off meanwhile. */
void look_pressure(int fd, uint64_t pressure_usec[static _PRESSURE_KIND_MAX]);

/* One number. A file that the folder does not have counts as `absent`. -errno. */
int look_number(const Folder *f, FolderFile file, uint64_t absent, uint64_t *ret);

/* The counters of memory.stat or /proc/vmstat; `ret` is left alone without the file. -errno. */
int look_reclaim(Tree *t, int fd, ReclaimCounts *ret);
