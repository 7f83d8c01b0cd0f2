/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fixture.h"

#include "core/survey.h"

/* The cgroups of the surveys' tests: the host, a slice, units a and b in it, and c beside it. */
enum { HOST = 1, SLICE = 2, A = 11, B = 12, C = 13, UNKNOWN = 99 };

extern NodeRegistry nodes;
extern Survey survey;

/* Before and after each test: all of them, and a survey that has seen nothing. */
int setup(void **state);
int teardown(void **state);

/* What survey_fill() makes of these candidates. */
bool fill(uint64_t now_usec, const Candidate *candidates, size_t n);
