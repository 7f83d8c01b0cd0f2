/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From the elements of the BPF map `reclaims` to entries: epochs merged, the greatest picked out. A hash
 * table of fixed size, no allocation. */

#include <assert.h>
#include <errno.h>

#include "base/cleanup.h"
#include "sense/memstall-private.h"

static_assert((int) MEMSTALL_RECLAIM_MAX == (int) RECLAIM_MAX, "one order of kinds");
static_assert((int) MEMSTALL_RECLAIM_HIGH == (int) RECLAIM_HIGH, "one order of kinds");
static_assert((int) MEMSTALL_RECLAIM_BY_HAND == (int) RECLAIM_BY_HAND, "one order of kinds");
static_assert((int) MEMSTALL_RECLAIM_HOST == (int) RECLAIM_HOST, "one order of kinds");
static_assert(MEMSTALL_ROOT_ID == MEMSTALL_HOST_ID, "one root");

enum {
        SLOTS_SIZE = 2 * MEMSTALL_RECLAIMS_MAX,
        SLOTS_USED_MAX = MEMSTALL_RECLAIMS_MAX, /* so that probing stays short */
};

typedef struct Slot {
        ReclaimEntry entry;
        bool used;
} Slot;

struct MemstallReclaims {
        uint32_t epoch;
        size_t n_used;
        uint16_t used[SLOTS_USED_MAX];
        Slot slots[SLOTS_SIZE];
        MemstallReclaimKey keys[MEMSTALL_BATCH];
        MemstallReclaim sums[MEMSTALL_BATCH];
        MemstallKey total_keys[MEMSTALL_BATCH];
        MemstallTotal totals[MEMSTALL_BATCH];
};

int memstall_reclaims_new(MemstallReclaims **ret) {
        MemstallReclaims *w = calloc(1, sizeof(*w));

        if (!w)
                return -ENOMEM;
        *ret = w;
        return 0;
}

MemstallReclaims *memstall_reclaims_free(MemstallReclaims *w) {
        free(w);
        return NULL;
}

void memstall_reclaims_begin(MemstallReclaims *w, uint64_t now_ns) {
        for (size_t i = 0; i < w->n_used; i++)
                w->slots[w->used[i]].used = false;
        w->n_used = 0;
        w->epoch = (uint32_t) (now_ns >> MEMSTALL_EPOCH_SHIFT);
}

static size_t hash(const MemstallReclaimKey *key) {
        uint64_t h = ((key->cgroup_id * 31 + key->target_id) * 31 + key->kind) * UINT64_C(0x9e3779b97f4a7c15);

        return (size_t) (h >> 32) % SLOTS_SIZE;
}

/* NULL where all that may be used are. */
static ReclaimEntry *slot_take(MemstallReclaims *w, const MemstallReclaimKey *key) {
        for (size_t i = hash(key);; i = (i + 1) % SLOTS_SIZE) {
                Slot *s = &w->slots[i];

                if (s->used) {
                        if (s->entry.cgroup_id == key->cgroup_id && s->entry.target_id == key->target_id &&
                            (uint32_t) s->entry.kind == key->kind)
                                return &s->entry;
                        continue;
                }
                if (w->n_used >= SLOTS_USED_MAX)
                        return NULL;
                s->used = true;
                s->entry = (ReclaimEntry) {
                        .cgroup_id = key->cgroup_id,
                        .target_id = key->target_id,
                        .kind = (ReclaimKind) key->kind,
                };
                w->used[w->n_used++] = (uint16_t) i;
                return &s->entry;
        }
}

void memstall_reclaims_add(MemstallReclaims *w, const MemstallReclaimKey *key, const MemstallReclaim *sum) {
        ReclaimEntry *e;

        /* One ahead: the clock moved on between `now` and the reading. */
        if (key->epoch + 1 < w->epoch || key->epoch > w->epoch + 1 || key->kind >= _RECLAIM_KIND_MAX)
                return;
        e = slot_take(w, key);
        if (!e)
                return;
        e->pages += sum->pages;
        e->count += sum->count;
}

/* Pages that were reclaimed in sections are in their totals. */
void memstall_reclaims_add_total(MemstallReclaims *w, const MemstallKey *key, const MemstallTotal *total) {
        const MemstallReclaim sum = { .pages = total->pages, .count = total->count };
        MemstallReclaimKey of = { .cgroup_id = key->cgroup_id, .target_id = key->limit_id, .epoch = key->epoch };

        if (key->class == STALL_DIRECT_RECLAIM) {
                of.kind = MEMSTALL_RECLAIM_HOST;
                of.target_id = MEMSTALL_ROOT_ID;
        } else if (key->class == STALL_MEMCG_HIGH)
                of.kind = MEMSTALL_RECLAIM_HIGH;
        else if (key->class == STALL_MEMCG_MAX)
                of.kind = MEMSTALL_RECLAIM_MAX;
        else
                return;
        if (sum.count > 0)
                memstall_reclaims_add(w, &of, &sum);
}

static void add_at(void *userdata, size_t i) {
        MemstallReclaims *w = userdata;

        memstall_reclaims_add(w, &w->keys[i], &w->sums[i]);
}

static void add_total_at(void *userdata, size_t i) {
        MemstallReclaims *w = userdata;

        memstall_reclaims_add_total(w, &w->total_keys[i], &w->totals[i]);
}

int memstall_reclaims_read(MemstallReclaims *w, int reclaims_fd, int totals_fd) {
        int r = memstall_read_map(reclaims_fd, w->keys, w->sums, add_at, w);

        return r < 0 ? r : memstall_read_map(totals_fd, w->total_keys, w->totals, add_total_at, w);
}

static bool is_greater(const ReclaimEntry *a, const ReclaimEntry *b) {
        return a->pages != b->pages ? a->pages > b->pages : a->count > b->count;
}

/* Picks the greatest n_max times: few are asked for, and qsort() may allocate. */
size_t memstall_reclaims_top(MemstallReclaims *w, ReclaimEntry *entries, size_t n_max) {
        size_t n = MIN(n_max, w->n_used);

        for (size_t i = 0; i < n; i++) {
                size_t best = i;
                uint16_t slot;

                for (size_t j = i + 1; j < w->n_used; j++)
                        if (is_greater(&w->slots[w->used[j]].entry, &w->slots[w->used[best]].entry))
                                best = j;
                slot = w->used[best];
                w->used[best] = w->used[i];
                w->used[i] = slot;
                entries[i] = w->slots[slot].entry;
        }
        return n;
}
