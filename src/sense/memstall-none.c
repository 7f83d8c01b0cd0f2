/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* memstall.h, memstall-live.h and memstall-sums.h where the build has no BPF. There is never an object, so what takes one is never reached. */

#include "sense/memstall-live.h"
#include "sense/memstall-sums.h"

#include <errno.h>
#include <stdio.h>

int memstall_new(Memstall **ret, bool stacks, char *ret_why, size_t why_size) {
        (void) snprintf(ret_why, why_size, "built without BPF");
        return MEMSTALL_E_UNAVAILABLE;
}

Memstall *memstall_free(Memstall *m) {
        return NULL;
}

const char *memstall_rung(const Memstall *m) {
        return "built without BPF";
}

int memstall_read(Memstall *m, StallEntry *entries, size_t n_max, size_t *ret_n) {
        return -EOPNOTSUPP;
}

int memstall_waits(Memstall *m, WaitEntry *entries, size_t n_max, size_t *ret_n) {
        return -EOPNOTSUPP;
}

int memstall_reclaims(Memstall *m, ReclaimEntry *entries, size_t n_max, size_t *ret_n) {
        return -EOPNOTSUPP;
}

int memstall_symbolize(const Memstall *m, const StallEntry *e, char *buf, size_t size) {
        return -EOPNOTSUPP;
}

int memstall_counters(Memstall *m, MemstallCounters *ret) {
        return -EOPNOTSUPP;
}

int memstall_live_new(MemstallLive **ret) {
        return -EOPNOTSUPP;
}

MemstallLive *memstall_live_free(MemstallLive *l) {
        return NULL;
}

int memstall_live_read(MemstallLive *l, Memstall *m, uint64_t since_usec, LiveReading *ret) {
        return -EOPNOTSUPP;
}

int memstall_sums_new(MemstallSums **ret) {
        return -EOPNOTSUPP;
}

MemstallSums *memstall_sums_free(MemstallSums *s) {
        return NULL;
}

int memstall_sums_read(MemstallSums *s, Memstall *m, MemstallSumsTell tell, void *userdata) {
        return -EOPNOTSUPP;
}
