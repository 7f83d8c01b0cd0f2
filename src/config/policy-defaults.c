/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "base/usec.h"
#include "config/policy-draft.h"

/* The defaults that depend on what else was said; the others are in STEP_DEFAULT. */

#define FREEZE_MAX_HOLD_USEC (30 * USEC_PER_SEC)

const PressureLimit *step_trigger(const Step *step) {
        const PressureLimit *other = NULL;

        for (size_t i = 0; i < step->n_conditions; i++) {
                const Condition *c = step->conditions + i;

                if (c->kind == CONDITION_PRESSURE)
                        return &c->pressure;
                if (condition_is_pressure(c->kind) && !other)
                        other = &c->pressure;
        }
        return other;
}

static void complete_until(Step *step, const StepNote *note) {
        const PressureLimit *trigger = step_trigger(step);

        if (note->keys[STEP_KEY_UNTIL] > 0)
                step->has_until = true;
        else {
                step->has_until = trigger;
                step->until = (PressureLimit){ .window_usec = UNTIL_WINDOW_USEC };
                if (trigger) {
                        step->until.kind = trigger->kind;
                        step->until.share = MAX(trigger->share / 4, 1U);
                }
        }
        if (trigger)
                step->until.resource = trigger->resource;
}

static int complete_step(Step *step, const StepNote *note, size_t number) {
        if (!step->name && asprintf(&step->name, "%zu", number) < 0) {
                step->name = NULL;
                return -ENOMEM;
        }
        complete_until(step, note);
        if (note->keys[STEP_KEY_MAX_HOLD] == 0)
                step->max_hold_usec = step->action == ACTION_FREEZE ? FREEZE_MAX_HOLD_USEC : USEC_INFINITY;
        if (note->keys[STEP_KEY_MEMORY_HIGH] == 0 && step->limits.set != 0)
                step->memory_high = (Amount){ 0 };
        return 0;
}

int policy_draft_complete(PolicyDraft *draft) {
        Policy *policy = draft->policy;
        int r;

        if (policy->victim.n_rank == 0) {
                policy->victim.rank[policy->victim.n_rank++] = RANK_CULPRIT;
                policy->victim.rank[policy->victim.n_rank++] = RANK_USAGE;
        }
        for (size_t i = 0; i < policy->n_steps; i++) {
                r = complete_step(policy->steps + i, draft->steps + i, i + 1);
                if (r < 0)
                        return r;
        }
        return 0;
}
