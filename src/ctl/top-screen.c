/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <string.h>

#include "core/decision.h"
#include "ctl/top-screen.h"

#define HEADER_LINES 3U
#define NUMBERS_WIDTH 27U /* "  1234.5  1234.5  100.0%  " and the sparkline behind it */
#define SPARK_MIN 10U
#define STACK_SHOWN 3U /* functions in the one line of a stack */

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define REVERSE "\033[7m"
#define RED "\033[31m"
#define NORMAL "\033[0m"

/* ---- What shows ------------------------------------------------------------------------------ */

static void add_line(TopView *v, TopNode *node, const char *frame, size_t length) {
        if (v->n_lines < TOP_ROWS_MAX)
                v->lines[v->n_lines++] = (TopLine){ node, frame, length };
}

static void list_frames(TopView *v, TopNode *n) {
        for (const char *s = n->name; *s;) {
                size_t length = strcspn(s, "\n");

                add_line(v, n, s, length);
                s += length + (s[length] == '\n');
        }
}

static void list_node(TopView *v, TopNode *n, bool all) {
        add_line(v, n, NULL, 0);
        if (n->level == TOP_STACK && n->open && !all)
                list_frames(v, n);
        if (all ? n->level >= TOP_CLASS : !n->open)
                return;
        for (TopNode *below = n->children; below; below = below->next)
                if (!all || below->stall_usec[0] + below->wait_usec[0] > 0)
                        list_node(v, below, all);
}

void top_screen_list(TopView *v, const TopData *d, bool all) {
        v->n_lines = 0;
        for (TopNode *n = d->host.children; n; n = n->next)
                if (!all || n->stall_usec[0] + n->wait_usec[0] + n->cause_usec[0] > 0)
                        list_node(v, n, all);
}

static size_t n_rows(const TopView *v) {
        return v->height > HEADER_LINES + 1 ? v->height - HEADER_LINES - 1 : 1;
}

size_t top_screen_follow(TopView *v) {
        size_t at = 0, rows = n_rows(v);

        while (at < v->n_lines && (v->lines[at].node != v->cursor || v->lines[at].frame))
                at++;
        if (at == v->n_lines) {
                at = 0;
                v->cursor = v->n_lines > 0 ? v->lines[0].node : NULL;
        }
        if (at < v->top)
                v->top = at;
        if (at >= v->top + rows)
                v->top = at - rows + 1;
        if (v->top + rows > v->n_lines)
                v->top = v->n_lines > rows ? v->n_lines - rows : 0;
        return at;
}

/* ---- Words ----------------------------------------------------------------------------------- */

/* Names are what others choose: one character each, and none that steers the terminal. Returns its width. */
static size_t put_text(FILE *f, const char *s, size_t length, size_t width) {
        size_t n = 0;

        for (; n < length && n < width; n++)
                fputc((unsigned char) s[n] < 0x20 || (unsigned char) s[n] >= 0x7f ? '?' : s[n], f);
        return n;
}

static void put_spaces(FILE *f, size_t n) {
        while (n-- > 0)
                fputc(' ', f);
}

/* "12.3": milliseconds in a second. */
static void put_rate(FILE *f, uint64_t usec) {
        char text[32] = "";

        if (usec > 0)
                (void) snprintf(text, sizeof(text), "%" PRIu64 ".%" PRIu64, usec / 1000, usec / 100 % 10);
        fprintf(f, "%8s", text);
}

static void put_share(FILE *f, uint32_t share) {
        char text[32] = "";

        if (share > 0)
                (void) snprintf(text, sizeof(text), "%" PRIu32 ".%" PRIu32 "%%", share / 100, share / 10 % 10);
        fprintf(f, "%8s", text);
}

/* The oldest first; the scale is the node's own greatest sample, and a second of stall at the least to be full. */
static void put_spark(FILE *f, const TopView *v, const TopData *d, const TopNode *n, size_t width) {
        static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
        static const char ascii[] = " .:-=+*#@";
        uint64_t greatest = 1;

        for (size_t i = 0; i < width && i < TOP_HISTORY; i++)
                greatest = MAX(greatest, n->stall_usec[i] + n->wait_usec[i]);
        for (size_t i = MIN(width, (size_t) TOP_HISTORY); i-- > 0;) {
                uint64_t usec = n->stall_usec[i] + n->wait_usec[i];
                size_t step = i >= d->n_samples || usec == 0 ? 0 : (size_t) (1 + usec * 7 / greatest);

                if (v->ascii)
                        fputc(ascii[step], f);
                else
                        fputs(blocks[step], f);
        }
}

static size_t spark_width(const TopView *v) {
        return v->width >= 100 ? TOP_HISTORY : SPARK_MIN;
}

static size_t name_width(const TopView *v) {
        size_t taken = NUMBERS_WIDTH + spark_width(v);

        return v->width > taken + 10 ? v->width - taken : 10;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static size_t put_stack(FILE *f, const char *stack, size_t width) {
        size_t n = 0, shown = 0;

        if (!*stack)
                return put_text(f, "(no stack was taken)", 20, width);
        for (const char *s = stack; *s && shown < STACK_SHOWN; shown++) {
                size_t length = strcspn(s, "\n");

                if (shown > 0)
                        n += put_text(f, " < ", 3, width - n);
                n += put_text(f, s, length, width - n);
                s += length + (s[length] == '\n');
        }
        return n;
}

static size_t put_name(FILE *f, const TopView *v, const TopNode *n, size_t width) {
        size_t used = 2 * (size_t) (n->level - TOP_UNIT);
        const char *mark = "  ";

        put_spaces(f, used);
        if (v->live && n->level == TOP_STACK)
                mark = n->open ? "- " : "+ ";
        else if (v->live)
                mark = n->children ? (n->open ? "- " : "+ ") : "  ";
        if (v->live) {
                fputs(mark, f);
                used += 2;
        }
        if (n->level == TOP_STACK)
                return used + put_stack(f, n->name, width - used);
        return used + put_text(f, n->name, strlen(n->name), width - used);
}

static void put_node(FILE *f, const TopView *v, const TopData *d, const TopNode *n, bool cursor) {
        size_t width = name_width(v), used;

        if (v->colors)
                fputs(cursor ? REVERSE : n->level == TOP_UNIT ? BOLD : "", f);
        else if (cursor)
                fputc('>', f), width--;
        used = put_name(f, v, n, width);
        put_spaces(f, width - MIN(width, used));
        fputc(' ', f);
        put_rate(f, top_data_rate(d, n->stall_usec));
        put_rate(f, top_data_rate(d, n->wait_usec));
        put_share(f, n->level == TOP_UNIT ? top_data_cause(d, n) : 0);
        fputs("  ", f);
        put_spark(f, v, d, n, spark_width(v));
        if (v->colors)
                fputs(NORMAL, f);
}

static void put_frame(FILE *f, const TopView *v, const TopLine *line) {
        if (v->colors)
                fputs(DIM, f);
        put_spaces(f, 10);
        (void) put_text(f, line->frame, line->frame_length, v->width > 10 ? v->width - 10 : 0);
        if (v->colors)
                fputs(NORMAL, f);
}

/* A line of plain text, cut to the width. */
static void put_plain(FILE *f, const TopView *v, const char *color, const char *text) {
        if (v->colors)
                fputs(color, f);
        (void) put_text(f, text, strlen(text), v->width);
        if (v->colors)
                fputs(NORMAL, f);
}

static void put_header(FILE *f, const TopView *v, const TopData *d, const TopHost *host, const char *end) {
        static const char *const sorts[_TOP_SORT_MAX] = { "stall", "cause", "name" };
        uint64_t stall = top_data_rate(d, d->host.stall_usec), wait = top_data_rate(d, d->host.wait_usec);
        char text[640];

        (void) snprintf(text, sizeof(text),
                        "Memory pressure some %" PRIu32 ".%" PRIu32 "%% full %" PRIu32 ".%" PRIu32 "%%, stalls %" PRIu64
                        ".%" PRIu64 " ms/s, uncounted %" PRIu64 ".%" PRIu64 " ms/s",
                        host->some / 100, host->some / 10 % 10, host->full / 100, host->full / 10 % 10, stall / 1000,
                        stall / 100 % 10, wait / 1000, wait / 100 % 10);
        put_plain(f, v, stall + wait > 0 ? BOLD : "", text);
        fputs(end, f);
        if (host->complaint[0])
                put_plain(f, v, RED, host->complaint);
        else {
                (void) snprintf(text, sizeof(text), "Culprits: %s%s%s%s%s", host->rung,
                                d->cut ? "; only the greatest are told" : "", v->live ? "; by " : "",
                                v->live ? sorts[d->sort] : "", v->paused ? "; paused" : "");
                put_plain(f, v, "", text);
        }
        fputs(end, f);
        (void) snprintf(text, sizeof(text), "%-*s%9s%8s%8s  %s", (int) name_width(v), "UNIT, PROCESS, CLASS", "STALL", "WAIT",
                        "CAUSE", spark_width(v) == TOP_HISTORY ? "LAST SAMPLES" : "LAST");
        put_plain(f, v, REVERSE, text);
}

static const char *const help[] = {
        "Up, Down, PgUp, PgDn   move            Right, Enter, Space   unfold",
        "Left                   fold            f                     fold all",
        "s                      sort: stall, cause, name              p  pause",
        "q                      quit            ?                     this text",
        "",
        "STALL  milliseconds a second in which tasks stalled, as memory pressure counts",
        "WAIT   the same for page faults that wait uncounted (swap-wait, file-wait)",
        "CAUSE  share of all stalls that are for certain because of this unit: its own",
        "       limit, the large pages it asks for. Nobody's where that is not certain",
        "A + unfolds into processes, classes of stalls, and places in the kernel",
};

static void put_help(FILE *f, const TopView *v, size_t row) {
        if (row < ELEMENTSOF(help))
                put_plain(f, v, "", help[row]);
}

static void put_row(FILE *f, const TopView *v, const TopData *d, size_t row) {
        const TopLine *line = v->lines + v->top + row;

        if (v->help)
                put_help(f, v, row);
        else if (v->n_lines == 0 && row == 0)
                put_plain(f, v, "", d->n_samples > 0 && d->span_usec[0] > 0 ? "Nothing stalls on memory." : "Reading...");
        else if (v->top + row >= v->n_lines)
                return;
        else if (line->frame)
                put_frame(f, v, line);
        else
                put_node(f, v, d, line->node, v->live && line->node == v->cursor);
}

void top_screen_draw(FILE *f, const TopView *v, const TopData *d, const TopHost *host) {
        const char *end = v->live ? "\033[K\n" : "\n";
        size_t rows = v->live ? n_rows(v) : MAX(v->n_lines, (size_t) 1);

        put_header(f, v, d, host, end);
        for (size_t i = 0; i < rows; i++) {
                fputs(end, f);
                put_row(f, v, d, i);
        }
        fputs(end, f);
        if (v->live)
                put_plain(f, v, DIM, "Enter unfold  s sort  f fold all  p pause  ? help  q quit");
        if (v->live)
                fputs("\033[K", f);
}
