/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fixture.h"

/* The smallest world: one unit, with a policy of its own. */

enum { A = 7 };

extern Fixture f;
extern Step steps[2];
extern Policy policy;

/* The unit a.service with one or two steps, seen once, calm. */
void unit_start(const Step *list, size_t n);

/* The survey that a step of it asked for. */
void unit_survey(void);

/* The unit at 50 % for two seconds, and the action of its one step sent; the step gets "some 10% 2s" if it has no
 * condition. Returns the decision's id. */
uint64_t unit_act(Step step);

/* The answer to it, with the MemoryHigh= that was there before. */
void unit_answer(uint64_t id, OutcomeKind kind, uint64_t previous_bytes);
