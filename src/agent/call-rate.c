/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "agent/call-rate.h"
#include "base/usec.h"

bool call_rate_allows(CallRate *r, const char *caller, uint64_t now_usec) {
        size_t i;

        if (now_usec - r->begin_usec >= USEC_PER_SEC)
                *r = (CallRate){ .per_caller = r->per_caller, .total = r->total, .begin_usec = now_usec };
        if (r->n_calls >= r->total)
                return false;
        for (i = 0; i < r->n_callers; i++)
                if (strncmp(r->callers[i].name, caller, CALL_RATE_NAME_MAX - 1) == 0)
                        break;
        if (i == CALL_RATE_CALLERS)
                return false;
        if (i == r->n_callers)
                (void) snprintf(r->callers[r->n_callers++].name, CALL_RATE_NAME_MAX, "%s", caller);
        if (r->callers[i].n_calls >= r->per_caller)
                return false;
        r->callers[i].n_calls++;
        r->n_calls++;
        return true;
}
