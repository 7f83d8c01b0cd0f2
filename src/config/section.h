/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/source.h"
#include "config/value.h"

/* The language as tables: which sections a kind of file has, which keys a section has, of what type a key is and
 * where its value goes. A new key is a new row. */

typedef struct Key {
        const char *name;
        const ValueType *type;
        size_t offset; /* of the field in the section's object */
} Key;

/* What the keys below a section header fill. */
typedef struct Target {
        void *object;    /* NULL: nothing, the section is skipped */
        unsigned *lines; /* for each key of the section the line that set it; 0 if none did, or it was emptied */
} Target;

typedef struct Section {
        const char *name;
        const Key *keys;
        size_t n_keys;
        const void *defaults; /* an object with the values that empty assignments restore */
        /* A header of this section at `place`. 0 or negative errno; mistakes are reported at the place. */
        int (*enter)(void *user, const Place *place, Target *ret);
} Section;

/* Reads a source by its tables. Unknown sections and keys, and values that are not of their type, are reported in
 * `errors` and left out. 0 or negative errno. */
int sections_read(const Source *source, const Section *sections, size_t n_sections, void *user,
                  ConfigErrors *errors);
