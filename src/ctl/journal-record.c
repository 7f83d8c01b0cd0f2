/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/parse.h"
#include "ctl/journal-record.h"

#define ALLOCATED_MIN 64U

const char *record_nth(const JournalRecord *r, const char *name, size_t nth) {
        for (size_t i = 0; i < r->n_fields; i++)
                if (strcmp(r->fields[i].name, name) == 0 && nth-- == 0)
                        return r->fields[i].value;
        return NULL;
}

const char *record_get(const JournalRecord *r, const char *name) {
        return record_nth(r, name, 0);
}

const char *record_text(const JournalRecord *r, const char *name) {
        const char *value = record_get(r, name);

        return value ? value : "";
}

bool record_is(const JournalRecord *r, const char *name, const char *value) {
        return strcmp(record_text(r, name), value) == 0;
}

bool record_uint(const JournalRecord *r, const char *name, uint64_t *ret) {
        return parse_uint(record_text(r, name), ret) == 0;
}

static void record_done(JournalRecord *r) {
        for (size_t i = 0; i < r->n_fields; i++) {
                free(r->fields[i].name);
                free(r->fields[i].value);
        }
        free(r->fields);
        *r = (JournalRecord){ 0 };
}

/* The older half goes: what is asked for last is what happened last. */
static void forget_half(JournalRecords *records) {
        size_t n = records->n_items / 2;

        for (size_t i = 0; i < n; i++)
                record_done(records->items + i);
        memmove(records->items, records->items + n, (records->n_items - n) * sizeof(*records->items));
        records->n_items -= n;
        records->cut = true;
}

/* Grown by doubling: room is needed whenever the count is a power of two. */
static void *grow(void *items, size_t n, size_t size) {
        if (n >= ALLOCATED_MIN ? (n & (n - 1)) != 0 : n != 0)
                return items;
        return reallocarray(items, n == 0 ? ALLOCATED_MIN : 2 * n, size);
}

JournalRecord *records_add(JournalRecords *records) {
        JournalRecord *grown;

        if (records->n_items >= JOURNAL_RECORDS_MAX)
                forget_half(records);
        grown = grow(records->items, records->n_items, sizeof(*grown));
        if (!grown)
                return NULL;
        records->items = grown;
        grown += records->n_items++;
        *grown = (JournalRecord){ 0 };
        return grown;
}

static bool is_wanted(const char *name, size_t n) {
        static const char prefix[] = "MEMSTALLD_";
        static const char *const names[] = { "MESSAGE", "OBJECT_SYSTEMD_UNIT" };

        if (n > strlen(prefix) && memcmp(name, prefix, strlen(prefix)) == 0)
                return true;
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (strlen(names[i]) == n && memcmp(names[i], name, n) == 0)
                        return true;
        return false;
}

/* A terminated copy. A NUL byte would end it early: what follows it counts as well. */
static char *copy_text(const char *s, size_t n) {
        char *copy = malloc(n + 1);

        if (!copy)
                return NULL;
        for (size_t i = 0; i < n; i++)
                copy[i] = s[i] ? s[i] : '?';
        copy[n] = '\0';
        return copy;
}

int record_put(JournalRecord *r, const char *name, size_t n_name, const char *value, size_t n_value) {
        JournalField *grown, field;

        if (!is_wanted(name, n_name) || r->n_fields >= RECORD_FIELDS_MAX)
                return 0;
        grown = grow(r->fields, r->n_fields, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        r->fields = grown;
        field = (JournalField){ copy_text(name, n_name), copy_text(value, n_value) };
        if (!field.name || !field.value) {
                free(field.name);
                free(field.value);
                return -ENOMEM;
        }
        r->fields[r->n_fields++] = field;
        return 0;
}

void records_drop(JournalRecords *records) {
        record_done(records->items + --records->n_items);
}

void records_done(JournalRecords *records) {
        while (records->n_items > 0)
                records_drop(records);
        free(records->items);
        *records = (JournalRecords){ 0 };
}
