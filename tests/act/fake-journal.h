/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A journal's socket, and its own reading of the native protocol: nothing here is shared with what it tests. */

#define FIELDS_MAX 64U

typedef struct FakeField {
        const char *key, *value; /* terminated, and may hold anything */
        size_t value_length;
} FakeField;

typedef struct FakeRecord {
        char data[1 << 17];
        FakeField fields[FIELDS_MAX];
        size_t n_fields;
} FakeRecord;

int fake_journal_open(const char *path);
void fake_journal_close(int fd, const char *path);

/* Takes the next record; false if there is none. Fails the test if it is not well formed. */
bool fake_journal_take(int fd, FakeRecord *r);

/* The value of the field, which is there once; NULL if it is not there. */
const char *fake_record_get(const FakeRecord *r, const char *key);
size_t fake_record_count(const FakeRecord *r, const char *key);
