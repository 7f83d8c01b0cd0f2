/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "core/decision.h"

/* What is counted since the start, as OpenMetrics (https://prometheus.io/docs/specs/om/open_metrics_spec/). Counting neither
 * allocates nor waits. What finds no room in a table counts for "other". */

typedef struct Metrics Metrics;

/* All memory is taken here, some 400 KB. 0 or -ENOMEM. */
int metrics_new(Metrics **ret);
Metrics *metrics_free(Metrics *m);
DEFINE_CLEANUP(Metrics *, metrics_free);

/* A step of this policy may do that: what comes of it is there as 0 before it happens for the first time, or whoever reads
 * would not see it grow. */
void metrics_expect(Metrics *m, const char *policy, ActionKind action);

/* An action's answer, or what came of it; an undo that is done; an action that is not taken. */
void metrics_count_outcome(Metrics *m, const Report *report);
void metrics_count_release(Metrics *m, const Undo *undo);
void metrics_count_refusal(Metrics *m, const Refusal *refusal);

/* Tasks of this unit stalled for so long more. */
void metrics_add_stall(Metrics *m, const char *unit, StallClass class, uint64_t ns);

/* How things stand. */
typedef struct MetricsNow {
        size_t n_policies, n_watches, n_incidents;
        size_t n_held[_ACTION_KIND_MAX];
        uint64_t n_config_errors, n_stuck;
        bool dry_run, culprits; /* stalls are captured */
        struct {
                const char *what;
                uint64_t n;
        } blind[8], dropped[8]; /* what cannot be seen now, and what was lost so far; up to the first without a name */
} MetricsNow;

/* Writes it all, the end included. Whether that went well is for the caller to ask the stream. */
void metrics_print(const Metrics *m, const MetricsNow *now, FILE *f);
