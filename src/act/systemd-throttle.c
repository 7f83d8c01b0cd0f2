/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Throttle: Get of each property that is to be set, all at once, then one SetUnitProperties for all of them. PID 1
 * answers one connection in order, so the first reply is to the first call.
 *
 * Where PID 1 would reclaim all that is above a new MemoryHigh= by itself, it goes down in steps: between them PID 1 is there for
 * others, and none of them takes long. */

#include <errno.h>

#include "act/systemd-action.h"
#include "act/systemd-errors.h"

#define STEPS_MAX 16U
#define STEP_SHARE 40U /* of the usage: 2.5 % at least */

#define BIT(which) (UINT32_C(1) << (which))
#define THROTTLES (BIT(PROPERTY_MEMORY_HIGH) | BIT(PROPERTY_CPU_QUOTA) | BIT(PROPERTY_CPU_WEIGHT) | BIT(PROPERTY_IO_WEIGHT))

/* Of a unit that exceeds its limit a share of the usage can be more than the limit. */
static void keep_from_raising(Action *a) {
        if (!properties_has(&a->properties, PROPERTY_MEMORY_HIGH) ||
            a->before.values[PROPERTY_MEMORY_HIGH] > a->properties.values[PROPERTY_MEMORY_HIGH])
                return;
        a->properties.set &= ~BIT(PROPERTY_MEMORY_HIGH);
        a->before.set &= ~BIT(PROPERTY_MEMORY_HIGH);
}

static Property next_from(const Action *a, Property which) {
        while (which < _PROPERTY_MAX && !properties_has(&a->properties, which))
                which++;
        return which;
}

static int on_step(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);

/* MemoryHigh= as it may be after `from`. */
static uint64_t high_after(const Action *a, uint64_t from) {
        uint64_t target = a->properties.values[PROPERTY_MEMORY_HIGH];

        return a->step_bytes == 0 || from <= target || from - target <= a->step_bytes ? target : from - a->step_bytes;
}

static int set_step(Action *a, Properties step) {
        bool is_last = step.values[PROPERTY_MEMORY_HIGH] == a->properties.values[PROPERTY_MEMORY_HIGH];
        Call call = chain_call(a, is_last ? chain_on_last_reply : on_step);

        a->usage_bytes = step.values[PROPERTY_MEMORY_HIGH];
        return call_set_properties(&call, a->unit, &step);
}

static int on_step(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Action *a = userdata;

        if (sd_bus_message_is_method_error(m, NULL))
                return chain_fail(a, sd_bus_message_get_error(m));
        return chain_next(a, set_step(a, (Properties) PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, high_after(a, a->usage_bytes))));
}

static int set_first(Action *a) {
        uint64_t target = a->properties.values[PROPERTY_MEMORY_HIGH], excess;
        Properties first = a->properties;

        a->usage_bytes = MIN(a->usage_bytes, a->before.values[PROPERTY_MEMORY_HIGH]);
        excess = a->usage_bytes > target ? a->usage_bytes - target : 0;
        if (properties_has(&first, PROPERTY_MEMORY_HIGH) && excess > 0 &&
            !version_sets_high_at_once(a->systemd->connection.version, a->systemd->kernel)) {
                a->step_bytes = MAX(a->usage_bytes / STEP_SHARE, excess / STEPS_MAX + 1);
                first.values[PROPERTY_MEMORY_HIGH] = high_after(a, a->usage_bytes);
        }
        return set_step(a, first);
}

static int set_all(Action *a) {
        keep_from_raising(a);
        if (a->properties.set == 0) {
                action_end(a, OUTCOME_REFUSED, -ERANGE, "its MemoryHigh= is not above that already");
                return 0;
        }
        if (!action_note(a, &a->before))
                return 0;
        a->outcome.previous = a->before;
        return set_first(a);
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
        properties_set(&a->before, a->at, value);
        a->at = next_from(a, a->at + 1);
        return a->at < _PROPERTY_MAX ? 0 : chain_next(a, set_all(a));
}

int throttle_start(Action *a) {
        size_t n = 0;

        a->properties.set &= THROTTLES;
        a->before = (Properties){ 0 };
        a->at = next_from(a, 0);
        if (a->at == _PROPERTY_MAX) {
                action_end_later(a, OUTCOME_REFUSED, -EINVAL, "there is nothing to set");
                return 0;
        }
        for (Property which = a->at, next; which < _PROPERTY_MAX; which = next) {
                Call call = chain_call(a, on_property);
                int r;

                next = next_from(a, which + 1);
                if (next < _PROPERTY_MAX)
                        call.slot = &a->get_slots[n++];
                r = call_get(&call, a->unit, property_to_string(which));
                if (r < 0)
                        return r;
        }
        return 0;
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
