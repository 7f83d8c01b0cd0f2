/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/cleanup.h"
#include "base/format.h"
#include "base/usec.h"
#include "ctl/chart.h"

#define ROWS 3U
#define LEVELS 8U /* in a row */
#define ALLOCATED_MIN 64U

int chart_add(Chart *c, uint64_t now_usec, uint64_t total_usec) {
        const ChartPoint *last = c->n_points > 0 ? c->points + c->n_points - 1 : NULL;

        if (last && (now_usec <= last->now_usec || total_usec < last->total_usec))
                return 0;
        if (c->n_points >= CHART_POINTS_MAX)
                return -ENOBUFS;
        if (c->n_points == 0 || (c->n_points >= ALLOCATED_MIN && (c->n_points & (c->n_points - 1)) == 0)) {
                ChartPoint *grown = reallocarray(c->points, c->n_points == 0 ? ALLOCATED_MIN : 2 * c->n_points,
                                                 sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                c->points = grown;
        }
        c->points[c->n_points++] = (ChartPoint){ now_usec, total_usec };
        return 0;
}

void chart_mark(Chart *c, uint64_t now_usec, char letter) {
        if (c->n_marks < CHART_MARKS_MAX)
                c->marks[c->n_marks++] = (ChartMark){ now_usec, letter };
}

void chart_done(Chart *c) {
        free(c->points);
        *c = (Chart){ 0 };
}

uint64_t chart_span_usec(const Chart *c) {
        return c->n_points < 2 ? 0 : c->points[c->n_points - 1].now_usec - c->points[0].now_usec;
}

/* On the straight line between the readings around it. */
static uint64_t total_at(const Chart *c, uint64_t when_usec) {
        size_t low = 0, high = c->n_points - 1;
        const ChartPoint *a, *b;

        while (high - low > 1) {
                size_t middle = (low + high) / 2;

                if (c->points[middle].now_usec <= when_usec)
                        low = middle;
                else
                        high = middle;
        }
        a = c->points + low;
        b = c->points + high;
        return a->total_usec + (uint64_t) ((unsigned __int128) (b->total_usec - a->total_usec) *
                                           (when_usec - a->now_usec) / (b->now_usec - a->now_usec));
}

void chart_trim(Chart *c, uint64_t usec) {
        uint64_t from_usec;
        size_t n = 0;

        if (c->n_marks == 0)
                return;
        from_usec = usec_sub(c->marks[0].now_usec, usec);
        while (n + 1 < c->n_points && c->points[n + 1].now_usec <= from_usec)
                n++;
        c->n_points -= n;
        memmove(c->points, c->points + n, c->n_points * sizeof(*c->points));
        if (c->n_points > 1 && c->points[0].now_usec < from_usec) {
                c->points[0].total_usec = total_at(c, from_usec);
                c->points[0].now_usec = from_usec;
        }
}

static uint64_t column_start(const Chart *c, size_t column) {
        return c->points[0].now_usec +
               (uint64_t) ((unsigned __int128) chart_span_usec(c) * column / CHART_COLUMNS);
}

uint32_t chart_share(const Chart *c, size_t column) {
        uint64_t from = column_start(c, column), to = column_start(c, column + 1), stalled;

        if (to <= from)
                return 0;
        stalled = total_at(c, to) - total_at(c, from);
        return (uint32_t) ((unsigned __int128) MIN(stalled, to - from) * 10000 / (to - from));
}

/* The top of the scale: a round share that nothing is above. */
static uint32_t scale_top(const Chart *c) {
        static const uint32_t tops[] = { 100, 500, 1000, 2500, 5000 };
        uint32_t most = 0;

        for (size_t i = 0; i < CHART_COLUMNS; i++)
                most = MAX(most, chart_share(c, i));
        for (size_t i = 0; i < ELEMENTSOF(tops); i++)
                if (most <= tops[i])
                        return tops[i];
        return 10000;
}

static void print_row(FILE *f, const Chart *c, size_t row, uint32_t top, bool utf8) {
        static const char *const blocks[LEVELS + 1] = { " ", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588" };
        static const char *const plain[LEVELS + 1] = { " ", ".", ".", ".", ":", ":", ":", "#", "#" };
        size_t last = 0;

        for (size_t pass = 0; pass < 2; pass++)
                for (size_t i = 0; i < (pass == 0 ? CHART_COLUMNS : last); i++) {
                        size_t height = (2 * chart_share(c, i) * ROWS * LEVELS + top) / (2 * top), below = row * LEVELS;
                        size_t level = height <= below ? 0 : MIN(height - below, (size_t) LEVELS);

                        if (pass > 0)
                                fputs(utf8 ? blocks[level] : plain[level], f);
                        else if (level > 0)
                                last = i + 1; /* no spaces at the end of a line */
                }
        fputc('\n', f);
}

static void print_marks(FILE *f, const Chart *c, unsigned indent) {
        char line[CHART_COLUMNS + 1];
        size_t n = 0;

        memset(line, ' ', sizeof(line));
        for (size_t i = 0; i < c->n_marks; i++) {
                uint64_t at_usec = c->marks[i].now_usec;
                size_t column;

                if (at_usec < c->points[0].now_usec || at_usec > c->points[c->n_points - 1].now_usec)
                        continue;
                column = (size_t) MIN((unsigned __int128) (at_usec - c->points[0].now_usec) * CHART_COLUMNS /
                                              chart_span_usec(c),
                                      (unsigned __int128) (CHART_COLUMNS - 1));
                line[column] = c->marks[i].letter;
                n = MAX(n, column + 1);
        }
        if (n > 0)
                fprintf(f, "%*s%.*s\n", (int) indent, "", (int) n, line);
}

void chart_print(FILE *f, const Chart *c, unsigned indent, bool utf8) {
        uint32_t top;
        uint64_t seconds = chart_span_usec(c) / USEC_PER_SEC * USEC_PER_SEC;

        if (chart_span_usec(c) == 0)
                return;
        top = scale_top(c);
        for (size_t row = ROWS; row-- > 0;) {
                if (row == ROWS - 1)
                        fprintf(f, "%*s%4s ", (int) indent, "", FORMAT_SHARE(top));
                else
                        fprintf(f, "%*s%4s ", (int) indent, "", row == 0 ? "0%" : "");
                fputs(utf8 ? "\u2502" : "|", f);
                print_row(f, c, row, top, utf8);
        }
        print_marks(f, c, indent + 6);
        fprintf(f, "%*s0s%*s\n", (int) indent + 6, "", (int) CHART_COLUMNS - 2, FORMAT_DURATION(seconds));
}

void chart_print_json(Json *j, const char *key, const Chart *c) {
        json_object(j, key);
        json_uint(j, "span_usec", chart_span_usec(c));
        json_list(j, "shares");
        for (size_t i = 0; chart_span_usec(c) > 0 && i < CHART_COLUMNS; i++)
                json_uint(j, NULL, chart_share(c, i));
        json_end(j);
        json_end(j);
}
