/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/cleanup.h"
#include "core/decisions.h"

int decisions_init(Decisions *d) {
        *d = (Decisions){ .slots = calloc(DECISIONS_MAX, sizeof(DecisionSlot)) };
        return d->slots ? 0 : -ENOMEM;
}

void decisions_done(Decisions *d) {
        free(d->slots);
        *d = (Decisions){ 0 };
}

bool decisions_take(Decisions *d, Watch *w) {
        if (w->decision)
                return true;
        for (size_t i = 0; i < DECISIONS_MAX; i++) {
                DecisionSlot *slot = d->slots + d->hand;

                d->hand = (d->hand + 1) % DECISIONS_MAX;
                if (slot->owner && !watch_is_through(slot->owner))
                        continue;
                if (slot->owner)
                        slot->owner->decision = NULL;
                slot->owner = w;
                w->decision = &slot->decision;
                return true;
        }
        return false;
}

void decisions_drop(Decisions *d, Watch *w) {
        if (!w->decision)
                return;
        CONTAINER_OF(w->decision, DecisionSlot, decision)->owner = NULL;
        w->decision = NULL;
}
