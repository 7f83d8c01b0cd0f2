/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <systemd/sd-bus.h>

#include "base/clock.h"
#include "base/strv.h"
#include "base/usec.h"
#include "core/rivals.h"
#include "ctl/host.h"

#define NAME "org.freedesktop.systemd1"
#define OBJECT "/org/freedesktop/systemd1"
#define INTERFACE_OF(type) "org.freedesktop.systemd1." type
#define INTERFACE INTERFACE_OF("Manager")
#define PATIENCE_USEC USEC_PER_SEC

/* All calls together have PATIENCE_USEC. False when it is used up. */
static bool set_patience(sd_bus *bus, uint64_t until_usec) {
        uint64_t now_usec = clock_usec();

        return now_usec < until_usec && sd_bus_set_method_call_timeout(bus, until_usec - now_usec) >= 0;
}

/* "257.13-1~deb13u1" */
static void ask_version(sd_bus *bus, Host *host) {
        _cleanup_(freep) char *version = NULL;

        if (sd_bus_get_property_string(bus, NAME, OBJECT, INTERFACE, "Version", NULL, &version) < 0)
                return;
        (void) sscanf(version + (*version == 'v'), "%u", &host->systemd_version);
}

/* Reads on in an array of units as ListUnits() has them. Above zero while there are more. */
static int read_unit(sd_bus_message *reply, const char **ret_name, const char **ret_state, const char **ret_object) {
        return sd_bus_message_read(reply, "(ssssssouso)", ret_name, NULL, NULL, ret_state, NULL, NULL, ret_object, NULL,
                                   NULL, NULL);
}

static int ask_rivals(sd_bus *bus, Host *host) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        const char *name, *state, *object;
        const Rival *rival;
        int r;

        if (sd_bus_message_new_method_call(bus, &call, NAME, OBJECT, INTERFACE, "ListUnitsByNames") < 0 ||
            sd_bus_message_open_container(call, 'a', "s") < 0)
                return 0;
        for (size_t i = 0; (rival = rival_at(i)); i++)
                if (sd_bus_message_append(call, "s", rival->unit) < 0)
                        return 0;
        if (sd_bus_message_close_container(call) < 0 || sd_bus_call(bus, call, 0, NULL, &reply) < 0 ||
            sd_bus_message_enter_container(reply, 'a', "(ssssssouso)") < 0)
                return 0;
        while (read_unit(reply, &name, &state, &object) > 0)
                if (strcmp(state, "active") == 0) {
                        r = strv_push(&host->rivals, name, strlen(name));
                        if (r < 0)
                                return r;
                }
        return 0;
}

static HostCgroup *find_unit(const Host *host, const char *name) {
        for (size_t i = 0; i < host->n_cgroups; i++)
                if (!host->cgroups[i].delegated && strcmp(host->cgroups[i].unit, name) == 0)
                        return host->cgroups + i;
        return NULL;
}

static bool property_is(sd_bus *bus, const char *object, const char *interface, const char *property,
                        const char *value) {
        _cleanup_(freep) char *s = NULL;

        return sd_bus_get_property_string(bus, NAME, object, interface, property, NULL, &s) >= 0 &&
               strcmp(s, value) == 0;
}

static void ask_unit(sd_bus *bus, const char *object, HostCgroup *cgroup) {
        static const char service[] = INTERFACE_OF("Service");
        const char *suffix = strrchr(cgroup->unit, '.'), *interface = service;
        uint64_t watchdog_usec;

        if (strcmp(suffix, ".slice") == 0)
                interface = INTERFACE_OF("Slice");
        else if (strcmp(suffix, ".scope") == 0)
                interface = INTERFACE_OF("Scope");
        cgroup->is_managed = property_is(bus, object, interface, "ManagedOOMMemoryPressure", "kill") ||
                             property_is(bus, object, interface, "ManagedOOMSwap", "kill");
        if (interface == service && sd_bus_get_property_trivial(bus, NAME, object, interface, "WatchdogUSec", NULL,
                                                                't', &watchdog_usec) >= 0)
                cgroup->has_watchdog = watchdog_usec > 0 && watchdog_usec != USEC_INFINITY;
}

static void ask_units(sd_bus *bus, Host *host, uint64_t until_usec) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *name, *state, *object;

        if (sd_bus_call_method(bus, NAME, OBJECT, INTERFACE, "ListUnitsByPatterns", NULL, &reply, "asas", 1, "active",
                               3, "*.service", "*.scope", "*.slice") < 0 ||
            sd_bus_message_enter_container(reply, 'a', "(ssssssouso)") < 0)
                return;
        while (set_patience(bus, until_usec) && read_unit(reply, &name, &state, &object) > 0) {
                HostCgroup *cgroup = find_unit(host, name);

                if (cgroup)
                        ask_unit(bus, object, cgroup);
        }
}

int host_ask(Host *host) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        uint64_t until_usec = usec_add(clock_usec(), PATIENCE_USEC);
        int r;

        if (sd_bus_open_system(&bus) < 0 || !set_patience(bus, until_usec))
                return 0;
        ask_version(bus, host);
        if (!set_patience(bus, until_usec))
                return 0;
        r = ask_rivals(bus, host);
        if (r < 0)
                return r;
        if (set_patience(bus, until_usec))
                ask_units(bus, host, until_usec);
        return 0;
}
