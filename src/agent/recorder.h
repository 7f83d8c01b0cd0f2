/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "core/core.h"
#include "core/trace.h"

/* The last minute of what the core saw and decided, as the text of a trace (core/trace.h), in a ring of a fixed size; a
 * longer time as long as an incident goes on and there is room. What falls out of the ring is folded into a base: each
 * cgroup that is still there, what was last seen of it, and how far the core had counted. Base and ring make a trace
 * that replays as the daemon decided.
 *
 * Allocates in recorder_new(), and for each EVENT_CGROUP_NEW. */

typedef struct Recorder Recorder;

#define RECORDER_RING_SIZE (1024U * 1024)
#define RECORDER_KEEP_USEC UINT64_C(60000000)

/* 0 or -ENOMEM. */
int recorder_new(Recorder **ret, size_t ring_size);
Recorder *recorder_free(Recorder *r);
DEFINE_CLEANUP(Recorder *, recorder_free);

/* A core begins; `comments` are lines that a trace shows beside, one after the other, or NULL. */
void recorder_start(Recorder *r, const TraceStart *start, const char *comments, uint64_t now_usec);

/* The core took the event and brought the effects about; `before` is how far it had counted before, `after` what it has
 * counted now. To be called before anything that event or effects point to changes. */
void recorder_step(Recorder *r, const Event *event, const Effects *effects, const CoreIds *before,
                   const CoreIds *after);

/* What is too old leaves the ring and is folded, some of it: for when all that is urgent has been done. */
void recorder_drop_old(Recorder *r, uint64_t now_usec);

/* Nothing leaves the ring for its age alone. */
void recorder_keep(Recorder *r, bool keep);

/* Each line from now on is given to `tap` as well, without a newline; NULL ends that. */
typedef void (*RecorderTap)(void *userdata, const char *line, size_t n);
void recorder_tap(Recorder *r, RecorderTap tap, void *userdata);

/* Writes the whole trace, bit by bit: what `sink` answers below 0 ends it and is returned, else 0. */
typedef int (*RecorderSink)(void *userdata, const char *text, size_t n);
int recorder_write(Recorder *r, RecorderSink sink, void *userdata);
