/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that somebody sent: any bytes are records or an error, and what is taken is whole. */

#include <string.h>

#include "ctl/export-file.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        JournalRecords records = { 0 };
        size_t line = 0;
        const char *text = fuzz_text(data, size);
        int r = export_parse(text, size, &records, &line);

        FUZZ_CHECK(r == 0 || r == -EINVAL);
        FUZZ_CHECK(line >= 1 && line <= size + 1);
        for (size_t i = 0; i < records.n_items; i++) {
                FUZZ_CHECK(record_get(records.items + i, "MEMSTALLD_RECORD"));
                FUZZ_CHECK(records.items[i].n_fields <= RECORD_FIELDS_MAX);
        }
        records_done(&records);
        return 0;
}
