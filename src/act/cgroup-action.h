/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "act/cgroup-files.h"
#include "act/held.h"
#include "act/process.h"
#include "act/worker.h"
#include "core/decision.h"

/* What the loop's side of the effector (act/cgroup.c) hands to a worker's thread, and gets back. */

typedef struct CgroupJob {
        int root_fd, proc_fd;
        HeldList *held; /* or NULL */
        uint64_t id;
        bool undo;
        ActionKind action;
        bool delegated;
        bool instead; /* of systemd, whose unit it is */
        bool by_pid;  /* kill: not through cgroup.kill */
        uint64_t cgroup_id;
        uint64_t until_usec; /* what waits for something gives up then, by itself */
        int signal;
        Grain grain;
        bool thaw_first;
        bool escalation, knows_earlier;
        Process earlier;       /* escalation of Grain=process: who got the milder signal; pid 0: a whole group did */
        Properties properties; /* to be set; with an undo, to be put back */
        Properties known;      /* what was there before, as far as systemd has said */
        uint64_t reclaim_bytes;
        char path[CGROUP_PATH_MAX];
} CgroupJob;

typedef struct CgroupReply {
        Outcome outcome;
        uint64_t cgroup_id;
        bool signalled;  /* Grain=process: a signal other than SIGKILL was sent to... */
        Process process; /* this one; pid 0: a whole group */
} CgroupReply;

static_assert(sizeof(CgroupJob) <= WORKER_ARGUMENT_MAX, "no room for the job");
static_assert(sizeof(CgroupReply) <= WORKER_ANSWER_MAX, "no room for its reply");

/* A WorkerRun. */
int cgroup_run(const void *argument, void *answer);

/* In a thread: what has become of it. `words` as for printf(3). */
void reply(CgroupReply *r, OutcomeKind kind, int error, const char *words, ...) _printf_(4, 5);

/* The answer to an error of a file: gone where the cgroup is, else failed with its name and the error's. */
void reply_error(CgroupReply *r, int dir_fd, const char *file, int error);

/* Before something is set: notes r->outcome.previous on the list, and with the loop, should a write not come back. False,
 * and refused, if the list has no place for it. */
bool cgroup_note(const CgroupJob *j, CgroupReply *r);

/* The deeds. `dir_fd` is the cgroup's folder. */
void run_throttle(const CgroupJob *j, int dir_fd, CgroupReply *r);
void run_undo_throttle(const CgroupJob *j, int dir_fd, CgroupReply *r);
void run_protect(const CgroupJob *j, int dir_fd, CgroupReply *r);

/* `dir_fd` -ENOENT: the cgroup has gone, and those above it may still have what was added to them. */
void run_undo_protect(const CgroupJob *j, int dir_fd, CgroupReply *r);
void run_kill(const CgroupJob *j, int dir_fd, CgroupReply *r);

/* Sends the signal to each process of the cgroup and of those beneath it without a look at anything that the kernel's
 * cgroup_mutex guards: cgroup.kill, cgroup.freeze, and before Linux 6.8 /proc/PID/cgroup. 0 or -errno. */
int pids_signal(const CgroupJob *j, int dir_fd);
