/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "act/systemd.h"
#include "base/clock.h"
#include "fake-systemd.h"

/* The effector and a systemd that is not one, in one event loop. Shared by tests/act/test-systemd*.c. */

#define OUTCOMES_MAX (SYSTEMD_ACTIONS_MAX + 8)

typedef struct World {
        char folder[32], path[64], address[96];
        sd_event *event;
        FakeSystemd *fake;
        Systemd *systemd;
        SystemdPeer peers[2];
        Outcome outcomes[OUTCOMES_MAX];
        size_t n_outcomes;
        const Decision *next; /* acted on from within the first answer */
} World;

int world_set_up(void **state);
int world_tear_down(void **state);

/* What the effector answers to. */
void world_on_answer(void *userdata, const Outcome *outcome);

/* Runs the loop until `n` answers have come, or the time is over. */
void world_run(World *w, size_t n, uint64_t usec);

/* For hog.service in /a.slice/a-b.slice: MemoryHigh=90M, SIGKILL; back to infinity. */
Decision world_decision(uint64_t id, ActionKind action);
Undo world_undo(uint64_t id, ActionKind action);

/* Does it, and waits for its answer. */
const Outcome *world_act(World *w, Decision d);
const Outcome *world_take_back(World *w, Undo u);

void assert_done(const Outcome *o);

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
