/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* ManagedOOMMemoryPressure and ManagedOOMSwap at once, then the two numbers if the first says "kill". */

#include <errno.h>
#include <string.h>

#include "act/managed-oom-private.h"
#include "act/systemd-calls.h"
#include "act/systemd-errors.h"

static void ask_numbers(ManagedUnit *u);

void managed_ask_no_more(ManagedUnit *u) {
        for (size_t i = 0; i < ELEMENTSOF(u->slots); i++)
                u->slots[i] = sd_bus_slot_unref(u->slots[i]);
        u->managed->n_calls -= u->n_calls;
        u->n_calls = 0;
}

/* No such unit, or not such a property in this version of systemd: it does not say "kill". */
static bool says_no(const sd_bus_error *e) {
        int error;

        return error_meaning(e, &error) == ERROR_GONE || sd_bus_error_has_name(e, SD_BUS_ERROR_UNKNOWN_PROPERTY) ||
               sd_bus_error_has_name(e, SD_BUS_ERROR_UNKNOWN_INTERFACE);
}

/* One reply is here. True if it holds a value. */
static bool take(ManagedUnit *u, sd_bus_message *m) {
        u->n_calls--;
        u->managed->n_calls--;
        if (!sd_bus_message_is_method_error(m, NULL))
                return true;
        u->in_vain = u->in_vain || !says_no(sd_bus_message_get_error(m));
        return false;
}

/* After each reply: goes on when all are here. */
static int go_on(ManagedUnit *u) {
        if (u->n_calls > 0)
                return 0;
        managed_ask_no_more(u);
        if (u->says.pressure && !u->numbers && !u->in_vain)
                ask_numbers(u);
        else
                managed_on_answered(u);
        return 0;
}

static bool read_kill(sd_bus_message *m) {
        const char *word;

        return sd_bus_message_read(m, "v", "s", &word) >= 0 && strcmp(word, "kill") == 0;
}

static int on_pressure(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        ManagedUnit *u = userdata;

        u->says.pressure = take(u, m) && read_kill(m);
        return go_on(u);
}

static int on_swap(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        ManagedUnit *u = userdata;

        u->says.swap = take(u, m) && read_kill(m);
        return go_on(u);
}

/* A share of UINT32_MAX; one that is set does not become the default by being small. */
static int on_limit(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        ManagedUnit *u = userdata;
        uint32_t scale;

        if (take(u, m) && sd_bus_message_read(m, "v", "u", &scale) >= 0 && scale > 0)
                u->says.share = (uint32_t) MAX((scale * UINT64_C(10000) + UINT32_MAX / 2) / UINT32_MAX, UINT64_C(1));
        return go_on(u);
}

static int on_duration(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        ManagedUnit *u = userdata;
        uint64_t usec;

        if (take(u, m) && sd_bus_message_read(m, "v", "t", &usec) >= 0 && usec != USEC_INFINITY)
                u->says.duration_usec = usec;
        return go_on(u);
}

/* Two calls; answered in vain if they could not be sent. */
static int ask_both(ManagedUnit *u, const char *const properties[static 2], const sd_bus_message_handler_t handlers[static 2]) {
        int r;

        for (size_t i = 0; i < ELEMENTSOF(u->slots); i++) {
                r = call_get(&(Call){ u->managed->connection.bus, &u->slots[i], handlers[i], u }, u->unit, properties[i]);
                if (r < 0) {
                        managed_ask_no_more(u);
                        return r;
                }
                u->n_calls++;
                u->managed->n_calls++;
        }
        return 0;
}

static void ask_numbers(ManagedUnit *u) {
        static const char *const properties[] = { "ManagedOOMMemoryPressureLimit",
                                                  "ManagedOOMMemoryPressureDurationUSec" };
        static const sd_bus_message_handler_t handlers[] = { on_limit, on_duration };

        u->numbers = true;
        u->in_vain = ask_both(u, properties, handlers) < 0;
        if (u->in_vain)
                managed_on_answered(u);
}

void managed_ask(ManagedUnit *u) {
        static const char *const properties[] = { "ManagedOOMMemoryPressure", "ManagedOOMSwap" };
        static const sd_bus_message_handler_t handlers[] = { on_pressure, on_swap };
        int r;

        u->state = MANAGED_ASKING;
        u->says = (ManagedSays){ 0 };
        u->numbers = u->in_vain = u->again = false;
        r = ask_both(u, properties, handlers);
        if (r == -EOPNOTSUPP)
                u->state = MANAGED_IDLE;
        else if (r < 0) {
                u->in_vain = true;
                managed_on_answered(u);
        }
}
