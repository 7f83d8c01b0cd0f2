/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "core/properties.h"

#define WORD_MAX 64U /* a property's name and 20 digits */

char *properties_format(char *buf, size_t size, const Properties *p) {
        size_t used = (size_t) snprintf(buf, size, "%s", p->set == 0 ? "-" : "");

        for (Property which = 0; which < _PROPERTY_MAX; which++) {
                char number[24] = "infinity";

                if (!properties_has(p, which))
                        continue;
                if (p->values[which] != UINT64_MAX)
                        (void) snprintf(number, sizeof(number), "%" PRIu64, p->values[which]);
                used += (size_t) snprintf(buf + used, size - used, "%s%s:%s", used > 0 ? "," : "",
                                          property_to_string(which), number);
                assert(used < size);
        }
        return buf;
}

static int parse_one(char *word, Properties *ret) {
        char *colon = strchr(word, ':');
        uint64_t value;
        int r;

        if (!colon)
                return -EINVAL;
        *colon++ = '\0';
        for (Property which = 0; which < _PROPERTY_MAX; which++) {
                if (strcmp(word, property_to_string(which)) != 0)
                        continue;
                if (strcmp(colon, "infinity") == 0)
                        value = UINT64_MAX;
                else {
                        r = parse_size(colon, &value);
                        if (r < 0)
                                return r;
                }
                properties_set(ret, which, value);
                return 0;
        }
        return -EINVAL;
}

int properties_parse(const char *s, Properties *ret) {
        *ret = (Properties){ 0 };
        if (strcmp(s, "-") == 0)
                return 0;
        for (;;) {
                size_t n = strcspn(s, ",");
                char word[WORD_MAX];
                int r;

                if (n >= sizeof(word))
                        return -EINVAL;
                memcpy(word, s, n);
                word[n] = '\0';
                r = parse_one(word, ret);
                if (r < 0)
                        return r;
                if (!s[n])
                        return 0;
                s += n + 1;
        }
}
