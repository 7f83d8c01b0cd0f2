/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/policy.h"
#include "core/watch.h"

/* What a condition sees in what a watch has seen last, and whether it holds. One that has not seen enough yet does not
 * hold. The kinds fall into classes by what can tell that one begins to hold. */

/* The kernel wakes the watch for it: pressure, memory.events. */
static inline bool condition_wakes(ConditionKind kind) {
        return condition_is_pressure(kind) || kind == CONDITION_EVENT;
}

/* An amount that moves no faster than memory does, with a distance to its limit. */
static inline bool condition_is_level(ConditionKind kind) {
        return kind == CONDITION_AVAILABLE || kind == CONDITION_HOST_AVAILABLE || kind == CONDITION_SWAP_FREE ||
               kind == CONDITION_USAGE;
}

/* Units come and go: the core tells. */
static inline bool condition_is_presence(ConditionKind kind) {
        return kind == CONDITION_PRESENT || kind == CONDITION_ABSENT;
}

/* About room or usage: what the watch may fight for without stalling yet. */
static inline bool condition_is_room(ConditionKind kind) {
        return condition_is_level(kind) || kind == CONDITION_EXHAUSTION;
}

/* See watch_condition_value(); `window_usec` takes the place of a longer window of the condition's own. */
uint64_t condition_value(const Watch *w, const Condition *c, uint64_t window_usec);

/* Whether the kernel has woken the watch for the condition and cannot tell that it begins to hold: the looks must. */
bool condition_is_undecided(const Watch *w, const Condition *c);

/* Whether such a value is one with which the condition holds. For a level ask condition_distance(). */
bool condition_accepts(const Watch *w, const Condition *c, uint64_t value);

bool condition_holds(const Watch *w, const Condition *c);

/* What a level is held against, in bytes: a share is one of the tightest limit (MemTotal for the host), of MemTotal, or of
 * all swap. */
uint64_t condition_amount(const Watch *w, const Condition *c);

/* What condition_value() is held against, as condition_holds() does; 0 for Present= and Absent=. */
uint64_t condition_limit(const Watch *w, const Condition *c);

/* How far a level is from holding, in bytes; 0 if it holds, UINT64_MAX if it never will. */
uint64_t condition_distance(const Watch *w, const Condition *c);
