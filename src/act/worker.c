/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The threads take the oldest job that they may, and say through an eventfd that one is finished; the loop answers. Who
 * frees an entry: the loop what it has answered and no thread works on; the thread what was given up before it came
 * back. */

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>

#include "act/worker-private.h"
#include "base/clock.h"

#define SIGNAL_AGAIN_MAX_USEC (1 * USEC_PER_SEC)

/* ---- In the loop ----------------------------------------------------------------------------- */

static void set_timer(Worker *w) {
        uint64_t next = USEC_INFINITY;

        (void) pthread_mutex_lock(&w->mutex);
        for (Job *j = w->jobs; j < w->jobs + WORKER_JOBS_MAX; j++)
                if (j->state == JOB_QUEUED || j->state == JOB_RUNNING)
                        next = MIN(next, j->next_usec);
        (void) pthread_mutex_unlock(&w->mutex);

        if (next == USEC_INFINITY) {
                (void) sd_event_source_set_enabled(w->timer, SD_EVENT_OFF);
                return;
        }
        (void) sd_event_source_set_time(w->timer, next);
        (void) sd_event_source_set_enabled(w->timer, SD_EVENT_ONESHOT);
}

/* With the mutex held, which it lets go of meanwhile: the answer may bring the next job. */
static void answer_job(Worker *w, Job *j, int error) {
        _Alignas(max_align_t) char answer[WORKER_ANSWER_MAX];
        WorkerDone done = j->done;
        void *userdata = (void *) j->userdata;

        memcpy(answer, j->answer, sizeof(answer));
        if (j->state == JOB_RUNNING)
                j->given_up = true;
        else
                j->state = JOB_FREE;

        (void) pthread_mutex_unlock(&w->mutex);
        done(userdata, error, answer);
        (void) pthread_mutex_lock(&w->mutex);
}

static int on_finished(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Worker *w = userdata;
        eventfd_t n;

        (void) eventfd_read(fd, &n);
        (void) pthread_mutex_lock(&w->mutex);
        for (Job *j = w->jobs; j < w->jobs + WORKER_JOBS_MAX; j++)
                if (j->state == JOB_FINISHED)
                        answer_job(w, j, j->error);
        (void) pthread_mutex_unlock(&w->mutex);
        return 0;
}

/* The signal may come before the thread waits in the kernel, so one is not enough. */
static void interrupt_job(Job *j, uint64_t now) {
        (void) pthread_kill(j->thread->id, SIGRTMIN);
        j->signal_again_usec = MAX(WORKER_SIGNAL_AGAIN_USEC, MIN(2 * j->signal_again_usec, SIGNAL_AGAIN_MAX_USEC));
        j->next_usec = usec_add(now, j->signal_again_usec);
}

static void job_is_late(Worker *w, Job *j, uint64_t now) {
        uint64_t end = usec_add(j->deadline_usec, WORKER_GRACE_USEC);

        if (j->state == JOB_RUNNING) {
                interrupt_job(j, now);
                if (j->given_up)
                        return;
                if (now < end) {
                        j->next_usec = MIN(j->next_usec, end);
                        return;
                }
        }
        answer_job(w, j, -ETIMEDOUT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Worker *w = userdata;
        uint64_t now = clock_usec();

        (void) pthread_mutex_lock(&w->mutex);
        for (Job *j = w->jobs; j < w->jobs + WORKER_JOBS_MAX; j++)
                if ((j->state == JOB_QUEUED || j->state == JOB_RUNNING) && j->next_usec <= now)
                        job_is_late(w, j, now);
        (void) pthread_mutex_unlock(&w->mutex);
        set_timer(w);
        return 0;
}

static Job *free_job(Worker *w) {
        for (Job *j = w->jobs; j < w->jobs + WORKER_JOBS_MAX; j++)
                if (j->state == JOB_FREE)
                        return j;
        return NULL;
}

/* memcpy() takes no NULL, not even for nothing. */
static void copy(void *to, const void *from, size_t size) {
        if (size > 0)
                memcpy(to, from, size);
}

int worker_submit(Worker *w, const WorkerJob *job) {
        Job *j;

        if (job->argument_size > WORKER_ARGUMENT_MAX || job->answer_size > WORKER_ANSWER_MAX)
                return -EINVAL;
        (void) pthread_mutex_lock(&w->mutex);
        j = free_job(w);
        if (!j) {
                (void) pthread_mutex_unlock(&w->mutex);
                return -EBUSY;
        }
        j->run = job->run;
        j->done = job->done;
        j->userdata = job->userdata;
        j->patient = job->patient;
        j->given_up = false;
        j->sequence = w->sequence++;
        j->deadline_usec = j->next_usec = usec_add(clock_usec(), job->deadline_usec);
        j->signal_again_usec = 0;
        j->answer_size = job->answer_size;
        copy(j->argument, job->argument, job->argument_size);
        copy(j->answer, job->answer, job->answer_size);
        j->state = JOB_QUEUED;
        (void) pthread_cond_signal(&w->wanted);
        (void) pthread_mutex_unlock(&w->mutex);

        set_timer(w);
        return 0;
}

void worker_forget(Worker *w, const void *userdata) {
        uint64_t now = clock_usec();

        (void) pthread_mutex_lock(&w->mutex);
        for (Job *j = w->jobs; j < w->jobs + WORKER_JOBS_MAX; j++) {
                if (j->state == JOB_FREE || j->userdata != userdata)
                        continue;
                if (j->state == JOB_RUNNING) {
                        j->given_up = true;
                        interrupt_job(j, now);
                } else
                        j->state = JOB_FREE;
        }
        (void) pthread_mutex_unlock(&w->mutex);
        set_timer(w);
}

unsigned worker_n_stuck(const Worker *w) {
        Worker *locked = (Worker *) w;
        unsigned n = 0;

        (void) pthread_mutex_lock(&locked->mutex);
        for (const Job *j = w->jobs; j < w->jobs + WORKER_JOBS_MAX; j++)
                n += j->state == JOB_RUNNING && j->given_up;
        (void) pthread_mutex_unlock(&locked->mutex);
        return n;
}

/* ---- Its life -------------------------------------------------------------------------------- */

int worker_new(Worker **ret, sd_event *event) {
        _cleanup_(worker_freep) Worker *w = NULL;
        int r;

        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;
        (void) pthread_mutex_init(&w->mutex, NULL);
        (void) pthread_cond_init(&w->wanted, NULL);
        w->event = sd_event_ref(event);
        w->finished_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (w->finished_fd < 0)
                return -errno;
        r = sd_event_add_io(event, &w->finished, w->finished_fd, EPOLLIN, on_finished, w);
        if (r < 0)
                return r;
        r = sd_event_add_time(event, &w->timer, CLOCK_MONOTONIC, 0, USEC_PER_MSEC, on_timer, w);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(w->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        r = worker_start_threads(w);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(w);
        return 0;
}

void worker_destroy(Worker *w) {
        (void) pthread_cond_destroy(&w->wanted);
        (void) pthread_mutex_destroy(&w->mutex);
        (void) fd_close(w->finished_fd);
        free(w);
}

Worker *worker_free(Worker *w) {
        uint64_t until_usec = usec_add(clock_usec(), WORKER_STOP_USEC);
        bool stuck;

        if (!w)
                return NULL;
        sd_event_source_disable_unref(w->timer);
        sd_event_source_disable_unref(w->finished);
        sd_event_unref(w->event);

        (void) pthread_mutex_lock(&w->mutex);
        w->stopping = true;
        (void) pthread_cond_broadcast(&w->wanted);
        (void) pthread_mutex_unlock(&w->mutex);
        for (WorkerThread *t = w->threads; t < w->threads + WORKER_THREADS; t++)
                if (t->started && !worker_join(t, until_usec))
                        (void) pthread_detach(t->id);

        (void) pthread_mutex_lock(&w->mutex);
        stuck = w->abandoned = w->n_threads > 0;
        (void) pthread_mutex_unlock(&w->mutex);
        if (!stuck)
                worker_destroy(w);
        return NULL;
}
