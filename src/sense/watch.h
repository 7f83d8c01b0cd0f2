/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/wants.h"
#include "core/event.h"
#include "sense/tree.h"

/* Watches: nodes of the tree that the kernel wakes us for, and looks at them. Everything that a look needs is opened
 * when the watch is armed, or when a unit appears beneath it: sample and survey only read, and allocate nothing. */

enum {
        _WATCH_E_SUCCESS,
        WATCH_E_GONE,          /* the cgroup is not there any more; EVENT_CGROUP_GONE has come or will */
        WATCH_E_NO_CONTROLLER, /* it has no memory controller: no sample can be had. The kernel does not tell when it gets
                                * one; arming anew finds out */
        WATCH_E_NO_PRESSURE,   /* it has no such pressure file: cgroup.pressure is 0, or PSI is off */
        WATCH_E_WINDOW,        /* a window outside 500ms … 10s, or a share of nothing or of more than all */
        WATCH_E_NO_FULL,       /* `full` is not accounted for the CPU: of the host never, of cgroups since 5.13 */
        WATCH_E_EMPTY,         /* it has no process, and may be removed while a trigger is made; see watch_arm() */
        WATCH_E_PRIVILEGE,     /* without CAP_SYS_RESOURCE the kernel takes only multiples of 2s */
        _WATCH_E_MAX,
};

/* One PSI trigger, Documentation/accounting/psi.rst. Wait for EPOLLPRI; EPOLLERR beside it means that the cgroup or
 * its pressure file is gone, and comes back at once for ever: look at it first, and drop the source. */
typedef struct Trigger {
        PressureLimit limit;
        int fd;    /* -EBADF if there is no such trigger */
        int error; /* then why: WATCH_E_… */
} Trigger;

typedef struct ArmedWatch {
        uint64_t cgroup_id;
        unsigned wants;     /* WANT_…, with those that the limits ask for */
        bool host_pressure; /* one of the limits is of RESOURCE_HOST_MEMORY */
        /* memory.events.local, -EBADF for the host. Wait for EPOLLPRI; kernfs sets EPOLLERR on every change, too,
         * so here it means nothing. A sample reads the file and so makes it quiet again: take one each time. */
        int events_fd;
        size_t n_triggers;
        Trigger triggers[]; /* in the order of the limits */
} ArmedWatch;

/* Keeps a trigger for each of the limits, on the file of its resource, and all files open that samples and surveys of
 * `cgroup_id` read with these `wants` (WANT_… of core/wants.h; io and cpu limits want their files by themselves). Arming
 * anew replaces triggers and descriptors: drop the event sources on the old ones before. `*ret_watch` belongs to the
 * tree and lives until watch_disarm(), or until the cgroup's GONE is told.
 *
 * Returns 0 if all is armed. WATCH_E_GONE, WATCH_E_NO_CONTROLLER: nothing is, and `*ret_watch` is untouched. Another
 * positive answer is the first trigger's that could not be had; the watch is armed without it, see Trigger.error. For
 * one, no trigger is made on a unit or group whose cgroup.events says that there is no process (WATCH_E_EMPTY).
 * -errno if memory or descriptors are short: nothing is armed. Creating a trigger takes the kernel's cgroup_mutex, so
 * this is for quiet times. */
int watch_arm(Tree *tree, uint64_t cgroup_id, const PressureLimit *limits, size_t n_limits, unsigned wants,
              const ArmedWatch **ret_watch);

/* Gives up the watch and what it held open. Nothing happens if there is none. Drop the event sources before. */
void watch_disarm(Tree *tree, uint64_t cgroup_id);

/* The armed watch, or NULL. */
const ArmedWatch *watch_find(const Tree *tree, uint64_t cgroup_id);

/* Makes watch_sample() work on a cgroup that nobody need watch, as one with WANT_EVENTS and WANT_STAT: what it needs is
 * kept open until tree_unfollow() was called as often, or until the cgroup's GONE is told. 0; WATCH_E_GONE,
 * WATCH_E_NO_CONTROLLER, or -errno: then it is not followed. */
int tree_follow(Tree *tree, uint64_t cgroup_id);
void tree_unfollow(Tree *tree, uint64_t cgroup_id);

/* A look at an armed watch, or at what is followed, as Sample describes it. room_bytes is the least room below any limit
 * of the cgroup and its ancestors, which may be another's than the smallest limit. The totals stand still while their
 * pressure file cannot be read; those of resources that nobody wants are 0, that of the host's memory unless a limit
 * is of it or the watch is the host. 0, WATCH_E_GONE (also if it is not armed), or -errno. */
int watch_sample(Tree *tree, uint64_t cgroup_id, Sample *ret);

typedef struct Candidates {
        const Candidate *candidates; /* the tree's own array: valid until the next survey, scan or dispatch */
        size_t n_candidates;
        Sample values; /* read after the candidates */
} Candidates;

/* All units and groups that may pay for an armed watch: itself for a unit, those beneath it for a slice, the host, or
 * what holds others; in the order of the tree. A user manager is none, nor is a unit that holds groups. Slices beneath
 * it, too, with WANT_CANDIDATE_SLICES. What vanishes meanwhile, or has no memory controller, is left out. Protection
 * is min(memory.min and memory.low of the unit and each slice above, usage),
 * Documentation/admin-guide/cgroup-v2.rst: the kernel may give less where siblings' claims exceed their slice's.
 * Preferences are what the kernel last told of, and read no file. 0, WATCH_E_GONE, or -errno. */
int watch_survey(Tree *tree, uint64_t cgroup_id, Candidates *ret);

/* The same of the whole host, with WANT_CANDIDATE_OTHERS: the watch stalls for what lies above it, and it is to be seen who
 * brought that about. Who of them may pay is the policy's to say. */
int watch_survey_around(Tree *tree, uint64_t cgroup_id, Candidates *ret);

/* What to tell an administrator about a positive answer. */
const char *watch_error_text(int error);
