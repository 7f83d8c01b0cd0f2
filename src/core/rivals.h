/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Programs that end something when memory runs short, as memstalld does, by the units that they run in. */

typedef struct Rival {
        const char *unit;
        const char *does; /* "kills …" */
        bool everywhere;  /* whatever it likes on the whole host, not only what somebody has given it to look after */
} Rival;

#define RIVALS_MAX 16U

/* The i-th, NULL behind the last one. */
const Rival *rival_at(size_t i);

/* The one that runs in this unit of the system manager; NULL if none does. `ret_index` is optional. */
const Rival *rival_find(const char *unit, size_t *ret_index);
