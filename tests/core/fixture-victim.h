/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fixture.h"

#include "core/victim.h"

/* Candidates of whom one is chosen. */

#define NOW (100 * SEC)

extern Node host;

/* For VictimRules: who is held already, NULL for nobody. */
extern const char *held_unit;
bool held(const void *ledger, const Node *node, ActionKind action);

typedef struct Unit {
        const char *path;
        CgroupKind kind;
        uint64_t usage;
        Preference preference;
        bool delegated, container, protected, vain;
        bool managed; /* ManagedOOMSwap=kill; with any such, what systemd-oomd looks after is left to it */
} Unit;

#define UNIT CGROUP_UNIT
#define IN "w.slice/"

/* The path of the one that is chosen among them, or "". The watch is "/w.slice". */
const char *choose_unit(const Policy *policy, const Step *step, const Unit *units, bool managed_oom, VictimChoice *ret);
