/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/cleanup.h"
#include "base/usec.h"
#include "core/budget.h"

int budget_init(Budget *b, unsigned max_actions, uint64_t time_usec) {
        *b = (Budget){ .max_actions = MIN(max_actions, BUDGET_ACTIONS_MAX), .time_usec = time_usec };
        b->taken_usec = calloc(MAX(b->max_actions, 1U), sizeof(*b->taken_usec));
        return b->taken_usec ? 0 : -ENOMEM;
}

void budget_done(Budget *b) {
        free(b->taken_usec);
        *b = (Budget){ 0 };
}

bool budget_left(const Budget *b, uint64_t now_usec) {
        if (b->max_actions == 0)
                return false;
        return b->n < b->max_actions || usec_sub(now_usec, b->taken_usec[b->next]) >= b->time_usec;
}

unsigned budget_used(const Budget *b, uint64_t now_usec) {
        unsigned used = 0;

        for (size_t i = 0; i < b->n; i++)
                used += usec_sub(now_usec, b->taken_usec[i]) < b->time_usec;
        return used;
}

bool budget_take(Budget *b, uint64_t now_usec) {
        if (!budget_left(b, now_usec))
                return false;

        b->taken_usec[b->next] = now_usec;
        b->next = (b->next + 1) % b->max_actions;
        b->n = MIN(b->n + 1, (size_t) b->max_actions);
        return true;
}
