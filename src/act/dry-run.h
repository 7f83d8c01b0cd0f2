/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "act/systemd.h"
#include "base/cleanup.h"
#include "core/decision.h"

/* The effector that touches nothing: actions are answered as by act/systemd.h, from the loop, and every answer is
 * OUTCOME_DRY_RUN with VIA_NONE. Nothing is held by it, so there is nothing to undo. */

typedef struct DryRun DryRun;

int dry_run_new(DryRun **ret, sd_event *event, SystemdAnswer answer, void *userdata);
DryRun *dry_run_free(DryRun *d);
DEFINE_CLEANUP(DryRun *, dry_run_free);

void dry_run_act(DryRun *d, const Decision *decision);
