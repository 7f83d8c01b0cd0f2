/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pressure files. */

#include <inttypes.h>
#include <string.h>

#include "fuzz.h"
#include "sense/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        uint64_t totals[_PRESSURE_KIND_MAX], again[_PRESSURE_KIND_MAX];
        char text[256];

        if (text_parse_pressure(fuzz_text(data, size), totals) < 0)
                return 0;
        (void) snprintf(text, sizeof(text), "some avg10=0.00 total=%" PRIu64 "\nfull avg10=0.00 total=%" PRIu64 "\n",
                        totals[PRESSURE_SOME], totals[PRESSURE_FULL]);
        FUZZ_CHECK(text_parse_pressure(text, again) == 0);
        FUZZ_CHECK(memcmp(totals, again, sizeof(totals)) == 0);
        return 0;
}
