/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "test.h"

#include "base/usec.h"
#include "core/core.h"
#include "core/node.h"

/* What the tests of the core share: policies written as C, cgroups with a number and a name, a core whose time is made
 * up, and its effects as one text. */

#define MSEC USEC_PER_MSEC
#define SEC USEC_PER_SEC
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

/* ---- Policies -------------------------------------------------------------------------------- */

#define GLOBS(...) ((char *[]){ __VA_ARGS__, NULL })
#define GLOB(s) ((char *) (s))

#define SOME(percent, window) \
        { .kind = CONDITION_PRESSURE, .pressure = { PRESSURE_SOME, (percent) * 100, (window) } }
#define FULL(percent, window) \
        { .kind = CONDITION_PRESSURE, .pressure = { PRESSURE_FULL, (percent) * 100, (window) } }
#define AVAILABLE_SHARE(percent) \
        { .kind = CONDITION_AVAILABLE, .amount = { .is_share = true, .share = (percent) * 100 } }
#define AVAILABLE_BYTES(n) { .kind = CONDITION_AVAILABLE, .amount = { .bytes = (n) } }
#define USAGE_SHARE(percent) { .kind = CONDITION_USAGE, .amount = { .is_share = true, .share = (percent) * 100 } }
#define USAGE_BYTES(n) { .kind = CONDITION_USAGE, .amount = { .bytes = (n) } }

#define CONDITIONS(...)                                                                            \
        .conditions = (Condition[]){ __VA_ARGS__ },                                                \
        .n_conditions = sizeof((Condition[]){ __VA_ARGS__ }) / sizeof(Condition)

/* A step as config leaves it: Settle=2s, Cooldown=15s; what is given after it takes the place of that. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif
#define STEP(step_name, what, ...)                                                                         \
        {                                                                                                  \
                .name = (char *) (step_name), .action = (what), .settle_usec = 2 * SEC,                    \
                .cooldown_usec = 15 * SEC, .memory_high = { .is_share = true, .share = 9000 },             \
                .has_until = true, .until = { PRESSURE_SOME, 250, 10 * SEC }, .signal = SIGKILL,           \
                .kill_after_usec = 5 * SEC,                                                                \
                .max_hold_usec = (what) == ACTION_FREEZE ? 30 * SEC : USEC_INFINITY, __VA_ARGS__           \
        }

#define STEPS(...)                                                                                 \
        .steps = (Step[]){ __VA_ARGS__ }, .n_steps = sizeof((Step[]){ __VA_ARGS__ }) / sizeof(Step)

#define RANK_BY(...)                                                                               \
        .rank = { __VA_ARGS__ }, .n_rank = sizeof((RankMeasure[]){ __VA_ARGS__ }) / sizeof(RankMeasure)

/* ---- Nodes ----------------------------------------------------------------------------------- */

/* A node of that kind at "/UNIT" (which may be "s.slice/UNIT"), which the registry owns. */
Node *registry_put(NodeRegistry *r, uint64_t id, CgroupKind kind, const char *unit);

/* ---- A core ---------------------------------------------------------------------------------- */

typedef struct Fixture {
        Settings settings;
        Policy *policies[4];
        PolicySet set;
        Core *core;
        uint64_t now_usec;
        const Effects *effects; /* of the last event */
        Sample sample;          /* what the next look shows; pass() lets its pressure grow */
} Fixture;

/* A core with these policies, which stay the caller's, at 1000 s. */
void fixture_start(Fixture *f, Policy **policies, size_t n);
void fixture_stop(Fixture *f);

/* Time goes on; of it `some` and `full` hundredths of a percent are stalled. */
void pass(Fixture *f, uint64_t usec, uint32_t some, uint32_t full);

/* Each gives one event, now. */
void feed_new(Fixture *f, uint64_t id, CgroupKind kind, const char *unit);
void feed_gone(Fixture *f, uint64_t id);
void feed_warning(Fixture *f, WarningKind kind);
void feed_look(Fixture *f, uint64_t id);
void feed_trigger(Fixture *f, uint64_t id, PressureLimit limit);
void feed_survey(Fixture *f, uint64_t id, const Candidate *candidates, size_t n);
void feed_timer(Fixture *f);
void feed_release(Fixture *f, ReleaseReason reason);
void feed_outcome(Fixture *f, Outcome outcome);

/* The kinds of the last effects as words, "arm sample", and the only one of a kind, which must be there. */
const char *effect_words(const Fixture *f);
const Effect *effect_of(const Fixture *f, EffectKind kind);

#define assert_effects(f, words) assert_string_equal(effect_words(f), words)
