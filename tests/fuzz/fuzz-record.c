/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names that others choose, in a record: the message stays one line of plain text, and a value stays one value, however it
 * is cut. */

#include <string.h>

#include "act/record.h"
#include "act/text.h"
#include "base/utf8.h"
#include "ctl/export-file.h"
#include "fuzz.h"

#define VALUES 3U

/* What export_parse() finds in the record. */
static void check_record(const char *data, size_t length, JournalRecords *ret) {
        char *text = malloc(length + 1);
        size_t line = 0;

        FUZZ_CHECK(text);
        memcpy(text, data, length);
        text[length] = '\n'; /* the end of a record */
        FUZZ_CHECK(export_parse(text, length + 1, ret, &line) == 0);
        FUZZ_CHECK(ret->n_items == 1);
        free(text);
}

static void check_text(const char *text) {
        size_t size = strlen(text);

        for (size_t i = 0; i < size;) {
                uint32_t character;
                size_t n = utf8_character(text + i, size - i, &character);

                FUZZ_CHECK(n > 0 && !utf8_is_control(character) && !utf8_misleads(character));
                i += n;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const keys[VALUES] = { "MEMSTALLD_WATCH", "MEMSTALLD_CULPRIT_COMM", "OBJECT_SYSTEMD_UNIT" };
        static Record r;
        char *rest = fuzz_text(data, size);
        const char *values[VALUES] = { "", "", "" };
        JournalRecords records = { 0 };
        Text text = { 0 };

        for (size_t i = 0; i < VALUES && rest; i++)
                values[i] = strsep(&rest, "|");
        text_add(&text, "%s in %s", values[1], values[0]);
        text_add(&text, ": %s", values[2]);
        check_text(text.data);

        record_begin(&r);
        record_add(&r, "MESSAGE", text.data);
        record_add(&r, "MEMSTALLD_RECORD", "culprit");
        for (size_t i = 0; i < VALUES; i++)
                record_add(&r, keys[i], values[i]);
        check_record(r.data, r.used, &records);
        for (size_t i = 0; i < VALUES && !record_get(records.items, "MEMSTALLD_CUT"); i++)
                FUZZ_CHECK(strcmp(record_get(records.items, keys[i]), values[i]) == 0);
        FUZZ_CHECK(strcmp(record_get(records.items, "MEMSTALLD_RECORD"), "culprit") == 0);
        records_done(&records);

        for (size_t before = r.used; (r.used = record_cut(r.data, before)) > 0; before = r.used) {
                JournalRecords shorter = { 0 };

                FUZZ_CHECK(r.used < before);
                check_record(r.data, r.used, &shorter);
                FUZZ_CHECK(strcmp(record_get(shorter.items, "MEMSTALLD_RECORD"), "culprit") == 0);
                records_done(&shorter);
        }
        return 0;
}
