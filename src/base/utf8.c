/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/cleanup.h"
#include "base/utf8.h"

/* By the first byte: how long the sequence is, and the smallest value that needs that length. */
static const struct {
        uint8_t mask, lead;
        uint8_t length;
        uint32_t smallest;
} sequences[] = {
        { 0x80, 0x00, 1, 0 },
        { 0xe0, 0xc0, 2, 0x80 },
        { 0xf0, 0xe0, 3, 0x800 },
        { 0xf8, 0xf0, 4, 0x10000 },
};

size_t utf8_character(const char *text, size_t size, uint32_t *ret) {
        const uint8_t *s = (const uint8_t *) text;

        for (size_t i = 0; size > 0 && i < ELEMENTSOF(sequences); i++) {
                uint32_t value = s[0] & (uint8_t) ~sequences[i].mask;
                size_t n = 1;

                if ((s[0] & sequences[i].mask) != sequences[i].lead)
                        continue;
                for (; n < sequences[i].length && n < size && (s[n] & 0xc0) == 0x80; n++)
                        value = value << 6 | (s[n] & 0x3f);
                if (n < sequences[i].length || value < sequences[i].smallest || value > 0x10ffff ||
                    (value >= 0xd800 && value <= 0xdfff))
                        return 0;
                *ret = value;
                return n;
        }
        return 0;
}

bool utf8_is_control(uint32_t character) {
        return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

bool utf8_misleads(uint32_t character) {
        return (character >= 0x200b && character <= 0x200f) || (character >= 0x2028 && character <= 0x202e) ||
               (character >= 0x2060 && character <= 0x206f) || character == 0xfeff;
}

size_t utf8_text_length(const char *text, size_t size) {
        size_t i = 0;

        while (i < size) {
                uint32_t character;
                size_t n;

                n = utf8_character(text + i, size - i, &character);
                if (n == 0)
                        break;
                if (utf8_is_control(character) && character != '\t' && character != '\n' &&
                    !(character == '\r' && i + 1 < size && text[i + 1] == '\n'))
                        break;
                i += n;
        }
        return i;
}
