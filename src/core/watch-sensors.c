/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a policy needs the kernel to wake its watch for, and what it needs to see: fixed when the watch is made. */

#include <string.h>

#include "base/usec.h"
#include "core/condition.h"
#include "core/watch.h"

/* The first reclaim shows in `some` before anything stalls for long: kswapd counts itself into the host's pressure
 * (kernel: balance_pgdat()). It wakes those watches whose steps wait for room to run out. */
#define EARLY_SHARE 200U
#define EARLY_WINDOW_USEC USEC_PER_SEC

static bool limits_equal(const PressureLimit *a, const PressureLimit *b) {
        return a->resource == b->resource && a->kind == b->kind && a->share == b->share &&
               a->window_usec == b->window_usec;
}

static void add_limit(Watch *w, const PressureLimit *limit) {
        for (size_t i = 0; i < w->n_limits; i++)
                if (limits_equal(w->limits + i, limit))
                        return;
        w->limits[w->n_limits++] = *limit;
}

/* Of the watch's own memory, or where only the host's room is asked for of the host's. */
static void add_early_warning(Watch *w, PressureResource resource) {
        add_limit(w, &(PressureLimit){
                             .resource = w->node->kind == CGROUP_HOST ? RESOURCE_MEMORY : resource,
                             .kind = PRESSURE_SOME,
                             .share = EARLY_SHARE,
                             .window_usec = EARLY_WINDOW_USEC,
                     });
}

static int add_window(Watch *w, PressureResource resource, PressureKind kind) {
        Past **window = &w->windows[resource][kind];

        return *window ? 0 : past_new(window, w->pasts);
}

/* Memory's window is there in any case. */
static int add_stall(Watch *w) {
        int r = w->waits ? 0 : past_new(&w->waits, w->pasts);

        w->wants |= WANT_WAITS | WANT_IO;
        return r < 0 ? r : add_window(w, RESOURCE_IO, PRESSURE_SOME);
}

static int add_pressure(Watch *w, const PressureLimit *limit, uint64_t *longest_usec) {
        static const unsigned wants[_RESOURCE_MAX] = { [RESOURCE_IO] = WANT_IO, [RESOURCE_CPU] = WANT_CPU };

        *longest_usec = MAX(*longest_usec, limit->window_usec);
        if (limit->resource == RESOURCE_STALL)
                return add_stall(w);
        w->wants |= wants[limit->resource];
        return add_window(w, limit->resource, limit->kind);
}

/* The kernel has no trigger for Stall=, but for the two pressures that bound it: it is at most memory's and io's together,
 * so when it comes to its share one of them comes to half of that. Each may come to it for another reason (io that
 * has nothing to do with memory); then the look finds little, and the kernel wakes the watch again a window later. */
static void add_stall_limits(Watch *w, const PressureLimit *limit) {
        static const PressureResource resources[] = { RESOURCE_MEMORY, RESOURCE_IO };

        for (size_t i = 0; i < ELEMENTSOF(resources); i++)
                add_limit(w, &(PressureLimit){
                                     .resource = resources[i],
                                     .kind = PRESSURE_SOME,
                                     .share = MAX(limit->share / 2, 1U),
                                     .window_usec = limit->window_usec,
                             });
}

static void add_tracks(Watch *w, const Condition *c) {
        Quantity quantities[2];

        for (size_t n = track_quantities(c, quantities); n-- > 0;)
                if (!watch_track(w, quantities[n], track_window(c)))
                        w->tracks[w->n_tracks++] = (Track){ .quantity = quantities[n], .window_usec = track_window(c) };
}

/* At most so many: a track is two kilobytes, and most policies need none. */
static size_t count_tracks(const Policy *policy) {
        Quantity quantities[2];
        size_t n = 0;

        for (const Step *step = policy->steps; step < policy->steps + policy->n_steps; step++)
                for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++)
                        n += track_quantities(c, quantities);
        return n;
}

/* What looks must show for the condition, beside what they always do. */
static unsigned wants_of(const Condition *c) {
        static const unsigned wants[_CONDITION_KIND_MAX] = {
                [CONDITION_AVAILABLE] = WANT_EVENTS,
                [CONDITION_HOST_AVAILABLE] = WANT_EVENTS,
                [CONDITION_SWAP_FREE] = WANT_EVENTS,
                [CONDITION_USAGE] = WANT_EVENTS,
                [CONDITION_EXHAUSTION] = WANT_EVENTS,
                [CONDITION_EVENT] = WANT_EVENTS,
                [CONDITION_REFAULTS] = WANT_STAT,
                [CONDITION_RECLAIM] = WANT_STAT,
                [CONDITION_EFFICIENCY] = WANT_STAT,
                [CONDITION_DYING_DESCENDANTS] = WANT_DYING,
        };

        return wants[c->kind];
}

static unsigned wants_of_rank(const RankMeasure *rank, size_t n) {
        unsigned wants = 0;

        for (size_t i = 0; i < n; i++)
                wants |= rank[i] == RANK_SWAP    ? WANT_CANDIDATE_SWAP :
                         rank[i] == RANK_RECLAIM ? WANT_CANDIDATE_STAT :
                                                   0;
        return wants;
}

static bool names_slices(char *const *globs) {
        for (; globs && *globs; globs++) {
                size_t length = strlen(*globs);

                if (length >= 6 && strcmp(*globs + length - 6, ".slice") == 0)
                        return true;
        }
        return false;
}

static unsigned wants_of_victims(const Policy *policy) {
        unsigned wants = wants_of_rank(policy->victim.rank, policy->victim.n_rank);

        if (policy->victim.from)
                wants |= WANT_CANDIDATE_ALL;
        if (names_slices(policy->victim.from))
                wants |= WANT_CANDIDATE_SLICES;
        for (const Step *step = policy->steps; step < policy->steps + policy->n_steps; step++) {
                wants |= wants_of_rank(step->rank, step->n_rank);
                if (step->action == ACTION_PROTECT && step->shield)
                        wants |= WANT_CANDIDATE_ALL | (names_slices(step->shield) ? WANT_CANDIDATE_SLICES : 0);
        }
        return wants;
}

/* Whether nothing but its cause can tell that the step is to be looked at. */
static bool is_cause_alone(const Step *step) {
        bool cause = false;

        for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++) {
                cause = cause || c->kind == CONDITION_CAUSE;
                if (c->kind != CONDITION_CAUSE && !condition_is_presence(c->kind))
                        return false;
        }
        return cause;
}

static int plan_condition(Watch *w, const Condition *c, uint64_t *longest_usec) {
        w->wants |= wants_of(c);
        w->wants_presence = w->wants_presence || condition_is_presence(c->kind);
        add_tracks(w, c);
        if (!condition_is_pressure(c->kind))
                return 0;
        if (c->kind == CONDITION_STALL)
                add_stall_limits(w, &c->pressure);
        else
                add_limit(w, &c->pressure);
        return add_pressure(w, &c->pressure, longest_usec);
}

/* Those that wait for room come after the others, which the kernel is asked for in any case. */
static void plan_early_warnings(Watch *w) {
        for (const Step *step = w->policy->steps; step < w->policy->steps + w->policy->n_steps; step++) {
                if (is_cause_alone(step))
                        add_early_warning(w, RESOURCE_MEMORY);
                for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++)
                        if (c->kind == CONDITION_HOST_AVAILABLE || c->kind == CONDITION_SWAP_FREE)
                                add_early_warning(w, RESOURCE_HOST_MEMORY);
                        else if (condition_is_room(c->kind))
                                add_early_warning(w, RESOURCE_MEMORY);
        }
}

int watch_plan_sensors(Watch *w) {
        uint64_t longest_usec = PRESSURE_WINDOW_MIN_USEC;
        size_t n = 0, n_tracks;
        int r;

        for (size_t i = 0; i < w->policy->n_steps; i++)
                n += w->policy->steps[i].n_conditions;
        w->limits = calloc(2 * n + 2, sizeof(*w->limits)); /* two for a Stall=; and two early warnings */
        n_tracks = count_tracks(w->policy);
        w->tracks = n_tracks > 0 ? calloc(n_tracks, sizeof(*w->tracks)) : NULL;
        if (!w->limits || (n_tracks > 0 && !w->tracks))
                return -ENOMEM;

        /* Memory is told of in every record. */
        for (PressureKind k = 0; k < _PRESSURE_KIND_MAX; k++) {
                r = add_window(w, RESOURCE_MEMORY, k);
                if (r < 0)
                        return r;
        }
        for (const Step *step = w->policy->steps; step < w->policy->steps + w->policy->n_steps; step++) {
                for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++) {
                        r = plan_condition(w, c, &longest_usec);
                        if (r < 0)
                                return r;
                }
                if (action_holds(step->action) && step->has_until) {
                        r = add_pressure(w, &step->until, &longest_usec);
                        if (r < 0)
                                return r;
                }
        }
        plan_early_warnings(w);
        w->wants |= wants_of_victims(w->policy);

        /* A hundred readings in the longest window: the past which the ring holds reaches back over it. */
        w->spacing_usec = longest_usec / 100;
        return 0;
}
