/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "core/decision.h"

/* org.memstalld1 on the system bus: what `memstallctl status` shows, and signals of what was done. The daemon works
 * without a bus; one that comes later, or comes back, is found by itself. */

typedef struct Agent Agent;
typedef struct AgentBus AgentBus;

/* 0 or -errno; a bus that is not there is no error. */
int bus_new(AgentBus **ret, Agent *agent);
AgentBus *bus_free(AgentBus *b);
DEFINE_CLEANUP(AgentBus *, bus_free);

/* Signals ActionTaken and Released. Nothing happens without a bus. */
void bus_tell_outcome(AgentBus *b, const Report *report);
void bus_tell_release(AgentBus *b, const Undo *undo);
