/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "core/stall.h"

/* What `memstallctl top` shows: differences of the readings that the daemon gives (see sense/memstall-live.h), as a tree
 * unit -> process -> class -> stack with the last samples of each. No clock, bus or terminal. */

#define TOP_HISTORY 20U

typedef struct TopRow {
        char *unit, *cgroup, *limit; /* `limit`: whose limit the reclaim was for, a path; empty: nobody's */
        char *comm, *stack;          /* `stack`: innermost first, a function a line */
        StallClass class;
        uint32_t pid;
        bool running;
        uint64_t key, stall_usec, count;
} TopRow;

typedef struct TopReading {
        uint64_t now_usec; /* 0: there was none yet */
        uint64_t left_out_usec;
        TopRow *rows; /* owned, with their strings */
        size_t n_rows;
} TopReading;

/* Adds a row; all strings are copied. 0 or -ENOMEM. */
int top_reading_add(TopReading *r, const TopRow *row);
void top_reading_done(TopReading *r);

typedef enum TopLevel {
        TOP_HOST,
        TOP_UNIT,
        TOP_PROCESS,
        TOP_CLASS,
        TOP_STACK,
} TopLevel;

typedef enum TopSort {
        TOP_SORT_STALL,
        TOP_SORT_CAUSE,
        TOP_SORT_NAME,
        _TOP_SORT_MAX,
} TopSort;

typedef struct TopNode {
        struct TopNode *parent, *children, *next; /* `next`: as last sorted */
        TopLevel level;
        char *name, *cgroup, *comm; /* a unit's cgroup, a process's name; `name` of a stack is the stack */
        uint32_t pid;
        StallClass class;
        bool open; /* its children show */
        uint64_t count;

        /* The last samples, the newest first. */
        uint64_t stall_usec[TOP_HISTORY]; /* what PSI counts */
        uint64_t wait_usec[TOP_HISTORY];  /* what it does not */
        uint64_t cause_usec[TOP_HISTORY]; /* stalls that are certain to be because of this unit, whoever has them */
} TopNode;

typedef struct TopData {
        TopNode host;
        TopReading last;
        uint64_t span_usec[TOP_HISTORY]; /* how long each sample is */
        size_t n_samples;
        TopSort sort;
        bool cut; /* in the newest sample not everything was told */
} TopData;

void top_data_done(TopData *d);

/* Begins a sample: the older ones move on, and what had nothing in all of them goes. */
void top_data_begin(TopData *d);

/* Adds what came between the last reading and this one to the newest sample, and takes the reading over. The first only
 * becomes the last. 0 or -ENOMEM. */
int top_data_add(TopData *d, TopReading *reading);

/* Sorts everything by d->sort. */
void top_data_sort(TopData *d);

/* Value of the newest sample as microseconds in a second. */
uint64_t top_data_rate(const TopData *d, const uint64_t *values);

/* Share of all that stalled in the last five samples that this unit is certain to be the cause of, in hundredths of a
 * percent. */
uint32_t top_data_cause(const TopData *d, const TopNode *n);
