/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/nearest.h"

/* Longer words are no typing mistakes of ours. */
#define WORD_MAX 32U

static bool same(char a, char b) {
        return tolower((unsigned char) a) == tolower((unsigned char) b);
}

/* Optimal string alignment: row i, column j holds the distance of the first i and the first j letters. */
static size_t distance(const char *a, size_t n_a, const char *b, size_t n_b) {
        size_t rows[WORD_MAX + 1][WORD_MAX + 1];

        for (size_t j = 0; j <= n_b; j++)
                rows[0][j] = j;
        for (size_t i = 1; i <= n_a; i++) {
                rows[i][0] = i;
                for (size_t j = 1; j <= n_b; j++) {
                        size_t change = rows[i - 1][j - 1] + !same(a[i - 1], b[j - 1]);
                        size_t shift = MIN(rows[i - 1][j], rows[i][j - 1]) + 1;

                        rows[i][j] = MIN(change, shift);
                        if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                                rows[i][j] = MIN(rows[i][j], rows[i - 2][j - 2] + 1);
                }
        }
        return rows[n_a][n_b];
}

void nearest_offer(Nearest *nearest, const char *name) {
        size_t n_word = strlen(nearest->word), n_name = strlen(name), d;

        if (n_word > WORD_MAX || n_name > WORD_MAX)
                return;
        d = distance(nearest->word, n_word, name, n_name);
        if (d > MAX(n_name / 3, (size_t) 1) || (nearest->best && d >= nearest->distance))
                return;
        nearest->best = name;
        nearest->distance = d;
}
