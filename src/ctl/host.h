/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/event.h"

/* What this host is and runs, as far as policies depend on it. Nothing here is needed: what cannot be seen (in a
 * container, without a bus) is unknown, and nobody warns of it. */

typedef enum HostFact {
        HOST_SWAP,
        HOST_PRESSURE, /* the kernel accounts pressure (psi=1) */
        HOST_UNIFIED,  /* the cgroup tree is the unified one */
        HOST_MEMORY,   /* controllers in it */
        HOST_CPU,
        HOST_IO,
        HOST_RECLAIM, /* memory.reclaim, Linux 5.19 */
        HOST_KILL,    /* cgroup.kill, Linux 5.14 */
        _HOST_FACT_MAX,
} HostFact;

typedef enum HostAnswer {
        HOST_UNKNOWN,
        HOST_NO,
        HOST_YES,
} HostAnswer;

/* A cgroup: a slice, a unit of the system manager or a user's, or a group below one. */
typedef struct HostCgroup {
        CgroupKind kind;
        char *path;        /* "/batch.slice/hog.service" */
        const char *unit;  /* in `path`; for a CGROUP_GROUP the whole of it */
        bool delegated;    /* the system manager does not know it */
        bool has_watchdog; /* WatchdogSec= */
        bool is_managed;   /* ManagedOOMMemoryPressure=kill or ManagedOOMSwap=kill */
} HostCgroup;

typedef struct Host {
        HostAnswer facts[_HOST_FACT_MAX];
        HostCgroup *cgroups; /* parents before their children; none if the tree cannot be read */
        size_t n_cgroups;
        char **rivals;            /* active services that kill for memory as well */
        unsigned systemd_version; /* 0: unknown */
} Host;

/* Where to look. Zero stands for the real thing. */
typedef struct HostAt {
        const char *cgroup_root, *proc_root;
} HostAt;

#define HOST_CGROUPS_MAX 16384U

/* Reads the kernel's files; `at` may be NULL. 0 or -ENOMEM. */
int host_read(const HostAt *at, Host *ret);

/* Asks PID 1 over the system bus what files do not say: rivals, version, watchdogs, ManagedOOM…=. Gives up after a
 * second, with what it has. 0 or -ENOMEM. */
int host_ask(Host *host);

void host_done(Host *host);
