/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "base/format.h"
#include "base/strv.h"
#include "base/usec.h"
#include "config/policy-draft.h"

#define UNTIL_WINDOW_USEC (10 * USEC_PER_SEC)
#define FREEZE_MAX_HOLD_USEC (30 * USEC_PER_SEC)

/* ---- Defaults -------------------------------------------------------------------------------- */

static const PressureLimit *first_pressure(const Step *step) {
        for (size_t i = 0; i < step->n_conditions; i++)
                if (step->conditions[i].kind == CONDITION_PRESSURE)
                        return &step->conditions[i].pressure;
        return NULL;
}

static int complete_step(Step *step, const StepNote *note, size_t number) {
        const PressureLimit *trigger = first_pressure(step);

        if (!step->name && asprintf(&step->name, "%zu", number) < 0) {
                step->name = NULL;
                return -ENOMEM;
        }
        if (note->keys[STEP_KEY_UNTIL] > 0)
                step->has_until = true;
        else {
                step->has_until = trigger;
                step->until.window_usec = UNTIL_WINDOW_USEC;
                if (trigger) {
                        step->until.kind = trigger->kind;
                        step->until.share = MAX(trigger->share / 4, 1U);
                }
        }
        if (note->keys[STEP_KEY_MAX_HOLD] == 0)
                step->max_hold_usec = step->action == ACTION_FREEZE ? FREEZE_MAX_HOLD_USEC : USEC_INFINITY;
        return 0;
}

int policy_draft_complete(PolicyDraft *draft) {
        Policy *policy = draft->policy;
        int r;

        if (policy->victim.n_rank == 0) {
                policy->victim.rank[policy->victim.n_rank++] = RANK_CULPRIT;
                policy->victim.rank[policy->victim.n_rank++] = RANK_USAGE;
        }
        for (size_t i = 0; i < policy->n_steps; i++) {
                r = complete_step(policy->steps + i, draft->steps + i, i + 1);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- [Match] --------------------------------------------------------------------------------- */

static Place place_at(const PolicyDraft *draft, ConfigErrors *errors, unsigned line, const char *key) {
        return (Place){ .errors = errors, .file = draft->policy->file, .line = MAX(line, 1U), .key = key };
}

/* Goes by the keys that were given rather than by their values: a wrong value is reported already. */
static int check_match(const PolicyDraft *draft, ConfigErrors *errors) {
        const Place place = place_at(draft, errors, draft->match.line, NULL);

        if (draft->match.line == 0)
                return place_error(&place, "[Match] is missing, write it with Unit=, Slice= or System=yes");
        if (draft->match.keys[MATCH_KEY_UNIT] == 0 && draft->match.keys[MATCH_KEY_SLICE] == 0 &&
            !draft->policy->match.system)
                return place_error(&place, "[Match] has no condition, write Unit=, Slice= or System=yes");
        return 0;
}

/* Except= takes out of what is watched and does not spare victims, which is easily mistaken. */
static int check_except(const PolicyDraft *draft, ConfigErrors *errors) {
        const Place place = place_at(draft, errors, draft->match.keys[MATCH_KEY_EXCEPT],
                                     policy_match_keys[MATCH_KEY_EXCEPT].name);
        char *const *except = draft->policy->match.except;
        unsigned watched = 0;

        if (draft->match.keys[MATCH_KEY_UNIT] > 0)
                watched |= GLOB_UNIT;
        if (draft->match.keys[MATCH_KEY_SLICE] > 0)
                watched |= GLOB_SLICE;
        for (size_t i = 0; i < strv_length(except); i++)
                if (!(glob_kinds(except[i]) & watched)) {
                        int r;

                        r = place_error(&place, "\"%s\" is nothing that [Match] watches, write Never=%s in [Victim] "
                                                "to spare it",
                                        except[i], except[i]);
                        if (r < 0)
                                return r;
                }
        return 0;
}

/* ---- [Step] ---------------------------------------------------------------------------------- */

/* One step with its number. */
typedef int (*StepCheck)(const PolicyDraft *draft, size_t i, ConfigErrors *errors);

static int check_condition(const PolicyDraft *draft, size_t i, ConfigErrors *errors) {
        const StepNote *note = draft->steps + i;
        const Place place = place_at(draft, errors, note->line, NULL);

        if (note->keys[STEP_KEY_PRESSURE] > 0 || note->keys[STEP_KEY_AVAILABLE] > 0 ||
            note->keys[STEP_KEY_USAGE] > 0)
                return 0;
        return place_error(&place, "[Step] has no condition, write Pressure=, Available= or Usage=");
}

static int check_action(const PolicyDraft *draft, size_t i, ConfigErrors *errors) {
        const StepNote *note = draft->steps + i;
        const Place place = place_at(draft, errors, note->line, NULL);

        if (note->keys[STEP_KEY_ACTION] > 0)
                return 0;
        return place_error(&place, "[Step] has no Action=, write log, throttle, freeze or kill");
}

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

/* Keys that say something only about some actions. */
static const struct {
        StepKey key;
        unsigned actions;
        const char *words;
} fits[] = {
        { STEP_KEY_MEMORY_HIGH, 1U << ACTION_THROTTLE, "throttle" },
        { STEP_KEY_UNTIL, 1U << ACTION_THROTTLE | 1U << ACTION_FREEZE, "throttle and freeze" },
        { STEP_KEY_MAX_HOLD, 1U << ACTION_THROTTLE | 1U << ACTION_FREEZE, "throttle and freeze" },
        { STEP_KEY_SIGNAL, 1U << ACTION_KILL, "kill" },
        { STEP_KEY_KILL_AFTER, 1U << ACTION_KILL, "kill" },
};

static int check_fit(const PolicyDraft *draft, size_t i, ConfigErrors *errors) {
        ActionKind action = draft->policy->steps[i].action;
        int r;

        if (action < 0)
                return 0;
        for (size_t k = 0; k < ELEMENTSOF(fits); k++) {
                const Place place = place_at(draft, errors, draft->steps[i].keys[fits[k].key],
                                             policy_step_keys[fits[k].key].name);

                if (draft->steps[i].keys[fits[k].key] == 0 || (fits[k].actions & 1U << action))
                        continue;
                r = place_error(&place, "belongs to %s and says nothing about Action=%s, remove it", fits[k].words,
                                action_to_string(action));
                if (r < 0)
                        return r;
        }
        return 0;
}

/* An end that is not below the beginning would come with it. */
static int check_until(const PolicyDraft *draft, size_t i, ConfigErrors *errors) {
        const Place place = place_at(draft, errors, draft->steps[i].keys[STEP_KEY_UNTIL],
                                     policy_step_keys[STEP_KEY_UNTIL].name);
        const Step *step = draft->policy->steps + i;
        uint32_t trigger = 0;

        if (draft->steps[i].keys[STEP_KEY_UNTIL] == 0 || !action_holds(step->action))
                return 0;
        for (size_t c = 0; c < step->n_conditions; c++)
                if (step->conditions[c].kind == CONDITION_PRESSURE)
                        trigger = MAX(trigger, step->conditions[c].pressure.share);
        if (trigger == 0 || step->until.share < trigger)
                return 0;
        return place_error(&place, "%s is not below the %s of Pressure=, write for example %s %s %s",
                           FORMAT_SHARE(step->until.share), FORMAT_SHARE(trigger),
                           pressure_to_string(step->until.kind), FORMAT_SHARE(MAX(trigger / 4, 1U)),
                           FORMAT_DURATION(UNTIL_WINDOW_USEC));
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

static int check_steps(const PolicyDraft *draft, ConfigErrors *errors) {
        static const StepCheck checks[] = { check_condition, check_action, check_name, check_fit, check_until };
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

int policy_draft_check(const PolicyDraft *draft, ConfigErrors *errors) {
        int r;

        r = check_match(draft, errors);
        if (r < 0)
                return r;
        r = check_except(draft, errors);
        if (r < 0)
                return r;
        return check_steps(draft, errors);
}
