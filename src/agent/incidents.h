/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "act/journal.h"
#include "act/worker.h"
#include "agent/recorder.h"

/* Keeps the trace of each incident that has ended: a copy of what the recorder has, which a thread writes to a file. While
 * it does, further ones wait, and the recorder forgets nothing for its age. */

typedef struct Incidents Incidents;

/* All is borrowed and must outlive it; `folder` is where the files go. 0 or -ENOMEM. */
int incidents_new(Incidents **ret, Recorder *recorder, Worker *worker, Journal *journal, const char *folder);
Incidents *incidents_free(Incidents *i);
DEFINE_CLEANUP(Incidents *, incidents_free);

void incidents_ended(Incidents *i, Id128 incident);
