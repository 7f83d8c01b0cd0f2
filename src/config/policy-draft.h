/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/section.h"
#include "core/policy.h"

/* A policy file half-way: the policy as far as it is read, and which line said what, for the checks that need the
 * whole of it. policy-file.c and policy-step.c fill it, policy-defaults.c completes it, policy-check.c and
 * policy-check-step.c judge it, policy-warn.c wonders. */

typedef enum PolicyKey {
        POLICY_KEY_DESCRIPTION,
        POLICY_KEY_MAX_ACTIONS,
        POLICY_KEY_EXPIRES,
        POLICY_KEY_ENABLED,
        _POLICY_KEY_MAX,
} PolicyKey;

typedef enum MatchKey {
        MATCH_KEY_UNIT,
        MATCH_KEY_SLICE,
        MATCH_KEY_SYSTEM,
        MATCH_KEY_CGROUP,
        MATCH_KEY_EXCEPT,
        _MATCH_KEY_MAX,
} MatchKey;

typedef enum VictimKey {
        VICTIM_KEY_FROM,
        VICTIM_KEY_RANK,
        VICTIM_KEY_NEVER,
        VICTIM_KEY_AVOID,
        VICTIM_KEY_PREFER,
        VICTIM_KEY_GRAIN,
        _VICTIM_KEY_MAX,
} VictimKey;

/* The conditions come first: up to here a ConditionKind is the number of its key. */
typedef enum StepKey {
        STEP_KEY_NAME = _CONDITION_KIND_MAX,
        STEP_KEY_ACTION,
        STEP_KEY_FOR,
        STEP_KEY_SETTLE,
        STEP_KEY_COOLDOWN,
        STEP_KEY_MEMORY_HIGH,
        STEP_KEY_CPU_QUOTA,
        STEP_KEY_CPU_WEIGHT,
        STEP_KEY_IO_WEIGHT,
        STEP_KEY_SHIELD,
        STEP_KEY_MEMORY_LOW,
        STEP_KEY_AMOUNT,
        STEP_KEY_UNTIL,
        STEP_KEY_MAX_HOLD,
        STEP_KEY_SIGNAL,
        STEP_KEY_KILL_AFTER,
        STEP_KEY_START,
        STEP_KEY_START_TIMEOUT,
        STEP_KEY_DRY_RUN,
        _STEP_KEY_MAX,
} StepKey;

extern const Key policy_policy_keys[_POLICY_KEY_MAX];
extern const Key policy_match_keys[_MATCH_KEY_MAX];
extern const Key policy_victim_keys[_VICTIM_KEY_MAX];
extern const Key policy_step_keys[_STEP_KEY_MAX];

extern const Step policy_step_default;

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
        unsigned policy_keys[_POLICY_KEY_MAX];
        unsigned victim_keys[_VICTIM_KEY_MAX];
        StepNote steps[POLICY_STEPS_MAX];
} PolicyDraft;

/* Fills in the defaults that depend on what else was said: names, order of measures, MemoryHigh=, Until=, MaxHold=.
 * 0 or -ENOMEM. */
int policy_draft_complete(PolicyDraft *draft);

/* Until= where none is written, and where it could be. */
#define UNTIL_WINDOW_USEC UINT64_C(10000000)

/* The pressure that Until= is about: the first Pressure= of the step, or the first pressure of another kind. NULL if
 * it has none. */
const PressureLimit *step_trigger(const Step *step);

/* Reports what is missing, does not fit together, or can never happen. 0 or -ENOMEM. */
int policy_draft_check(const PolicyDraft *draft, ConfigErrors *errors);

/* The same for the steps alone. */
int policy_draft_check_steps(const PolicyDraft *draft, ConfigErrors *errors);

/* Warns of what can hardly be meant, in a draft without errors. `now_usec` is of CLOCK_REALTIME. 0 or -ENOMEM. */
int policy_draft_warn(const PolicyDraft *draft, uint64_t now_usec, ConfigErrors *errors);

/* Whether the later step holds whenever the earlier one does, so that the earlier one never acts. */
bool step_shadows(const Step *later, const Step *earlier);

/* What may pay, as the kinds of globs: see config/glob.h. */
unsigned policy_victim_kinds(const Policy *policy);

static inline Place place_at(const PolicyDraft *draft, ConfigErrors *errors, unsigned line, const char *key) {
        return (Place){ .errors = errors, .file = draft->policy->file, .line = MAX(line, 1U), .key = key };
}
