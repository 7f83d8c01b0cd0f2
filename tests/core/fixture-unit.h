/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fixture.h"

/* The smallest worlds: one unit with a policy of its own, or a slice with two units. */

enum { SLICE = 2, A = 7, B = 8 };

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

/* s.slice with a.service and b.service, whose one step is about usage: it holds from the first look on, and asks for a survey. */
void slice_start(Step step, RankMeasure rank);

/* That survey, in which a stalls a little more than b. Returns what is done. */
const Decision *slice_survey(uint64_t a_bytes, uint64_t b_bytes);
