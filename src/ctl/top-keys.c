/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "ctl/top-keys.h"

static const struct {
        const char *bytes;
        TopKey key;
} keys[] = {
        /* The longer ones first, where one begins like another. */
        { "\033[A", TOP_KEY_UP },       { "\033OA", TOP_KEY_UP },       { "k", TOP_KEY_UP },
        { "\033[B", TOP_KEY_DOWN },     { "\033OB", TOP_KEY_DOWN },     { "j", TOP_KEY_DOWN },
        { "\033[C", TOP_KEY_UNFOLD },   { "\033OC", TOP_KEY_UNFOLD },   { "l", TOP_KEY_UNFOLD },
        { "\033[D", TOP_KEY_FOLD },     { "\033OD", TOP_KEY_FOLD },     { "h", TOP_KEY_FOLD },
        { "\033[5~", TOP_KEY_PAGE_UP }, { "\033[6~", TOP_KEY_PAGE_DOWN },
        { "\033[H", TOP_KEY_HOME },     { "\033OH", TOP_KEY_HOME },     { "\033[1~", TOP_KEY_HOME },
        { "\033[F", TOP_KEY_END },      { "\033OF", TOP_KEY_END },      { "\033[4~", TOP_KEY_END },
        { "\r", TOP_KEY_TOGGLE },       { "\n", TOP_KEY_TOGGLE },       { " ", TOP_KEY_TOGGLE },
        { "s", TOP_KEY_SORT },          { "f", TOP_KEY_FOLD_ALL },      { "p", TOP_KEY_PAUSE },
        { "?", TOP_KEY_HELP },          { "q", TOP_KEY_QUIT },          { "Q", TOP_KEY_QUIT },
};

/* An escape sequence that is not in the table is still one key: ESC [ parameters, and a letter or "~". */
static size_t sequence_length(const char *s, size_t n) {
        size_t i = 2;

        if (s[0] != '\033' || n < 2)
                return 1;
        if (s[1] == 'O')
                return MIN(n, (size_t) 3);
        if (s[1] != '[')
                return 1;
        while (i < n && (unsigned char) s[i] >= 0x20 && (unsigned char) s[i] < 0x40)
                i++;
        return MIN(n, i + 1);
}

TopKey top_key_parse(const char *s, size_t n, size_t *ret_used) {
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                size_t length = strlen(keys[i].bytes);

                if (length <= n && memcmp(s, keys[i].bytes, length) == 0) {
                        *ret_used = length;
                        return keys[i].key;
                }
        }
        *ret_used = sequence_length(s, n);
        return TOP_KEY_NONE;
}

static void move(TopView *v, size_t at, ptrdiff_t by) {
        int step = by < 0 ? -1 : 1;
        ptrdiff_t i = (ptrdiff_t) at, left = by < 0 ? -by : by, last = (ptrdiff_t) v->n_lines - 1;

        /* Functions of an open stack are passed over. */
        for (i += step; i >= 0 && i <= last; i += step)
                if (!v->lines[i].frame) {
                        v->cursor = v->lines[i].node;
                        if (--left <= 0)
                                return;
                }
}

static void fold_all(TopNode *n) {
        for (; n; n = n->next) {
                n->open = false;
                fold_all(n->children);
        }
}

static bool can_open(const TopNode *n) {
        return n->children || (n->level == TOP_STACK && *n->name);
}

static void fold(TopView *v, TopNode *n) {
        if (n->open)
                n->open = false;
        else if (n->level > TOP_UNIT) {
                n->parent->open = false;
                v->cursor = n->parent;
        }
}

static void fold_everything(TopView *v, TopData *d, const TopNode *n) {
        while (n && n->level > TOP_UNIT)
                n = n->parent;
        v->cursor = n;
        fold_all(d->host.children);
}

bool top_key_apply(TopKey key, TopView *v, TopData *d) {
        size_t at = top_screen_follow(v);
        TopNode *n = v->n_lines > 0 ? v->lines[at].node : NULL;
        ptrdiff_t page = MAX((ptrdiff_t) v->height - 5, 1);

        if (v->help) {
                v->help = false;
                return key != TOP_KEY_QUIT;
        }
        switch (key) {

        case TOP_KEY_NONE:
                break;

        case TOP_KEY_UP:
        case TOP_KEY_DOWN:
                move(v, at, key == TOP_KEY_UP ? -1 : 1);
                break;

        case TOP_KEY_PAGE_UP:
        case TOP_KEY_PAGE_DOWN:
                move(v, at, key == TOP_KEY_PAGE_UP ? -page : page);
                break;

        case TOP_KEY_HOME:
        case TOP_KEY_END:
                move(v, at, key == TOP_KEY_HOME ? -(ptrdiff_t) TOP_ROWS_MAX : (ptrdiff_t) TOP_ROWS_MAX);
                break;

        case TOP_KEY_UNFOLD:
                if (n && can_open(n))
                        n->open = true;
                break;

        case TOP_KEY_FOLD:
                if (n)
                        fold(v, n);
                break;

        case TOP_KEY_TOGGLE:
                if (n && can_open(n))
                        n->open = !n->open;
                break;

        case TOP_KEY_SORT:
                d->sort = (d->sort + 1) % _TOP_SORT_MAX;
                break;

        case TOP_KEY_FOLD_ALL:
                fold_everything(v, d, n);
                break;

        case TOP_KEY_PAUSE:
                v->paused = !v->paused;
                break;

        case TOP_KEY_HELP:
                v->help = true;
                break;

        case TOP_KEY_QUIT:
                return false;
        }
        return true;
}
