/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/recorder.h"

/* What a recorder knows of the time before its ring: one item for each cgroup, in lists by the time of what is known, so
 * that a trace of it has its times in order. */

typedef struct BaseLink {
        struct BaseItem *item;
        struct BaseLink *before, *after;
} BaseLink;

typedef struct BaseItem {
        uint64_t id;
        struct BaseItem *next; /* of the same bucket */
        uint64_t new_usec;
        uint64_t gone_usec; /* 0: it is there */
        Event look, managed; /* the last; kind 0 (EVENT_CGROUP_NEW): there was none */
        BaseLink by_new, by_look, by_managed, by_gone;
        char line[]; /* of its EVENT_CGROUP_NEW */
} BaseItem;

/* NULL if there is no memory. The item is the caller's until base_fold() takes it. */
BaseItem *base_item_new(const Event *event, const char *line, size_t n);

#define BASE_BUCKETS 4096U

/* What is known of no cgroup. */
typedef enum BaseHost {
        BASE_CLOCK,
        BASE_ARMED,   /* WARNING_ARMED or _LOST */
        BASE_WARNING, /* any other */
        _BASE_HOST_MAX,
} BaseHost;

typedef struct Base {
        BaseItem *buckets[BASE_BUCKETS];
        BaseLink by_new, by_look, by_managed; /* heads of rings */
        BaseLink by_gone; /* of those that a core remembers */
        size_t n_gone;
        Event host[_BASE_HOST_MAX];           /* the last of each; kind 0: none */
        bool started;                         /* `start` says when */
        uint64_t start_usec, until_usec;
        TraceStart start;
        char comments[2048];
} Base;

void base_init(Base *b);
void base_done(Base *b);

/* A core begins: all that was known is over. */
void base_start(Base *b, const TraceStart *start, const char *comments, uint64_t now_usec);

/* The event leaves the ring. `item` goes with EVENT_CGROUP_NEW and may be NULL. */
void base_fold(Base *b, const Event *event, BaseItem *item);

/* Calls `tell` with each line in the order of time, formatted into `buf`. The first negative answer ends it. */
int base_write(const Base *b, const CoreIds *ids, char *buf, size_t size, RecorderSink tell, void *userdata);
