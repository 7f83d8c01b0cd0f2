/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/cleanup.h"
#include "config/policy-draft.h"

/* Section [Step]: its keys, and the values that only steps have. */

const Step policy_step_default = STEP_DEFAULT;

/* ---- Conditions ------------------------------------------------------------------------------ */

/* How the value of each is written; all of them start where the union of Condition does. */
static const ValueType *const condition_types[_CONDITION_KIND_MAX] = {
        [CONDITION_PRESSURE] = &value_pressure,
        [CONDITION_HOST_PRESSURE] = &value_pressure,
        [CONDITION_IO_PRESSURE] = &value_pressure,
        [CONDITION_CPU_PRESSURE] = &value_pressure,
        [CONDITION_STALL] = &value_stall,
        [CONDITION_AVAILABLE] = &value_amount,
        [CONDITION_HOST_AVAILABLE] = &value_amount,
        [CONDITION_SWAP_FREE] = &value_amount,
        [CONDITION_USAGE] = &value_amount,
        [CONDITION_GROWTH] = &value_rate_bytes,
        [CONDITION_EXHAUSTION] = &value_duration_bounded,
        [CONDITION_REFAULTS] = &value_rate_pages,
        [CONDITION_RECLAIM] = &value_rate_pages,
        [CONDITION_EFFICIENCY] = &value_share,
        [CONDITION_EVENT] = &value_event_count,
        [CONDITION_CAUSE] = &value_causes,
        [CONDITION_PRESENT] = &value_running_globs,
        [CONDITION_ABSENT] = &value_running_globs,
        [CONDITION_DYING_DESCENDANTS] = &value_count,
};

static const PressureResource condition_resources[] = {
        [CONDITION_PRESSURE] = RESOURCE_MEMORY,
        [CONDITION_HOST_PRESSURE] = RESOURCE_HOST_MEMORY,
        [CONDITION_IO_PRESSURE] = RESOURCE_IO,
        [CONDITION_CPU_PRESSURE] = RESOURCE_CPU,
        [CONDITION_STALL] = RESOURCE_STALL,
};

static int add_condition(const Place *place, Step *step, Condition *condition) {
        Condition *grown;

        if (step->n_conditions >= STEP_CONDITIONS_MAX)
                return place_error(place, "a step has at most %u conditions, remove some", STEP_CONDITIONS_MAX);
        grown = realloc(step->conditions, (step->n_conditions + 1) * sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        grown[step->n_conditions++] = TAKE(*condition, (Condition){ 0 });
        step->conditions = grown;
        return 0;
}

static void remove_conditions(Step *step, ConditionKind kind) {
        size_t n = 0;

        for (size_t i = 0; i < step->n_conditions; i++)
                if (step->conditions[i].kind != kind)
                        step->conditions[n++] = step->conditions[i];
                else
                        condition_done(step->conditions + i);
        step->n_conditions = n;
}

static ConditionKind condition_kind(const char *key) {
        ConditionKind kind = 0;

        while (strcmp(condition_to_string(kind), key) != 0)
                kind++;
        return kind;
}

/* Conditions are lists: each assignment adds one that must hold as well. */
static int parse_condition(const Place *place, const char *value, void *field) {
        _cleanup_(condition_done) Condition condition = { .kind = condition_kind(place->key) };
        size_t n_errors = config_errors_count(place->errors);
        int r;

        if (!*value) {
                remove_conditions(field, condition.kind);
                return 0;
        }
        r = condition_types[condition.kind]->parse(place, value, &condition.pressure);
        if (r < 0 || config_errors_count(place->errors) > n_errors)
                return r;
        if (condition_is_pressure(condition.kind))
                condition.pressure.resource = condition_resources[condition.kind];
        return add_condition(place, field, &condition);
}

static const ValueType value_condition = { 0, parse_condition };

/* ---- Limits ---------------------------------------------------------------------------------- */

static int parse_limit(const Place *place, const char *value, Properties *limits, Property which,
                       const ValueType *type, uint64_t factor) {
        size_t n_errors = config_errors_count(place->errors);
        uint64_t number;
        int r;

        if (!*value) {
                limits->set &= ~(UINT32_C(1) << which);
                limits->values[which] = 0;
                return 0;
        }
        r = type->parse(place, value, &number);
        if (r < 0 || config_errors_count(place->errors) > n_errors)
                return r;
        properties_set(limits, which, number * factor);
        return 0;
}

/* All of one CPU is a second of its time in a second. */
static int parse_cpu_quota(const Place *place, const char *value, void *field) {
        return parse_limit(place, value, field, PROPERTY_CPU_QUOTA, &value_percent, 100);
}

static int parse_cpu_weight(const Place *place, const char *value, void *field) {
        return parse_limit(place, value, field, PROPERTY_CPU_WEIGHT, &value_cpu_weight, 1);
}

static int parse_io_weight(const Place *place, const char *value, void *field) {
        return parse_limit(place, value, field, PROPERTY_IO_WEIGHT, &value_io_weight, 1);
}

static const ValueType value_limit_cpu_quota = { 0, parse_cpu_quota };
static const ValueType value_limit_cpu_weight = { 0, parse_cpu_weight };
static const ValueType value_limit_io_weight = { 0, parse_io_weight };

/* ---- Keys ------------------------------------------------------------------------------------ */

const Key policy_step_keys[_STEP_KEY_MAX] = {
        [CONDITION_PRESSURE] = { "Pressure", &value_condition, 0 },
        [CONDITION_HOST_PRESSURE] = { "HostPressure", &value_condition, 0 },
        [CONDITION_IO_PRESSURE] = { "IOPressure", &value_condition, 0 },
        [CONDITION_CPU_PRESSURE] = { "CPUPressure", &value_condition, 0 },
        [CONDITION_STALL] = { "Stall", &value_condition, 0 },
        [CONDITION_AVAILABLE] = { "Available", &value_condition, 0 },
        [CONDITION_HOST_AVAILABLE] = { "HostAvailable", &value_condition, 0 },
        [CONDITION_SWAP_FREE] = { "SwapFree", &value_condition, 0 },
        [CONDITION_USAGE] = { "Usage", &value_condition, 0 },
        [CONDITION_GROWTH] = { "Growth", &value_condition, 0 },
        [CONDITION_EXHAUSTION] = { "Exhaustion", &value_condition, 0 },
        [CONDITION_REFAULTS] = { "Refaults", &value_condition, 0 },
        [CONDITION_RECLAIM] = { "Reclaim", &value_condition, 0 },
        [CONDITION_EFFICIENCY] = { "Efficiency", &value_condition, 0 },
        [CONDITION_EVENT] = { "Event", &value_condition, 0 },
        [CONDITION_CAUSE] = { "Cause", &value_condition, 0 },
        [CONDITION_PRESENT] = { "Present", &value_condition, 0 },
        [CONDITION_ABSENT] = { "Absent", &value_condition, 0 },
        [CONDITION_DYING_DESCENDANTS] = { "DyingDescendants", &value_condition, 0 },
        [STEP_KEY_NAME] = { "Name", &value_word, offsetof(Step, name) },
        [STEP_KEY_ACTION] = { "Action", &value_action, offsetof(Step, action) },
        [STEP_KEY_FOR] = { "For", &value_duration_finite, offsetof(Step, for_usec) },
        [STEP_KEY_SETTLE] = { "Settle", &value_duration_finite, offsetof(Step, settle_usec) },
        [STEP_KEY_COOLDOWN] = { "Cooldown", &value_duration, offsetof(Step, cooldown_usec) },
        [STEP_KEY_MEMORY_HIGH] = { "MemoryHigh", &value_amount, offsetof(Step, memory_high) },
        [STEP_KEY_CPU_QUOTA] = { "CPUQuota", &value_limit_cpu_quota, offsetof(Step, limits) },
        [STEP_KEY_CPU_WEIGHT] = { "CPUWeight", &value_limit_cpu_weight, offsetof(Step, limits) },
        [STEP_KEY_IO_WEIGHT] = { "IOWeight", &value_limit_io_weight, offsetof(Step, limits) },
        [STEP_KEY_SHIELD] = { "Shield", &value_victim_globs, offsetof(Step, shield) },
        [STEP_KEY_MEMORY_LOW] = { "MemoryLow", &value_amount, offsetof(Step, memory_low) },
        [STEP_KEY_AMOUNT] = { "Amount", &value_amount, offsetof(Step, reclaim) },
        [STEP_KEY_UNTIL] = { "Until", &value_pressure, offsetof(Step, until) },
        [STEP_KEY_MAX_HOLD] = { "MaxHold", &value_duration_above_zero, offsetof(Step, max_hold_usec) },
        [STEP_KEY_SIGNAL] = { "Signal", &value_signal, offsetof(Step, signal) },
        [STEP_KEY_KILL_AFTER] = { "KillAfter", &value_duration, offsetof(Step, kill_after_usec) },
        [STEP_KEY_START] = { "Start", &value_start, offsetof(Step, start) },
        [STEP_KEY_START_TIMEOUT] = { "StartTimeout", &value_duration_bounded, offsetof(Step, start_timeout_usec) },
        [STEP_KEY_DRY_RUN] = { "DryRun", &value_boolean, offsetof(Step, dry_run) },
};
