/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "agent/bus.h"

/* Who may call what: root always; others where polkit says so. What needs polkit's answer is kept until that comes. */

/* Calls `then` if the sender of `m` may do `action` (a polkit action id, see units/org.memstalld1.policy): at once for
 * root, else when polkit has answered, with what `then` is given then. Fails as AccessDenied for whom polkit refuses,
 * and where there is no polkit, as LimitsExceeded where too many wait for it. `userdata` is the AgentBus. Never waits.
 * The result is that of a method handler, see man:sd_bus_add_object_vtable(3). */
int bus_authorize(sd_bus_message *m, void *userdata, const char *action, sd_bus_message_handler_t then,
                  sd_bus_error *error);

/* Forgets who waits; they get no answer. Before the bus is closed. */
void bus_authorize_forget(AgentBus *b);
