/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include <systemd/sd-event.h>

#include "act/held.h"
#include "base/cleanup.h"
#include "base/usec.h"
#include "core/decision.h"

/* The effector that acts through PID 1: SetUnitProperties(), FreezeUnit(), ThawUnit(), KillUnit(), StopUnit(),
 * RestartUnit(), StartUnit() of man:org.freedesktop.systemd1(5), over its private socket where that can be reached, else
 * over the system bus. For the units that PID 1 knows: what is `delegated`, reclaim, and kills of one process are for
 * the effector that uses the cgroup files.
 *
 * Every action is asynchronous and has SYSTEMD_DEADLINE_USEC for all its calls together, a job its own time. It is
 * answered exactly once, from the event loop and never from within the calls below, with `via` VIA_SYSTEMD and
 *
 *     OUTCOME_DONE      systemd has done it; `previous` is set after a throttle or protect
 *     OUTCOME_FAILED    it said no, or the connection is lost: `error` and its words in `error_text`. Of a job: its
 *                       result ("failed", "timeout", "dependency", "canceled") in `error_text`
 *     OUTCOME_TIMEOUT   no answer in time (-EINPROGRESS: PID 1 has taken a freeze, and the kernel is not done). It may still happen: what can be undone should be. `previous` as for done;
 *                       none if nothing was set, or what was set is taken back
 *     OUTCOME_REFUSED   it would do harm or nothing and was not sent: `error_text` says why
 *
 * `unheard` is set with those two where systemd could not be reached, or did not say a word: nobody has done it so far.
 * `gone` is set where systemd does not know the unit any more: for a kill, a stop or an undo that is as good as done and
 * is answered so, any other action has failed. ACTION_LOG is done by doing nothing (VIA_NONE).
 *
 * From within the answer everything may be called but systemd_free(). Nothing here allocates but libsystemd (a
 * message is some 2 KiB, freed with its answer; a connection that is made again). */

typedef struct Systemd Systemd;
typedef void (*SystemdAnswer)(void *userdata, const Outcome *outcome);

#define SYSTEMD_DEADLINE_USEC (1 * USEC_PER_SEC)

/* As many actions may be under way at once. One more is answered from within the call after all (OUTCOME_FAILED,
 * -EBUSY): there is no room to remember it. */
#define SYSTEMD_ACTIONS_MAX 256U

/* Where systemd listens: a D-Bus address, and whether a message bus is there (which wants a Hello) or PID 1 itself. Or the
 * manager of a user, by "unix:path=…": that place is the user's own, and nothing is said to whoever else listens there. */
typedef struct SystemdPeer {
        const char *address;
        bool is_bus;
        bool is_user;
        uint32_t uid; /* with is_user */
} SystemdPeer;

/* Takes a reference on `event` and starts to connect; a systemd that cannot be reached now is tried again with each
 * action. 0, or -ENOMEM and what sd-event answers. */
int systemd_new(Systemd **ret, sd_event *event, SystemdAnswer answer, void *userdata);

/* The same with other peers than systemd's own, tried in their order. `peers` stays the caller's and outlives it. */
int systemd_new_with_peers(Systemd **ret, sd_event *event, const SystemdPeer *peers, size_t n_peers,
                           SystemdAnswer answer, void *userdata);

/* Where a throttle or protect notes what was there before it sets anything (held_list_note()); one that has no place there is
 * refused. `list` stays the caller's and outlives it; NULL, as at first: nothing is noted. */
void systemd_keep_list(Systemd *s, HeldList *list);

/* Closes the connection. What is under way is not answered any more. Returns NULL. */
Systemd *systemd_free(Systemd *s);
DEFINE_CLEANUP(Systemd *, systemd_free);

/* throttle: reads those of d->properties that a throttle has and sets them, all at once, for this boot (runtime=true).
 * A MemoryHigh= that would not lower it is left out; refused if nothing is left.
 *
 * protect: raises MemoryLow= of the unit, and as a cgroup is protected at most as much as those above it
 * (Documentation/admin-guide/cgroup-v2.rst, memory.low), that of each slice above it by the same amount, so that what
 * it protects adds up with other protection. Slices without a limit (infinity) are left alone. Refused if it has as much
 * already. One that fails half-way is taken back.
 *
 * freeze: refused for a service with WatchdogSec= under a systemd whose watchdog would kill the frozen service.
 *
 * kill: d->signal to all processes of the unit, on the same connection after a thaw if d->thaw_first. SIGKILL is marked
 * as a kill for want of memory, see act/oom-mark.h.
 *
 * stop, restart: the job, and its result, awaited for d->timeout_usec. A job that was skipped, as the unit is so already,
 * is done. start: the same of d->start, whatever the victim is; `gone` is not set then. */
void systemd_act(Systemd *s, const Decision *d);

/* Starts `unit`, and waits for the job as long: answered with `id`, as an action. */
void systemd_start(Systemd *s, uint64_t id, const char *unit, uint64_t timeout_usec);

/* throttle: what u->previous holds is put back. protect: MemoryLow= of the unit is put back, and that of each slice above
 * lowered by the amount that it was raised. The slices are those of victim.path; without one, those that systemd names.
 * freeze: thawed; a unit that is not frozen is done, one that is still freezing is asked again until the deadline. */
void systemd_undo(Systemd *s, const Undo *u);

/* Whether systemd has left an action unanswered, or could not be reached, and has not been heard of since. It is asked
 * again and again meanwhile, with longer and longer pauses; what is sent to it may be taken much later. */
bool systemd_is_silent(const Systemd *s);

/* The Version property of the systemd that is connected ("257.13-1~deb13u1"), or "" while it has not been told. */
const char *systemd_version(const Systemd *s);
