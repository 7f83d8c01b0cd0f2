/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/strv.h"
#include "core/victim.h"

#define STEPS 20U

static uint64_t measure_value(RankMeasure measure, const Suspect *suspect) {
        static const size_t offsets[_RANK_MEASURE_MAX] = {
                [RANK_CULPRIT] = offsetof(Suspect, caused_usec),
                [RANK_USAGE] = offsetof(Suspect, usage_bytes),
                [RANK_GROWTH] = offsetof(Suspect, growth),
                [RANK_PRESSURE] = offsetof(Suspect, pressure_usec),
        };

        return *(const uint64_t *) ((const char *) suspect + offsets[measure]);
}

/* The largest value of each measure among the candidates: what the steps are a part of. */
typedef struct Scale {
        uint64_t largest[_RANK_MEASURE_MAX];
} Scale;

static void scale_note(Scale *scale, const Suspect *suspect) {
        for (RankMeasure m = 0; m < _RANK_MEASURE_MAX; m++)
                scale->largest[m] = MAX(scale->largest[m], measure_value(m, suspect));
}

static uint64_t scaled(const Scale *scale, RankMeasure measure, const Suspect *suspect) {
        uint64_t value = measure_value(measure, suspect);

        if (measure == RANK_USAGE || scale->largest[measure] == 0)
                return value;
        /* The largest shares the top step with what is nearly as large. */
        return MIN((uint64_t) ((unsigned __int128) value * STEPS / scale->largest[measure]), STEPS - 1);
}

/* Whether `a` comes before `b`, and by which measure; the last one where only the name decides. */
static bool comes_before(const Policy *policy, const Scale *scale, const Suspect *a, const Suspect *b,
                         RankMeasure *ret_rank) {
        for (size_t i = 0; i < policy->victim.n_rank; i++) {
                uint64_t x = scaled(scale, policy->victim.rank[i], a), y = scaled(scale, policy->victim.rank[i], b);

                *ret_rank = policy->victim.rank[i];
                if (x != y)
                        return x > y;
        }
        return strcmp(a->node->path, b->node->path) < 0;
}

static bool may_pay(const Policy *policy, const Suspect *suspect, ActionKind action, uint64_t now_usec) {
        const Node *n = suspect->node;

        /* A record about a protected or dying unit harms nobody. */
        if (n->gone || strv_fnmatch(policy->victim.never, n->unit))
                return false;
        return action == ACTION_LOG || now_usec >= n->dying_until_usec;
}

VictimChoice victim_choose(const Policy *policy, const Survey *s, ActionKind action, uint64_t now_usec,
                           bool (*held)(const void *ledger, const Node *node, ActionKind action), const void *ledger) {
        VictimChoice choice = { .rank = policy->victim.rank[0] };
        const Suspect *second = NULL;
        Scale scale = { 0 };
        RankMeasure rank;

        /* Whom nothing may happen to is no measure for the others. */
        for (size_t i = 0; i < s->n; i++)
                if (may_pay(policy, s->suspects + i, action, now_usec) &&
                    (action == ACTION_LOG || !s->suspects[i].node->protected))
                        scale_note(&scale, s->suspects + i);

        for (size_t i = 0; i < s->n; i++) {
                Suspect *suspect = s->suspects + i;

                if (!may_pay(policy, suspect, action, now_usec))
                        continue;
                if (action != ACTION_LOG && suspect->node->protected) {
                        choice.n_protected++;
                        continue;
                }
                if (action_holds(action) && held(ledger, suspect->node, action)) {
                        choice.n_held++;
                        continue;
                }

                choice.n_candidates++;
                if (!choice.suspect || comes_before(policy, &scale, suspect, choice.suspect, &rank)) {
                        second = choice.suspect;
                        choice.suspect = suspect;
                } else if (!second || comes_before(policy, &scale, suspect, second, &rank))
                        second = suspect;
        }

        /* Where the one to blame is held already, the next is no substitute: whoever has next to no part in it stays. */
        if (choice.n_held > 0 && choice.suspect && scale.largest[policy->victim.rank[0]] > 0 &&
            scaled(&scale, policy->victim.rank[0], choice.suspect) == 0)
                choice.suspect = NULL;
        if (second && choice.suspect)
                (void) comes_before(policy, &scale, choice.suspect, second, &choice.rank);
        return choice;
}
