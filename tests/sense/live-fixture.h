/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sense/watch.h"

/* A slice and a unit of our own in the running kernel's cgroup tree, and processes that make real pressure in them. Every
 * function fails the test if it cannot do its work. */

#define SLICE "/sys/fs/cgroup/memstalldlive.slice"
#define UNIT SLICE "/live.service"
#define INNER UNIT "/payload"
#define BOX UNIT "/box-1" /* what live_setup() asks for as a group, with what may be in it */
#define BOX_INNER BOX "/inner"
#define MANAGER SLICE "/user@4711.service"
#define MANAGER_SLICE MANAGER "/app.slice"
#define MANAGER_UNIT MANAGER_SLICE "/x.service"
#define BARE SLICE "/bare.slice"
#define BARE_UNIT BARE "/late.service"

#define MIB (UINT64_C(1) << 20)

/* A slow emulated machine may take its time. */
#define WAIT_MSEC 60000

typedef struct LiveTold {
        unsigned n_new, n_gone;
        char last[256]; /* path of the last one, and what is said of it */
        uint64_t unit_id;
} LiveTold;

typedef struct LiveFixture {
        Tree *tree;
        LiveTold told;
        uint64_t id; /* of UNIT */
        pid_t inhabitant; /* of it */
} LiveFixture;

/* For cmocka; `*state` becomes a LiveFixture. */
int live_setup(void **state);
int live_teardown(void **state);

/* tree_dispatch() into a `told` that is empty before. */
void live_dispatch(LiveFixture *f);

bool live_write(const char *path, const char *text);
void live_make(const char *path);
uint64_t live_inode(const char *path);

/* Removes a cgroup with the processes in it. */
void live_remove(const char *path);

/* A process in `cgroup` that does `work` for ever. */
pid_t live_start(const char *cgroup, void (*work)(void));
/* One that does nothing, and is there already: an empty cgroup gets no trigger. */
pid_t live_inhabit(const char *cgroup);
void live_end(pid_t pid);

/* Walks through 64 MiB of memory again and again. */
void live_walk_memory(void);
/* Reads 32 MiB of a file again and again, a little at a time. */
void live_read_file(void);
void live_spin(void);

/* What poll(2) says when it waits for POLLPRI, 0 for nothing. */
short live_wait(int fd, int msec);
