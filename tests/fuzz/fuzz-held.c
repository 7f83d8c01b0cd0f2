/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The list of what is held: whatever it says, what is read of it is written and read again to the same, but for what is too long by now. */

#include <string.h>
#include <unistd.h>

#include "act/held-line.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static HeldUnit units[HELD_UNITS_MAX], again[HELD_UNITS_MAX];
        HeldList *list = NULL;
        char path[64];
        size_t n = 0, n_again = 0;

        FUZZ_CHECK(held_read(fuzz_file(data, size), units, HELD_UNITS_MAX, &n) == 0);
        FUZZ_CHECK(n <= HELD_UNITS_MAX);
        if (n == 0)
                return 0;

        (void) snprintf(path, sizeof(path), "/tmp/fuzz-held.%d", (int) getpid());
        FUZZ_CHECK(held_list_new(&list, path, units, n) == 0);
        held_list_free(list);
        FUZZ_CHECK(held_read(path, again, HELD_UNITS_MAX, &n_again) == 0);
        (void) unlink(path);
        FUZZ_CHECK(n >= n_again);
        for (size_t i = 0, k = 0; i < n; i++) {
                const HeldUnit *a = units + i, *b = again + k;
                char line[HELD_LINE_MAX];

                if (held_line_format(line, a) >= HELD_LINE_MAX - 1)
                        continue; /* it does not fit any more, and is left out */
                FUZZ_CHECK(k++ < n_again);
                FUZZ_CHECK(a->action == b->action && a->since_usec == b->since_usec);
                FUZZ_CHECK(a->incident.high == b->incident.high && a->incident.low == b->incident.low);
                FUZZ_CHECK(memcmp(&a->previous, &b->previous, sizeof(a->previous)) == 0);
                FUZZ_CHECK(strcmp(a->unit, b->unit) == 0);
                FUZZ_CHECK(strcmp(a->path, b->path) == 0 && a->delegated == b->delegated);
        }
        return 0;
}
