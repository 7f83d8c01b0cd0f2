/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include <systemd/sd-bus.h>

#include "base/usec.h"
#include "config/nearest.h"
#include "ctl/explain-private.h"
#include "ctl/explain-seen.h"
#include "ctl/host.h"
#include "ctl/pager.h"
#include "ctl/verbs.h"

#define NAME "org.memstalld1"
#define OBJECT "/org/memstalld1"
#define INTERFACE "org.memstalld1.Manager"
#define NO_SUCH_UNIT "org.memstalld1.NoSuchUnit"
#define SYSTEMD "org.freedesktop.systemd1"
#define REPLY_LIMIT_USEC (10 * USEC_PER_SEC)
#define FREEZE_WATCHDOG_VERSION 258U /* from then on systemd stops the watchdog of a unit that it freezes */

static int no_unit(const char *unit) {
        _cleanup_(host_done) Host host = { 0 };
        Nearest nearest = { .word = unit };

        if (host_read(NULL, &host) >= 0)
                for (size_t i = 0; i < host.n_cgroups; i++)
                        nearest_offer(&nearest, *unit == '/' ? host.cgroups[i].path : host.cgroups[i].unit);
        fprintf(stderr, "memstallctl: %s does not run", unit);
        if (nearest.best)
                fprintf(stderr, ", did you mean %s?\n", nearest.best);
        else
                fprintf(stderr, "; systemctl list-units lists what does, and memstallctl show-config %s tells which policy "
                                "would watch it\n", unit);
        return CTL_FAILED;
}

static int no_answer(const char *unit, const sd_bus_error *error, int r) {
        if (sd_bus_error_has_name(error, NO_SUCH_UNIT))
                return no_unit(unit);
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                fprintf(stderr, "memstallctl: memstalld is not running; see systemctl status memstalld.service\n");
        else if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
                fprintf(stderr, "memstallctl: only root may ask memstalld about a unit\n");
        else
                fprintf(stderr, "memstallctl: memstalld does not answer: %s\n",
                        error->message ? error->message : strerror(-r));
        return CTL_FAILED;
}

/* Whether systemd would kill the unit for standing still; as far as it says so. */
static bool would_die_frozen(sd_bus *bus, const Seen *s) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(freep) char *version = NULL;
        uint64_t watchdog_usec = 0;
        unsigned number = 0;
        const char *object;

        if (seen_has(&s->notes, "delegated") ||
            sd_bus_call_method(bus, SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD ".Manager", "GetUnit", NULL, &reply,
                               "s", s->unit) < 0 ||
            sd_bus_message_read(reply, "o", &object) < 0 ||
            sd_bus_get_property_trivial(bus, SYSTEMD, object, SYSTEMD ".Service", "WatchdogUSec", NULL, 't',
                                        &watchdog_usec) < 0 ||
            watchdog_usec == 0 || watchdog_usec == USEC_INFINITY)
                return false;
        if (sd_bus_get_property_string(bus, SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD ".Manager", "Version", NULL,
                                       &version) < 0 ||
            sscanf(version + (*version == 'v'), "%u", &number) != 1)
                return false;
        return number < FREEZE_WATCHDOG_VERSION;
}

static int print(const ExplainOptions *options, const Seen *s) {
        int r;

        if (options->json) {
                seen_print_json(stdout, s);
                return CTL_DONE;
        }
        if (!options->no_pager)
                pager_open();
        r = seen_print(stdout, s, pager_colors());
        pager_close();
        if (r < 0)
                fprintf(stderr, "memstallctl: %s\n", strerror(-r));
        return r < 0 ? CTL_FAILED : CTL_DONE;
}

static int ask(const ExplainOptions *options, const char *unit, Seen *seen) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_open_system(&bus);
        if (r < 0) {
                fprintf(stderr, "memstallctl: no system bus: %s\n", strerror(-r));
                return CTL_FAILED;
        }
        (void) sd_bus_set_method_call_timeout(bus, REPLY_LIMIT_USEC);
        r = sd_bus_call_method(bus, NAME, OBJECT, INTERFACE, "Explain", &error, &reply, "s", unit);
        if (r < 0)
                return no_answer(unit, &error, r);
        r = seen_read(reply, seen);
        if (r < 0) {
                fprintf(stderr, "memstallctl: cannot read the answer of memstalld: %s\n", strerror(-r));
                return CTL_FAILED;
        }
        seen->no_freeze = would_die_frozen(bus, seen);
        return print(options, seen);
}

int explain_unit(const ExplainOptions *options, const char *unit) {
        _cleanup_(freep) Seen *seen = calloc(1, sizeof(*seen));
        const char *dot = strrchr(unit, '.');
        char name[256];
        int status;

        if (!seen)
                return CTL_FAILED;
        if (*unit != '/' && (!dot || (strcmp(dot, ".service") != 0 && strcmp(dot, ".scope") != 0 && strcmp(dot, ".slice") != 0))) {
                if (snprintf(name, sizeof(name), "%s.service", unit) >= (int) sizeof(name)) {
                        fprintf(stderr, "memstallctl explain: %s is no name of a unit\n", unit);
                        return CTL_USAGE;
                }
                unit = name;
        }
        status = ask(options, unit, seen);
        seen_done(seen);
        return status;
}
