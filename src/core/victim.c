/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/strv.h"
#include "core/victim.h"

#define STEPS 20U

/* ---- By name --------------------------------------------------------------------------------- */

static bool ends_in_slice(const char *s) {
        size_t n = strlen(s);

        return n >= 6 && strcmp(s + n - 6, ".slice") == 0;
}

/* Whether a glob names a slice as a slice: "*" means units. */
static bool names_slice(char *const *globs, const Node *n) {
        for (size_t i = 0; globs && globs[i]; i++)
                if (ends_in_slice(globs[i]) && strv_fnmatch((char *const[]){ globs[i], NULL }, n->unit))
                        return true;
        return false;
}

/* Whether a glob names one of the cgroups above: the scope of a container, the manager of a user. */
static bool names_above(char *const *globs, const char *path) {
        char name[UNIT_NAME_MAX];

        for (const char *next; (next = strchr(path, '/')); path = next + 1) {
                size_t n = (size_t) (next - path);

                if (n == 0 || n >= sizeof(name))
                        continue;
                memcpy(name, path, n);
                name[n] = '\0';
                if (strv_fnmatch(globs, name))
                        return true;
        }
        return false;
}

static bool names(char *const *globs, const Node *n) {
        if (!globs)
                return false;
        return strv_fnmatch(globs, n->unit) || (n->delegated && names_above(globs, n->path));
}

static bool is_candidate(char *const *globs, const Node *watch, const Node *n) {
        if (n->gone || n->container || n->kind == CGROUP_HOST)
                return false;
        if (n->kind == CGROUP_SLICE)
                return names_slice(globs, n);
        return globs ? names(globs, n) : node_is_within(n, watch);
}

/* systemd-oomd kills beneath whatever says so. Where the host does it is a matter of swap alone, and would be everything; what
 * users say of their units is no way out of what the host's policies are. */
static bool is_oomds(const Node *n) {
        for (; n && n->kind != CGROUP_HOST; n = n->parent)
                if (managed_is_set(&n->managed) && !n->delegated)
                        return true;
        return false;
}

unsigned victim_standing(const Policy *policy, const Node *watch, const Node *n, uint64_t now_usec, bool leave_to_oomd) {
        const struct {
                bool is;
                unsigned bit;
        } rules[] = {
                { !n->container && !is_candidate(policy->victim.from, watch, n), VICTIM_NOT_FROM },
                { n->container, VICTIM_CONTAINER },
                { names(policy->victim.never, n), VICTIM_NEVER },
                { n->protected, VICTIM_PROTECTED },
                { now_usec < n->dying_until_usec, VICTIM_DYING },
                { names(policy->victim.avoid, n), VICTIM_AVOID },
                { names(policy->victim.prefer, n), VICTIM_PREFER },
                { leave_to_oomd && is_oomds(n), VICTIM_OOMD },
        };
        unsigned standing = 0;

        for (size_t i = 0; i < ELEMENTSOF(rules); i++)
                standing |= rules[i].is ? rules[i].bit : 0;
        return standing;
}

/* ---- By measure ------------------------------------------------------------------------------ */

static uint64_t measure_value(RankMeasure measure, const Suspect *suspect) {
        static const size_t offsets[_RANK_MEASURE_MAX] = {
                [RANK_CULPRIT] = offsetof(Suspect, caused_usec),
                [RANK_USAGE] = offsetof(Suspect, usage_bytes),
                [RANK_GROWTH] = offsetof(Suspect, growth),
                [RANK_SWAP] = offsetof(Suspect, swap_bytes),
                [RANK_PRESSURE] = offsetof(Suspect, pressure_usec),
                [RANK_RECLAIM] = offsetof(Suspect, scanned),
        };

        return *(const uint64_t *) ((const char *) suspect + offsets[measure]);
}

/* The order of measures, and the largest value of each among the candidates: what the steps are a part of. */
typedef struct Scale {
        const RankMeasure *rank;
        size_t n_rank;
        uint64_t largest[_RANK_MEASURE_MAX];
} Scale;

static void scale_note(Scale *scale, const Suspect *suspect) {
        for (RankMeasure m = 0; m < _RANK_MEASURE_MAX; m++)
                scale->largest[m] = MAX(scale->largest[m], measure_value(m, suspect));
}

static uint64_t scaled(const Scale *scale, RankMeasure measure, const Suspect *suspect) {
        uint64_t value = measure_value(measure, suspect);

        if (measure == RANK_USAGE || measure == RANK_SWAP || scale->largest[measure] == 0)
                return value;
        /* The largest shares the top step with what is nearly as large. */
        return MIN((uint64_t) ((unsigned __int128) value * STEPS / scale->largest[measure]), STEPS - 1);
}

/* ---- Victims --------------------------------------------------------------------------------- */

static bool harms_nobody(ActionKind action) {
        return action == ACTION_LOG;
}

static bool is_never(const VictimRules *rules, const Suspect *suspect) {
        return names(rules->policy->victim.never, suspect->node) ||
               (rules->managed_oom && suspect->preference == PREFERENCE_OMIT);
}

static bool may_pay(const VictimRules *rules, const Suspect *suspect) {
        const Node *n = suspect->node;
        ActionKind action = rules->step->action;

        if (!is_candidate(rules->policy->victim.from, rules->watch, n) || is_never(rules, suspect))
                return false;
        if (n->kind == CGROUP_SLICE && action >= ACTION_KILL)
                return false;
        /* A record about a dying unit harms nobody. */
        return action == ACTION_LOG || action == ACTION_START || rules->now_usec >= n->dying_until_usec;
}

/* What happens to a slice happens to all in it. */
static bool is_protected(const VictimRules *rules, const Survey *s, const Node *n) {
        if (n->protected || n->kind != CGROUP_SLICE)
                return n->protected;
        for (const Suspect *below = s->suspects; below < s->suspects + s->n; below++)
                if (node_is_within(below->node, n) && (below->node->protected || is_never(rules, below)))
                        return true;
        return false;
}

static bool is_left_to_oomd(const VictimRules *rules, const Survey *s, const Node *n) {
        if (!rules->leave_to_oomd)
                return false;
        if (is_oomds(n) || n->kind != CGROUP_SLICE)
                return is_oomds(n);
        for (const Suspect *below = s->suspects; below < s->suspects + s->n; below++)
                if (node_is_within(below->node, n) && is_oomds(below->node))
                        return true;
        return false;
}

/* Whom nothing may happen to, and if so, why. */
static bool is_spared(const VictimRules *rules, const Survey *s, const Node *n, VictimChoice *choice) {
        if (harms_nobody(rules->step->action))
                return false;
        if (is_protected(rules, s, n)) {
                choice->n_protected++;
                return true;
        }
        if (is_left_to_oomd(rules, s, n)) {
                choice->n_oomd++;
                return true;
        }
        return false;
}

static bool is_held(const VictimRules *rules, const Node *n) {
        ActionKind action = rules->step->action;

        if (!action_holds(action))
                return false;
        return rules->now_usec < n->left_alone_until_usec || rules->held(rules->ledger, n, action) ||
               ((n->vain & UINT32_C(1) << action) && n->vain_incident.high == rules->incident.high &&
                n->vain_incident.low == rules->incident.low);
}

/* 2: before all others, 0: behind them. */
static unsigned turn_of(const VictimRules *rules, const Suspect *suspect) {
        if (names(rules->policy->victim.avoid, suspect->node) ||
            (rules->managed_oom && suspect->preference == PREFERENCE_AVOID))
                return 0;
        return names(rules->policy->victim.prefer, suspect->node) ? 2 : 1;
}

/* Whether `a` comes before `b`, and by which measure; the last one where only the name decides. */
static bool comes_before(const VictimRules *rules, const Scale *scale, const Suspect *a, const Suspect *b,
                         RankMeasure *ret_rank) {
        unsigned x_turn = turn_of(rules, a), y_turn = turn_of(rules, b);

        *ret_rank = scale->rank[0];
        if (x_turn != y_turn)
                return x_turn > y_turn;
        for (size_t i = 0; i < scale->n_rank; i++) {
                uint64_t x = scaled(scale, scale->rank[i], a), y = scaled(scale, scale->rank[i], b);

                *ret_rank = scale->rank[i];
                if (x != y)
                        return x > y;
        }
        return strcmp(a->node->path, b->node->path) < 0;
}

/* Less than one step of the largest. */
static bool has_no_part(const Scale *scale, const Suspect *suspect) {
        RankMeasure first = scale->rank[0];

        return (unsigned __int128) measure_value(first, suspect) * STEPS < scale->largest[first];
}

/* The most that anybody is to blame for, candidate or not. */
static uint64_t greatest_blame(const Survey *s) {
        uint64_t greatest = 0;

        for (size_t i = 0; i < s->n; i++)
                if (!survey_holds_others(s->suspects[i].node))
                        greatest = MAX(greatest, s->suspects[i].caused_usec);
        for (size_t i = 0; i < s->n_outsiders; i++)
                greatest = MAX(greatest, s->outsiders[i].part.usec);
        return greatest;
}

/* Where blame alone decides, whoever has next to no part in it does not pay for another, be it that nothing may happen to
 * that one. A name in Prefer= says otherwise. */
static bool is_another_doing(const VictimRules *rules, const Scale *scale, const Suspect *suspect, uint64_t greatest) {
        return scale->n_rank == 1 && scale->rank[0] == RANK_CULPRIT && turn_of(rules, suspect) < 2 &&
               (unsigned __int128) suspect->caused_usec * STEPS < greatest;
}

static VictimChoice choose_victim(const VictimRules *rules, const Survey *s) {
        const Step *step = rules->step;
        Scale scale = {
                .rank = step->n_rank > 0 ? step->rank : rules->policy->victim.rank,
                .n_rank = step->n_rank > 0 ? step->n_rank : rules->policy->victim.n_rank,
        };
        VictimChoice choice = { .rank = scale.rank[0] }, uncounted = { 0 };
        const Suspect *second = NULL;
        uint64_t greatest = greatest_blame(s);
        RankMeasure rank;

        /* Whom nothing may happen to is no measure for the others. */
        for (size_t i = 0; i < s->n; i++)
                if (may_pay(rules, s->suspects + i) && !is_spared(rules, s, s->suspects[i].node, &uncounted))
                        scale_note(&scale, s->suspects + i);

        for (size_t i = 0; i < s->n; i++) {
                Suspect *suspect = s->suspects + i;

                if (!may_pay(rules, suspect) || is_spared(rules, s, suspect->node, &choice))
                        continue;
                if (is_held(rules, suspect->node)) {
                        choice.n_held++;
                        continue;
                }
                choice.n_candidates++;
                if (is_another_doing(rules, &scale, suspect, greatest))
                        continue;

                if (!choice.suspect || comes_before(rules, &scale, suspect, choice.suspect, &rank)) {
                        second = choice.suspect;
                        choice.suspect = suspect;
                } else if (!second || comes_before(rules, &scale, suspect, second, &rank))
                        second = suspect;
        }

        /* Where the one to blame is held already, the next is no substitute: whoever has next to no part in it stays. */
        if (choice.n_held > 0 && choice.suspect && has_no_part(&scale, choice.suspect))
                choice.suspect = NULL;
        if (second && choice.suspect)
                (void) comes_before(rules, &scale, choice.suspect, second, &choice.rank);
        return choice;
}

/* ---- Shields --------------------------------------------------------------------------------- */

static bool suffers_more(const Suspect *a, const Suspect *b) {
        if (a->suffered_usec != b->suffered_usec)
                return a->suffered_usec > b->suffered_usec;
        if (a->pressure_usec != b->pressure_usec)
                return a->pressure_usec > b->pressure_usec;
        return strcmp(a->node->path, b->node->path) < 0;
}

static VictimChoice choose_shielded(const VictimRules *rules, const Survey *s) {
        VictimChoice choice = { .rank = RANK_PRESSURE };

        for (size_t i = 0; i < s->n; i++) {
                Suspect *suspect = s->suspects + i;

                if (!is_candidate(rules->step->shield, rules->watch, suspect->node) ||
                    rules->now_usec < suspect->node->dying_until_usec)
                        continue;
                /* Who is to blame is not protected, unless somebody wrote so. */
                if (!rules->step->shield && suspect->suffered_usec <= suspect->caused_usec)
                        continue;
                if (is_held(rules, suspect->node)) {
                        choice.n_held++;
                        continue;
                }
                choice.n_candidates++;
                if (!choice.suspect || suffers_more(suspect, choice.suspect))
                        choice.suspect = suspect;
        }
        return choice;
}

VictimChoice victim_choose(const VictimRules *rules, const Survey *s) {
        return rules->step->action == ACTION_PROTECT ? choose_shielded(rules, s) : choose_victim(rules, s);
}
