/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "sense/idmap.h"

#define IDMAP_SLOTS_MIN 64U

/* Where the search for `key` starts: Fibonacci hashing, since inode numbers follow one another. */
static size_t home(const IdMap *map, uint64_t key) {
        return (size_t) ((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (map->n_slots - 1);
}

/* The slot that holds `key`, or the free one where it belongs. There is one: the table is never full. */
static struct IdMapSlot *probe(const IdMap *map, uint64_t key) {
        size_t i = home(map, key);

        while (map->slots[i].key && map->slots[i].key != key)
                i = (i + 1) & (map->n_slots - 1);
        return &map->slots[i];
}

static int grow(IdMap *map) {
        IdMap bigger = { .n_slots = map->n_slots ? 2 * map->n_slots : IDMAP_SLOTS_MIN, .n_used = map->n_used };

        bigger.slots = calloc(bigger.n_slots, sizeof(*bigger.slots));
        if (!bigger.slots)
                return -ENOMEM;
        for (size_t i = 0; i < map->n_slots; i++)
                if (map->slots[i].key)
                        *probe(&bigger, map->slots[i].key) = map->slots[i];
        free(map->slots);
        *map = bigger;
        return 0;
}

int idmap_put(IdMap *map, uint64_t key, void *value) {
        struct IdMapSlot *slot;

        assert(key);

        if (2 * (map->n_used + 1) > map->n_slots) {
                int r = grow(map);

                if (r < 0)
                        return r;
        }
        slot = probe(map, key);
        if (!slot->key)
                map->n_used++;
        *slot = (struct IdMapSlot){ .key = key, .value = value };
        return 0;
}

void *idmap_get(const IdMap *map, uint64_t key) {
        return map->n_slots && key ? probe(map, key)->value : NULL;
}

/* Entries behind the hole move up until each can again be reached from its home without crossing a free slot. */
void idmap_remove(IdMap *map, uint64_t key) {
        size_t mask = map->n_slots - 1, hole;

        if (!idmap_get(map, key))
                return;
        hole = (size_t) (probe(map, key) - map->slots);
        for (size_t i = (hole + 1) & mask; map->slots[i].key; i = (i + 1) & mask) {
                size_t distance = (i - home(map, map->slots[i].key)) & mask;

                if (distance < ((i - hole) & mask))
                        continue;
                map->slots[hole] = map->slots[i];
                hole = i;
        }
        map->slots[hole] = (struct IdMapSlot){ 0 };
        map->n_used--;
}

void idmap_done(IdMap *map) {
        free(map->slots);
        *map = (IdMap){ 0 };
}
