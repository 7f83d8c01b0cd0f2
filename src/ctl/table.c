/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ctype.h>
#include <string.h>

#include "ctl/table.h"

/* Cgroups are named by whoever may make them: nothing in a name may steer the terminal. */
static char *copy_printable(const char *s) {
        char *copy = strdup(s);

        for (char *c = copy; c && *c; c++)
                if (iscntrl((unsigned char) *c))
                        *c = '?';
        return copy;
}

int table_add(Table *t, const char *const *cells) {
        char **grown = realloc(t->cells, (t->n_rows + 1) * t->n_columns * sizeof(*grown));
        bool *stressed;

        if (!grown)
                return -ENOMEM;
        t->cells = grown;
        stressed = realloc(t->stressed, (t->n_rows + 1) * sizeof(*stressed));
        if (!stressed)
                return -ENOMEM;
        t->stressed = stressed;
        stressed[t->n_rows] = false;
        for (size_t i = 0; i < t->n_columns; i++) {
                char *copy = copy_printable(cells[i]);

                if (!copy) {
                        while (i-- > 0)
                                free(grown[t->n_rows * t->n_columns + i]);
                        return -ENOMEM;
                }
                grown[t->n_rows * t->n_columns + i] = copy;
        }
        t->n_rows++;
        return 0;
}

void table_stress(Table *t) {
        t->stressed[t->n_rows - 1] = true;
}

static const char *style_of(const Table *t, size_t row) {
        if (!t->colors)
                return NULL;
        return row == 0 ? "\x1b[4m" : t->stressed[row] ? "\x1b[1m" : NULL;
}

void table_print(const Table *t, FILE *f) {
        int widths[TABLE_COLUMNS_MAX] = { 0 };

        for (size_t i = 0; i < t->n_rows * t->n_columns; i++)
                widths[i % t->n_columns] = MAX(widths[i % t->n_columns], (int) strlen(t->cells[i]));
        for (size_t row = 0; row < t->n_rows; row++) {
                const char *style = style_of(t, row);

                fputs(style ?: "", f);
                for (size_t column = 0; column < t->n_columns; column++)
                        fprintf(f, "%s%-*s", column > 0 ? "  " : "",
                                column + 1 < t->n_columns ? widths[column] : 0,
                                t->cells[row * t->n_columns + column]);
                fprintf(f, "%s\n", style ? "\x1b[0m" : "");
        }
}

void table_done(Table *t) {
        for (size_t i = 0; i < t->n_rows * t->n_columns; i++)
                free(t->cells[i]);
        free(t->cells);
        free(t->stressed);
        *t = (Table){ 0 };
}
