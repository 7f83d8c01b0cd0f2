/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bpf/memstall.h"
#include "sense/kallsyms.h"
#include "sense/memstall-live.h"

/* A reading, element by element: memstall_live_read() does the same with the maps of the programs. */

void memstall_live_begin(MemstallLive *l, uint64_t now_ns, uint64_t since_ns);
void memstall_live_add_total(MemstallLive *l, const MemstallKey *key, const MemstallTotal *total);
void memstall_live_add_task(MemstallLive *l, const MemstallTask *task);

/* `symbols` may be NULL: then waits have no class. */
void memstall_live_end(MemstallLive *l, const Kallsyms *symbols, LiveReading *ret);
