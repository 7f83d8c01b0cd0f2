/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "config/nearest.h"
#include "config/policy-draft.h"
#include "config/policy-file.h"

static const Policy policy_default = { 0 };
static const Step step_default = STEP_DEFAULT;

/* ---- Values that only policies have ---------------------------------------------------------- */

static int parse_measure(const Place *place, const char *word, Policy *policy) {
        RankMeasure measure = rank_from_string(word);
        Nearest nearest = { .word = word };

        for (size_t i = 0; i < policy->victim.n_rank; i++)
                if (policy->victim.rank[i] == measure)
                        return place_error(place, "%s stands there twice, write it once", word);
        if (measure >= 0) {
                policy->victim.rank[policy->victim.n_rank++] = measure;
                return 0;
        }
        for (RankMeasure m = 0; m < _RANK_MEASURE_MAX; m++)
                nearest_offer(&nearest, rank_to_string(m));
        if (nearest.best)
                return place_error(place, "\"%s\" is no measure, did you mean %s?", word, nearest.best);
        return place_error(place, "\"%s\" is no measure, write culprit, usage, growth or pressure", word);
}

static int parse_rank(const Place *place, const char *value, void *field) {
        Policy *policy = field;
        size_t length;
        int r;

        if (!*value)
                policy->victim.n_rank = 0;
        for (; (length = value_next_word(&value)) > 0; value += length) {
                _cleanup_(freep) char *word = strndup(value, length);

                if (!word)
                        return -ENOMEM;
                r = parse_measure(place, word, policy);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_condition(const Place *place, Step *step, const Condition *condition) {
        Condition *grown;

        if (step->n_conditions >= STEP_CONDITIONS_MAX)
                return place_error(place, "a step has at most %u conditions, remove some", STEP_CONDITIONS_MAX);
        grown = realloc(step->conditions, (step->n_conditions + 1) * sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        grown[step->n_conditions++] = *condition;
        step->conditions = grown;
        return 0;
}

static void remove_conditions(Step *step, ConditionKind kind) {
        size_t n = 0;

        for (size_t i = 0; i < step->n_conditions; i++)
                if (step->conditions[i].kind != kind)
                        step->conditions[n++] = step->conditions[i];
        step->n_conditions = n;
}

/* Conditions are lists: each assignment adds one that must hold as well. */
static int parse_condition(const Place *place, const char *value, Step *step, ConditionKind kind) {
        const ValueType *type = kind == CONDITION_PRESSURE ? &value_pressure : &value_amount;
        Condition condition = { .kind = kind };
        size_t n_errors = config_errors_count(place->errors);
        int r;

        if (!*value) {
                remove_conditions(step, kind);
                return 0;
        }
        r = type->parse(place, value, kind == CONDITION_PRESSURE ? (void *) &condition.pressure : &condition.amount);
        if (r < 0 || config_errors_count(place->errors) > n_errors)
                return r;
        return add_condition(place, step, &condition);
}

static int parse_condition_pressure(const Place *place, const char *value, void *field) {
        return parse_condition(place, value, field, CONDITION_PRESSURE);
}

static int parse_condition_available(const Place *place, const char *value, void *field) {
        return parse_condition(place, value, field, CONDITION_AVAILABLE);
}

static int parse_condition_usage(const Place *place, const char *value, void *field) {
        return parse_condition(place, value, field, CONDITION_USAGE);
}

static const ValueType value_rank = { 0, parse_rank };
static const ValueType value_condition_pressure = { 0, parse_condition_pressure };
static const ValueType value_condition_available = { 0, parse_condition_available };
static const ValueType value_condition_usage = { 0, parse_condition_usage };

/* ---- Keys ------------------------------------------------------------------------------------ */

const Key policy_match_keys[_MATCH_KEY_MAX] = {
        [MATCH_KEY_UNIT] = { "Unit", &value_unit_globs, offsetof(Policy, match.units) },
        [MATCH_KEY_SLICE] = { "Slice", &value_slice_globs, offsetof(Policy, match.slices) },
        [MATCH_KEY_SYSTEM] = { "System", &value_boolean, offsetof(Policy, match.system) },
        [MATCH_KEY_EXCEPT] = { "Except", &value_any_globs, offsetof(Policy, match.except) },
};

static const Key victim_keys[_VICTIM_KEY_MAX] = {
        [VICTIM_KEY_RANK] = { "Rank", &value_rank, 0 },
        [VICTIM_KEY_NEVER] = { "Never", &value_victim_globs, offsetof(Policy, victim.never) },
};

const Key policy_step_keys[_STEP_KEY_MAX] = {
        [STEP_KEY_NAME] = { "Name", &value_word, offsetof(Step, name) },
        [STEP_KEY_PRESSURE] = { "Pressure", &value_condition_pressure, 0 },
        [STEP_KEY_AVAILABLE] = { "Available", &value_condition_available, 0 },
        [STEP_KEY_USAGE] = { "Usage", &value_condition_usage, 0 },
        [STEP_KEY_ACTION] = { "Action", &value_action, offsetof(Step, action) },
        [STEP_KEY_FOR] = { "For", &value_duration_finite, offsetof(Step, for_usec) },
        [STEP_KEY_SETTLE] = { "Settle", &value_duration_finite, offsetof(Step, settle_usec) },
        [STEP_KEY_COOLDOWN] = { "Cooldown", &value_duration, offsetof(Step, cooldown_usec) },
        [STEP_KEY_MEMORY_HIGH] = { "MemoryHigh", &value_amount, offsetof(Step, memory_high) },
        [STEP_KEY_UNTIL] = { "Until", &value_pressure, offsetof(Step, until) },
        [STEP_KEY_MAX_HOLD] = { "MaxHold", &value_duration_above_zero, offsetof(Step, max_hold_usec) },
        [STEP_KEY_SIGNAL] = { "Signal", &value_signal, offsetof(Step, signal) },
        [STEP_KEY_KILL_AFTER] = { "KillAfter", &value_duration, offsetof(Step, kill_after_usec) },
        [STEP_KEY_DRY_RUN] = { "DryRun", &value_boolean, offsetof(Step, dry_run) },
};

/* ---- Sections -------------------------------------------------------------------------------- */

static int enter_match(void *user, const Place *place, Target *ret) {
        PolicyDraft *draft = user;

        if (draft->match.line == 0)
                draft->match.line = place->line;
        *ret = (Target){ draft->policy, draft->match.keys };
        return 0;
}

static int enter_victim(void *user, const Place *place, Target *ret) {
        PolicyDraft *draft = user;

        *ret = (Target){ draft->policy, draft->victim_keys };
        return 0;
}

/* Each header is a step of its own; the other sections go on where they stopped. */
static int enter_step(void *user, const Place *place, Target *ret) {
        PolicyDraft *draft = user;
        Policy *policy = draft->policy;
        StepNote *note;

        if (policy->n_steps >= POLICY_STEPS_MAX)
                return place_error(place, "[Step]: a policy has at most %u steps, remove some", POLICY_STEPS_MAX);
        note = draft->steps + policy->n_steps;
        note->line = place->line;
        policy->steps[policy->n_steps] = step_default;
        *ret = (Target){ policy->steps + policy->n_steps++, note->keys };
        return 0;
}

static const Section sections[] = {
        { "Match", policy_match_keys, _MATCH_KEY_MAX, &policy_default, enter_match },
        { "Victim", victim_keys, _VICTIM_KEY_MAX, &policy_default, enter_victim },
        { "Step", policy_step_keys, _STEP_KEY_MAX, &step_default, enter_step },
};

/* ---- The file -------------------------------------------------------------------------------- */

/* The name of the file without ".conf". */
static char *policy_name(const char *path) {
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        size_t length = strlen(name);

        if (length > 5 && strcmp(name + length - 5, ".conf") == 0)
                length -= 5;
        return strndup(name, length);
}

static int policy_new(const char *path, Policy **ret) {
        _cleanup_(policy_freep) Policy *policy = calloc(1, sizeof(*policy));

        if (!policy)
                return -ENOMEM;
        policy->name = policy_name(path);
        policy->file = strdup(path);
        policy->steps = calloc(POLICY_STEPS_MAX, sizeof(*policy->steps));
        if (!policy->name || !policy->file || !policy->steps)
                return -ENOMEM;
        *ret = TAKE_PTR(policy);
        return 0;
}

int policy_read_file(const char *path, Policy **ret, ConfigErrors *errors) {
        _cleanup_(policy_freep) Policy *policy = NULL;
        _cleanup_(source_done) Source source = { 0 };
        PolicyDraft draft = { 0 };
        size_t n_errors = config_errors_count(errors);
        int r;

        r = source_read(path, &source, errors);
        if (r != 0)
                return r;
        r = policy_new(path, &policy);
        if (r < 0)
                return r;

        draft.policy = policy;
        r = sections_read(&source, sections, ELEMENTSOF(sections), &draft, errors);
        if (r < 0)
                return r;
        r = policy_draft_complete(&draft);
        if (r < 0)
                return r;
        r = policy_draft_check(&draft, errors);
        if (r < 0)
                return r;
        if (config_errors_count(errors) > n_errors)
                return CONFIG_E_REFUSED;
        *ret = TAKE_PTR(policy);
        return 0;
}
