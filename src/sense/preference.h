/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/event.h"

/* What ManagedOOMPreference= says about a cgroup: PID 1 and the managers of users leave it in the extended attributes
 * user.oomd_omit and user.oomd_avoid of its folder, see systemd.resource-control(5). */

/* Reads them through a descriptor of the folder; O_PATH will do. What is not there, or no boolean, says nothing. */
Preference preference_read(int fd);
