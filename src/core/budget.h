/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* At most so many actions within a time: MaxActions=. */

#define BUDGET_ACTIONS_MAX 1000U

typedef struct Budget {
        unsigned max_actions; /* at most BUDGET_ACTIONS_MAX */
        uint64_t time_usec;
        uint64_t *taken_usec; /* when each of the last max_actions was taken, around the end */
        size_t next, n;
} Budget;

/* 0 or -ENOMEM. */
int budget_init(Budget *b, unsigned max_actions, uint64_t time_usec);
void budget_done(Budget *b);

/* Whether one more action is left. */
bool budget_left(const Budget *b, uint64_t now_usec);

/* How many were taken within the time. */
unsigned budget_used(const Budget *b, uint64_t now_usec);

/* Takes one action out of the budget; false if nothing is left, and nothing is taken then. */
bool budget_take(Budget *b, uint64_t now_usec);
