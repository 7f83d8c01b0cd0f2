/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/systemd.h"
#include "base/clock.h"

/* The effector and the real PID 1, with a unit of their own. Shared by tests/act/live-systemd*.c. */

#define UNIT "memstalld-live.service"
#define PARENT "livetest.slice" /* not one of ours, which is protected by itself */
#define SLICE "livetest-units.slice"
#define UNIT_CGROUP "/" PARENT "/" SLICE "/" UNIT
#define START "systemd-run --quiet --collect --slice=" SLICE " --unit=" UNIT " "
#define MIB (UINT64_C(1) << 20)

typedef struct World {
        sd_event *event;
        Systemd *systemd;
        Outcome outcome;
        bool answered;
        uint64_t usec; /* that the last answer took */
} World;

int world_set_up_private(void **state); /* over PID 1's private socket */
int world_set_up_bus(void **state);     /* over the system bus */
int world_tear_down(void **state);

/* Acts on UNIT and waits for the answer: MemoryHigh=100M, MemoryLow=60M, SIGKILL, a second for a job. */
const Outcome *world_act(World *w, ActionKind action, bool thaw_first);
const Outcome *world_decide(World *w, Decision d);
const Outcome *world_start(World *w, const char *unit, uint64_t timeout_usec);
const Outcome *world_undo(World *w, ActionKind action, Properties previous);
const Outcome *world_undo_without_path(World *w, ActionKind action, Properties previous);
Decision world_decision(ActionKind action);

/* The first line that the command prints. */
const char *output(const char *command);
const char *property(const char *unit, const char *name);

/* Waits for it, for ten seconds at most. */
void expect_property(const char *unit, const char *name, const char *value);

/* 77 where there is no systemd to try it on, else 0. */
int world_skip(void);

#define TESTS(name)                                                                                           \
        { #name ", private socket", name, world_set_up_private, world_tear_down, NULL },                      \
        { #name ", system bus", name, world_set_up_bus, world_tear_down, NULL }
