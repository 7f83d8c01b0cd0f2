/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/format.h"
#include "base/usec.h"

char *format_duration(char *buf, size_t size, uint64_t usec) {
        static const struct {
                const char *suffix;
                uint64_t usec;
        } units[] = {
                { "w", USEC_PER_WEEK },  { "d", USEC_PER_DAY },    { "h", USEC_PER_HOUR }, { "min", USEC_PER_MINUTE },
                { "s", USEC_PER_SEC },   { "ms", USEC_PER_MSEC },  { "us", 1 },
        };
        size_t used = 0;
        unsigned parts = 0;

        if (usec == USEC_INFINITY || usec == 0) {
                (void) snprintf(buf, size, "%s", usec == 0 ? "0" : "infinity");
                return buf;
        }

        for (size_t i = 0; i < ELEMENTSOF(units) && parts < 2; i++) {
                uint64_t n = usec / units[i].usec;
                int r;

                if (n == 0)
                        continue;
                r = snprintf(buf + used, size - used, "%s%" PRIu64 "%s", parts > 0 ? " " : "", n, units[i].suffix);
                if (r < 0 || (size_t) r >= size - used)
                        break;
                used += (size_t) r;
                usec %= units[i].usec;
                parts++;
        }
        return buf;
}

char *format_size(char *buf, size_t size, uint64_t bytes) {
        static const char suffixes[] = "BKMGTPE";
        uint64_t whole = bytes, rest = 0;
        size_t i = 0;

        while (whole >= 1024 && suffixes[i + 1]) {
                rest = whole % 1024;
                whole /= 1024;
                i++;
        }
        if (rest * 10 / 1024 > 0)
                (void) snprintf(buf, size, "%" PRIu64 ".%" PRIu64 "%c", whole, rest * 10 / 1024, suffixes[i]);
        else
                (void) snprintf(buf, size, "%" PRIu64 "%c", whole, suffixes[i]);
        return buf;
}

char *format_share(char *buf, size_t size, uint64_t share) {
        if (share % 100 == 0)
                (void) snprintf(buf, size, "%" PRIu64 "%%", share / 100);
        else if (share % 10 == 0)
                (void) snprintf(buf, size, "%" PRIu64 ".%" PRIu64 "%%", share / 100, share / 10 % 10);
        else
                (void) snprintf(buf, size, "%" PRIu64 ".%02" PRIu64 "%%", share / 100, share % 100);
        return buf;
}
