/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "act/worker.h"

/* What the loop's side (act/worker.c) shares with the threads (act/worker-thread.c): a table of jobs behind one mutex,
 * which is held for a copy at most. */

#define WORKER_SIGNAL_AGAIN_USEC (20 * USEC_PER_MSEC) /* at first */

typedef enum JobState {
        JOB_FREE,
        JOB_QUEUED,
        JOB_RUNNING,
        JOB_FINISHED, /* its answer is due */
} JobState;

typedef struct WorkerThread {
        Worker *worker;
        pthread_t id;
        bool started;
        struct Job *job;
} WorkerThread;

typedef struct Job {
        JobState state;
        bool given_up; /* running, and nobody waits for it any more */
        bool patient;
        WorkerRun run;
        WorkerDone done;
        const void *userdata;
        uint64_t sequence;
        uint64_t deadline_usec, next_usec; /* of interest to the timer: when to signal it, or to give it up */
        uint64_t signal_again_usec;
        WorkerThread *thread;
        int error;
        size_t answer_size;
        _Alignas(max_align_t) char argument[WORKER_ARGUMENT_MAX];
        _Alignas(max_align_t) char answer[WORKER_ANSWER_MAX];
} Job;

struct Worker {
        pthread_mutex_t mutex;
        pthread_cond_t wanted; /* a job is queued, a thread may take a patient one, or all is over */
        bool stopping, abandoned; /* abandoned: the last thread that ends frees it */
        unsigned n_threads;       /* that have not ended */
        unsigned n_patient;       /* running */
        uint64_t sequence;
        int finished_fd;
        WorkerThread threads[WORKER_THREADS];
        Job jobs[WORKER_JOBS_MAX];

        /* The loop's alone. */
        sd_event *event;
        sd_event_source *finished, *timer;
};

/* Starts them, with all signals blocked but the one that interrupts. 0 or -errno. */
int worker_start_threads(Worker *w);

/* The end of all that is here; the mutex is free. */
void worker_destroy(Worker *w);

/* Whether the thread has ended until then; signals it now and then for what it waits for. */
bool worker_join(WorkerThread *t, uint64_t until_usec);
