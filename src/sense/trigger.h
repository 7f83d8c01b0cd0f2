/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/event.h"

/* Opens `path` below the folder `dir_fd` and writes one PSI trigger into it: "some 200000 2000000" for 10% of 2s,
 * Documentation/accounting/psi.rst. One descriptor holds one trigger, and closing it gives the trigger up.
 *
 * 0, WATCH_E_WINDOW or WATCH_E_PRIVILEGE, WATCH_E_NO_PRESSURE if there is no such file, WATCH_E_GONE if its cgroup
 * was removed, or -errno. */
int trigger_open(int *ret_fd, int dir_fd, const char *path, const PressureLimit *limit);
