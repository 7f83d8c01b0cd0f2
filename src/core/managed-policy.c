/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/usec.h"
#include "core/managed-policy.h"

#define WINDOW_MIN_USEC USEC_PER_SEC
#define ALL 10000U

bool managed_equal(const Managed *a, const Managed *b) {
        if (a->pressure != b->pressure || a->swap != b->swap)
                return false;
        return !a->pressure || (a->share == b->share && a->duration_usec == b->duration_usec);
}

static Condition under(ConditionKind kind, uint32_t share) {
        return (Condition){ .kind = kind, .amount = { .is_share = true, .share = share } };
}

/* A step that kills, with room for as many conditions; the caller's policy owns what there is of it, whatever comes. */
static int add_step(Policy *p, const char *name, const Condition *conditions, size_t n) {
        Step *step = p->steps + p->n_steps++;

        *step = (Step) STEP_DEFAULT;
        step->action = ACTION_KILL;
        step->name = strdup(name);
        step->conditions = calloc(n, sizeof(*step->conditions));
        if (!step->name || !step->conditions)
                return -ENOMEM;
        memcpy(step->conditions, conditions, n * sizeof(*conditions));
        step->n_conditions = n;
        return 0;
}

static int add_pressure(Policy *p, const Managed *values, const Settings *settings) {
        uint64_t for_usec = values->duration_usec > 0 ? values->duration_usec : settings->managed.duration_usec;
        const Condition condition = {
                .kind = CONDITION_PRESSURE,
                .pressure = {
                        .kind = PRESSURE_FULL,
                        .share = values->share > 0 ? values->share : settings->managed.pressure_share,
                        .window_usec = MAX(WINDOW_MIN_USEC, MIN(for_usec, PRESSURE_WINDOW_MAX_USEC)),
                },
        };
        int r;

        r = add_step(p, "pressure", &condition, 1);
        p->steps[p->n_steps - 1].for_usec = for_usec;
        return r;
}

static int add_swap(Policy *p, const Settings *settings) {
        uint32_t free_share = ALL - MIN(settings->managed.swap_used_share, ALL);
        const Condition conditions[] = {
                under(CONDITION_SWAP_FREE, free_share),
                under(CONDITION_HOST_AVAILABLE, free_share),
        };
        Step *step;
        int r;

        r = add_step(p, "swap", conditions, ELEMENTSOF(conditions));
        step = p->steps + p->n_steps - 1;
        step->rank[step->n_rank++] = RANK_SWAP;
        step->rank[step->n_rank++] = RANK_USAGE;
        return r;
}

int managed_policy_new(Policy **ret, const Managed *values, const Settings *settings) {
        _cleanup_(policy_freep) Policy *p = calloc(1, sizeof(*p));
        int r;

        if (!p)
                return -ENOMEM;
        *p = (Policy){
                .name = strdup(MANAGED_POLICY_NAME),
                .file = strdup(""),
                .description = strdup("what the unit's own ManagedOOM… settings say"),
                .victim = { .rank = { RANK_RECLAIM, RANK_USAGE }, .n_rank = 2 },
                .steps = calloc(2, sizeof(Step)),
        };
        if (!p->name || !p->file || !p->description || !p->steps)
                return -ENOMEM;

        if (values->pressure) {
                r = add_pressure(p, values, settings);
                if (r < 0)
                        return r;
        }
        if (values->swap) {
                r = add_swap(p, settings);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(p);
        return 0;
}
