/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Throttle: Get of each property that is to be set, one after another, then one SetUnitProperties for all of them. */

#include <errno.h>

#include "act/systemd-action.h"

#define BIT(which) (UINT32_C(1) << (which))
#define THROTTLES (BIT(PROPERTY_MEMORY_HIGH) | BIT(PROPERTY_CPU_QUOTA) | BIT(PROPERTY_CPU_WEIGHT) | BIT(PROPERTY_IO_WEIGHT))

static int on_property(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);

/* Of a unit that exceeds its limit a share of the usage can be more than the limit. */
static void keep_from_raising(Action *a) {
        if (!properties_has(&a->properties, PROPERTY_MEMORY_HIGH) ||
            a->before.values[PROPERTY_MEMORY_HIGH] > a->properties.values[PROPERTY_MEMORY_HIGH])
                return;
        a->properties.set &= ~BIT(PROPERTY_MEMORY_HIGH);
        a->before.set &= ~BIT(PROPERTY_MEMORY_HIGH);
}

/* Asks for the next one, or sets them. */
static int go_on(Action *a) {
        while (a->at < _PROPERTY_MAX && !properties_has(&a->properties, a->at))
                a->at++;
        if (a->at < _PROPERTY_MAX) {
                Call call = chain_call(a, on_property);

                return call_get(&call, a->unit, property_to_string(a->at));
        }

        keep_from_raising(a);
        if (a->properties.set == 0) {
                action_end(a, OUTCOME_REFUSED, -ERANGE, "its MemoryHigh= is not above that already");
                return 0;
        }
        a->outcome.previous = a->before;
        Call call = chain_call(a, chain_on_last_reply);
        return call_set_properties(&call, a->unit, &a->properties);
}

static int on_property(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Action *a = userdata;
        uint64_t value;
        int r;

        if (sd_bus_message_is_method_error(m, NULL))
                return chain_fail(a, sd_bus_message_get_error(m));
        r = sd_bus_message_read(m, "v", "t", &value);
        if (r < 0)
                return chain_next(a, r);
        properties_set(&a->before, a->at++, value);
        return chain_next(a, go_on(a));
}

int throttle_start(Action *a) {
        a->properties.set &= THROTTLES;
        a->before = (Properties){ 0 };
        a->at = 0;
        if (a->properties.set == 0) {
                action_end_later(a, OUTCOME_REFUSED, -EINVAL, "there is nothing to set");
                return 0;
        }
        return go_on(a);
}

int throttle_start_undo(Action *a) {
        a->properties.set &= THROTTLES;
        if (a->properties.set == 0) {
                action_end_later(a, OUTCOME_DONE, 0, "");
                return 0;
        }
        Call call = chain_call(a, chain_on_last_reply);
        return call_set_properties(&call, a->unit, &a->properties);
}
