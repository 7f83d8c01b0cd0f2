/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/survey.h"

/* Who pays ([Victim]), and whom protect shields. */

typedef struct VictimRules {
        const Policy *policy;
        const Step *step;
        const Node *watch;
        bool managed_oom;  /* ManagedOOMPreference= of the units counts */
        bool leave_to_oomd; /* what systemd-oomd looks after is left to it */
        Id128 incident;
        uint64_t now_usec;
        bool (*held)(const void *ledger, const Node *node, ActionKind action);
        const void *ledger;
} VictimRules;

typedef struct VictimChoice {
        Suspect *suspect;      /* NULL: nobody */
        size_t n_candidates;   /* who could have been chosen, had they a part in it */
        size_t n_protected;    /* who was left out as protected */
        size_t n_oomd;         /* who was left out as systemd-oomd's */
        size_t n_held;         /* who was left out because this very action holds it already, was in vain, or is left alone */
        RankMeasure rank;      /* what told the victim from the next */
} VictimChoice;

/* What keeps a unit from being chosen, or moves it among the candidates; a bit each. */
enum {
        VICTIM_NOT_FROM = 1 << 0,  /* no candidate: From= does not name it, or without one it does not lie beneath the watch */
        VICTIM_CONTAINER = 1 << 1, /* what is beneath it stands for it */
        VICTIM_NEVER = 1 << 2,     /* Never= */
        VICTIM_PROTECTED = 1 << 3, /* by name, or for what is beneath it */
        VICTIM_DYING = 1 << 4,     /* it was killed just now */
        VICTIM_AVOID = 1 << 5,     /* these two: behind, or ahead of, all others */
        VICTIM_PREFER = 1 << 6,
        VICTIM_OOMD = 1 << 7,      /* left to systemd-oomd, which runs */
};

/* The same rules as below, as far as they need no survey: preferences (`omit`, `avoid`) and what is held are not in it. */
unsigned victim_standing(const Policy *policy, const Node *watch, const Node *n, uint64_t now_usec, bool leave_to_oomd);

/* Candidates are what From= names, wherever it is, or without it the watch and all beneath it; slices only where a glob
 * that ends in ".slice" names them, and not for kill, stop, restart and start. What stands in the path of a delegated
 * cgroup stands for it in all lists. Left out: containers, Never= and those whose units ask for it (`omit`), protected
 * units, with `leave_to_oomd` those that say ManagedOOM…=kill themselves or lie in something that does (neither the
 * host nor what a user's manager knows counts), slices that hold one of these; units that are gone or dying; for actions
 * that hold, those that `held` says they hold already, those with which they were in vain in this incident, and those that
 * are left alone after a release by hand.
 *
 * Of these Prefer= comes before all others, Avoid= and `avoid` behind them. Within each, the candidate that comes first
 * by Rank= (the step's own, if it has one) is chosen; ties fall to the next measure and in the end to the path, so that
 * the order is total. Measures that are noisy by nature (culprit, growth, pressure, reclaim) are compared in steps of a
 * twentieth of the largest. Where somebody is held or was in vain, whoever has less than a twentieth of the largest
 * first measure is no substitute. Where Rank= is `culprit` alone, whoever has less than a twentieth of the most that anybody
 * is to blame for, candidate or not, is none, unless Prefer= names it.
 *
 * For protect they are what Shield= names, or without it those in the watch that stalled for longer than what they
 * caused; the one that stalled longest comes first, and none of the other rules but those about holding counts. */
VictimChoice victim_choose(const VictimRules *rules, const Survey *s);
