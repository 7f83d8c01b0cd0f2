/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "act/systemd.h"
#include "base/cleanup.h"
#include "core/event.h"

/* What the units' own ManagedOOMMemoryPressure=, ManagedOOMMemoryPressureLimit=, ManagedOOMMemoryPressureDurationSec= and
 * ManagedOOMSwap= say, man:systemd.resource-control(5): asked from PID 1, as it tells them unasked to systemd-oomd
 * alone. A unit is asked about when it is two seconds old, so short-lived ones cost nothing, and again
 *
 *     after a daemon-reload or daemon-reexec of systemd, whose Reloading signal is listened to,
 *     after managed_oom_rescan(),
 *     when it is started anew, for it has another cgroup then,
 *
 * but not after a `systemctl set-property` of these while it runs, for which systemd has no signal: a reload of memstalld
 * or of systemd makes it count.
 *
 * Two properties a unit, the numbers only where one of them says "kill"; at most MANAGED_OOM_CALLS_MAX calls at a time
 * and some hundred units a second. On a connection of its own, to the message bus rather than to PID 1's private
 * socket, where each change of each unit on the host would wake it. Sleeps while there is nothing to ask. */

#define MANAGED_OOM_UNITS_MAX 16384U
#define MANAGED_OOM_CALLS_MAX 32U

typedef struct ManagedOom ManagedOom;

/* Gets an EVENT_MANAGED for each unit that says "kill", when what it says changes, and with all values empty when it
 * says so no longer. From the event loop; may call what is here but managed_oom_free(). */
typedef void (*ManagedOomHandler)(void *userdata, const Event *event);

/* Takes a reference on `event` and starts to connect; a systemd that cannot be reached is tried again. 0, or -ENOMEM and
 * what sd-event answers. */
int managed_oom_new(ManagedOom **ret, sd_event *event, ManagedOomHandler handler, void *userdata);

/* The same with other peers, see systemd_new_with_peers(), and another age than two seconds. */
int managed_oom_new_with_peers(ManagedOom **ret, sd_event *event, const SystemdPeer *peers, size_t n_peers,
                               uint64_t age_usec, ManagedOomHandler handler, void *userdata);

/* The same for the units of the manager of user `uid` (user@UID.service), which PID 1 does not know, by that manager's
 * private socket in /run/user/UID; what another user listens on there is left alone. That socket would wake us for each
 * change of each unit, so it is connected to only while there is something to ask. Therefore a daemon-reload of the user's
 * manager is not heard: what was changed counts when the unit is started anew, or after managed_oom_rescan(). A manager
 * that cannot be reached for half a minute is not asked any more until there is a new unit. */
int managed_oom_new_for_user(ManagedOom **ret, sd_event *event, uint32_t uid, ManagedOomHandler handler, void *userdata);

/* The same, elsewhere ("unix:path=…") and with another age. -ENAMETOOLONG besides. */
int managed_oom_new_for_user_at(ManagedOom **ret, sd_event *event, uint32_t uid, const char *address, uint64_t age_usec,
                                ManagedOomHandler handler, void *userdata);
ManagedOom *managed_oom_free(ManagedOom *m);
DEFINE_CLEANUP(ManagedOom *, managed_oom_free);

/* A unit of the manager that is asked, the slices and "-.slice" for the host included. Without effect for a cgroup that is
 * known already; beyond MANAGED_OOM_UNITS_MAX, or if memory is short, the unit counts as lost. */
void managed_oom_add(ManagedOom *m, uint64_t cgroup_id, const char *unit);

/* Its cgroup is gone: nothing more is told of it. */
void managed_oom_remove(ManagedOom *m, uint64_t cgroup_id);

/* Asks about all units again. */
void managed_oom_rescan(ManagedOom *m);

/* How many are known, and how many were lost since the start. */
size_t managed_oom_n_units(const ManagedOom *m);
size_t managed_oom_n_lost(const ManagedOom *m);
