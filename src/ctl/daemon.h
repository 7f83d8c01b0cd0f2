/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* The daemon on the system bus, org.memstalld1(5). */

/* Opens the system bus; says on standard error why not. 0 or -errno. */
int daemon_open(sd_bus **ret);

/* Calls a method of org.memstalld1.Manager with arguments as of sd_bus_message_append(); who is not root may be asked for
 * a password. Without an answer the words for standard error are "memstalld does not WHAT: …". `ret` may be NULL. 0 or
 * -errno. */
int daemon_call(sd_bus *bus, const char *what, const char *method, sd_bus_message **ret, const char *types, ...);

/* Reads all properties, an a{sv}. 0, or -errno after it was said. */
int daemon_get_all(sd_bus *bus, sd_bus_message **ret);

/* Reads one property; the reply stands on its value. 0, or -errno after it was said. */
int daemon_get(sd_bus *bus, const char *property, const char *type, sd_bus_message **ret);
