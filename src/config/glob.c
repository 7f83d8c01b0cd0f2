/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fnmatch.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/glob.h"

static const struct {
        const char *suffix;
        unsigned kind;
} suffixes[] = {
        { ".service", GLOB_UNIT },
        { ".scope", GLOB_UNIT },
        { ".slice", GLOB_SLICE },
};

/* Longer globs fit on no line of a file. */
#define GLOB_LENGTH_MAX 256U

/* Behind the ] of the [ at `p`; NULL if it has none. */
static const char *skip_bracket(const char *p) {
        p++;
        if (*p == '!' || *p == '^')
                p++;
        if (*p)
                p++; /* a ] in this place is one of the characters */
        p = strchr(p, ']');
        return p ? p + 1 : NULL;
}

bool glob_brackets_match(const char *glob) {
        for (const char *p = strchr(glob, '['); p; p = strchr(p, '[')) {
                p = skip_bracket(p);
                if (!p)
                        return false;
        }
        return true;
}

unsigned glob_kinds(const char *glob) {
        size_t length = strlen(glob);

        if (glob[0] == '/')
                return GLOB_GROUP;
        if (strchr("*?]", glob[length - 1]))
                return GLOB_UNIT | GLOB_SLICE;
        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                size_t n = strlen(suffixes[i].suffix);

                if (length > n && strcmp(glob + length - n, suffixes[i].suffix) == 0)
                        return suffixes[i].kind;
        }
        return 0;
}

/* The glob with one character for each that it matches: "?" for a bracket. False if it is too long. */
static bool simplify(const char *glob, char *ret, size_t *ret_length) {
        size_t n = 0;

        while (*glob) {
                const char *behind = *glob == '[' ? skip_bracket(glob) : NULL;

                if (n == GLOB_LENGTH_MAX)
                        return false;
                ret[n++] = behind ? '?' : *glob;
                glob = behind ? behind : glob + 1;
        }
        *ret_length = n;
        return true;
}

static bool characters_meet(char a, char b) {
        return a == '?' || b == '?' || a == b;
}

bool globs_meet(const char *a, const char *b) {
        char x[GLOB_LENGTH_MAX], y[GLOB_LENGTH_MAX];
        bool meet[GLOB_LENGTH_MAX + 1]; /* the rest of x from i on and of y from j on have a name in common */
        size_t n_x, n_y;

        if (!simplify(a, x, &n_x) || !simplify(b, y, &n_y))
                return true;

        for (size_t i = n_x + 1; i-- > 0;) {
                bool diagonal = false; /* meet[j + 1] of the row before */

                for (size_t j = n_y + 1; j-- > 0;) {
                        bool before = i < n_x && meet[j], right = j < n_y && meet[j + 1], here;

                        if (i == n_x && j == n_y)
                                here = true;
                        else if (i < n_x && x[i] == '*')
                                here = before || right;
                        else if (j < n_y && y[j] == '*')
                                here = before || right;
                        else
                                here = i < n_x && j < n_y && characters_meet(x[i], y[j]) && diagonal;
                        diagonal = before;
                        meet[j] = here;
                }
        }
        return meet[0];
}

bool glob_covers(const char *a, const char *b) {
        if (strcmp(a, b) == 0)
                return true;
        /* A star takes in whatever stands for part of a name; what matches one character does not. */
        return !strpbrk(a, "?[") && fnmatch(a, b, FNM_NOESCAPE) == 0;
}
