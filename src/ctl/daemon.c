/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/usec.h"
#include "ctl/daemon.h"

#define NAME "org.memstalld1"
#define OBJECT "/org/memstalld1"
#define INTERFACE "org.memstalld1.Manager"
#define ANSWER_USEC (5 * USEC_PER_SEC)
#define PASSWORD_USEC (2 * USEC_PER_MINUTE) /* where polkit asks for one */

int daemon_open(sd_bus **ret) {
        int r = sd_bus_open_system(ret);

        if (r < 0) {
                fprintf(stderr, "memstallctl: no system bus: %s\n", strerror(-r));
                return r;
        }
        (void) sd_bus_set_method_call_timeout(*ret, ANSWER_USEC);
        return 0;
}

static int say(int r, const sd_bus_error *error, const char *what) {
        static const struct {
                const char *name, *words;
        } rows[] = {
                { SD_BUS_ERROR_SERVICE_UNKNOWN, "is not running; see systemctl status memstalld.service" },
                { SD_BUS_ERROR_NAME_HAS_NO_OWNER, "is not running; see systemctl status memstalld.service" },
                { SD_BUS_ERROR_UNKNOWN_METHOD, "is older than this memstallctl; systemctl restart memstalld.service" },
                { SD_BUS_ERROR_UNKNOWN_PROPERTY, "is older than this memstallctl; systemctl restart memstalld.service" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (sd_bus_error_has_name(error, rows[i].name)) {
                        fprintf(stderr, "memstallctl: memstalld %s\n", rows[i].words);
                        return r;
                }
        fprintf(stderr, "memstallctl: memstalld does not %s: %s\n", what, error->message ? error->message : strerror(-r));
        return r;
}

int daemon_call(sd_bus *bus, const char *what, const char *method, sd_bus_message **ret, const char *types, ...) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        va_list arguments;
        int r;

        r = sd_bus_message_new_method_call(bus, &call, NAME, OBJECT, INTERFACE, method);
        if (r >= 0)
                r = sd_bus_message_set_allow_interactive_authorization(call, true);
        if (r >= 0 && types) {
                va_start(arguments, types);
                r = sd_bus_message_appendv(call, types, arguments);
                va_end(arguments);
        }
        if (r >= 0)
                r = sd_bus_call(bus, call, PASSWORD_USEC, &error, ret);
        return r < 0 ? say(r, &error, what) : 0;
}

int daemon_get(sd_bus *bus, const char *property, const char *type, sd_bus_message **ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        char what[64];
        int r;

        r = sd_bus_get_property(bus, NAME, OBJECT, INTERFACE, property, &error, ret, type);
        if (r >= 0)
                return 0;
        (void) snprintf(what, sizeof(what), "tell its %s", property);
        return say(r, &error, what);
}

int daemon_get_all(sd_bus *bus, sd_bus_message **ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call_method(bus, NAME, OBJECT, "org.freedesktop.DBus.Properties", "GetAll", &error, ret, "s", INTERFACE);
        return r < 0 ? say(r, &error, "tell its state") : 0;
}
