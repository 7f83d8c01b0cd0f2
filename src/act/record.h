/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/* One record in the journal's native protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL): "KEY=value\n" for a value
 * of one line; else "KEY\n", the length in 64 bits, little endian, the value, "\n". A value cannot end its own field. */

#define RECORD_MAX (48U * 1024)

typedef struct Record {
        char data[RECORD_MAX];
        size_t used;
} Record;

void record_begin(Record *r);

/* Adds a field. `key` is a constant: capitals, digits and underscores, neither an underscore nor a digit first; that is
 * asserted. A NULL value leaves the field out. A value that does not fit is cut, and MEMSTALLD_CUT= names its key. */
void record_add(Record *r, const char *key, const char *value);
void record_add_format(Record *r, const char *key, const char *format, ...) _printf_(3, 4);
void record_add_uint(Record *r, const char *key, uint64_t value);

/* As record_add_uint(), but UINT64_MAX is "infinity". */
void record_add_bytes(Record *r, const char *key, uint64_t bytes);

/* Halves the longest value of a finished record, at a line's end if it has lines, and names its key in
 * MEMSTALLD_CUT=. Returns the new length, or 0 if no value is long enough to be cut. */
size_t record_cut(char *data, size_t length);
