/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/usec.h"
#include "core/replay-private.h"

#define MADE_UP_ANSWER_USEC (50 * USEC_PER_MSEC)

/* An action that worked, on a unit that had none of it set. */
static Outcome make_up(const Decision *d) {
        Outcome outcome = {
                .kind = d->dry_run ? OUTCOME_DRY_RUN : OUTCOME_DONE,
                .via = d->dry_run ? VIA_NONE : d->victim.delegated ? VIA_CGROUP : VIA_SYSTEMD,
        };

        for (Property p = 0; p < _PROPERTY_MAX; p++)
                if (properties_has(&d->properties, p))
                        properties_set(&outcome.previous, p,
                                       p == PROPERTY_MEMORY_LOW || p == PROPERTY_SLICES_LOW ? 0 : UINT64_MAX);
        return outcome;
}

void owed_add(OwedSet *set, const Effect *effect, const char *line, uint64_t now_usec) {
        Owed *o = set->items + set->n;

        if (set->n >= OWED_MAX || (effect->kind == EFFECT_ACT && effect->decision.action == ACTION_LOG))
                return; /* the core gives up by itself what nobody answers */
        if (effect->kind == EFFECT_ACT)
                o->made_up = make_up(&effect->decision);
        else
                o->made_up = (Outcome){ .kind = OUTCOME_DONE, .via = VIA_SYSTEMD };
        o->due_usec = now_usec + MADE_UP_ANSWER_USEC;
        if (line_name(line, o->name, &o->made_up.id))
                set->n++;
}

void owed_match(OwedSet *set, const char *then) {
        char name[LINE_NAME_MAX];
        uint64_t id;

        if (!line_name(then, name, &id))
                return;
        for (size_t i = 0; i < set->n; i++) {
                Owed *o = set->items + i;

                if (o->due_usec == USEC_INFINITY || strcmp(o->name, name) != 0)
                        continue;
                o->due_usec = USEC_INFINITY;
                set->ids[set->n_ids % OWED_IDS_MAX].then = id;
                set->ids[set->n_ids++ % OWED_IDS_MAX].now = o->made_up.id;
                return;
        }
}

bool owed_translate(OwedSet *set, Outcome *outcome) {
        for (size_t i = 0; i < MIN(set->n_ids, (size_t) OWED_IDS_MAX); i++)
                if (set->ids[i].then == outcome->id) {
                        outcome->id = set->ids[i].now;
                        owed_remove(set, outcome->id);
                        return true;
                }
        return false;
}

const Owed *owed_first(const OwedSet *set) {
        const Owed *first = NULL;

        for (size_t i = 0; i < set->n; i++)
                if (!first || set->items[i].due_usec < first->due_usec)
                        first = set->items + i;
        return first;
}

void owed_remove(OwedSet *set, uint64_t id) {
        for (size_t i = 0; i < set->n; i++)
                if (set->items[i].made_up.id == id) {
                        set->items[i] = set->items[--set->n];
                        return;
                }
}
