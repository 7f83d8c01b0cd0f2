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

/* ---- value.c ---- */

/* bool; the other way round */
extern const ValueType value_boolean, value_boolean_inverted;

/* uint64_t, microseconds: any; not infinity; not zero; neither. */
extern const ValueType value_duration, value_duration_finite, value_duration_above_zero, value_duration_bounded;

/* PressureLimit: with some or full; without, which is some */
extern const ValueType value_pressure, value_stall;

/* Amount, above zero */
extern const ValueType value_amount;

/* uint32_t, a share above zero */
extern const ValueType value_share;

/* uint64_t, hundredths of a percent above zero: of one CPU, so that it may be over all of it */
extern const ValueType value_percent;

/* uint64_t: CPUWeight=, with "idle" as 0, and IOWeight=, as man:systemd.resource-control(5) has them */
extern const ValueType value_cpu_weight, value_io_weight;

/* ---- value-rate.c ---- */

/* Rate, above zero: of bytes; of pages */
extern const ValueType value_rate_bytes, value_rate_pages;

/* EventCount */
extern const ValueType value_event_count;

/* uint64_t, a number */
extern const ValueType value_count;

/* As many actions may be allowed at once: the core remembers each until its time is over. */
#define MAX_ACTIONS_MAX 1000U

/* "30 10min", for a type whose value goes to two fields. 0 or -ENOMEM. */
int value_parse_budget(const Place *place, const char *value, unsigned *count, uint64_t *usec);

/* ---- value-word.c ---- */

/* ActionKind; Grain */
extern const ValueType value_action, value_grain;

/* uint32_t, a bit for each Cause named */
extern const ValueType value_causes;

/* int, a signal's number */
extern const ValueType value_signal;

/* char *, a word of at most 64 bytes; any text */
extern const ValueType value_word, value_text;

/* Reports that the word is none of these: the nearest of them, else all, are what would be right. */
int value_no_word(const Place *place, const char *word, const char *what, const char *const *known, size_t n_known);

/* ---- value-calendar.c ---- */

/* uint64_t, microseconds of CLOCK_REALTIME */
extern const ValueType value_calendar;

/* ---- value-unit.c ---- */

/* char *, the name of a unit that can be started, with specifiers */
extern const ValueType value_start;

/* ---- value-globs.c ---- */

/* char **, added to: services and scopes that are watched; slices; cgroups; services, scopes and cgroups that are
 * acted on or spared; those and slices */
extern const ValueType value_unit_globs, value_slice_globs, value_path_globs, value_victim_globs, value_any_globs;

/* char **, added to: services, scopes and slices that run or do not */
extern const ValueType value_running_globs;

/* ---- For types that are made elsewhere ---- */

/* Moves `*s` to the next word of a list and returns its length; 0 at the end. */
size_t value_next_word(const char **s);

/* Longer words mean nothing. */
#define VALUE_WORD_MAX 64U

/* Copies the next word of a value, cut where the buffer ends, and moves `*s` behind it. Returns `buf`. */
const char *value_take_word(const char **s, char *buf, size_t size);
