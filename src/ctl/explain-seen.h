/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "core/policy.h"

/* What the daemon answers to Explain(): see core/explain.h for what the words mean. Strings belong to the message. */

#define SEEN_WORDS_MAX 12U
#define SEEN_WATCHES_MAX 8U
#define SEEN_HOLDS_MAX 8U

typedef struct SeenWords {
        const char *items[SEEN_WORDS_MAX];
        size_t n_items;
} SeenWords;

typedef struct SeenBudget {
        uint32_t left, max_actions; /* 0: there is none */
        uint64_t time_usec;
} SeenBudget;

typedef struct SeenCondition {
        const char *key, *text, *unit;
        uint64_t value, limit;
        int holds;
        uint64_t last_held_usec;
} SeenCondition;

typedef struct SeenStep {
        const char *name, *action, *doing;
        int dry_run;
        uint64_t since_usec, until_usec, last_held_usec, acted_usec, for_usec;
        uint32_t n_acted;
        SeenWords refused;
        SeenCondition conditions[STEP_CONDITIONS_MAX];
        size_t n_conditions;
} SeenStep;

typedef struct SeenWatch {
        const char *path, *unit, *policy, *file, *incident, *doing;
        SeenWords standing;
        int itself, fresh;
        uint64_t until_usec, looked_usec;
        SeenBudget budget;
        SeenStep steps[POLICY_STEPS_MAX];
        size_t n_steps;
} SeenWatch;

typedef struct SeenPolicy {
        const char *name, *file, *verdict;
} SeenPolicy;

typedef struct SeenHold {
        const char *unit, *action, *policy, *step;
        uint64_t since_usec, deadline_usec;
} SeenHold;

typedef struct Seen {
        sd_bus_message *message; /* owned */
        const char *path, *unit;
        SeenWords notes;
        uint64_t now_usec;
        int dry_run;
        SeenBudget budget;
        SeenPolicy *policies; /* owned */
        size_t n_policies;
        SeenHold holds[SEEN_HOLDS_MAX];
        size_t n_holds;
        SeenWatch watches[SEEN_WATCHES_MAX]; /* its own first */
        size_t n_watches;
        bool no_freeze; /* WatchdogSec= on a systemd that would kill it for being frozen */
} Seen;

/* Reads the answer. 0, or -errno; frees nothing of what was there before. */
int seen_read(sd_bus_message *message, Seen *ret);
void seen_done(Seen *s);

bool seen_has(const SeenWords *words, const char *word);

/* For people, in 80 columns; and as one object. 0 or -ENOMEM. */
int seen_print(FILE *f, const Seen *s, bool colors);
void seen_print_json(FILE *f, const Seen *s);
