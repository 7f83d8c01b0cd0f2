/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "act/held.h"

/* One line of the list of what is held, without its end; the format is in act/held.h. */

#define HELD_LINE_MAX 2048U /* with the newline that ends it */
#define HELD_HEADER "memstalld-held "
#define HELD_VERSION 3U

/* How long the line is; HELD_LINE_MAX and more if it does not fit. */
size_t held_line_format(char buf[static HELD_LINE_MAX], const HeldUnit *unit);

/* Reads a line of any version. False if it is none. */
bool held_line_parse(const char *line, unsigned version, HeldUnit *ret);
