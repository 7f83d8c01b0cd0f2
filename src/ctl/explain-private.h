/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* What the halves of memstallctl explain share. */

typedef struct ExplainOptions {
        const char *file; /* in place of the journal; NULL: none */
        const char *root; /* "" or where /var/lib/memstalld is below */
        bool json, no_pager;
} ExplainOptions;

/* Each returns an exit status, and has told what is wrong. */
int explain_incident(const ExplainOptions *options, const char *incident);
int explain_unit(const ExplainOptions *options, const char *unit);
