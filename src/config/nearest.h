/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* "did you mean …": of the names offered one by one, the one that differs from the word by the fewest edits (letters
 * changed, added, left out, or two neighbours swapped; case does not count), if it is near enough to be meant. */

typedef struct Nearest {
        const char *word;
        const char *best; /* NULL: nothing near */
        size_t distance;
} Nearest;

void nearest_offer(Nearest *nearest, const char *name);
