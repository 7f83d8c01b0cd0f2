/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "act/managed-oom.h"
#include "base/clock.h"
#include "fake-systemd.h"

/* Asking a systemd that is not one what its units' ManagedOOM… say. */

#define AGE_USEC (200 * USEC_PER_MSEC)
#define EVENTS_MAX 256U

typedef struct World {
        char folder[32], path[64], address[96];
        sd_event *event;
        FakeSystemd *fake;
        ManagedOom *managed;
        SystemdPeer peer;
        Event events[EVENTS_MAX];
        size_t n_events;
        uint64_t remove; /* from within the handler */
        unsigned n_connected; /* before the test began */
} World;

int world_set_up(void **state);
int world_tear_down(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

/* A ManagedOomHandler; `userdata` is a World. */
void world_on_managed(void *userdata, const Event *event);

/* Runs the loop until `n` events have come, or the time is over. Returns how often it woke. */
unsigned world_run(World *w, size_t n, uint64_t usec);

void assert_event(const Event *e, uint64_t id, bool pressure, uint32_t share, uint64_t duration_usec, bool swap);
