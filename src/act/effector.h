/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "act/cgroup.h"
#include "act/held.h"
#include "act/systemd.h"
#include "act/worker.h"
#include "base/cleanup.h"
#include "core/decision.h"

/* Which way an action goes: through PID 1 (act/systemd.h), or through the cgroup files (act/cgroup.h) for what it has no call
 * for and what it does not know.
 *
 * A throttle, freeze or kill that PID 1 does not take within SYSTEMD_DEADLINE_USEC, or cannot be reached for, is done through
 * the cgroup files instead; as long as PID 1 is silent the next ones go there at once. A kill that cgroup.kill does not come
 * back from is done process by process. The answer is that of who has done it, and `via` says so.
 *
 * An undo goes to PID 1 as well, for it has its own idea of each unit, and may yet do what it was asked for before. While it
 * is silent the files are put back, and the undo is answered with OUTCOME_TIMEOUT, -EINPROGRESS, VIA_CGROUP: it is done for the unit and
 * still to be done for systemd, so it is to be asked for again. Done is what PID 1 has said is done; what was done through
 * the files is undone there, too.
 *
 * Everything else is as with act/systemd.h: each action is answered exactly once, from the loop. */

typedef struct Effector Effector;
typedef void (*EffectorAnswer)(void *userdata, const Outcome *outcome);

/* Where systemd and the cgroups are; NULL, and no peers, for the usual places. Outlives the effector. */
typedef struct EffectorPlaces {
        const SystemdPeer *peers;
        size_t n_peers;
        const char *cgroup_root, *proc_root;
} EffectorPlaces;

/* `worker` is borrowed and outlives it. 0 or -errno. */
int effector_new(Effector **ret, sd_event *event, Worker *worker, const EffectorPlaces *places, EffectorAnswer answer,
                 void *userdata);

/* What is under way is not answered any more. Returns NULL. */
Effector *effector_free(Effector *e);
DEFINE_CLEANUP(Effector *, effector_free);

/* As systemd_keep_list(). */
void effector_keep_list(Effector *e, HeldList *list);

void effector_act(Effector *e, const Decision *d);
void effector_undo(Effector *e, const Undo *u);

/* As systemd_start(), systemd_version(), systemd_is_silent(). */
void effector_start(Effector *e, uint64_t id, const char *unit, uint64_t timeout_usec);
const char *effector_version(const Effector *e);
bool effector_is_silent(const Effector *e);
