/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/usec.h"
#include "core/decision.h"

/* The effector that acts through PID 1: MemoryHigh=, FreezeUnit(), ThawUnit(), KillUnit() of
 * man:org.freedesktop.systemd1(5), over its private socket where that can be reached, else over the system bus.
 *
 * Every action is asynchronous and has SYSTEMD_DEADLINE_USEC for all its calls together. It is answered exactly
 * once, from the event loop and never from within systemd_act() or systemd_undo(), with `via` VIA_SYSTEMD and
 *
 *     OUTCOME_DONE      systemd has done it; `previous` is set after a throttle
 *     OUTCOME_FAILED    it said no, or the connection is lost: `error` and its words in `error_text`
 *     OUTCOME_TIMEOUT   no answer in time. It may still happen: what can be undone should be
 *     OUTCOME_REFUSED   it would do harm and was not sent: `error_text` says why
 *
 * `gone` is set where systemd does not know the unit any more: for a kill or an undo that is as good as done and is
 * answered so, a throttle or a freeze of it has failed. ACTION_LOG is done by doing nothing (VIA_NONE).
 *
 * From within the answer everything may be called but systemd_free(). Nothing here allocates but libsystemd (a
 * message is some 2 KiB, freed with its answer; a connection that is made again). */

typedef struct Systemd Systemd;
typedef void (*SystemdAnswer)(void *userdata, const Outcome *outcome);

#define SYSTEMD_DEADLINE_USEC (1 * USEC_PER_SEC)

/* As many actions may be under way at once. One more is answered from within the call after all (OUTCOME_FAILED,
 * -EBUSY): there is no room to remember it. */
#define SYSTEMD_ACTIONS_MAX 256U

/* Where systemd listens: a D-Bus address, and whether a message bus is there (which wants a Hello) or PID 1 itself. */
typedef struct SystemdPeer {
        const char *address;
        bool is_bus;
} SystemdPeer;

/* Takes a reference on `event` and starts to connect; a systemd that cannot be reached now is tried again with each
 * action. 0, or -ENOMEM and what sd-event answers. */
int systemd_new(Systemd **ret, sd_event *event, SystemdAnswer answer, void *userdata);

/* The same with other peers than systemd's own, tried in their order. `peers` stays the caller's and outlives it. */
int systemd_new_with_peers(Systemd **ret, sd_event *event, const SystemdPeer *peers, size_t n_peers,
                           SystemdAnswer answer, void *userdata);

/* Closes the connection. What is under way is not answered any more. Returns NULL. */
Systemd *systemd_free(Systemd *s);
DEFINE_CLEANUP(Systemd *, systemd_free);

/* throttle: reads MemoryHigh= and sets it for this boot (runtime=true); refused where that would not lower it.
 * freeze: refused for a service with WatchdogSec= under a systemd whose watchdog would kill the frozen service.
 * kill: d->signal to all processes of the unit, on the same connection after a thaw if d->thaw_first. */
void systemd_act(Systemd *s, const Decision *d);

/* throttle: MemoryHigh= back to u->previous. freeze: thawed; a unit that is not frozen
 * is done, one that is still freezing is asked again until the deadline. */
void systemd_undo(Systemd *s, const Undo *u);

/* The Version property of the systemd that is connected ("257.13-1~deb13u1"), or "" while it has not been told. */
const char *systemd_version(const Systemd *s);
