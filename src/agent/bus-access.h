/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "base/cleanup.h"

/* Who may call a method: root, and whom polkit allows it. Neither the bus nor polkit is waited for: a call is put aside
 * until they have answered, and few are; nothing here is on the way from an event to an action. Methods that ask here are
 * SD_BUS_VTABLE_UNPRIVILEGED, or libsystemd asks the bus itself, and waits. */

/* The actions of units/org.memstalld1.policy. */
#define BUS_ACTION_OBSERVE "org.memstalld1.observe" /* to read which processes stall, and where */
#define BUS_ACTION_RELEASE "org.memstalld1.release" /* to have a throttle or freeze undone */

#define BUS_ACCESS_ASKING_MAX 16U
#define BUS_ACCESS_PER_CALLER 2U

typedef struct BusAccess BusAccess;

/* `bus` outlives it. What still waits for an answer when it goes gets none. 0 or -ENOMEM. */
int bus_access_new(BusAccess **ret, sd_bus *bus);
BusAccess *bus_access_free(BusAccess *a);
DEFINE_CLEANUP(BusAccess *, bus_access_free);

/* Calls `then` with the message as soon as its sender is known to be allowed to do `action`, as libsystemd would have called
 * it; else the sender gets an error. For a method's handler, which returns what this returns. */
int bus_access_then(BusAccess *a, sd_bus_message *m, const char *action, sd_bus_message_handler_t then, void *userdata,
                    sd_bus_error *error);
