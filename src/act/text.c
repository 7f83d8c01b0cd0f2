/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "act/text.h"

/* The length of the UTF-8 sequence at `s` (RFC 3629: shortest form, no surrogates, up to U+10FFFF) if it is one and
 * no control character; else 0. */
static size_t printable_length(const unsigned char *s) {
        static const struct {
                unsigned char first, last;   /* the lead byte is in this range */
                unsigned char second_min, second_max;
                size_t length;
        } forms[] = {
                { 0xc2, 0xc2, 0xa0, 0xbf, 2 }, /* without U+0080 to U+009F, more control characters */
                { 0xc3, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
                { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
                { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
        };

        if (s[0] >= 0x20 && s[0] < 0x7f)
                return 1;
        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                if (s[0] < forms[i].first || s[0] > forms[i].last)
                        continue;
                if (s[1] < forms[i].second_min || s[1] > forms[i].second_max)
                        return 0;
                for (size_t k = 2; k < forms[i].length; k++)
                        if ((s[k] & 0xc0) != 0x80)
                                return 0;
                return forms[i].length;
        }
        return 0;
}

/* Whole or not at all: half an escape would say something else. */
static bool append(Text *t, const void *data, size_t length) {
        if (length >= sizeof(t->data) - t->used)
                return false;
        memcpy(t->data + t->used, data, length);
        t->used += length;
        t->data[t->used] = '\0';
        return true;
}

void text_add(Text *t, const char *format, ...) {
        unsigned char piece[TEXT_MAX] = { 0 };
        const unsigned char *s = piece;
        va_list arguments;

        va_start(arguments, format);
        (void) vsnprintf((char *) piece, sizeof(piece), format, arguments);
        va_end(arguments);

        while (*s) {
                size_t length = printable_length(s);
                char escaped[sizeof("\\x00")];

                if (length > 0) {
                        if (!append(t, s, length))
                                return;
                        s += length;
                } else {
                        (void) snprintf(escaped, sizeof(escaped), "\\x%02x", *s);
                        if (!append(t, escaped, sizeof(escaped) - 1))
                                return;
                        s++;
                }
        }
}
