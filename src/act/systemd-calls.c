/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <string.h>

#include "act/systemd-calls.h"
#include "base/cleanup.h"

#define SYSTEMD_UNIT_PATH SYSTEMD_PATH "/unit"
#define SYSTEMD_INTERFACE(name) SYSTEMD_NAME "." name

static const char *interface_of(const char *unit) {
        static const struct {
                const char *suffix, *interface;
        } kinds[] = {
                { ".service", SYSTEMD_INTERFACE("Service") }, { ".scope", SYSTEMD_INTERFACE("Scope") },
                { ".slice", SYSTEMD_INTERFACE("Slice") },     { ".socket", SYSTEMD_INTERFACE("Socket") },
                { ".mount", SYSTEMD_INTERFACE("Mount") },     { ".swap", SYSTEMD_INTERFACE("Swap") },
        };
        const char *dot = strrchr(unit, '.');

        for (size_t i = 0; dot && i < ELEMENTSOF(kinds); i++)
                if (strcmp(dot, kinds[i].suffix) == 0)
                        return kinds[i].interface;
        return NULL;
}

static int new_call(const Call *c, sd_bus_message **ret, const char *path, const char *interface, const char *member) {
        return sd_bus_message_new_method_call(c->bus, ret, SYSTEMD_NAME, path, interface, member);
}

static int new_manager_call(const Call *c, sd_bus_message **ret, const char *member) {
        return new_call(c, ret, SYSTEMD_PATH, SYSTEMD_MANAGER, member);
}

static int send_call(const Call *c, sd_bus_message *m) {
        int r;

        if (!c->handler) {
                r = sd_bus_message_set_expect_reply(m, 0);
                if (r < 0)
                        return r;
                r = sd_bus_send(c->bus, m, NULL);
        } else
                r = sd_bus_call_async(c->bus, c->slot, m, c->handler, c->userdata, UINT64_MAX);
        return r < 0 ? r : 0;
}

int call_freezer(const Call *c, bool freeze, const char *unit) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = new_manager_call(c, &m, freeze ? "FreezeUnit" : "ThawUnit");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", unit);
        if (r < 0)
                return r;
        return send_call(c, m);
}

int call_kill(const Call *c, const char *unit, int signal) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = new_manager_call(c, &m, "KillUnit");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ssi", unit, "all", (int32_t) signal);
        if (r < 0)
                return r;
        return send_call(c, m);
}

int call_job(const Call *c, const char *method, const char *unit) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = new_manager_call(c, &m, method);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ss", unit, "replace");
        if (r < 0)
                return r;
        return send_call(c, m);
}

static int append_properties(sd_bus_message *m, const Properties *properties) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r < 0)
                return r;
        for (Property which = 0; which < PROPERTY_SLICES_LOW; which++) {
                if (!properties_has(properties, which))
                        continue;
                r = sd_bus_message_append(m, "(sv)", property_to_string(which), "t", properties->values[which]);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

int call_set_properties(const Call *c, const char *unit, const Properties *properties) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = new_manager_call(c, &m, "SetUnitProperties");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "sb", unit, 1);
        if (r < 0)
                return r;
        r = append_properties(m, properties);
        if (r < 0)
                return r;
        return send_call(c, m);
}

static int get(const Call *c, const char *path, const char *interface, const char *property) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = new_call(c, &m, path, "org.freedesktop.DBus.Properties", "Get");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ss", interface, property);
        if (r < 0)
                return r;
        return send_call(c, m);
}

int call_get(const Call *c, const char *unit, const char *property) {
        _cleanup_(freep) char *path = NULL;
        const char *interface;
        int r;

        interface = interface_of(unit);
        if (!interface)
                return -EOPNOTSUPP;
        r = sd_bus_path_encode(SYSTEMD_UNIT_PATH, unit, &path);
        if (r < 0)
                return r;
        return get(c, path, interface, property);
}

int call_get_version(const Call *c) {
        return get(c, SYSTEMD_PATH, SYSTEMD_MANAGER, "Version");
}

int call_subscribe(const Call *c) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = new_manager_call(c, &m, "Subscribe");
        if (r < 0)
                return r;
        return send_call(c, m);
}
