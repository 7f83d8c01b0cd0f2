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

/* Whose waiting, and for what: each is a pressure file of its own. */
typedef enum PressureResource {
        RESOURCE_MEMORY,      /* memory.pressure of the watch; /proc/pressure/memory for the host */
        RESOURCE_HOST_MEMORY, /* /proc/pressure/memory, whatever the watch */
        RESOURCE_IO,          /* io.pressure of the watch */
        RESOURCE_CPU,         /* cpu.pressure of the watch */
        _RESOURCE_MAX,
        RESOURCE_STALL = _RESOURCE_MAX, /* no file of its own: the watch's memory, and the waits that PSI leaves out */
} PressureResource;

/* "some 10% 2s" */
typedef struct PressureLimit {
        PressureKind kind;
        uint32_t share;
        uint64_t window_usec;
        PressureResource resource;
} PressureLimit;

/* "512M" or "10%" */
typedef struct Amount {
        bool is_share;
        uint32_t share;
        uint64_t bytes;
} Amount;

/* "20M 5s": so much a second, taken over the window. Bytes for Growth=, pages for Refaults= and Reclaim=. */
typedef struct Rate {
        uint64_t per_second;
        uint64_t window_usec;
} Rate;

/* A counter of memory.events.local. */
typedef enum MemoryEvent {
        MEMORY_EVENT_HIGH,
        MEMORY_EVENT_MAX,
        MEMORY_EVENT_OOM,
        _MEMORY_EVENT_MAX,
        _MEMORY_EVENT_INVALID = -EINVAL,
} MemoryEvent;

/* "max 10 5s" */
typedef struct EventCount {
        MemoryEvent event;
        uint64_t count;
        uint64_t window_usec;
} EventCount;

/* Why a watch stalls: the words of Cause=. */
typedef enum Cause {
        CAUSE_UNKNOWN,
        CAUSE_UNIT_LIMIT,  /* it fights its own limit */
        CAUSE_SLICE_LIMIT, /* the limit of a slice above */
        CAUSE_HOST_SHORT,  /* the host has no room */
        CAUSE_REFAULT,
        CAUSE_SWAP,
        CAUSE_THROTTLED, /* the sleep that memory.high imposes */
        CAUSE_COMPACTION,
        CAUSE_IO,
        _CAUSE_MAX,
        _CAUSE_INVALID = -EINVAL,
} Cause;

typedef enum ConditionKind {
        CONDITION_PRESSURE, /* these five: at or above the limit */
        CONDITION_HOST_PRESSURE,
        CONDITION_IO_PRESSURE,
        CONDITION_CPU_PRESSURE,
        CONDITION_STALL, /* pressure of RESOURCE_STALL, some */
        CONDITION_AVAILABLE,         /* amount: the room is under it */
        CONDITION_HOST_AVAILABLE,    /* amount: MemAvailable of the host is under it, whatever the watch */
        CONDITION_SWAP_FREE,         /* amount: free swap is under it; never without swap */
        CONDITION_USAGE,             /* amount: the usage is over it */
        CONDITION_GROWTH,            /* rate: the usage grew faster */
        CONDITION_EXHAUSTION,        /* usec: at the present slope the room is gone within it */
        CONDITION_REFAULTS,          /* rate */
        CONDITION_RECLAIM,           /* rate */
        CONDITION_EFFICIENCY,        /* share: of the pages scanned fewer were reclaimed, while scanning goes on */
        CONDITION_EVENT,             /* event: counted as often or more */
        CONDITION_CAUSE,             /* causes: the stall's cause is one of them */
        CONDITION_PRESENT,           /* globs: a unit of one of them runs */
        CONDITION_ABSENT,            /* globs: none does */
        CONDITION_DYING_DESCENDANTS, /* count: there are more */
        _CONDITION_KIND_MAX,
} ConditionKind;

typedef struct Condition {
        ConditionKind kind;
        union {
                PressureLimit pressure;
                Amount amount;
                Rate rate;
                uint64_t usec;
                uint32_t share;
                EventCount event;
                uint32_t causes; /* a bit for each Cause */
                char **globs;    /* owned */
                uint64_t count;
        };
} Condition;

static inline bool condition_is_pressure(ConditionKind kind) {
        return kind <= CONDITION_STALL;
}

/* Mildest first. */
typedef enum ActionKind {
        ACTION_LOG,
        ACTION_PROTECT,
        ACTION_THROTTLE,
        ACTION_RECLAIM,
        ACTION_FREEZE,
        ACTION_KILL,
        ACTION_STOP,
        ACTION_RESTART,
        ACTION_START,
        _ACTION_KIND_MAX,
        _ACTION_KIND_INVALID = -EINVAL,
} ActionKind;

/* Protect, throttle and freeze hold a unit until they are undone. */
static inline bool action_holds(ActionKind kind) {
        return kind == ACTION_PROTECT || kind == ACTION_THROTTLE || kind == ACTION_FREEZE;
}

/* Stop, restart and start are jobs of systemd. */
static inline bool action_is_job(ActionKind kind) {
        return kind == ACTION_STOP || kind == ACTION_RESTART || kind == ACTION_START;
}

/* What throttle and protect set on a unit, with the values that systemd's D-Bus interface has for them
 * (man:org.freedesktop.systemd1(5)): bytes, CPU time in microseconds a second, weights; UINT64_MAX is infinity, or
 * "not set" for a weight. */
typedef enum Property {
        PROPERTY_MEMORY_HIGH,
        PROPERTY_MEMORY_LOW,
        PROPERTY_CPU_QUOTA,
        PROPERTY_CPU_WEIGHT,
        PROPERTY_IO_WEIGHT,
        PROPERTY_SLICES_LOW, /* no property of the unit: how much MemoryLow= of each slice above it was raised */
        PROPERTY_SLICES_RAISED, /* nor these: of how many slices so far, if not of all, */
        PROPERTY_SLICE_LOW,     /* and MemoryLow= of the next, which may have been raised, too */
        _PROPERTY_MAX,
} Property;

typedef struct Properties {
        uint32_t set; /* a bit for each that has a value */
        uint64_t values[_PROPERTY_MAX];
} Properties;

static inline bool properties_has(const Properties *p, Property which) {
        return p->set & UINT32_C(1) << which;
}

static inline void properties_set(Properties *p, Property which, uint64_t value) {
        p->set |= UINT32_C(1) << which;
        p->values[which] = value;
}

/* An initializer for one value. */
#define PROPERTIES_ONE(which, value) { .set = UINT32_C(1) << (which), .values = { [which] = (value) } }

typedef enum RankMeasure {
        RANK_CULPRIT,
        RANK_USAGE,
        RANK_GROWTH,
        RANK_SWAP,
        RANK_PRESSURE,
        RANK_RECLAIM, /* pages scanned */
        _RANK_MEASURE_MAX,
        _RANK_MEASURE_INVALID = -EINVAL,
} RankMeasure;

typedef enum Grain {
        GRAIN_UNIT,
        GRAIN_PROCESS, /* the one largest process of the unit */
        _GRAIN_MAX,
        _GRAIN_INVALID = -EINVAL,
} Grain;

typedef struct Step {
        char *name;
        Condition *conditions;
        size_t n_conditions;
        ActionKind action;
        uint64_t for_usec;
        uint64_t settle_usec;
        uint64_t cooldown_usec;
        Amount memory_high;     /* throttle: a share is of the victim's usage at that moment; all 0: left alone */
        Properties limits;      /* throttle: CPUQuota=, CPUWeight=, IOWeight= */
        char **shield;          /* protect: globs; NULL: the sufferers */
        Amount memory_low;      /* protect: a share is of the unit's usage */
        Amount reclaim;         /* reclaim: a share is of the victim's usage */
        bool has_until;         /* false: the hold ends when the conditions have not held for until.window_usec */
        PressureLimit until;
        uint64_t max_hold_usec;
        int signal;
        uint64_t kill_after_usec;
        char *start;            /* the unit to start, before the action or as the action; %n, %i, %% */
        uint64_t start_timeout_usec; /* as long is a job of systemd waited for */
        bool dry_run;
        RankMeasure rank[_RANK_MEASURE_MAX]; /* in place of the policy's; only ManagedOOMSwap= has its own */
        size_t n_rank;
} Step;

typedef struct Policy {
        char *name; /* file name without .conf */
        char *file; /* path, for records */

        struct {
                char **units, **slices, **cgroups, **except; /* globs; those of `cgroups` are of paths */
                bool system;
        } match;

        struct {
                char **from; /* NULL: the watch itself, or all units beneath it */
                RankMeasure rank[_RANK_MEASURE_MAX];
                size_t n_rank;
                char **never, **avoid, **prefer;
                Grain grain;
        } victim;

        char *description;    /* NULL: none */
        bool disabled;        /* Enabled=no: read and checked, and watches nothing */
        unsigned max_actions; /* its own budget; 0: none */
        uint64_t max_actions_usec;
        uint64_t expires_usec; /* CLOCK_REALTIME; 0: never */

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
        bool managed_oom; /* the units' own ManagedOOM…= count */
        bool leave_to_oomd; /* while systemd-oomd runs, what says so itself is its affair */
        struct {          /* what systemd-oomd's settings say where those do not, see man:oomd.conf(5) */
                uint32_t pressure_share;
                uint64_t duration_usec;
                uint32_t swap_used_share;
        } managed;
} Settings;

#define SETTINGS_DEFAULT                                                                                      \
        {                                                                                                     \
                .culprits = true, .culprit_stacks = true, .max_actions = 30,                                  \
                .max_actions_usec = UINT64_C(600000000), .managed_oom = true, .leave_to_oomd = true,                                 \
                .managed = { .pressure_share = 6000, .duration_usec = UINT64_C(30000000),                     \
                             .swap_used_share = 9000 },                                                       \
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
                .memory_low = { .is_share = true, .share = 9000 },                                            \
                .reclaim = { .is_share = true, .share = 1000 },                                               \
                .start_timeout_usec = UINT64_C(5000000),                                                      \
        }

/* Frees what the condition owns; the condition stays the caller's. */
void condition_done(Condition *c);

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
const char *grain_to_string(Grain grain);
const char *memory_event_to_string(MemoryEvent event);
const char *cause_to_string(Cause cause);
const char *property_to_string(Property property); /* as systemd calls it: "MemoryHigh", "CPUQuotaPerSecUSec" */

/* The value for a word, or _…_INVALID. */
ActionKind action_from_string(const char *s);
RankMeasure rank_from_string(const char *s);
Grain grain_from_string(const char *s);
MemoryEvent memory_event_from_string(const char *s);
Cause cause_from_string(const char *s); /* "unknown" included */
