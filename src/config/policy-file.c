/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <time.h>

#include "base/usec.h"
#include "config/policy-draft.h"
#include "config/policy-file.h"

static const Policy policy_default = { 0 };

/* ---- Values that only policies have ---------------------------------------------------------- */

static int parse_measure(const Place *place, const char *word, Policy *policy) {
        RankMeasure measure = rank_from_string(word);
        const char *known[_RANK_MEASURE_MAX];

        for (RankMeasure m = 0; m < _RANK_MEASURE_MAX; m++)
                known[m] = rank_to_string(m);
        if (measure < 0)
                return value_no_word(place, word, "measure", known, ELEMENTSOF(known));
        for (size_t i = 0; i < policy->victim.n_rank; i++)
                if (policy->victim.rank[i] == measure)
                        return place_error(place, "%s stands there twice, write it once", word);
        policy->victim.rank[policy->victim.n_rank++] = measure;
        return 0;
}

static int parse_rank(const Place *place, const char *value, void *field) {
        Policy *policy = field;
        char word[VALUE_WORD_MAX];
        int r;

        if (!*value)
                policy->victim.n_rank = 0;
        while (value_next_word(&value) > 0) {
                r = parse_measure(place, value_take_word(&value, word, sizeof(word)), policy);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int parse_max_actions(const Place *place, const char *value, void *field) {
        Policy *policy = field;

        if (*value)
                return value_parse_budget(place, value, &policy->max_actions, &policy->max_actions_usec);
        policy->max_actions = 0;
        policy->max_actions_usec = 0;
        return 0;
}

static const ValueType value_rank = { 0, parse_rank };
static const ValueType value_max_actions = { 0, parse_max_actions };

/* ---- Keys ------------------------------------------------------------------------------------ */

const Key policy_policy_keys[_POLICY_KEY_MAX] = {
        [POLICY_KEY_DESCRIPTION] = { "Description", &value_text, offsetof(Policy, description) },
        [POLICY_KEY_MAX_ACTIONS] = { "MaxActions", &value_max_actions, 0 },
        [POLICY_KEY_EXPIRES] = { "Expires", &value_calendar, offsetof(Policy, expires_usec) },
        [POLICY_KEY_ENABLED] = { "Enabled", &value_boolean_inverted, offsetof(Policy, disabled) },
};

const Key policy_match_keys[_MATCH_KEY_MAX] = {
        [MATCH_KEY_UNIT] = { "Unit", &value_unit_globs, offsetof(Policy, match.units) },
        [MATCH_KEY_SLICE] = { "Slice", &value_slice_globs, offsetof(Policy, match.slices) },
        [MATCH_KEY_SYSTEM] = { "System", &value_boolean, offsetof(Policy, match.system) },
        [MATCH_KEY_CGROUP] = { "CGroup", &value_path_globs, offsetof(Policy, match.cgroups) },
        [MATCH_KEY_EXCEPT] = { "Except", &value_any_globs, offsetof(Policy, match.except) },
};

const Key policy_victim_keys[_VICTIM_KEY_MAX] = {
        [VICTIM_KEY_FROM] = { "From", &value_any_globs, offsetof(Policy, victim.from) },
        [VICTIM_KEY_RANK] = { "Rank", &value_rank, 0 },
        [VICTIM_KEY_NEVER] = { "Never", &value_victim_globs, offsetof(Policy, victim.never) },
        [VICTIM_KEY_AVOID] = { "Avoid", &value_victim_globs, offsetof(Policy, victim.avoid) },
        [VICTIM_KEY_PREFER] = { "Prefer", &value_victim_globs, offsetof(Policy, victim.prefer) },
        [VICTIM_KEY_GRAIN] = { "Grain", &value_grain, offsetof(Policy, victim.grain) },
};

/* ---- Sections -------------------------------------------------------------------------------- */

static int enter_policy(void *user, const Place *place, Target *ret) {
        PolicyDraft *draft = user;

        *ret = (Target){ draft->policy, draft->policy_keys };
        return 0;
}

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
        policy->steps[policy->n_steps] = policy_step_default;
        *ret = (Target){ policy->steps + policy->n_steps++, note->keys };
        return 0;
}

static const Section sections[] = {
        { "Match", policy_match_keys, _MATCH_KEY_MAX, &policy_default, enter_match },
        { "Victim", policy_victim_keys, _VICTIM_KEY_MAX, &policy_default, enter_victim },
        { "Step", policy_step_keys, _STEP_KEY_MAX, &policy_step_default, enter_step },
        { "Policy", policy_policy_keys, _POLICY_KEY_MAX, &policy_default, enter_policy },
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
        r = policy_draft_warn(&draft, (uint64_t) time(NULL) * USEC_PER_SEC, errors);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(policy);
        return 0;
}
