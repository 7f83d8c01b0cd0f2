/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "core/core.h"
#include "core/trace.h"

/* Puts a trace through a core, and compares what this one decides with what the trace says that the daemon did.
 *
 * The core gets the events of the trace. A trace by hand (without a start= line) is taken as it is. One of the daemon is
 * the answer to the daemon's decisions, and where this core decides otherwise it lacks answers, which are made up:
 *
 *   - an outcome belongs to the decision of the daemon that this core has made as well: the same action for the same
 *     victim. A decision that the daemon did not make counts as done 50 ms later, and what was set before as unset;
 *   - a survey that the daemon did not take is made of what the trace tells of the units beneath the watch, without
 *     culprits;
 *   - a timer that the daemon did not need runs off by itself.
 *
 * What an action would have changed in the world is not made up: memory and stalls are those of then. A look that the
 * daemon did not take is not there. */

typedef struct Replay Replay;

typedef enum ReplaySide {
        REPLAY_SAME, /* then as now */
        REPLAY_THEN, /* only then */
        REPLAY_NOW,  /* only now */
        _REPLAY_SIDE_MAX,
} ReplaySide;

/* An effect as a line of a trace. */
typedef struct ReplayLine {
        ReplaySide side;
        const char *text;
        uint64_t now_usec;
        bool made_up; /* it follows from something that the trace did not hold */
} ReplayLine;

typedef void (*ReplayTell)(void *userdata, const ReplayLine *line);

/* `settings` and `policies` are borrowed; DryRun= is taken from the trace if that says. `tell` gets the lines in their
 * order: decisions, and of a trace by hand what is asked of the sensors as well. 0 or -ENOMEM. */
int replay_new(Replay **ret, const Settings *settings, const PolicySet *policies, ReplayTell tell, void *userdata);
Replay *replay_free(Replay *r);
DEFINE_CLEANUP(Replay *, replay_free);

/* Lines are missing at this place of the trace: what follows may differ for that alone. */
#define REPLAY_E_LOST 1

/* Before all others and if there is a second chance to read: learns what later lines tell of each unit, for surveys that
 * are made up before the first real one. 0 or -ENOMEM; what is wrong with a line is left to replay_line(). */
int replay_prepare(Replay *r, const char *line);

/* Takes one line of the trace after its header, without the newline. 0; REPLAY_E_LOST, after which it may go on; what
 * trace_parse_event() answers, with replay_wrong() the place in the line; -ENOMEM. */
int replay_line(Replay *r, const char *line);
const char *replay_wrong(const Replay *r);

/* The trace is over: tells what is left. Returns 0 or -ENOMEM. */
int replay_end(Replay *r);

/* How many lines were told that are not the same then and now. */
size_t replay_differences(const Replay *r);
