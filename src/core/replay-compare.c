/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "core/replay-private.h"

int lines_add(Lines *l, const char *line) {
        size_t n = strlen(line) + 1;

        if (l->used + n > l->allocated) {
                size_t allocated = MAX(l->allocated * 2, l->used + n + 4096);
                char *grown = realloc(l->text, allocated);

                if (!grown)
                        return -ENOMEM;
                l->text = grown;
                l->allocated = allocated;
        }
        memcpy(l->text + l->used, line, n);
        l->used += n;
        l->n++;
        return 0;
}

void lines_clear(Lines *l) {
        l->used = l->n = 0;
}

void lines_done(Lines *l) {
        free(l->text);
        *l = (Lines){ 0 };
}

/* Ids count what was decided before; they are no decision themselves. */
static bool is_id(const char *word, size_t n) {
        static const char *const keys[] = { "id=", "incident=", "decision=" };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (n >= strlen(keys[i]) && memcmp(word, keys[i], strlen(keys[i])) == 0)
                        return true;
        return false;
}

static bool is_same(const char *a, const char *b) {
        while (*a || *b) {
                size_t n = strcspn(a, " "), m = strcspn(b, " ");

                if (!(is_id(a, n) && is_id(b, m)) && (n != m || memcmp(a, b, n) != 0))
                        return false;
                a += n + (a[n] == ' ');
                b += m + (b[m] == ' ');
        }
        return true;
}

static const char *next(const char *line) {
        return line + strlen(line) + 1;
}

void lines_compare(const Lines *then, const Lines *now, void (*tell)(void *userdata, const char *then, const char *now),
                   void *userdata) {
        const char *a = then->text, *b = now->text;
        size_t j = 0;

        for (size_t i = 0; i < then->n; i++, a = next(a)) {
                const char *found = b;
                size_t k = j;

                while (k < now->n && !is_same(a, found)) {
                        found = next(found);
                        k++;
                }
                if (k == now->n) {
                        tell(userdata, a, NULL);
                        continue;
                }
                for (; j < k; j++, b = next(b))
                        tell(userdata, NULL, b);
                tell(userdata, a, b);
                b = next(b);
                j++;
        }
        for (; j < now->n; j++, b = next(b))
                tell(userdata, NULL, b);
}

/* Copies the value of a key of the line, as it is written; false if there is none, or it does not fit. */
static bool line_value(const char *line, const char *key, char *buf, size_t size) {
        size_t n_key = strlen(key);

        for (const char *word = line; *word; word += strcspn(word, " "), word += strspn(word, " ")) {
                size_t n = strcspn(word, " ");

                if (n <= n_key || memcmp(word, key, n_key) != 0 || word[n_key] != '=')
                        continue;
                n -= n_key + 1;
                if (n >= size)
                        return false;
                memcpy(buf, word + n_key + 1, n);
                buf[n] = '\0';
                return true;
        }
        return false;
}

bool line_name(const char *line, char *buf, uint64_t *ret_id) {
        char effect[16], action[16] = "", who[UNIT_NAME_MAX] = "", id[24];

        if (!line_value(line, "effect", effect, sizeof(effect)) || !line_value(line, "id", id, sizeof(id)) ||
            parse_uint(id, ret_id) < 0)
                return false;
        if (strcmp(effect, "start") == 0)
                (void) line_value(line, "unit", who, sizeof(who));
        else if (strcmp(effect, "act") == 0 || strcmp(effect, "undo") == 0) {
                (void) line_value(line, "action", action, sizeof(action));
                (void) line_value(line, "victim", who, sizeof(who));
        } else
                return false;
        (void) snprintf(buf, LINE_NAME_MAX, "%s %s %s", effect, action, who);
        return true;
}
