/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "act/cgroup.h"
#include "base/clock.h"

/* The effector against a tree of plain files: what it reads, what it writes, whom it signals, and what it says. What the
 * kernel makes of it is for live-cgroup.c. */

#define MIB (UINT64_C(1) << 20)
#define USER "/user.slice/user-1000.slice/user@1000.service"
#define VICTIM USER "/app.slice/web.service"

typedef struct World {
        char folder[64];
        sd_event *event;
        Worker *worker;
        Cgroup *cgroup;
        size_t n_answers;
        Outcome outcome;
        pid_t children[8]; /* are killed at the end */
        size_t n_children;
} World;

int world_set_up(void **state);
int world_tear_down(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

/* The file `name` of the cgroup `where`, or with "" its folder; until the next call. */
char *path_of(const World *w, const char *where, const char *name);
void put(const World *w, const char *where, const char *name, const char *text);
const char *get(const World *w, const char *where, const char *name);
void drop(const World *w, const char *where, const char *name);

/* A cgroup without processes. */
void make(const World *w, const char *path);

/* About the victim, a unit of a user's manager. */
Decision decision(const World *w, ActionKind action);

/* Acts and waits for the one answer. */
const Outcome *act(World *w, const Decision *d);
const Outcome *undo(World *w, ActionKind action, const Properties *previous);

void expect(const Outcome *o, OutcomeKind kind, int error, const char *words);
