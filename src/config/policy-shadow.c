/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/policy-draft.h"

/* Of several steps that hold at once the last one in the file acts. A step whose conditions imply all those of a later
 * one, which waits no longer, therefore never acts; unless the later one only records, for then the earlier gets its
 * turn while that one cools down (see core/watch.c). Only what follows from the numbers is said to: two conditions
 * that merely go together most of the time are left to the administrator. */

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
static bool pressure_implies(const PressureLimit *a, const PressureLimit *b) {
        if (a->kind == PRESSURE_SOME && b->kind == PRESSURE_FULL)
                return false;
        return least_stall(a, b->window_usec) >= b->share * b->window_usec;
}

static bool condition_implies(const Condition *a, const Condition *b) {
        if (a->kind != b->kind)
                return false;
        if (a->kind == CONDITION_PRESSURE)
                return pressure_implies(&a->pressure, &b->pressure);
        if (a->amount.is_share != b->amount.is_share)
                return false;
        /* The room below a, the usage above it. */
        return a->kind == CONDITION_AVAILABLE
                       ? a->amount.share <= b->amount.share && a->amount.bytes <= b->amount.bytes
                       : a->amount.share >= b->amount.share && a->amount.bytes >= b->amount.bytes;
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
