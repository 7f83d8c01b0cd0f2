/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/cleanup.h"
#include "ctl/paragraph.h"

FILE *paragraph_begin(Paragraph *p) {
        p->data = NULL;
        p->text = open_memstream(&p->data, &p->size);
        return p->text ? p->text : p->out;
}

/* How many columns the first `n` bytes take: a character of UTF-8 one. */
static unsigned columns(const char *s, size_t n) {
        unsigned count = 0;

        for (size_t i = 0; i < n; i++)
                count += ((unsigned char) s[i] & 0xc0) != 0x80;
        return count;
}

static void put_word(FILE *f, const char *s, size_t n) {
        for (size_t i = 0; i < n; i++)
                fputc((unsigned char) s[i] < ' ' || s[i] == 0x7f ? '?' : s[i], f);
}

static void print(const Paragraph *p, const char *text) {
        unsigned column = p->width;
        bool first = true;

        for (const char *word = text; *word;) {
                size_t n = strcspn(word, " ");
                unsigned need = columns(word, n);

                if (!first && column + 1 + need > PARAGRAPH_COLUMNS) {
                        fprintf(p->out, "\n%*s", (int) (p->width + p->hanging), "");
                        column = p->width + p->hanging;
                } else if (!first) {
                        fputc(' ', p->out);
                        column++;
                }
                put_word(p->out, word, n);
                column += need;
                first = false;
                word += n;
                word += strspn(word, " ");
        }
        fputs(p->bold ? "\x1b[0m\n" : "\n", p->out);
}

int paragraph_end(Paragraph *p, const char *label) {
        int r;

        if (!p->text)
                return -ENOMEM;
        r = fclose(p->text) == 0 ? 0 : -ENOMEM;
        p->text = NULL;
        if (r == 0) {
                label = label ? label : "";
                fprintf(p->out, "%s%-*s%s", p->colors && *label ? "\x1b[1m" : "", (int) p->width, label,
                        p->colors && *label ? "\x1b[0m" : "");
                if (p->bold)
                        fputs("\x1b[1m", p->out);
                print(p, p->data);
        }
        free(p->data);
        p->data = NULL;
        return r;
}
