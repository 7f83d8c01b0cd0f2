/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is held is on a list in /run, for whatever comes after this run of the daemon. */

#include <stdio.h>
#include <string.h>

#include "act/held.h"
#include "agent/agent-private.h"
#include "agent/held.h"

static void describe(const HoldStatus *h, HeldUnit *ret) {
        *ret = (HeldUnit){
                .action = h->action,
                .previous = h->previous,
                .since_usec = h->since_usec,
                .incident = h->incident,
                .delegated = h->victim.delegated,
        };
        if (h->victim.kind != CGROUP_GROUP)
                (void) snprintf(ret->unit, sizeof(ret->unit), "%s", h->victim.unit);
        /* Half a path is none. */
        if (h->victim.path && strlen(h->victim.path) < sizeof(ret->path))
                strcpy(ret->path, h->victim.path);
}

void held_sync(HeldList *list, const Core *core) {
        bool is_taken[HELD_UNITS_MAX] = { 0 };
        HoldStatus h;

        for (size_t i = 0; core_hold_status(core, i, &h); i++) {
                HeldUnit unit;

                describe(&h, &unit);
                is_taken[h.slot] = held_list_set(list, h.slot, h.pending, &unit) == 0;
        }
        for (size_t i = 0; i < HELD_UNITS_MAX; i++)
                if (!is_taken[i])
                        held_list_clear(list, i);
}

void held_save(Agent *a) {
        unsigned generation = core_counts(a->core).held_generation;

        if (!a->held || a->recovering || generation == a->held_generation)
                return;
        held_sync(a->held, a->core);
        a->held_generation = generation;
}

bool held_is_noted(const Agent *a, const Decision *d) {
        return !a->held || held_list_has(a->held, d->id);
}

void held_feed(const HeldUnit *u, void (*feed)(void *userdata, Event *event), void *userdata) {
        if (u->action != ACTION_FREEZE && u->previous.set == 0)
                return; /* it had not been changed yet */
        feed(userdata, &(Event){ .kind = EVENT_HELD,
                                 .held = { .unit = u->unit[0] ? u->unit : u->path,
                                           .path = u->path,
                                           .delegated = u->delegated,
                                           .action = u->action,
                                           .previous = u->previous,
                                           .since_usec = u->since_usec,
                                           .incident = u->incident } });
}

static void feed(void *userdata, Event *event) {
        agent_feed(userdata, event);
}

int held_start(Agent *a) {
        HeldUnit *units = calloc(HELD_UNITS_MAX, sizeof(*units));
        size_t n = 0;

        if (!units)
                return -ENOMEM;
        /* A run before this one that is killed and stuck in the kernel is no reason not to start. */
        a->held_lock = held_lock(HELD_FOLDER);
        if (held_read(HELD_FILE, units, HELD_UNITS_MAX, &n) < 0)
                journal_notice(a->journal, 4, "Cannot read " HELD_FILE ": what an earlier run held may still be held.");
        if (held_list_new(&a->held, HELD_FILE, units, n) < 0)
                journal_notice(a->journal, 4, "Cannot write " HELD_FILE ": what is held stays held if memstalld dies.");
        effector_keep_list(a->effector, a->held);

        a->recovering = true;
        for (size_t i = 0; i < n; i++)
                held_feed(units + i, feed, a);
        a->recovering = false;
        free(units);
        held_save(a);
        return 0;
}

void held_stop(Agent *a) {
        a->held = held_list_free(a->held);
        a->held_lock = fd_close(a->held_lock);
}
