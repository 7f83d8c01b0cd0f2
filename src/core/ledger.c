/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/usec.h"
#include "core/ledger.h"

Hold *ledger_find(const Ledger *l, const Node *victim, ActionKind action) {
        for (size_t i = 0; i < l->end; i++)
                if (l->holds[i].state != HOLD_FREE && l->holds[i].victim == victim && l->holds[i].action == action)
                        return (Hold *) l->holds + i;
        return NULL;
}

Hold *ledger_find_id(const Ledger *l, uint64_t id) {
        for (size_t i = 0; i < l->end; i++)
                if ((l->holds[i].state == HOLD_PENDING || l->holds[i].state == HOLD_UNDOING) && l->holds[i].id == id)
                        return (Hold *) l->holds + i;
        return NULL;
}

Hold *ledger_add(Ledger *l, const Decision *d, Node *watch, Node *victim, uint64_t now_usec) {
        for (size_t i = 0; i < HOLDS_MAX; i++) {
                Hold *h = l->holds + i;

                if (h->state != HOLD_FREE)
                        continue;
                *h = (Hold){
                        .state = HOLD_PENDING,
                        .id = d->id,
                        .incident = d->incident,
                        .policy = d->policy,
                        .step = d->step,
                        .watch = node_ref(watch),
                        .victim = node_ref(victim),
                        .action = d->action,
                        .since_usec = now_usec,
                        .deadline_usec = usec_add(now_usec, d->step->max_hold_usec),
                        .look_usec = USEC_INFINITY,
                };
                l->n++;
                l->end = MAX(l->end, i + 1);
                l->generation++;
                return h;
        }
        return NULL;
}

void ledger_remove(Ledger *l, Hold *h) {
        node_unref(h->watch);
        node_unref(h->victim);
        *h = (Hold){ .state = HOLD_FREE };
        l->n--;
        while (l->end > 0 && l->holds[l->end - 1].state == HOLD_FREE)
                l->end--;
        l->generation++;
}

void ledger_done(Ledger *l) {
        for (size_t i = l->end; i-- > 0;)
                if (l->holds[i].state != HOLD_FREE)
                        ledger_remove(l, l->holds + i);
}

bool ledger_holds(const void *ledger, const Node *victim, ActionKind action) {
        return ledger_find(ledger, victim, action);
}
