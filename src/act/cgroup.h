/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "act/held.h"
#include "act/worker.h"
#include "base/cleanup.h"
#include "base/usec.h"
#include "core/decision.h"

/* The effector that writes to the cgroup files itself (https://docs.kernel.org/admin-guide/cgroup-v2.html), for what
 * systemd cannot do: every action on a cgroup that the system manager does not know (victim.delegated: units of user
 * managers, cgroups of container runtimes); and for any cgroup reclaim, and a kill with Grain=process.
 *
 * All of it happens in the worker's threads. The contract is that of act/systemd.h: every action is answered exactly
 * once, from the event loop and never from within cgroup_act() or cgroup_undo(), with `via` VIA_CGROUP and
 *
 *     OUTCOME_DONE      it is done; `previous` is set after a throttle or protect. `error_text` may say more: how much
 *                       was reclaimed, which process was killed, which property could not be set
 *     OUTCOME_FAILED    the kernel said no: `error` and words in `error_text`
 *     OUTCOME_TIMEOUT   not done in time. It may still happen: what can be undone should be, and `previous` is set if
 *                       anything may have been written
 *     OUTCOME_REFUSED   it would do harm, or nothing, and was not tried: `error_text` says why
 *
 * `gone` is set where the cgroup is not there any more, or is another one of the same path: for a kill or an undo that
 * is as good as done and is answered so, everything else has failed. ACTION_LOG is done by doing nothing (VIA_NONE).
 * Jobs (stop, restart, start) are refused: they are systemd's.
 *
 * The cgroup is looked up below the root by victim.path, follows no symlink, and is the one meant if its inode number
 * is victim.id; an id of 0 stands for whatever is there (a list from before a crash has paths alone). */

typedef struct Cgroup Cgroup;
typedef void (*CgroupAnswer)(void *userdata, const Outcome *outcome);

#define CGROUP_DEADLINE_USEC (1 * USEC_PER_SEC)
#define CGROUP_KILL_DEADLINE_USEC (500 * USEC_PER_MSEC)
#define CGROUP_RECLAIM_DEADLINE_USEC (5 * USEC_PER_SEC)

/* `worker` is borrowed and outlives it; `cgroup_root` NULL is /sys/fs/cgroup. 0 or -errno, what opening the root says
 * included. */
int cgroup_new(Cgroup **ret, sd_event *event, Worker *worker, const char *cgroup_root, CgroupAnswer answer,
               void *userdata);

/* The same with another place for /proc; NULL is /proc. */
int cgroup_new_with_proc(Cgroup **ret, sd_event *event, Worker *worker, const char *cgroup_root, const char *proc_root,
                         CgroupAnswer answer, void *userdata);

/* As systemd_keep_list(). */
void cgroup_keep_list(Cgroup *c, HeldList *list);

/* What is under way is not answered any more. Returns NULL. */
Cgroup *cgroup_free(Cgroup *c);
DEFINE_CLEANUP(Cgroup *, cgroup_free);

/* throttle: memory.high, cpu.max (its period stays), cpu.weight, io.weight, as d->properties says. What cannot be set is
 *     named in `error_text`; refused if nothing can be, or memory.high alone was asked for and would not be lower.
 * protect: memory.low of the cgroup, and of each cgroup between it and the unit of the system manager that it is part
 *     of, which get as much more (previous: SlicesMemoryLow). That unit and the slices above it belong to systemd and
 *     are not written: where they protect less, `error_text` says how much counts; refused if that is nothing.
 * reclaim: memory.reclaim, at most CGROUP_RECLAIM_DEADLINE_USEC. Done, however little there was to reclaim; refused by
 *     a kernel without that file (before 5.19).
 * freeze: cgroup.freeze, done when cgroup.events says that it is frozen.
 * kill: thawed first if d->thaw_first, then SIGKILL through cgroup.kill, another signal, or where that file does not do,
 *     by pidfd to each process. Of Grain=process the largest process alone, see act/process.h. */
void cgroup_act(Cgroup *c, const Decision *d);

/* throttle, freeze, kill, of a unit of the system manager's that does not answer. `known`: what it said that was there before;
 * the rest is read from the files. */
void cgroup_act_instead(Cgroup *c, const Decision *d, const Properties *known);

/* kill of all processes, one by one by their pidfds, where cgroup.kill does not come back: whoever holds the kernel's
 * cgroup_mutex may itself be in reclaim. A unit that is frozen is not thawed: SIGKILL ends what is frozen as well. */
void cgroup_kill_by_pid(Cgroup *c, const Decision *d);

/* throttle, protect: u->previous is put back. freeze: thawed. */
void cgroup_undo(Cgroup *c, const Undo *u);
