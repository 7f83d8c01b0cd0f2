/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/top-screen.h"

/* What keys do to the view. */

typedef enum TopKey {
        TOP_KEY_NONE, /* means nothing here */
        TOP_KEY_UP,
        TOP_KEY_DOWN,
        TOP_KEY_PAGE_UP,
        TOP_KEY_PAGE_DOWN,
        TOP_KEY_HOME,
        TOP_KEY_END,
        TOP_KEY_UNFOLD,
        TOP_KEY_FOLD,
        TOP_KEY_TOGGLE,
        TOP_KEY_SORT,
        TOP_KEY_FOLD_ALL,
        TOP_KEY_PAUSE,
        TOP_KEY_HELP,
        TOP_KEY_QUIT,
} TopKey;

/* The first key in what the terminal sent, and how many bytes it is. `n` is at least 1. */
TopKey top_key_parse(const char *s, size_t n, size_t *ret_used);

/* Does it; the lines are listed again after. False: quit. */
bool top_key_apply(TopKey key, TopView *v, TopData *d);
