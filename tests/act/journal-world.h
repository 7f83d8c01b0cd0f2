/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "act/journal.h"
#include "act/message-ids.h"
#include "fake-journal.h"

/* A journal that a test reads, and one episode to tell of: in batch.slice, hog.service is throttled. */

typedef struct World {
        char folder[32], path[64];
        sd_event *event;
        int fd;
        Journal *journal;
        FakeRecord record;
} World;

int world_set_up(void **state);
int world_tear_down(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

extern Condition conditions[3]; /* pressure, available, usage */
extern Step step;               /* "slow": with the first of them */
extern const Policy policy;     /* "50-batch" */
extern const CgroupName batch, hog, host;
extern const Id128 incident;
#define INCIDENT "0123456789abcdeffedcba9876543210"

Decision decision(ActionKind action);

/* What a throttle can set, all of it. */
Properties all_limits(void);

/* A field and its value; NULL: it is not there. */
typedef struct Row {
        const char *key, *value;
} Row;

/* Takes the one record that there is and compares it with the rows. */
void compare(World *w, const Row *rows, size_t n);
#define COMPARE(w, ...) compare(w, (const Row[]){ __VA_ARGS__ }, sizeof((const Row[]){ __VA_ARGS__ }) / sizeof(Row))
