/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "core/policy.h"

/* One "Key=value" line each. Nothing is rounded, other than in base/format.h: what is printed is read again. */

void print_boolean(FILE *f, const char *key, bool value);
void print_duration(FILE *f, const char *key, uint64_t usec);
void print_amount(FILE *f, const char *key, const Amount *amount);
void print_pressure(FILE *f, const char *key, const PressureLimit *limit);
void print_budget(FILE *f, const char *key, unsigned count, uint64_t usec);
void print_signal(FILE *f, const char *key, int number);
void print_time(FILE *f, const char *key, uint64_t realtime_usec);

/* As many lines as it takes, none for an empty list. */
void print_list(FILE *f, const char *key, char *const *list);

void print_condition(FILE *f, const Condition *condition);
