/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/strv.h"
#include "config/glob.h"
#include "config/policy-draft.h"

/* Of several steps that hold at once the last one in the file acts. A step whose conditions imply all those of a later
 * one, which waits no longer, therefore never acts; unless the later one only records, for then the earlier gets its
 * turn while that one cools down (see core/watch.c). Only what follows from the numbers is said to: two conditions
 * that merely go together most of the time are left to the administrator. */

typedef bool (*Implies)(const Condition *a, const Condition *b);

/* The least stall, in hundredths of a percent times microseconds, in the last `window_usec` when the limit holds. */
static uint64_t least_stall(const PressureLimit *limit, uint64_t window_usec) {
        uint64_t stall = limit->share * limit->window_usec, outside;

        if (window_usec >= limit->window_usec)
                return stall;
        /* All that lies outside the shorter window may have been stall. */
        outside = (limit->window_usec - window_usec) * 10000;
        return stall > outside ? stall - outside : 0;
}

/* Tasks that all stall are also some that do: see Documentation/accounting/psi.rst. */
static bool pressure_implies(const Condition *a, const Condition *b) {
        const PressureLimit *x = &a->pressure, *y = &b->pressure;

        if (x->kind == PRESSURE_SOME && y->kind == PRESSURE_FULL)
                return false;
        return least_stall(x, y->window_usec) >= y->share * y->window_usec;
}

static bool under_implies(const Condition *a, const Condition *b) {
        if (a->amount.is_share != b->amount.is_share)
                return false;
        return a->amount.share <= b->amount.share && a->amount.bytes <= b->amount.bytes;
}

static bool over_implies(const Condition *a, const Condition *b) {
        return under_implies(b, a);
}

/* Usage also falls: what it grew by within a time says nothing about a longer or shorter one. */
static bool growth_implies(const Condition *a, const Condition *b) {
        return a->rate.window_usec == b->rate.window_usec && a->rate.per_second >= b->rate.per_second;
}

/* A counter only grows: what it counted within a time it also did within a longer one. */
static bool counter_implies(const Condition *a, const Condition *b) {
        return a->rate.window_usec <= b->rate.window_usec &&
               (unsigned __int128) a->rate.per_second * a->rate.window_usec >=
                       (unsigned __int128) b->rate.per_second * b->rate.window_usec;
}

static bool within_implies(const Condition *a, const Condition *b) {
        return a->usec <= b->usec;
}

static bool efficiency_implies(const Condition *a, const Condition *b) {
        return a->share <= b->share;
}

static bool event_implies(const Condition *a, const Condition *b) {
        return a->event.event == b->event.event && a->event.count >= b->event.count &&
               a->event.window_usec <= b->event.window_usec;
}

static bool cause_implies(const Condition *a, const Condition *b) {
        return (a->causes & ~b->causes) == 0;
}

/* Whether what any of `globs` matches one of `others` matches as well. */
static bool globs_covered(char *const *globs, char *const *others) {
        for (; *globs; globs++) {
                size_t i = 0;

                while (others[i] && !glob_covers(others[i], *globs))
                        i++;
                if (!others[i])
                        return false;
        }
        return true;
}

static bool present_implies(const Condition *a, const Condition *b) {
        return globs_covered(a->globs, b->globs);
}

static bool absent_implies(const Condition *a, const Condition *b) {
        return globs_covered(b->globs, a->globs);
}

static bool count_implies(const Condition *a, const Condition *b) {
        return a->count >= b->count;
}

static const Implies implies[_CONDITION_KIND_MAX] = {
        [CONDITION_PRESSURE] = pressure_implies,
        [CONDITION_HOST_PRESSURE] = pressure_implies,
        [CONDITION_IO_PRESSURE] = pressure_implies,
        [CONDITION_CPU_PRESSURE] = pressure_implies,
        [CONDITION_STALL] = pressure_implies,
        [CONDITION_AVAILABLE] = under_implies,
        [CONDITION_HOST_AVAILABLE] = under_implies,
        [CONDITION_SWAP_FREE] = under_implies,
        [CONDITION_USAGE] = over_implies,
        [CONDITION_GROWTH] = growth_implies,
        [CONDITION_EXHAUSTION] = within_implies,
        [CONDITION_REFAULTS] = counter_implies,
        [CONDITION_RECLAIM] = counter_implies,
        [CONDITION_EFFICIENCY] = efficiency_implies,
        [CONDITION_EVENT] = event_implies,
        [CONDITION_CAUSE] = cause_implies,
        [CONDITION_PRESENT] = present_implies,
        [CONDITION_ABSENT] = absent_implies,
        [CONDITION_DYING_DESCENDANTS] = count_implies,
};

/* Room is never more than what the host has. */
static bool host_implies(const Condition *a, const Condition *b) {
        return a->kind == CONDITION_HOST_AVAILABLE && b->kind == CONDITION_AVAILABLE && !a->amount.is_share &&
               under_implies(a, b);
}

/* Stall= is never less than the watch's memory pressure. */
static bool stall_implies(const Condition *a, const Condition *b) {
        return a->kind == CONDITION_PRESSURE && b->kind == CONDITION_STALL && pressure_implies(a, b);
}

/* Whether the one condition holds whenever the other does. */
static bool condition_implies(const Condition *a, const Condition *b) {
        return a->kind == b->kind ? implies[a->kind](a, b) : host_implies(a, b) || stall_implies(a, b);
}

static bool step_implies(const Step *step, const Condition *condition) {
        for (size_t i = 0; i < step->n_conditions; i++)
                if (condition_implies(step->conditions + i, condition))
                        return true;
        return false;
}

static bool only_records(const Step *step) {
        return step->action == ACTION_LOG || step->dry_run;
}

bool step_shadows(const Step *later, const Step *earlier) {
        if (only_records(later) && later->cooldown_usec > 0)
                return false;
        if (later->for_usec > earlier->for_usec)
                return false;
        for (size_t i = 0; i < later->n_conditions; i++)
                if (!step_implies(earlier, later->conditions + i))
                        return false;
        return later->n_conditions > 0;
}
