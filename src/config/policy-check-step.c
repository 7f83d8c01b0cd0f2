/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/format.h"
#include "base/strv.h"
#include "config/glob.h"
#include "config/policy-draft.h"

/* One step with its number. */
typedef int (*StepCheck)(const PolicyDraft *draft, size_t i, ConfigErrors *errors);

static Place step_place(const PolicyDraft *draft, size_t i, unsigned key, ConfigErrors *errors) {
        return place_at(draft, errors, draft->steps[i].keys[key], policy_step_keys[key].name);
}

/* ---- What is missing ------------------------------------------------------------------------- */

static int check_condition(const PolicyDraft *draft, size_t i, ConfigErrors *errors) {
        const StepNote *note = draft->steps + i;
        const Place place = place_at(draft, errors, note->line, NULL);

        for (ConditionKind kind = 0; kind < _CONDITION_KIND_MAX; kind++)
                if (note->keys[kind] > 0)
                        return 0;
        return place_error(&place, "[Step] has no condition, write for example Pressure=some 10%% 2s");
}

static int check_action(const PolicyDraft *draft, size_t i, ConfigErrors *errors) {
        const StepNote *note = draft->steps + i;
        const Place place = place_at(draft, errors, note->line, NULL);

        if (note->keys[STEP_KEY_ACTION] > 0)
                return 0;
        return place_error(&place, "[Step] has no Action=, write log, protect, throttle, reclaim, freeze, kill, stop, "
                                   "restart or start");
}

static int check_start(const PolicyDraft *draft, size_t i, ConfigErrors *errors) {
        const Place place = step_place(draft, i, STEP_KEY_ACTION, errors);

        if (draft->policy->steps[i].action != ACTION_START || draft->steps[i].keys[STEP_KEY_START] > 0)
                return 0;
        return place_error(&place, "start needs the unit to start, write for example Start=drain.service");
}

/* ---- What does not fit together -------------------------------------------------------------- */

static int check_name(const PolicyDraft *draft, size_t i, ConfigErrors *errors) {
        const Step *steps = draft->policy->steps;
        const StepNote *note = draft->steps + i;
        const Place place = place_at(draft, errors, MAX(note->line, note->keys[STEP_KEY_NAME]),
                                     policy_step_keys[STEP_KEY_NAME].name);

        for (size_t j = 0; j < i; j++)
                if (strcmp(steps[i].name, steps[j].name) == 0)
                        return place_error(&place, "\"%s\" is also the name of the step on line %u, give one of them "
                                                   "another",
                                           steps[i].name, draft->steps[j].line);
        return 0;
}

#define HOLDS (1U << ACTION_PROTECT | 1U << ACTION_THROTTLE | 1U << ACTION_FREEZE)
#define JOBS (1U << ACTION_STOP | 1U << ACTION_RESTART | 1U << ACTION_START)

/* Keys that say something only about some actions. */
static const struct {
        StepKey key;
        unsigned actions;
        const char *words;
        StepKey other; /* or when this key is there as well; 0: none */
} fits[] = {
        { STEP_KEY_MEMORY_HIGH, 1U << ACTION_THROTTLE, "throttle", 0 },
        { STEP_KEY_CPU_QUOTA, 1U << ACTION_THROTTLE, "throttle", 0 },
        { STEP_KEY_CPU_WEIGHT, 1U << ACTION_THROTTLE, "throttle", 0 },
        { STEP_KEY_IO_WEIGHT, 1U << ACTION_THROTTLE, "throttle", 0 },
        { STEP_KEY_SHIELD, 1U << ACTION_PROTECT, "protect", 0 },
        { STEP_KEY_MEMORY_LOW, 1U << ACTION_PROTECT, "protect", 0 },
        { STEP_KEY_AMOUNT, 1U << ACTION_RECLAIM, "reclaim", 0 },
        { STEP_KEY_UNTIL, HOLDS, "protect, throttle and freeze", 0 },
        { STEP_KEY_MAX_HOLD, HOLDS, "protect, throttle and freeze", 0 },
        { STEP_KEY_SIGNAL, 1U << ACTION_KILL, "kill", 0 },
        { STEP_KEY_KILL_AFTER, 1U << ACTION_KILL, "kill", 0 },
        { STEP_KEY_START_TIMEOUT, JOBS, "Start=, stop and restart", STEP_KEY_START },
};

static int check_fit(const PolicyDraft *draft, size_t i, ConfigErrors *errors) {
        const StepNote *note = draft->steps + i;
        ActionKind action = draft->policy->steps[i].action;
        int r;

        if (action < 0)
                return 0;
        for (size_t k = 0; k < ELEMENTSOF(fits); k++) {
                const Place place = step_place(draft, i, fits[k].key, errors);

                if (note->keys[fits[k].key] == 0 || fits[k].actions & 1U << action ||
                    (fits[k].other > 0 && note->keys[fits[k].other] > 0))
                        continue;
                r = place_error(&place, "belongs to %s and says nothing about Action=%s, remove it", fits[k].words,
                                action_to_string(action));
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Whom an action can be done to at all. A slice has no processes of its own, and what lies below a delegated unit
 * is nothing that systemd has jobs for. */
static const struct {
        ActionKind action;
        unsigned kinds;
        const char *does, *takes;
} reaches[] = {
        { ACTION_KILL, GLOB_UNIT | GLOB_GROUP, "ends", "services, scopes and cgroups" },
        { ACTION_STOP, GLOB_UNIT, "stops", "services and scopes" },
        { ACTION_RESTART, GLOB_UNIT, "restarts", "services and scopes" },
};

static int check_reach(const PolicyDraft *draft, size_t i, ConfigErrors *errors) {
        const Place place = step_place(draft, i, STEP_KEY_ACTION, errors);
        unsigned kinds = policy_victim_kinds(draft->policy);
        ActionKind action = draft->policy->steps[i].action;

        for (size_t k = 0; k < ELEMENTSOF(reaches); k++)
                if (reaches[k].action == action && !(kinds & reaches[k].kinds))
                        return place_error(&place, "%s %s %s, and [%s] names only %s: name others in From=, or choose "
                                                   "another action",
                                           action_to_string(action), reaches[k].does, reaches[k].takes,
                                           draft->policy->victim.from ? "Victim" : "Match",
                                           kinds == GLOB_SLICE   ? "slices"
                                           : kinds == GLOB_GROUP ? "cgroups"
                                                                 : "slices and cgroups");
        return 0;
}

/* An end that is not below the beginning would come with it. */
static int check_until(const PolicyDraft *draft, size_t i, ConfigErrors *errors) {
        const Place place = step_place(draft, i, STEP_KEY_UNTIL, errors);
        const Step *step = draft->policy->steps + i;
        const PressureLimit *about = step_trigger(step);
        const char *key = NULL;
        uint32_t trigger = 0;

        if (draft->steps[i].keys[STEP_KEY_UNTIL] == 0 || !action_holds(step->action))
                return 0;
        if (about && about->resource == RESOURCE_STALL && step->until.kind == PRESSURE_FULL)
                return place_error(&place, "is about Stall= here, of which there is only one kind: write some %s %s",
                                   FORMAT_SHARE(step->until.share), FORMAT_DURATION(step->until.window_usec));
        for (size_t c = 0; c < step->n_conditions; c++) {
                const Condition *condition = step->conditions + c;

                if (!condition_is_pressure(condition->kind) || condition->pressure.resource != about->resource)
                        continue;
                key = condition_to_string(condition->kind);
                trigger = MAX(trigger, condition->pressure.share);
        }
        if (trigger == 0 || step->until.share < trigger)
                return 0;
        return place_error(&place, "%s is not below the %s of %s=, write for example %s %s %s",
                           FORMAT_SHARE(step->until.share), FORMAT_SHARE(trigger), key,
                           pressure_to_string(step->until.kind), FORMAT_SHARE(MAX(trigger / 4, 1U)),
                           FORMAT_DURATION(UNTIL_WINDOW_USEC));
}

/* ---- What can never happen ------------------------------------------------------------------- */

static int check_causes(const PolicyDraft *draft, size_t i, ConfigErrors *errors) {
        const Place place = step_place(draft, i, CONDITION_CAUSE, errors);
        const Step *step = draft->policy->steps + i;
        uint32_t all = UINT32_MAX;

        for (size_t c = 0; c < step->n_conditions; c++)
                if (step->conditions[c].kind == CONDITION_CAUSE)
                        all &= step->conditions[c].causes;
        if (all != 0)
                return 0;
        return place_error(&place, "a stall has one cause, and no cause is in all lists: write those that will do in "
                                   "one list");
}

/* Present= of what Absent= excludes. */
static int check_absent(const PolicyDraft *draft, size_t i, ConfigErrors *errors) {
        const Place place = step_place(draft, i, CONDITION_ABSENT, errors);
        const Step *step = draft->policy->steps + i;

        for (size_t c = 0; c < step->n_conditions; c++)
                for (size_t d = 0; d < step->n_conditions; d++) {
                        const Condition *present = step->conditions + c, *absent = step->conditions + d;
                        size_t n = 0;

                        if (present->kind != CONDITION_PRESENT || absent->kind != CONDITION_ABSENT)
                                continue;
                        for (size_t g = 0; g < strv_length(present->globs); g++)
                                for (size_t h = 0; h < strv_length(absent->globs); h++)
                                        if (glob_covers(absent->globs[h], present->globs[g])) {
                                                n++;
                                                break;
                                        }
                        if (n == strv_length(present->globs))
                                return place_error(&place, "\"%s\" can't be present and absent, remove one of the two",
                                                   present->globs[0]);
                }
        return 0;
}

static int check_shadow(const PolicyDraft *draft, size_t i, ConfigErrors *errors) {
        const Place place = place_at(draft, errors, draft->steps[i].line, NULL);
        const Policy *policy = draft->policy;

        for (size_t j = i + 1; j < policy->n_steps; j++)
                if (step_shadows(policy->steps + j, policy->steps + i))
                        return place_error(&place, "[Step] %s can never act, since the step on line %u holds whenever "
                                                   "it does and the last one acts: write the mildest step first",
                                           policy->steps[i].name, draft->steps[j].line);
        return 0;
}

static int check_each_step(const PolicyDraft *draft, StepCheck check, ConfigErrors *errors) {
        int r;

        for (size_t i = 0; i < draft->policy->n_steps; i++) {
                r = check(draft, i, errors);
                if (r < 0)
                        return r;
        }
        return 0;
}

int policy_draft_check_steps(const PolicyDraft *draft, ConfigErrors *errors) {
        static const StepCheck checks[] = {
                check_condition, check_action, check_start,  check_name,   check_fit,
                check_reach,     check_until,  check_causes, check_absent,
        };
        const Place place = place_at(draft, errors, 1, NULL);
        size_t n_errors = config_errors_count(errors);
        int r;

        if (draft->policy->n_steps == 0)
                return place_error(&place, "[Step] is missing, write it with a condition and Action=");
        for (size_t i = 0; i < ELEMENTSOF(checks); i++) {
                r = check_each_step(draft, checks[i], errors);
                if (r < 0)
                        return r;
        }
        /* Steps are compared only when each is right by itself. */
        return config_errors_count(errors) == n_errors ? check_each_step(draft, check_shadow, errors) : 0;
}
