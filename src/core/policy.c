/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/strv.h"
#include "core/policy.h"

static const char *const action_words[_ACTION_KIND_MAX] = {
        [ACTION_LOG] = "log",
        [ACTION_PROTECT] = "protect",
        [ACTION_THROTTLE] = "throttle",
        [ACTION_RECLAIM] = "reclaim",
        [ACTION_FREEZE] = "freeze",
        [ACTION_KILL] = "kill",
        [ACTION_STOP] = "stop",
        [ACTION_RESTART] = "restart",
        [ACTION_START] = "start",
};

static const char *const rank_words[_RANK_MEASURE_MAX] = {
        [RANK_CULPRIT] = "culprit",
        [RANK_USAGE] = "usage",
        [RANK_GROWTH] = "growth",
        [RANK_SWAP] = "swap",
        [RANK_PRESSURE] = "pressure",
        [RANK_RECLAIM] = "reclaim",
};

static const char *const grain_words[_GRAIN_MAX] = {
        [GRAIN_UNIT] = "unit",
        [GRAIN_PROCESS] = "process",
};

static const char *const memory_event_words[_MEMORY_EVENT_MAX] = {
        [MEMORY_EVENT_HIGH] = "high",
        [MEMORY_EVENT_MAX] = "max",
        [MEMORY_EVENT_OOM] = "oom",
};

static const char *const cause_words[_CAUSE_MAX] = {
        [CAUSE_UNKNOWN] = "unknown",
        [CAUSE_UNIT_LIMIT] = "unit-limit",
        [CAUSE_SLICE_LIMIT] = "slice-limit",
        [CAUSE_HOST_SHORT] = "host-short",
        [CAUSE_REFAULT] = "refault",
        [CAUSE_SWAP] = "swap",
        [CAUSE_THROTTLED] = "throttled",
        [CAUSE_COMPACTION] = "compaction",
        [CAUSE_IO] = "io",
};

static const char *const property_words[_PROPERTY_MAX] = {
        [PROPERTY_MEMORY_HIGH] = "MemoryHigh",
        [PROPERTY_MEMORY_LOW] = "MemoryLow",
        [PROPERTY_CPU_QUOTA] = "CPUQuotaPerSecUSec",
        [PROPERTY_CPU_WEIGHT] = "CPUWeight",
        [PROPERTY_IO_WEIGHT] = "IOWeight",
        [PROPERTY_SLICES_LOW] = "SlicesMemoryLow",
        [PROPERTY_SLICES_RAISED] = "SlicesRaised",
        [PROPERTY_SLICE_LOW] = "SliceMemoryLow",
};

static const char *const pressure_words[_PRESSURE_KIND_MAX] = {
        [PRESSURE_SOME] = "some",
        [PRESSURE_FULL] = "full",
};

static const char *const condition_words[_CONDITION_KIND_MAX] = {
        [CONDITION_PRESSURE] = "Pressure",
        [CONDITION_HOST_PRESSURE] = "HostPressure",
        [CONDITION_IO_PRESSURE] = "IOPressure",
        [CONDITION_CPU_PRESSURE] = "CPUPressure",
        [CONDITION_STALL] = "Stall",
        [CONDITION_AVAILABLE] = "Available",
        [CONDITION_HOST_AVAILABLE] = "HostAvailable",
        [CONDITION_SWAP_FREE] = "SwapFree",
        [CONDITION_USAGE] = "Usage",
        [CONDITION_GROWTH] = "Growth",
        [CONDITION_EXHAUSTION] = "Exhaustion",
        [CONDITION_REFAULTS] = "Refaults",
        [CONDITION_RECLAIM] = "Reclaim",
        [CONDITION_EFFICIENCY] = "Efficiency",
        [CONDITION_EVENT] = "Event",
        [CONDITION_CAUSE] = "Cause",
        [CONDITION_PRESENT] = "Present",
        [CONDITION_ABSENT] = "Absent",
        [CONDITION_DYING_DESCENDANTS] = "DyingDescendants",
};

static int word_find(const char *const *words, int n_words, const char *s) {
        for (int i = 0; i < n_words; i++)
                if (strcmp(words[i], s) == 0)
                        return i;
        return -EINVAL;
}

const char *action_to_string(ActionKind kind) {
        return kind >= 0 && kind < _ACTION_KIND_MAX ? action_words[kind] : "none";
}

const char *rank_to_string(RankMeasure measure) {
        return rank_words[measure];
}

const char *pressure_to_string(PressureKind kind) {
        return pressure_words[kind];
}

const char *condition_to_string(ConditionKind kind) {
        return condition_words[kind];
}

const char *grain_to_string(Grain grain) {
        return grain_words[grain];
}

const char *memory_event_to_string(MemoryEvent event) {
        return memory_event_words[event];
}

const char *cause_to_string(Cause cause) {
        return cause_words[cause];
}

const char *property_to_string(Property property) {
        return property_words[property];
}

ActionKind action_from_string(const char *s) {
        return word_find(action_words, _ACTION_KIND_MAX, s);
}

RankMeasure rank_from_string(const char *s) {
        return word_find(rank_words, _RANK_MEASURE_MAX, s);
}

Grain grain_from_string(const char *s) {
        return word_find(grain_words, _GRAIN_MAX, s);
}

MemoryEvent memory_event_from_string(const char *s) {
        return word_find(memory_event_words, _MEMORY_EVENT_MAX, s);
}

Cause cause_from_string(const char *s) {
        return word_find(cause_words, _CAUSE_MAX, s);
}

void condition_done(Condition *c) {
        if (c->kind == CONDITION_PRESENT || c->kind == CONDITION_ABSENT)
                c->globs = strv_free(c->globs);
}

static void step_done(Step *step) {
        for (size_t i = 0; i < step->n_conditions; i++)
                condition_done(step->conditions + i);
        free(step->conditions);
        free(step->start);
        strv_free(step->shield);
        free(step->name);
}

Policy *policy_free(Policy *p) {
        if (!p)
                return NULL;

        for (size_t i = 0; i < p->n_steps; i++)
                step_done(p->steps + i);
        free(p->steps);
        strv_free(p->victim.prefer);
        strv_free(p->victim.avoid);
        strv_free(p->victim.never);
        strv_free(p->victim.from);
        strv_free(p->match.except);
        strv_free(p->match.cgroups);
        strv_free(p->match.slices);
        strv_free(p->match.units);
        free(p->description);
        free(p->file);
        free(p->name);
        free(p);
        return NULL;
}

void policy_set_done(PolicySet *set) {
        for (size_t i = 0; i < set->n_policies; i++)
                policy_free(set->policies[i]);
        free(set->policies);
        *set = (PolicySet){ 0 };
}

void settings_done(Settings *s) {
        s->protect = strv_free(s->protect);
}
