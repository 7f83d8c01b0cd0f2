/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fake-tree.h"
#include "sense/watch.h"

#define MIB (UINT64_C(1) << 20)
#define KIB (UINT64_C(1) << 10)

/* A host of 1000000 kB, 600000 kB available, with
 *
 *     batch.slice             max 400M, uses 300M, low 64M
 *       batch-a.slice         high 200M, uses 120M, min 8M
 *         x.service           max 100M, uses 30M, low 16M
 *         y.service           no limit, uses 90M, low 4M
 *     other.service           uses 50M, min 40M, low 45M
 */
typedef struct UnitsFixture {
        FakeTree fake;
        Tree *tree;
        unsigned n_told;
        uint64_t host, batch, a, x, y, other;
} UnitsFixture;

/* For cmocka; `*state` becomes a UnitsFixture. */
int units_fixture_setup(void **state);
int units_fixture_teardown(void **state);

/* A TreeHandler that counts; `userdata` is a UnitsFixture. */
void units_fixture_on_event(const Event *event, void *userdata);

void units_fixture_write_mib(UnitsFixture *f, const char *path, const char *file, uint64_t mib);

/* Arms a watch without triggers, and looks. */
Sample units_fixture_sample(UnitsFixture *f, uint64_t id);
