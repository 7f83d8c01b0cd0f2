/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* What memstalld cannot do without. */

enum {
        _REQUIREMENTS_E_SUCCESS,
        REQUIREMENTS_E_CGROUP,          /* no unified cgroup tree at the root */
        REQUIREMENTS_E_CONTROLLER,      /* no memory controller in it */
        REQUIREMENTS_E_PRESSURE,        /* the kernel does not account pressure */
        REQUIREMENTS_E_PRESSURE_CGROUP, /* it does, but not for cgroups */
        _REQUIREMENTS_E_MAX,
};

/* Where to look. Zero stands for the real thing: /sys/fs/cgroup, /proc, CGROUP2_SUPER_MAGIC (statfs(2)). */
typedef struct RequirementsAt {
        const char *cgroup_root;
        const char *proc_root;
        uint64_t cgroup_magic;
} RequirementsAt;

/* Looks at the kernel's files; `at` may be NULL. 0 if all is there, else the first thing that is missing. Files that
 * cannot be read for another reason (permissions) are -errno. */
int requirements_check(const RequirementsAt *at);

/* One sentence for a positive answer: what is missing and how to turn it on. */
const char *requirements_error_text(int error);
