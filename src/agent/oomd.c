/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <systemd/sd-bus.h>

#include "agent/agent-private.h"
#include "agent/oomd.h"
#include "agent/sightings.h"

#define OOMD_NAME "org.freedesktop.oom1"
#define OOMD_PATH "/org/freedesktop/oom1"
#define OOMD_MANAGER "org.freedesktop.oom1.Manager"

static int on_killed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *cgroup, *reason;

        /* The bus holds what is broadcast against the name; what is sent to us alone may be from anybody. */
        if (sd_bus_message_get_destination(m) || sd_bus_message_read(m, "ss", &cgroup, &reason) < 0)
                return 0;
        sightings_on_oomd(userdata, cgroup, reason, false);
        return 0;
}

int oomd_match(Agent *a, sd_bus *bus, sd_bus_slot **ret) {
        return sd_bus_match_signal_async(bus, ret, OOMD_NAME, OOMD_PATH, OOMD_MANAGER, "Killed", on_killed, NULL, a);
}
