/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/json.h"

/* How the memory pressure of a watch went, as a few rows of blocks. */

#define CHART_COLUMNS 60U
#define CHART_POINTS_MAX 65536U
#define CHART_MARKS_MAX 64U

typedef struct ChartPoint {
        uint64_t now_usec;
        uint64_t total_usec; /* stalled so far */
} ChartPoint;

typedef struct ChartMark {
        uint64_t now_usec;
        char letter;
} ChartMark;

typedef struct Chart {
        ChartPoint *points;
        size_t n_points;
        ChartMark marks[CHART_MARKS_MAX];
        size_t n_marks;
} Chart;

/* Adds a reading, later than the last one: one that is not, or that shrank, is passed over. 0, -ENOMEM; -ENOBUFS when there
 * are CHART_POINTS_MAX. */
int chart_add(Chart *c, uint64_t now_usec, uint64_t total_usec);

/* What was done then. More than CHART_MARKS_MAX are passed over. */
void chart_mark(Chart *c, uint64_t now_usec, char letter);

/* Leaves out what is older than so long before the first mark. */
void chart_trim(Chart *c, uint64_t usec);

/* The share of the i-th column's time that was stalled, hundredths of a percent. */
uint32_t chart_share(const Chart *c, size_t column);

/* From the first reading to the last; 0 where there is nothing to draw. */
uint64_t chart_span_usec(const Chart *c);

/* Draws it, each line behind `indent` spaces; nothing if there is nothing to draw. */
void chart_print(FILE *f, const Chart *c, unsigned indent, bool utf8);
void chart_print_json(Json *j, const char *key, const Chart *c);

void chart_done(Chart *c);
