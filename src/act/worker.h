/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/usec.h"

/* A few threads for what may wait in the kernel (a write to memory.reclaim, a file on a disk), so that the event loop
 * never does. They are made at the start, with small stacks that are touched; afterwards nothing allocates.
 *
 * A job that is not done at its deadline is interrupted by a signal, which ends most waits with EINTR. What has not
 * come back WORKER_GRACE_USEC later is answered with -ETIMEDOUT; its thread goes on, is signalled again and again, and
 * is not counted on until it comes back. */

typedef struct Worker Worker;

/* What a thread does. `argument` is the job's own copy; `answer` is what is handed to `done`, filled with what was
 * given to worker_submit(). It may call worker_tell() and what is safe in any thread. Returns 0 or -errno. */
typedef int (*WorkerRun)(const void *argument, void *answer);

/* From the loop, exactly once a job: what `run` returned, or -ETIMEDOUT, with the answer as it was told last. */
typedef void (*WorkerDone)(void *userdata, int error, const void *answer);

typedef struct WorkerJob {
        WorkerRun run;
        WorkerDone done;
        void *userdata;
        uint64_t deadline_usec; /* from now */
        bool patient;           /* it may take seconds: half of the threads are kept free of such jobs */
        const void *argument, *answer;
        size_t argument_size, answer_size;
} WorkerJob;

#define WORKER_THREADS 4U
#define WORKER_JOBS_MAX 128U /* at once, waiting or running */
#define WORKER_ARGUMENT_MAX 1408U
#define WORKER_ANSWER_MAX 384U
#define WORKER_GRACE_USEC (100 * USEC_PER_MSEC)
#define WORKER_STOP_USEC (1 * USEC_PER_SEC)

/* Starts the threads; takes a reference on `event`. Uses SIGRTMIN of the process. 0 or -errno. */
int worker_new(Worker **ret, sd_event *event);

/* Interrupts what runs and waits WORKER_STOP_USEC at most; a thread that is stuck keeps what it needs. Jobs are not
 * answered any more. Returns NULL. */
Worker *worker_free(Worker *w);
DEFINE_CLEANUP(Worker *, worker_free);

/* Copies argument and answer and queues the job. 0; -EBUSY with nothing done if there is no room; -EINVAL if they are
 * too large. */
int worker_submit(Worker *w, const WorkerJob *job);

/* From within `run`: `answer` as it is now is what `done` gets, should the job not come back in time. */
void worker_tell(const void *answer);

/* Jobs with this `userdata` are not answered any more: it is about to go away. What has not begun does not. */
void worker_forget(Worker *w, const void *userdata);

/* How many threads have not come back from a job that was given up. */
unsigned worker_n_stuck(const Worker *w);
