/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who else ends something when memory runs short: a unit runs as long as it has a cgroup, so the tree tells, and nobody is
 * asked. */

#include <stdio.h>

#include "agent/agent-private.h"

void rivals_on_cgroup(Agent *a, const Event *event) {
        const Rival *rival;
        char text[256];
        size_t i;

        if (event->cgroup.kind != CGROUP_UNIT || event->cgroup.delegated)
                return;
        rival = rival_find(event->cgroup.unit, &i);
        if (!rival)
                return;
        if (event->kind == EVENT_CGROUP_GONE) {
                a->n_rivals[i] -= a->n_rivals[i] > 0;
                return;
        }
        if (a->n_rivals[i]++ > 0 || !a->scanned)
                return; /* those that are there at the start are in its record */
        (void) snprintf(text, sizeof(text), "%s runs beside memstalld from now on, and %s.", rival->unit, rival->does);
        journal_notice(a->journal, 5, text);
}

void rivals_describe(const Agent *a, char *buf, size_t size) {
        const Rival *rival;
        size_t used = 0;

        buf[0] = '\0';
        for (size_t i = 0; (rival = rival_at(i)); i++) {
                int n = a->n_rivals[i] == 0 ? 0 : snprintf(buf + used, size - used, "%s%s", used > 0 ? "\n" : "", rival->unit);

                used = MIN(used + (size_t) n, size - 1);
        }
}
