/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "base/usec.h"
#include "core/decision.h"
#include "ctl/top-bus.h"

#define NAME "org.memstalld1"
#define OBJECT "/org/memstalld1"
#define INTERFACE "org.memstalld1.Manager"
#define REPLY_LIMIT_USEC (3 * USEC_PER_SEC)

static int fail(int r, const sd_bus_error *error, char *why, size_t size) {
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                (void) snprintf(why, size, "memstalld is not running; see systemctl status memstalld.service");
        else if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
                (void) snprintf(why, size, "only root may see the processes and kernel stacks of others; try sudo");
        else if (sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_METHOD))
                (void) snprintf(why, size, "the memstalld that runs is older than this; restart it");
        else if (sd_bus_error_has_name(error, "org.memstalld1.NoCulprits"))
                (void) snprintf(why, size, "memstalld does not see who stalls: %s", error->message);
        else
                (void) snprintf(why, size, "memstalld does not tell its stalls: %s",
                                error->message ? error->message : strerror(-r));
        return sd_bus_error_has_name(error, SD_BUS_ERROR_LIMITS_EXCEEDED) || r == -ETIMEDOUT ? -EAGAIN : r;
}

int top_bus_open(sd_bus **ret, char *rung, size_t rung_size, char *why, size_t why_size) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(freep) char *text = NULL;
        int r;

        r = sd_bus_open_system(&bus);
        if (r < 0) {
                (void) snprintf(why, why_size, "no system bus: %s", strerror(-r));
                return r;
        }
        (void) sd_bus_set_method_call_timeout(bus, REPLY_LIMIT_USEC);
        r = sd_bus_get_property_string(bus, NAME, OBJECT, INTERFACE, "Culprits", &error, &text);
        if (r < 0)
                return fail(r, &error, why, why_size);
        (void) snprintf(rung, rung_size, "%s", text);
        *ret = TAKE_PTR(bus);
        return 0;
}

static StallClass class_of(const char *word) {
        for (StallClass c = 0; c < _STALL_CLASS_MAX; c++)
                if (strcmp(stall_to_string(c), word) == 0)
                        return c;
        return STALL_OTHER; /* a newer daemon's */
}

static int read_rows(sd_bus_message *m, TopReading *ret) {
        const char *unit, *cgroup, *limit, *comm, *class, *stack;
        int r, running;
        TopRow row = { 0 };

        r = sd_bus_message_read(m, "tt", &ret->now_usec, &ret->left_out_usec);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "(sssusstbtts)");
        while (r >= 0 &&
               (r = sd_bus_message_read(m, "(sssusstbtts)", &unit, &cgroup, &limit, &row.pid, &comm, &class, &row.key,
                                        &running, &row.stall_usec, &row.count, &stack)) > 0) {
                row.unit = (char *) unit;
                row.cgroup = (char *) cgroup;
                row.limit = (char *) limit;
                row.comm = (char *) comm;
                row.stack = (char *) stack;
                row.class = class_of(class);
                row.running = running;
                r = top_reading_add(ret, &row);
        }
        return r;
}

int top_bus_read(sd_bus *bus, uint64_t since_usec, TopReading *ret, char *why, size_t why_size) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(top_reading_done) TopReading reading = { 0 };
        int r;

        r = sd_bus_call_method(bus, NAME, OBJECT, INTERFACE, "Stalls", &error, &reply, "t", since_usec);
        if (r >= 0)
                r = read_rows(reply, &reading);
        if (r < 0)
                return fail(r, &error, why, why_size);
        *ret = reading;
        reading = (TopReading){ 0 };
        return 0;
}
