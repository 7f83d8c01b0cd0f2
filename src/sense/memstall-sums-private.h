/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sense/memstall-private.h"
#include "sense/memstall-sums.h"

/* One reading, for its test: begin, each element of the map `totals`, end. An element twice is told once. */
void memstall_sums_begin(MemstallSums *s, const Kallsyms *symbols, MemstallSumsTell tell, void *userdata);
void memstall_sums_add_total(MemstallSums *s, const MemstallKey *key, const MemstallTotal *total);
void memstall_sums_end(MemstallSums *s);
