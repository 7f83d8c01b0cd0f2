/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/top-reading.h"

/* What `memstallctl top` shows: differences of readings as a tree unit -> process -> class -> stack, with the last samples
 * of each. No clock, bus or terminal. */

#define TOP_HISTORY 20U

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
