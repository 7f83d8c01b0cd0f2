/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"

/* One line for people, built of pieces. Names that others choose may hold any bytes: what a terminal could take for a
 * command, a line's end, what makes a name look like another (base/utf8.h), or no UTF-8 at all is written as \xNN, so every line is one line and stays readable. */

#define TEXT_MAX 1024U

typedef struct Text {
        char data[TEXT_MAX]; /* terminated; cut where it ends */
        size_t used;
} Text;

void text_add(Text *t, const char *format, ...) _printf_(2, 3);
