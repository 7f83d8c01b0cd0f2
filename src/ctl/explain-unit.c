/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "ctl/explain-private.h"
#include "ctl/verbs.h"

int explain_unit(const ExplainOptions *options, const char *unit) {
        fprintf(stderr, "memstallctl: this version explains incidents alone; memstallctl show-config %s tells which policy "
                        "watches it\n", unit);
        return CTL_FAILED;
}
