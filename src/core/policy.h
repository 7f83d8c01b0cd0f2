/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/* What the administrator wrote, as plain data: see man:memstalld.policy(5) for what each word means. Filled by
 * src/config, read by the core. Shares are hundredths of a percent, times microseconds, amounts bytes. */

typedef enum PressureKind {
        PRESSURE_SOME,
        PRESSURE_FULL,
        _PRESSURE_KIND_MAX,
} PressureKind;

/* "some 10% 2s" */
typedef struct PressureLimit {
        PressureKind kind;
        uint32_t share;
        uint64_t window_usec;
} PressureLimit;

/* "512M" or "10%" */
typedef struct Amount {
        bool is_share;
        uint32_t share;
        uint64_t bytes;
} Amount;

typedef enum ConditionKind {
        CONDITION_PRESSURE,  /* the watch stalls on memory: at or above the limit */
        CONDITION_AVAILABLE, /* the room is under the amount */
        CONDITION_USAGE,     /* the usage is over the amount */
        _CONDITION_KIND_MAX,
} ConditionKind;

typedef struct Condition {
        ConditionKind kind;
        union {
                PressureLimit pressure;
                Amount amount;
        };
} Condition;

typedef enum ActionKind {
        ACTION_LOG,
        ACTION_THROTTLE,
        ACTION_FREEZE,
        ACTION_KILL,
        _ACTION_KIND_MAX,
        _ACTION_KIND_INVALID = -EINVAL,
} ActionKind;

/* Throttle and freeze hold a unit until they are undone. */
static inline bool action_holds(ActionKind kind) {
        return kind == ACTION_THROTTLE || kind == ACTION_FREEZE;
}

typedef struct Step {
        char *name;
        Condition *conditions;
        size_t n_conditions;
        ActionKind action;
        uint64_t for_usec;
        uint64_t settle_usec;
        uint64_t cooldown_usec;
        Amount memory_high;     /* throttle: a share is of the victim's usage at that moment */
        bool has_until;         /* false: the hold ends when the conditions have not held for until.window_usec */
        PressureLimit until;
        uint64_t max_hold_usec;
        int signal;
        uint64_t kill_after_usec;
        bool dry_run;
} Step;

typedef enum RankMeasure {
        RANK_CULPRIT,
        RANK_USAGE,
        RANK_GROWTH,
        RANK_PRESSURE,
        _RANK_MEASURE_MAX,
        _RANK_MEASURE_INVALID = -EINVAL,
} RankMeasure;

typedef struct Policy {
        char *name; /* file name without .conf */
        char *file; /* path, for records */

        struct {
                char **units, **slices, **except; /* globs */
                bool system;
        } match;

        struct {
                RankMeasure rank[_RANK_MEASURE_MAX];
                size_t n_rank;
                char **never;
        } victim;

        Step *steps;
        size_t n_steps;
} Policy;

/* Policies in the order of their names: for each cgroup the first that takes it is the one that watches it. */
typedef struct PolicySet {
        Policy **policies;
        size_t n_policies;
} PolicySet;

/* Section [Daemon] of memstalld.conf. */
typedef struct Settings {
        bool dry_run;
        bool culprits;
        bool culprit_stacks;
        unsigned max_actions; /* as many actions within max_actions_usec on the whole host */
        uint64_t max_actions_usec;
        char **protect; /* globs, added to the built-in list */
} Settings;

#define SETTINGS_DEFAULT                                                                                      \
        {                                                                                                     \
                .culprits = true, .culprit_stacks = true, .max_actions = 30,                                  \
                .max_actions_usec = UINT64_C(600000000),                                                      \
        }

/* Bounds that hold everywhere; config refuses what is over them. */
#define POLICY_STEPS_MAX 16U
#define STEP_CONDITIONS_MAX 8U
#define PRESSURE_WINDOW_MIN_USEC UINT64_C(500000)   /* kernel: Documentation/accounting/psi.rst */
#define PRESSURE_WINDOW_MAX_USEC UINT64_C(10000000)

/* Defaults of [Step], as man:memstalld.policy(5) states them. */
#define STEP_DEFAULT                                                                                          \
        {                                                                                                     \
                .action = _ACTION_KIND_INVALID, .settle_usec = UINT64_C(2000000),                             \
                .cooldown_usec = UINT64_C(15000000), .memory_high = { .is_share = true, .share = 9000 },      \
                .signal = SIGKILL, .kill_after_usec = UINT64_C(5000000),                                      \
        }

Policy *policy_free(Policy *p);
DEFINE_CLEANUP(Policy *, policy_free);

/* Frees the policies and empties the set, which stays the caller's. */
void policy_set_done(PolicySet *set);

void settings_done(Settings *s);

/* The words of the language for a value: "throttle", "growth", "some", "Pressure". */
const char *action_to_string(ActionKind kind);
const char *rank_to_string(RankMeasure measure);
const char *pressure_to_string(PressureKind kind);
const char *condition_to_string(ConditionKind kind);

/* The value for a word, or _…_INVALID. */
ActionKind action_from_string(const char *s);
RankMeasure rank_from_string(const char *s);
