/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/strv.h"
#include "core/policy.h"

static const char *const action_words[_ACTION_KIND_MAX] = {
        [ACTION_LOG] = "log",
        [ACTION_THROTTLE] = "throttle",
        [ACTION_FREEZE] = "freeze",
        [ACTION_KILL] = "kill",
};

static const char *const rank_words[_RANK_MEASURE_MAX] = {
        [RANK_CULPRIT] = "culprit",
        [RANK_USAGE] = "usage",
        [RANK_GROWTH] = "growth",
        [RANK_PRESSURE] = "pressure",
};

static const char *const pressure_words[_PRESSURE_KIND_MAX] = {
        [PRESSURE_SOME] = "some",
        [PRESSURE_FULL] = "full",
};

static const char *const condition_words[_CONDITION_KIND_MAX] = {
        [CONDITION_PRESSURE] = "Pressure",
        [CONDITION_AVAILABLE] = "Available",
        [CONDITION_USAGE] = "Usage",
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

ActionKind action_from_string(const char *s) {
        return word_find(action_words, _ACTION_KIND_MAX, s);
}

RankMeasure rank_from_string(const char *s) {
        return word_find(rank_words, _RANK_MEASURE_MAX, s);
}

Policy *policy_free(Policy *p) {
        if (!p)
                return NULL;

        for (size_t i = 0; i < p->n_steps; i++) {
                free(p->steps[i].conditions);
                free(p->steps[i].name);
        }
        free(p->steps);
        strv_free(p->victim.never);
        strv_free(p->match.except);
        strv_free(p->match.slices);
        strv_free(p->match.units);
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
