/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "act/worker-private.h"
#include "base/clock.h"

#define STACK_SIZE (128U * 1024U)
#define STACK_TOUCHED (64U * 1024U)
#define PATIENT_MAX (WORKER_THREADS / 2)

static _Thread_local WorkerThread *self;

static void on_signal(int signal) {
        /* It only ends what waits in the kernel. */
}

static __attribute__((__noinline__)) void touch_stack(void) {
        volatile char stack[STACK_TOUCHED];

        for (size_t i = 0; i < sizeof(stack); i += 4096)
                stack[i] = 0;
}

void worker_tell(const void *answer) {
        Worker *w = self->worker;

        (void) pthread_mutex_lock(&w->mutex);
        memcpy(self->job->answer, answer, self->job->answer_size);
        (void) pthread_mutex_unlock(&w->mutex);
}

/* The oldest that this thread may take. */
static Job *next_job(Worker *w) {
        Job *oldest = NULL;

        for (Job *j = w->jobs; j < w->jobs + WORKER_JOBS_MAX; j++)
                if (j->state == JOB_QUEUED && (!j->patient || w->n_patient < PATIENT_MAX) &&
                    (!oldest || j->sequence < oldest->sequence))
                        oldest = j;
        return oldest;
}

/* With the mutex held, which it lets go of meanwhile. */
static void run_job(WorkerThread *t, Job *j) {
        _Alignas(max_align_t) char answer[WORKER_ANSWER_MAX];
        Worker *w = t->worker;
        int r;

        j->state = JOB_RUNNING;
        j->thread = t;
        t->job = j;
        w->n_patient += j->patient;
        memcpy(answer, j->answer, sizeof(answer));

        (void) pthread_mutex_unlock(&w->mutex);
        r = j->run(j->argument, answer);
        (void) pthread_mutex_lock(&w->mutex);

        t->job = NULL;
        j->thread = NULL;
        if (j->patient) {
                w->n_patient--;
                (void) pthread_cond_broadcast(&w->wanted);
        }
        if (j->given_up || w->stopping) {
                j->state = JOB_FREE;
                return;
        }
        memcpy(j->answer, answer, sizeof(answer));
        j->error = r;
        j->state = JOB_FINISHED;
        (void) eventfd_write(w->finished_fd, 1);
}

static void *thread_main(void *userdata) {
        WorkerThread *t = userdata;
        Worker *w = t->worker;
        bool last;
        Job *j;

        self = t;
        touch_stack();
        (void) pthread_mutex_lock(&w->mutex);
        while (!w->stopping) {
                j = next_job(w);
                if (j)
                        run_job(t, j);
                else
                        (void) pthread_cond_wait(&w->wanted, &w->mutex);
        }
        w->n_threads--;
        last = w->abandoned && w->n_threads == 0;
        (void) pthread_mutex_unlock(&w->mutex);
        if (last)
                worker_destroy(w);
        return NULL;
}

/* ---- Their life ------------------------------------------------------------------------------ */

int worker_start_threads(Worker *w) {
        static const int synchronous[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
        pthread_attr_t attr;
        sigset_t blocked, before;
        int r;

        if (sigaction(SIGRTMIN, &(struct sigaction){ .sa_handler = on_signal }, NULL) < 0)
                return -errno;
        (void) sigfillset(&blocked);
        (void) sigdelset(&blocked, SIGRTMIN);
        for (size_t i = 0; i < ELEMENTSOF(synchronous); i++)
                (void) sigdelset(&blocked, synchronous[i]);

        r = pthread_attr_init(&attr);
        if (r > 0)
                return -r;
        r = pthread_attr_setstacksize(&attr, STACK_SIZE);
        (void) pthread_sigmask(SIG_SETMASK, &blocked, &before); /* the threads inherit it */
        for (WorkerThread *t = w->threads; r == 0 && t < w->threads + WORKER_THREADS; t++) {
                t->worker = w;
                w->n_threads++;
                r = pthread_create(&t->id, &attr, thread_main, t);
                t->started = r == 0;
                w->n_threads -= !t->started;
        }
        (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
        (void) pthread_attr_destroy(&attr);
        return -r;
}

bool worker_join(WorkerThread *t, uint64_t until_usec) {
        uint64_t now;

        if (pthread_tryjoin_np(t->id, NULL) == 0)
                return true;
        while ((now = clock_usec()) < until_usec) {
                uint64_t end = MIN(until_usec, now + WORKER_SIGNAL_AGAIN_USEC);
                struct timespec ts = { .tv_sec = (time_t) (end / USEC_PER_SEC),
                                       .tv_nsec = (long) (end % USEC_PER_SEC * 1000) };

                (void) pthread_kill(t->id, SIGRTMIN);
                if (pthread_clockjoin_np(t->id, NULL, CLOCK_MONOTONIC, &ts) == 0)
                        return true;
        }
        return false;
}
