/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A table of jobs behind one mutex, which is held for a copy at most. The threads take the oldest job that they may,
 * and say through an eventfd that one is finished; the loop answers. Who frees an entry: the loop what it has answered
 * and no thread works on; the thread what was given up before it came back. */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "act/worker.h"
#include "base/clock.h"

#define STACK_SIZE (128U * 1024U)
#define STACK_TOUCHED (64U * 1024U)
#define SIGNAL_AGAIN_MIN_USEC (20 * USEC_PER_MSEC)
#define SIGNAL_AGAIN_MAX_USEC (1 * USEC_PER_SEC)
#define PATIENT_MAX (WORKER_THREADS / 2)

typedef enum JobState {
        JOB_FREE,
        JOB_QUEUED,
        JOB_RUNNING,
        JOB_FINISHED, /* its answer is due */
} JobState;

typedef struct Thread {
        Worker *worker;
        pthread_t id;
        bool started;
        struct Job *job;
} Thread;

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
        Thread *thread;
        int error;
        size_t answer_size;
        _Alignas(max_align_t) char argument[WORKER_ARGUMENT_MAX];
        _Alignas(max_align_t) char answer[WORKER_ANSWER_MAX];
} Job;

struct Worker {
        pthread_mutex_t mutex;
        pthread_cond_t wanted; /* a job is queued, a thread may take a patient one, or all is over */
        bool stopping;
        unsigned n_patient; /* running */
        uint64_t sequence;
        int finished_fd;
        Thread threads[WORKER_THREADS];
        Job jobs[WORKER_JOBS_MAX];

        /* The loop's alone. */
        sd_event *event;
        sd_event_source *finished, *timer;
};

/* ---- In a thread ----------------------------------------------------------------------------- */

static _Thread_local Thread *self;

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
static void run_job(Thread *t, Job *j) {
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
        Thread *t = userdata;
        Worker *w = t->worker;
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
        (void) pthread_mutex_unlock(&w->mutex);
        return NULL;
}

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
        j->signal_again_usec = MAX(SIGNAL_AGAIN_MIN_USEC, MIN(2 * j->signal_again_usec, SIGNAL_AGAIN_MAX_USEC));
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

static int start_threads(Worker *w) {
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
        for (Thread *t = w->threads; r == 0 && t < w->threads + WORKER_THREADS; t++) {
                t->worker = w;
                r = pthread_create(&t->id, &attr, thread_main, t);
                t->started = r == 0;
        }
        (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
        (void) pthread_attr_destroy(&attr);
        return -r;
}

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
        r = start_threads(w);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(w);
        return 0;
}

/* Whether the thread has ended, with a signal for what it waits for now and then. */
static bool join(Thread *t, uint64_t until_usec) {
        uint64_t now;

        if (pthread_tryjoin_np(t->id, NULL) == 0)
                return true;
        while ((now = clock_usec()) < until_usec) {
                uint64_t end = MIN(until_usec, now + SIGNAL_AGAIN_MIN_USEC);
                struct timespec ts = { .tv_sec = (time_t) (end / USEC_PER_SEC),
                                       .tv_nsec = (long) (end % USEC_PER_SEC * 1000) };

                (void) pthread_kill(t->id, SIGRTMIN);
                if (pthread_clockjoin_np(t->id, NULL, CLOCK_MONOTONIC, &ts) == 0)
                        return true;
        }
        return false;
}

Worker *worker_free(Worker *w) {
        uint64_t until_usec = usec_add(clock_usec(), WORKER_STOP_USEC);
        bool stuck = false;

        if (!w)
                return NULL;
        sd_event_source_disable_unref(w->timer);
        sd_event_source_disable_unref(w->finished);
        sd_event_unref(w->event);

        (void) pthread_mutex_lock(&w->mutex);
        w->stopping = true;
        (void) pthread_cond_broadcast(&w->wanted);
        (void) pthread_mutex_unlock(&w->mutex);
        for (Thread *t = w->threads; t < w->threads + WORKER_THREADS; t++)
                if (t->started && !join(t, until_usec)) {
                        stuck = true;
                        (void) pthread_detach(t->id);
                }
        w->finished_fd = fd_close(w->finished_fd); /* nobody writes to it any more */
        if (stuck)
                return NULL; /* it still has its job in there */

        (void) pthread_cond_destroy(&w->wanted);
        (void) pthread_mutex_destroy(&w->mutex);
        free(w);
        return NULL;
}
