/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Tells systemd that a unit's processes are killed for want of memory. Since version 251 it looks at two extended
 * attributes of the unit's cgroup when processes of it end (unit_check_oomd_kill() of its src/core/cgroup.c), both
 * decimal numbers: if user.oomd_ooms has grown, the unit's OOMPolicy= applies as it does after the kernel's OOM killer
 * (with stop and kill its Result is oom-kill), and its log names user.oomd_kill as the number of processes. They are the
 * words between it and systemd-oomd, so what goes wrong here must not hold up a kill.
 *
 * `path` is a cgroup's below /sys/fs/cgroup, with a slash in front, and must be that of the unit itself: of a slice
 * nobody looks at them. 0 or -errno: -ENOENT for a cgroup that is gone, -EOPNOTSUPP for the root. */

#define OOM_MARK_PATH_MAX 512U /* with its end; a cgroup with a longer one is not marked (-ENAMETOOLONG) */

/* Right before the processes get SIGKILL. */
int oom_mark_before(const char *path);

/* Right after: there were `n_processes`. Of 0, nothing is told. */
int oom_mark_after(const char *path, size_t n_processes);

/* How many processes are in the cgroup itself, not in those below it; 0 if they cannot be counted. Opens a file, so not
 * before the signal is sent: some may be gone by then, but systemd has not looked yet. */
size_t oom_mark_count(const char *path);

/* None was killed after all, of the `n_processes` that were told before. */
int oom_mark_take_back(const char *path, size_t n_processes);

/* Below another folder than /sys/fs/cgroup, for tests. Kept, not copied; NULL for the default. */
void oom_mark_set_root(const char *root);
