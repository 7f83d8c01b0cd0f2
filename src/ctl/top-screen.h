/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "ctl/top-data.h"

/* The screens of `memstallctl top` as text: data in, lines out, no terminal. */

#define TOP_ROWS_MAX 4096U

typedef struct TopHost {
        uint32_t some, full; /* memory pressure in the newest sample, hundredths of a percent */
        char rung[256];      /* how the daemon sees stalls */
        char complaint[256]; /* why the last reading failed; empty if it did not */
} TopHost;

/* One line of the table: a node, or one function of a stack that is open. */
typedef struct TopLine {
        TopNode *node;
        const char *frame; /* NULL: the node itself */
        size_t frame_length;
} TopLine;

typedef struct TopView {
        unsigned width, height; /* characters; height 0: as many lines as there are */
        bool colors, ascii, live;
        bool paused, help;
        const TopNode *cursor;
        size_t top; /* first line that shows */
        TopLine lines[TOP_ROWS_MAX];
        size_t n_lines;
} TopView;

/* Lists what shows, from what is open; with `all` everything down to classes. */
void top_screen_list(TopView *v, const TopData *d, bool all);

/* Moves v->top so that the cursor shows; a cursor that is gone becomes the first line. Returns its place. */
size_t top_screen_follow(TopView *v);

/* Draws header, table and, if live, the line of keys. Each line is at most v->width wide; when live, there are exactly
 * v->height of them, without a line feed after the last. */
void top_screen_draw(FILE *f, const TopView *v, const TopData *d, const TopHost *host);
