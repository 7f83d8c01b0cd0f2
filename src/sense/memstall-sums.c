/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <string.h>

#include "sense/memstall-private.h"
#include "sense/memstall-sums-private.h"
#include "sense/memstall-sums.h"

enum {
        SLOTS = 2 * MEMSTALL_TOTALS_MAX, /* a power of two: half of it stays free */
};

/* What a total had, by its key's hash, open addressing; 0 is no hash. */
typedef struct Told {
        uint64_t hash, ns;
} Told;

struct MemstallSums {
        Told tables[2][SLOTS]; /* the last reading, and room for the next */
        unsigned last;
        size_t n_now;
        const Kallsyms *symbols;
        MemstallSumsTell tell;
        void *userdata;
        struct {
                MemstallKey keys[MEMSTALL_BATCH];
                MemstallTotal totals[MEMSTALL_BATCH];
        } batch;
};

int memstall_sums_new(MemstallSums **ret) {
        MemstallSums *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        *ret = s;
        return 0;
}

MemstallSums *memstall_sums_free(MemstallSums *s) {
        free(s);
        return NULL;
}

/* FNV-1a over the bytes of the key, which has no padding that is not zero. */
static uint64_t hash_key(const MemstallKey *key) {
        const unsigned char *bytes = (const unsigned char *) key;
        uint64_t h = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < sizeof(*key); i++)
                h = (h ^ bytes[i]) * UINT64_C(0x100000001b3);
        return h ? h : 1;
}

static Told *find(Told *table, uint64_t hash) {
        size_t i = hash % SLOTS;

        while (table[i].hash != 0 && table[i].hash != hash)
                i = (i + 1) % SLOTS;
        return table + i;
}

void memstall_sums_begin(MemstallSums *s, const Kallsyms *symbols, MemstallSumsTell tell, void *userdata) {
        s->symbols = symbols;
        s->tell = tell;
        s->userdata = userdata;
        s->n_now = 0;
        memset(s->tables[!s->last], 0, sizeof(s->tables[0]));
}

void memstall_sums_add_total(MemstallSums *s, const MemstallKey *key, const MemstallTotal *total) {
        uint64_t hash = hash_key(key), before = find(s->tables[s->last], hash)->ns;
        Told *now = find(s->tables[!s->last], hash);

        if (now->hash != 0)
                before = now->ns;
        else if (s->n_now++ >= MEMSTALL_TOTALS_MAX)
                return; /* more than the map holds: it changes while it is read */
        /* One that made room meanwhile and came again has begun at 0. */
        if (total->ns != before)
                s->tell(s->userdata, key->cgroup_id, memstall_class_of_total(s->symbols, key, total),
                        total->ns > before ? total->ns - before : total->ns);
        *now = (Told){ hash, total->ns };
}

void memstall_sums_end(MemstallSums *s) {
        s->last = !s->last;
}

static void add_total_at(void *userdata, size_t i) {
        MemstallSums *s = userdata;

        memstall_sums_add_total(s, s->batch.keys + i, s->batch.totals + i);
}

int memstall_sums_read(MemstallSums *s, Memstall *m, MemstallSumsTell tell, void *userdata) {
        MemstallMaps maps;
        int r;

        memstall_maps(m, &maps);
        memstall_sums_begin(s, maps.symbols, tell, userdata);
        r = memstall_read_map(maps.totals_fd, s->batch.keys, s->batch.totals, add_total_at, s);
        memstall_sums_end(s);
        return r;
}
