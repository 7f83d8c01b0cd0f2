/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "ctl/top-screen.h"

/* The newest sample for programs. */

/* One object: the host, and in it units, processes, classes and stacks, those without any stall left out. */
void top_print_json(FILE *f, const TopData *d, const TopHost *host);

/* "UNIT;COMM;CLASS;OUTERMOST;...;INNERMOST USEC", one stack a line, as tools for flame graphs read it. */
void top_print_folded(FILE *f, const TopData *d);
