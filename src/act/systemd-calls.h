/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-bus.h>

/* The D-Bus calls that act/systemd.c makes, as man:org.freedesktop.systemd1(5) has them: each builds one message and
 * queues it on `bus` without waiting. The reply comes to `handler` with `userdata`; `*slot` must be empty, is the
 * caller's, and takes the handler back when it is unreferenced. 0 or -errno. */

typedef struct Call {
        sd_bus *bus;
        sd_bus_slot **slot;
        sd_bus_message_handler_t handler;
        void *userdata;
} Call;

/* FreezeUnit, ThawUnit. Answered when the freezer is done. */
int call_freezer(const Call *c, bool freeze, const char *unit);

/* KillUnit with "all": the processes of the unit and of the cgroups below it. */
int call_kill(const Call *c, const char *unit, int signal);

/* SetUnitProperties with runtime=true, so a boot forgets it. Bytes; UINT64_MAX is infinity. */
int call_set_memory_high(const Call *c, const char *unit, uint64_t bytes);

/* Properties.Get of a property that the unit's own interface has, such as MemoryHigh. -EOPNOTSUPP for a kind of unit
 * that has no cgroup. */
int call_get(const Call *c, const char *unit, const char *property);

/* Properties.Get of Manager's Version. */
int call_get_version(const Call *c);
