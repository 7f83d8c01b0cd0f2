/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/section.h"
#include "core/policy.h"

/* A policy file half-way: the policy as far as it is read, and which line said what, for the checks that need the
 * whole of it. Between policy-file.c, which fills it, and policy-check.c, which completes and judges it. */

typedef enum MatchKey {
        MATCH_KEY_UNIT,
        MATCH_KEY_SLICE,
        MATCH_KEY_SYSTEM,
        MATCH_KEY_EXCEPT,
        _MATCH_KEY_MAX,
} MatchKey;

typedef enum VictimKey {
        VICTIM_KEY_RANK,
        VICTIM_KEY_NEVER,
        _VICTIM_KEY_MAX,
} VictimKey;

typedef enum StepKey {
        STEP_KEY_NAME,
        STEP_KEY_PRESSURE,
        STEP_KEY_AVAILABLE,
        STEP_KEY_USAGE,
        STEP_KEY_ACTION,
        STEP_KEY_FOR,
        STEP_KEY_SETTLE,
        STEP_KEY_COOLDOWN,
        STEP_KEY_MEMORY_HIGH,
        STEP_KEY_UNTIL,
        STEP_KEY_MAX_HOLD,
        STEP_KEY_SIGNAL,
        STEP_KEY_KILL_AFTER,
        STEP_KEY_DRY_RUN,
        _STEP_KEY_MAX,
} StepKey;

extern const Key policy_match_keys[_MATCH_KEY_MAX];
extern const Key policy_step_keys[_STEP_KEY_MAX];

/* The lines of a section's header, and of each of its keys that was given. 0: not there. */
typedef struct MatchNote {
        unsigned line;
        unsigned keys[_MATCH_KEY_MAX];
} MatchNote;

typedef struct StepNote {
        unsigned line;
        unsigned keys[_STEP_KEY_MAX];
} StepNote;

typedef struct PolicyDraft {
        Policy *policy;
        MatchNote match;
        unsigned victim_keys[_VICTIM_KEY_MAX];
        StepNote steps[POLICY_STEPS_MAX];
} PolicyDraft;

/* Fills in the defaults that depend on what else was said: names, order of measures, Until=, MaxHold=. 0 or -ENOMEM. */
int policy_draft_complete(PolicyDraft *draft);

/* Reports what is missing, does not fit together, or can never happen. 0 or -ENOMEM. */
int policy_draft_check(const PolicyDraft *draft, ConfigErrors *errors);

/* Whether the later step holds whenever the earlier one does, so that the earlier one never acts. */
bool step_shadows(const Step *later, const Step *earlier);
