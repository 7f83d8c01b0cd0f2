/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/survey.h"

/* Who pays: [Victim]. */

typedef struct VictimChoice {
        Suspect *suspect;      /* NULL: nobody */
        size_t n_candidates;   /* who could have been chosen */
        size_t n_protected;    /* who was left out as protected */
        size_t n_held;         /* who was left out because this very action holds it already */
        RankMeasure rank;      /* what told the victim from the next */
} VictimChoice;

/* The candidate that comes first by the policy's Rank=; ties fall to the next measure and in the end to the name, so
 * that the order is total. Measures that are noisy by nature (culprit, growth, pressure) are compared in steps of a
 * twentieth of the largest. Left out: protected units, Never=, units that are gone or dying, and those that `held` says
 * are throttled already for ACTION_THROTTLE, frozen for ACTION_FREEZE; and where somebody is held, those with less than a
 * twentieth of the largest first measure. */
VictimChoice victim_choose(const Policy *policy, const Survey *s, ActionKind action, uint64_t now_usec,
                           bool (*held)(const void *ledger, const Node *node, ActionKind action), const void *ledger);
