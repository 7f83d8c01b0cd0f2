/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/* Records of the journal, as far as they are about what memstalld did: wherever they come from (ctl/journal-reader.h,
 * ctl/export-file.h), the verbs see the same. */

typedef struct JournalField {
        char *name;
        char *value; /* terminated; a NUL in it shows as "?" */
} JournalField;

typedef struct JournalRecord {
        uint64_t realtime_usec;
        JournalField *fields;
        size_t n_fields;
} JournalRecord;

typedef struct JournalRecords {
        JournalRecord *items; /* in the order of the journal */
        size_t n_items;
        bool cut; /* there were more than JOURNAL_RECORDS_MAX: the oldest are missing */
} JournalRecords;

#define JOURNAL_RECORDS_MAX 50000U
#define RECORD_FIELDS_MAX 256U

/* The first value of the field, NULL if it has none; `nth` counts further values of the same field. */
const char *record_get(const JournalRecord *r, const char *name);
const char *record_nth(const JournalRecord *r, const char *name, size_t nth);

/* The value, "" where there is none. */
const char *record_text(const JournalRecord *r, const char *name);
bool record_is(const JournalRecord *r, const char *name, const char *value);

/* A decimal number; false if there is none, or "infinity". */
bool record_uint(const JournalRecord *r, const char *name, uint64_t *ret);

/* Adds an empty record; valid until the next is added. NULL if memory is short. At JOURNAL_RECORDS_MAX the older half goes. */
JournalRecord *records_add(JournalRecords *records);

/* Takes in one field, if it is one that the verbs read: MEMSTALLD_…, MESSAGE, OBJECT_SYSTEMD_UNIT. Others, and more than
 * RECORD_FIELDS_MAX, are passed over. 0 or -ENOMEM. */
int record_put(JournalRecord *r, const char *name, size_t n_name, const char *value, size_t n_value);

/* Takes the last record out again. */
void records_drop(JournalRecords *records);
void records_done(JournalRecords *records);
