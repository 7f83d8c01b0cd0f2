/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/errors.h"

/* How the values of the language are written. A type knows how to read one into a field and, when it cannot, what
 * would be right. */

typedef struct ValueType {
        /* Of the field. An empty assignment puts such a field back to its default; 0: the field owns memory or is
         * added to, and parse() is told of the empty assignment. */
        size_t size;
        /* Fills the field, or reports at the place and leaves the field alone. 0 or -ENOMEM. */
        int (*parse)(const Place *place, const char *value, void *field);
} ValueType;

/* bool */
extern const ValueType value_boolean;

/* uint64_t, microseconds: any; not infinity; not zero. */
extern const ValueType value_duration, value_duration_finite, value_duration_above_zero;

/* PressureLimit */
extern const ValueType value_pressure;

/* Amount, above zero */
extern const ValueType value_amount;

/* ActionKind */
extern const ValueType value_action;

/* int, a signal's number */
extern const ValueType value_signal;

/* char *, a word of at most 64 bytes */
extern const ValueType value_word;

/* char **, added to: services and scopes that are watched; slices; services and scopes that are spared; any of them */
extern const ValueType value_unit_globs, value_slice_globs, value_victim_globs, value_any_globs;

/* Which of them a glob can match, by its end: ".service", ".slice", or both for "*". 0: none. */
enum {
        GLOB_UNIT = 1 << 0, /* services and scopes */
        GLOB_SLICE = 1 << 1,
};
unsigned glob_kinds(const char *glob);

/* Moves `*s` to the next word of a list and returns its length; 0 at the end. */
size_t value_next_word(const char **s);
