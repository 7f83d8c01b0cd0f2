/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who comes and goes, by cgroup. */

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "act/managed-oom-private.h"
#include "base/clock.h"

static int compare_ids(const void *a, const void *b) {
        uint64_t x = ((const ManagedUnit *) a)->cgroup_id, y = ((const ManagedUnit *) b)->cgroup_id;

        return x < y ? -1 : x > y;
}

static ManagedUnit *find(const ManagedOom *m, uint64_t cgroup_id) {
        const ManagedUnit key = { .cgroup_id = cgroup_id };
        ManagedUnit **found = tfind(&key, &m->units, compare_ids);

        return found ? *found : NULL;
}

void managed_oom_add(ManagedOom *m, uint64_t cgroup_id, const char *unit) {
        size_t length = strlen(unit);
        ManagedUnit *u;

        if (find(m, cgroup_id))
                return;
        u = m->n_units < MANAGED_OOM_UNITS_MAX ? calloc(1, sizeof(*u) + length + 1) : NULL;
        if (u) {
                u->managed = m;
                u->cgroup_id = cgroup_id;
                memcpy(u->unit, unit, length + 1);
        }
        if (!u || !tsearch(u, &m->units, compare_ids)) {
                free(u);
                m->n_lost++;
                return;
        }
        m->n_units++;
        managed_enqueue(u, usec_add(clock_usec(), m->age_usec));
        managed_timer_set(m);
}

static void unit_free(void *p) {
        ManagedUnit *u = p;

        managed_ask_no_more(u);
        if (u->state == MANAGED_QUEUED)
                managed_dequeue(u);
        free(u);
}

void managed_oom_remove(ManagedOom *m, uint64_t cgroup_id) {
        ManagedUnit *u = find(m, cgroup_id);

        if (!u)
                return;
        (void) tdelete(u, &m->units, compare_ids);
        m->n_units--;
        unit_free(u);
        managed_timer_set(m);
}

static void ask_again(const void *node, VISIT visit, void *now_usec) {
        ManagedUnit *u = *(ManagedUnit *const *) node;

        if (visit != postorder && visit != leaf)
                return;
        u->n_tries = 0;
        if (u->state == MANAGED_IDLE)
                managed_enqueue(u, *(uint64_t *) now_usec);
        u->again = u->state == MANAGED_ASKING;
}

void managed_oom_rescan(ManagedOom *m) {
        uint64_t now_usec = clock_usec();

        twalk_r(m->units, ask_again, &now_usec);
        managed_timer_set(m);
}

size_t managed_oom_n_units(const ManagedOom *m) {
        return m->n_units;
}

size_t managed_oom_n_lost(const ManagedOom *m) {
        return m->n_lost;
}

void managed_units_free(ManagedOom *m) {
        tdestroy(m->units, unit_free);
        m->units = NULL;
}
