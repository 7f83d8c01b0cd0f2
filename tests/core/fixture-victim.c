/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "fixture-victim.h"

const char *held_unit;

Node host = { .kind = CGROUP_HOST, .path = (char *) "/" };

bool held(const void *ledger, const Node *node, ActionKind action) {
        return held_unit && strcmp(node->unit, held_unit) == 0;
}

const char *choose_unit(const Policy *policy, const Step *step, const Unit *units, bool managed_oom, VictimChoice *ret) {
        static char path[64];
        const Id128 incident = { 1, 2 };
        VictimRules rules = { .policy = policy, .step = step, .managed_oom = managed_oom, .incident = incident,
                              .now_usec = NOW, .held = held };
        NodeRegistry r = { 0 };
        Survey s;

        assert_int_equal(survey_init(&s), 0);
        rules.watch = registry_put(&r, 1, CGROUP_SLICE, "w.slice");
        for (const Unit *u = units; u->path; u++) {
                Node *n = registry_put(&r, 10 + s.n, u->kind, u->path);

                if (u->kind == CGROUP_GROUP) {
                        free(n->unit);
                        n->unit = strdup(n->path);
                }
                n->delegated = u->delegated;
                n->container = u->container;
                n->protected = u->protected;
                n->managed.swap = u->managed;
                rules.leave_to_oomd |= u->managed;
                if (u->vain) {
                        n->vain = 1U << step->action;
                        n->vain_incident = incident;
                }
                s.suspects[s.n++] = (Suspect){ .node = n, .usage_bytes = u->usage, .preference = u->preference };
        }
        *ret = victim_choose(&rules, &s);
        (void) snprintf(path, sizeof(path), "%s", ret->suspect ? ret->suspect->node->path + 1 : "");
        survey_done(&s);
        node_registry_done(&r);
        return path;
}
