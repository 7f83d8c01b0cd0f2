/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/strv.h"
#include "core/presence.h"

static bool is_presence(const Condition *c) {
        return c->kind == CONDITION_PRESENT || c->kind == CONDITION_ABSENT;
}

/* Every such condition of the policy, into `p` where that has entries; counted in p->n. */
static void collect(Presence *p, const Policy *policy) {
        for (const Step *step = policy->steps; step < policy->steps + policy->n_steps; step++)
                for (const Condition *c = step->conditions; c < step->conditions + step->n_conditions; c++) {
                        if (!is_presence(c))
                                continue;
                        if (p->entries)
                                p->entries[p->n].condition = c;
                        p->n++;
                }
}

int presence_init(Presence *p, const PolicySet *policies) {
        *p = (Presence){ 0 };
        for (size_t i = 0; i < policies->n_policies; i++)
                collect(p, policies->policies[i]);
        if (p->n == 0)
                return 0;

        p->entries = calloc(p->n, sizeof(*p->entries));
        p->n = 0;
        if (!p->entries)
                return -ENOMEM;
        for (size_t i = 0; i < policies->n_policies; i++)
                collect(p, policies->policies[i]);
        return 0;
}

void presence_done(Presence *p) {
        free(p->entries);
        *p = (Presence){ 0 };
}

bool presence_note(Presence *p, const Node *n, bool comes) {
        bool changed = false;

        if (n->kind != CGROUP_UNIT && n->kind != CGROUP_SLICE)
                return false;
        for (size_t i = 0; i < p->n; i++) {
                struct PresenceEntry *e = p->entries + i;

                if (!strv_fnmatch(e->condition->globs, n->unit))
                        continue;
                changed = changed || e->n == (comes ? 0 : 1);
                e->n += comes ? 1 : (size_t) -1;
        }
        return changed;
}

size_t presence_count(const Presence *p, const Condition *c) {
        for (size_t i = 0; i < p->n; i++)
                if (p->entries[i].condition == c)
                        return p->entries[i].n;
        return 0;
}
