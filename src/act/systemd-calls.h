/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-bus.h>

#include "core/policy.h"

/* The D-Bus calls that act/systemd.c and act/managed-oom.c make, as man:org.freedesktop.systemd1(5) has them: each builds
 * one message and queues it on `bus` without waiting. The reply comes to `handler` with `userdata`, whenever it comes:
 * deadlines are the caller's. `*slot` must be empty, is the caller's, and takes the handler back when it is unreferenced.
 * Without a handler no reply is asked for. 0 or -errno. */

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER SYSTEMD_NAME ".Manager"

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

/* StartUnit, StopUnit, RestartUnit with "replace". Answered with the path of the job, which has only begun then. */
int call_job(const Call *c, const char *method, const char *unit);

/* SetUnitProperties with runtime=true, so a boot forgets it; of `properties` what is one. */
int call_set_properties(const Call *c, const char *unit, const Properties *properties);

/* Properties.Get of a property that the unit's own interface has, such as MemoryHigh. -EOPNOTSUPP for a kind of unit
 * that has no cgroup. */
int call_get(const Call *c, const char *unit, const char *property);

/* Properties.Get of Manager's Version. */
int call_get_version(const Call *c);

/* Subscribe: without it systemd sends no signals to a message bus. */
int call_subscribe(const Call *c);
