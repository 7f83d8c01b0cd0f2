/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/cleanup.h"

/* Rows of text in columns as wide as their widest cell; the first row is the header. With colours that is underlined, and
 * rows that are stressed are bold. */

#define TABLE_COLUMNS_MAX 8U

typedef struct Table {
        size_t n_columns, n_rows;
        char **cells; /* row by row, owned */
        bool *stressed; /* one for each row, owned */
        bool colors;
} Table;

/* Adds one row of `n_columns` cells, each copied; control characters in them show as "?". 0 or -ENOMEM. */
int table_add(Table *t, const char *const *cells);

/* The last row is one to look at. */
void table_stress(Table *t);

void table_print(const Table *t, FILE *f);
void table_done(Table *t);
