/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "sense/memstall.h"

/* How long all stalls took that ended since the last reading, for sums that only grow, whenever somebody reads them. The
 * kernel's side keeps old sums until newer ones need their place (MEMSTALL_TOTALS_MAX): with minutes between readings and
 * thousands of processes that stall meanwhile, the oldest are missed. */
typedef struct MemstallSums MemstallSums;

/* What came in since the last reading; more than once for one cgroup and class. */
typedef void (*MemstallSumsTell)(void *userdata, uint64_t cgroup_id, StallClass class, uint64_t ns);

/* All memory is taken here, some 600 KB. 0 or -ENOMEM. */
int memstall_sums_new(MemstallSums **ret);
MemstallSums *memstall_sums_free(MemstallSums *s);
DEFINE_CLEANUP(MemstallSums *, memstall_sums_free);

/* Tells what is new. Never waits. Returns 0 or a negative errno of bpf(2), and then what was told has been told. */
int memstall_sums_read(MemstallSums *s, Memstall *m, MemstallSumsTell tell, void *userdata);
