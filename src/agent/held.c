/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is held is on a list in /run, for whatever comes after this run of the daemon. */

#include <stdio.h>
#include <string.h>

#include "act/held.h"
#include "agent/agent-private.h"

static HeldUnit units[HELD_UNITS_MAX];

/* False for a path that is too long for the list. */
static bool name_unit(HeldUnit *u, const CgroupName *victim) {
        if (victim->kind != CGROUP_GROUP)
                (void) snprintf(u->unit, sizeof(u->unit), "%s", victim->unit);
        return !victim->delegated ||
               (size_t) snprintf(u->path, sizeof(u->path), "%s", victim->path) < sizeof(u->path);
}

void held_save(Agent *a) {
        unsigned generation = core_counts(a->core).held_generation;
        HoldStatus h;
        size_t n = 0;
        int r;

        if (generation == a->held_generation)
                return;
        for (size_t i = 0; n < HELD_UNITS_MAX && core_hold_status(a->core, i, &h); i++) {
                if (!h.is_known)
                        continue; /* a throttle whose former value is being asked for changes nothing yet */
                units[n] = (HeldUnit){
                        .action = h.action,
                        .previous = h.previous,
                        .since_usec = h.since_usec,
                        .incident = h.incident,
                };
                n += name_unit(&units[n], &h.victim);
        }

        r = held_write(HELD_FILE, units, n);
        if (r >= 0)
                a->held_generation = generation;
        if (r < 0 && !a->held_failed)
                journal_notice(a->journal, 4, "Cannot write " HELD_FILE ": what is held now stays held if memstalld dies.");
        a->held_failed = r < 0;
}

void held_recover(Agent *a) {
        size_t n = 0;

        if (held_read(HELD_FILE, units, HELD_UNITS_MAX, &n) < 0)
                journal_notice(a->journal, 4, "Cannot read " HELD_FILE ": what an earlier run held may still be held.");
        for (size_t i = 0; i < n; i++) {
                const HeldUnit u = units[i]; /* each event brings a new list, and so overwrites this one */

                agent_feed(a, &(Event){ .kind = EVENT_HELD,
                                        .held = { .unit = u.unit[0] ? u.unit : u.path,
                                                  .path = u.path,
                                                  .action = u.action,
                                                  .previous = u.previous,
                                                  .since_usec = u.since_usec,
                                                  .incident = u.incident } });
        }
}
