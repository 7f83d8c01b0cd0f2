/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* Text with a label in front, broken into lines of 80 columns:
 *
 *         Paragraph p = { .out = stdout, .width = 10 };
 *
 *         fprintf(paragraph_begin(&p), "%s used too much", unit);
 *         r = paragraph_end(&p, "What");
 *
 * Control characters show as "?": names of cgroups and processes are others' choice. */

#define PARAGRAPH_COLUMNS 80U

typedef struct Paragraph {
        FILE *out;
        unsigned width;    /* of the labels */
        unsigned hanging;  /* how much further lines after the first begin */
        bool colors;       /* labels are bold */
        bool bold;         /* all of it is */
        FILE *text;
        char *data;
        size_t size;
} Paragraph;

/* What is written there is the text. Without memory it goes to nowhere, and the end tells. */
FILE *paragraph_begin(Paragraph *p);

/* Prints it; a label of NULL or "" is as many spaces. 0 or -ENOMEM. */
int paragraph_end(Paragraph *p, const char *label);
