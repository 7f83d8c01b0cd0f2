/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"

/* The shell around the core: it owns the event loop and everything that touches the world, turns what happens into
 * events, and carries out what the core answers. */

typedef struct Agent Agent;

/* Takes everything up: configuration, cgroups, BPF, systemd, the journal. What is wrong with files is told in the
 * journal and left out. 0 or -errno. */
int agent_new(Agent **ret);

/* Runs until SIGTERM or SIGINT have come and everything held is undone. 0, or -errno of the loop. */
int agent_run(Agent *agent);

Agent *agent_free(Agent *agent);
DEFINE_CLEANUP(Agent *, agent_free);
