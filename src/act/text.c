/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "act/text.h"
#include "base/utf8.h"

/* The length of the character at `s` if it may stand as it is, else 0. */
static size_t printable_length(const char *s) {
        uint32_t character;
        size_t n = utf8_character(s, strlen(s), &character);

        return n == 0 || utf8_is_control(character) || utf8_misleads(character) ? 0 : n;
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
        char piece[TEXT_MAX] = { 0 };
        const char *s = piece;
        va_list arguments;

        va_start(arguments, format);
        (void) vsnprintf(piece, sizeof(piece), format, arguments);
        va_end(arguments);

        while (*s) {
                size_t length = printable_length(s);
                char escaped[sizeof("\\x00")];

                if (length > 0) {
                        if (!append(t, s, length))
                                return;
                        s += length;
                } else {
                        (void) snprintf(escaped, sizeof(escaped), "\\x%02x", (unsigned char) *s);
                        if (!append(t, escaped, sizeof(escaped) - 1))
                                return;
                        s++;
                }
        }
}
