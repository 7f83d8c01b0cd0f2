/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include <systemd/sd-journal.h>

#include "base/usec.h"
#include "ctl/export-file.h"
#include "ctl/journal-reader.h"

#define FILE_MAX (256U * 1024 * 1024)

static const char *const kinds[] = { "decision", "outcome", "release", "refused", "killed-by-other", "culprit" };

static void journal_closep(sd_journal **j) {
        sd_journal_close(*j);
}

/* ---- A file ------------------------------------------------------------------------------------ */

static int read_text(FILE *f, char **ret, size_t *ret_size) {
        _cleanup_(freep) char *text = NULL;
        size_t size = 0, allocated = 0, n;

        do {
                if (size == allocated) {
                        char *grown;

                        if (allocated >= FILE_MAX)
                                return -EFBIG;
                        allocated = allocated == 0 ? 65536 : 2 * allocated;
                        grown = realloc(text, allocated);
                        if (!grown)
                                return -ENOMEM;
                        text = grown;
                }
                n = fread(text + size, 1, allocated - size, f);
                size += n;
        } while (n > 0);
        if (ferror(f))
                return -errno;
        *ret = TAKE_PTR(text);
        *ret_size = size;
        return 0;
}

static bool is_wanted(const JournalQuery *q, const JournalRecord *r) {
        bool known = false;

        for (size_t i = 0; i < ELEMENTSOF(kinds) - !q->culprits; i++)
                known = known || record_is(r, "MEMSTALLD_RECORD", kinds[i]);
        return known && record_get(r, "MEMSTALLD_INCIDENT") &&
               (!q->incident || record_is(r, "MEMSTALLD_INCIDENT", q->incident)) &&
               r->realtime_usec >= q->since_usec && (q->until_usec == 0 || r->realtime_usec <= q->until_usec);
}

/* Keeps what was asked for. */
static void filter(const JournalQuery *q, JournalRecords *records) {
        JournalRecords kept = { .items = records->items, .cut = records->cut };

        for (size_t i = 0; i < records->n_items; i++) {
                JournalRecord record = records->items[i];

                if (is_wanted(q, &record))
                        kept.items[kept.n_items++] = record;
                else {
                        JournalRecords one = { .items = &record, .n_items = 1 };

                        records_drop(&one);
                }
        }
        *records = kept;
}

static int read_file(const JournalQuery *q, JournalRecords *records) {
        _cleanup_(freep) char *text = NULL;
        FILE *f = strcmp(q->file, "-") == 0 ? stdin : fopen(q->file, "re");
        size_t size = 0, line;
        int r = f ? read_text(f, &text, &size) : -errno;

        if (f && f != stdin)
                (void) fclose(f);
        if (r < 0) {
                fprintf(stderr, "memstallctl: %s: %s\n", q->file, strerror(-r));
                return r;
        }
        r = export_parse(text, size, records, &line);
        if (r < 0) {
                fprintf(stderr, "memstallctl: %s:%zu: %s\n", q->file, line,
                        r == -EINVAL ? "is not what journalctl -o export prints" : strerror(-r));
                return r;
        }
        filter(q, records);
        return 0;
}

/* ---- The journal ------------------------------------------------------------------------------- */

static int match(sd_journal *j, const char *field, const char *value) {
        char text[256];
        int n = snprintf(text, sizeof(text), "%s=%s", field, value);

        if (n < 0 || (size_t) n >= sizeof(text))
                return -E2BIG;
        return sd_journal_add_match(j, text, (size_t) n);
}

/* Opens it with what was asked for; told if it cannot be. */
static int open_journal(const JournalQuery *q, sd_journal **ret) {
        _cleanup_(journal_closep) sd_journal *j = NULL;
        int r;

        r = sd_journal_open(&j, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
        if (r >= 0)
                r = match(j, "_UID", "0");
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(kinds) - !q->culprits; i++)
                r = match(j, "MEMSTALLD_RECORD", kinds[i]);
        if (r >= 0 && q->incident)
                r = match(j, "MEMSTALLD_INCIDENT", q->incident);
        if (r < 0) {
                fprintf(stderr, "memstallctl: cannot read the journal: %s\n", strerror(-r));
                return r;
        }
        if (sd_journal_has_runtime_files(j) == 0 && sd_journal_has_persistent_files(j) == 0)
                fprintf(stderr, "memstallctl: there is no journal here that may be read: try it as root\n");
        *ret = TAKE_PTR(j);
        return 0;
}

static int read_record(sd_journal *j, JournalRecords *records) {
        JournalRecord *record = records_add(records);
        const void *data;
        size_t size;
        int r;

        if (!record)
                return -ENOMEM;
        r = sd_journal_get_realtime_usec(j, &record->realtime_usec);
        if (r < 0)
                return r;
        SD_JOURNAL_FOREACH_DATA(j, data, size) {
                const char *equals = memchr(data, '=', size), *end = (const char *) data + size;

                if (!equals)
                        continue;
                r = record_put(record, data, (size_t) (equals - (const char *) data), equals + 1,
                               (size_t) (end - equals - 1));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int read_journal(const JournalQuery *q, JournalRecords *records) {
        _cleanup_(journal_closep) sd_journal *j = NULL;
        uint64_t when_usec;
        int r;

        r = open_journal(q, &j);
        if (r < 0)
                return r;
        r = q->since_usec > 0 ? sd_journal_seek_realtime_usec(j, q->since_usec) : sd_journal_seek_head(j);
        while (r >= 0 && (r = sd_journal_next(j)) > 0) {
                if (q->until_usec > 0 && sd_journal_get_realtime_usec(j, &when_usec) >= 0 && when_usec > q->until_usec)
                        return 0;
                r = read_record(j, records);
                if (r == -EBADMSG) { /* a damaged entry: the rest is as good as before */
                        records_drop(records);
                        r = 0;
                }
        }
        if (r < 0)
                fprintf(stderr, "memstallctl: cannot read the journal: %s\n", strerror(-r));
        return r;
}

int journal_read(const JournalQuery *query, JournalRecords *ret) {
        return query->file ? read_file(query, ret) : read_journal(query, ret);
}

/* ---- Which incident ---------------------------------------------------------------------------- */

typedef struct Found {
        const char *prefix;
        char incident[33];
        bool ambiguous;
} Found;

static void offer(Found *f, const char *incident, size_t n) {
        if (n != 32 || strncmp(incident, f->prefix, strlen(f->prefix)) != 0 ||
            (f->incident[0] && strncmp(f->incident, incident, n) == 0))
                return;
        f->ambiguous = f->incident[0];
        memcpy(f->incident, incident, n);
        f->incident[n] = '\0';
}

static void offer_record(Found *f, const JournalRecord *r) {
        const char *incident = record_text(r, "MEMSTALLD_INCIDENT");

        if (!f->ambiguous)
                offer(f, incident, strlen(incident));
}

static void find_in_records(const JournalRecords *records, Found *f, bool last) {
        for (size_t i = last && records->n_items > 0 ? records->n_items - 1 : 0; i < records->n_items; i++)
                offer_record(f, records->items + i);
}

static int find_in_journal(Found *f, bool last) {
        static const char field[] = "MEMSTALLD_INCIDENT";
        _cleanup_(records_done) JournalRecords records = { 0 };
        _cleanup_(journal_closep) sd_journal *j = NULL;
        const void *data;
        size_t size;
        int r;

        r = open_journal(&(JournalQuery){ 0 }, &j);
        if (r < 0)
                return r;
        if (!last) { /* the journal has a list of them */
                r = sd_journal_query_unique(j, field);
                while (r >= 0 && !f->ambiguous && (r = sd_journal_enumerate_unique(j, &data, &size)) > 0)
                        if (size > sizeof(field))
                                offer(f, (const char *) data + sizeof(field), size - sizeof(field));
                return r;
        }
        r = sd_journal_seek_tail(j);
        while (r >= 0 && !f->incident[0] && (r = sd_journal_previous(j)) > 0) {
                r = read_record(j, &records);
                if (r >= 0)
                        offer_record(f, records.items + records.n_items - 1);
        }
        return r;
}

int journal_find(const JournalRecords *records, const char *prefix, char ret_incident[static 33]) {
        bool last = strcmp(prefix, "last") == 0;
        Found f = { .prefix = last ? "" : prefix };
        int r = 0;

        if (records)
                find_in_records(records, &f, last);
        else
                r = find_in_journal(&f, last);
        if (r < 0)
                return r;
        if (f.ambiguous)
                return JOURNAL_E_AMBIGUOUS;
        if (!f.incident[0])
                return JOURNAL_E_NOTHING;
        strcpy(ret_incident, f.incident);
        return 0;
}

uint64_t journal_oldest_usec(void) {
        _cleanup_(journal_closep) sd_journal *j = NULL;
        uint64_t from_usec;

        if (sd_journal_open(&j, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM) < 0 ||
            sd_journal_seek_head(j) < 0 || sd_journal_next(j) <= 0 || sd_journal_get_realtime_usec(j, &from_usec) < 0)
                return USEC_INFINITY;
        return from_usec;
}
