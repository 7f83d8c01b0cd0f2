/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A hash table from numbers to pointers, for inode numbers and inotify descriptors: grows when something is added,
 * and leaves nothing behind where something was removed. All zero is an empty one. The key 0 is no key. */
typedef struct IdMap {
        struct IdMapSlot {
                uint64_t key;
                void *value;
        } *slots;
        size_t n_slots; /* a power of two, or 0 */
        size_t n_used;
} IdMap;

/* Adds or replaces. 0, or -ENOMEM with the table as it was. */
int idmap_put(IdMap *map, uint64_t key, void *value);

/* The value, or NULL. */
void *idmap_get(const IdMap *map, uint64_t key);

/* Removes the key if it is there. */
void idmap_remove(IdMap *map, uint64_t key);

/* Frees the table, not the values, and leaves an empty one. */
void idmap_done(IdMap *map);
