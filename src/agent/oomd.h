/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

typedef struct Agent Agent;

/* Listens for what systemd-oomd says it has killed, man:org.freedesktop.oom1(5), as long as the slot is there. 0 or
 * -errno. */
int oomd_match(Agent *a, sd_bus *bus, sd_bus_slot **ret);
