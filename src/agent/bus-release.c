/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Release(s), ReleaseAll(): what is held is undone because somebody says so. That is an event for the core like any other;
 * what became of it is told by the signal Released. */

#include <string.h>

#include "agent/agent-private.h"
#include "agent/bus-private.h"

/* The unit's, by name or by cgroup path, which a delegated one needs. A hold of an earlier run has no id; it is being
 * undone already. */
static bool find_hold(const Core *core, const char *name, uint64_t *ret_id) {
        HoldStatus h;

        for (size_t i = 0; core_hold_status(core, i, &h); i++)
                if (h.victim.id != 0 && (strcmp(h.victim.unit, name) == 0 || strcmp(h.victim.path, name) == 0)) {
                        *ret_id = h.victim.id;
                        return true;
                }
        return false;
}

/* How many holds there are on this cgroup; with 0, on any. */
static uint32_t count_holds(const Core *core, uint64_t id) {
        uint32_t n = 0;
        HoldStatus h;

        for (size_t i = 0; core_hold_status(core, i, &h); i++)
                n += id == 0 || h.victim.id == id;
        return n;
}

static int release(sd_bus_message *m, Agent *a, uint64_t id) {
        uint32_t n = count_holds(a->core, id);

        agent_feed(a, &(Event){ .kind = EVENT_RELEASE, .release = RELEASE_BY_HAND, .cgroup_id = id });
        return sd_bus_reply_method_return(m, "u", n);
}

static int release_one(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Agent *a = ((AgentBus *) userdata)->agent;
        const char *name;
        uint64_t id;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;
        if (!find_hold(a->core, name, &id))
                return sd_bus_error_setf(error, "org.memstalld1.NotHeld", "%s is not held", name);
        return release(m, a, id);
}

static int release_all(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return release(m, ((AgentBus *) userdata)->agent, 0);
}

int bus_method_release(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return bus_access_then(((AgentBus *) userdata)->access, m, BUS_ACTION_RELEASE, release_one, userdata, error);
}

int bus_method_release_all(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return bus_access_then(((AgentBus *) userdata)->access, m, BUS_ACTION_RELEASE, release_all, userdata, error);
}
