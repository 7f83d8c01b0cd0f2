/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <endian.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "act/record.h"

#define KEY_MAX 64U /* the journal's own limit */
#define CUT_KEY "MEMSTALLD_CUT"
#define CUT_FIELD_MAX (sizeof(CUT_KEY "=\n") + KEY_MAX)
#define CUT_VALUE_MIN (2 * CUT_FIELD_MAX) /* half of it makes room for the field that tells of it */

static bool key_is_valid(const char *key) {
        size_t length = strlen(key);

        return length <= KEY_MAX && key[0] >= 'A' && key[0] <= 'Z' &&
               strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == length;
}

void record_begin(Record *r) {
        r->used = 0;
}

static void append(Record *r, const void *data, size_t length) {
        memcpy(r->data + r->used, data, length);
        r->used += length;
}

/* Room for a field's value after its key, when the longer form is used and MEMSTALLD_CUT= still follows. */
static size_t room_for(const Record *r, const char *key) {
        size_t taken = r->used + strlen(key) + sizeof("\n\n") - 1 + sizeof(uint64_t) + CUT_FIELD_MAX;

        return taken < sizeof(r->data) ? sizeof(r->data) - taken : 0;
}

/* KEY=value */
static void append_line(Record *r, const char *key, const char *value) {
        append(r, key, strlen(key));
        append(r, "=", 1);
        append(r, value, strlen(value));
        append(r, "\n", 1);
}

void record_add(Record *r, const char *key, const char *value) {
        uint64_t length_le;
        size_t length, room;

        if (!key_is_valid(key)) {
                assert(!"a key that the journal would not take");
                return;
        }
        if (!value)
                return;
        length = strlen(value);
        room = room_for(r, key);

        if (length <= room && !memchr(value, '\n', length)) {
                append_line(r, key, value);
                return;
        }
        if (length > room && room == 0)
                return; /* the record is full; MEMSTALLD_CUT= is already there */

        length_le = htole64(MIN(length, room));
        append(r, key, strlen(key));
        append(r, "\n", 1);
        append(r, &length_le, sizeof(length_le));
        append(r, value, MIN(length, room));
        append(r, "\n", 1);
        if (length > room)
                append_line(r, CUT_KEY, key);
}

void record_add_format(Record *r, const char *key, const char *format, ...) {
        char value[256];
        va_list arguments;

        va_start(arguments, format);
        (void) vsnprintf(value, sizeof(value), format, arguments);
        va_end(arguments);
        record_add(r, key, value);
}

void record_add_uint(Record *r, const char *key, uint64_t value) {
        record_add_format(r, key, "%" PRIu64, value);
}

void record_add_bytes(Record *r, const char *key, uint64_t bytes) {
        if (bytes == UINT64_MAX)
                record_add(r, key, "infinity");
        else
                record_add_uint(r, key, bytes);
}

/* ---- Making a finished record shorter -------------------------------------------------------- */

/* One field of a finished record. */
typedef struct Field {
        size_t start, key_length;
        size_t value, value_length;
        bool prefixed; /* its length stands before it */
} Field;

/* The field at `at`, whose end is that of its value and a line's end. */
static Field field_at(const char *data, size_t length, size_t at) {
        const char *end = memchr(data + at, '\n', length - at), *equals;
        Field f = { .start = at };
        uint64_t length_le;

        assert(end);
        equals = memchr(data + at, '=', (size_t) (end - (data + at)));
        if (equals) {
                f.key_length = (size_t) (equals - data) - at;
                f.value = at + f.key_length + 1;
                f.value_length = (size_t) (end - data) - f.value;
                return f;
        }
        f.prefixed = true;
        f.key_length = (size_t) (end - data) - at;
        memcpy(&length_le, end + 1, sizeof(length_le));
        f.value = at + f.key_length + 1 + sizeof(length_le);
        f.value_length = le64toh(length_le);
        return f;
}

static Field longest_field(const char *data, size_t length) {
        Field longest = { 0 };

        for (size_t at = 0; at < length;) {
                Field f = field_at(data, length, at);

                if (f.value_length > longest.value_length)
                        longest = f;
                at = f.value + f.value_length + 1;
        }
        return longest;
}

size_t record_cut(char *data, size_t length) {
        Field f = longest_field(data, length);
        char told[CUT_FIELD_MAX];
        size_t kept = f.value_length / 2, end = f.value + f.value_length;
        const char *line;
        int n;

        if (f.value_length < CUT_VALUE_MIN)
                return 0;
        line = memrchr(data + f.value, '\n', kept);
        if (line && line > data + f.value)
                kept = (size_t) (line - (data + f.value));

        if (f.prefixed) {
                uint64_t length_le = htole64(kept);

                memcpy(data + f.start + f.key_length + 1, &length_le, sizeof(length_le));
        }
        n = snprintf(told, sizeof(told), CUT_KEY "=%.*s\n", (int) f.key_length, data + f.start);
        memmove(data + f.value + kept, data + end, length - end);
        length -= f.value_length - kept;
        if (memmem(data, length, told, (size_t) n))
                return length;
        memcpy(data + length, told, (size_t) n);
        return length + (size_t) n;
}
