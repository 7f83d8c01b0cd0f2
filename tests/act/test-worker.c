/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Jobs that are quick, that wait, that do not heed the signal, that are too many: each is answered once, and the loop
 * never waits for one. */

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/worker.h"
#include "base/clock.h"

#define MSEC USEC_PER_MSEC

typedef struct Argument {
        int fd;
        int number;
} Argument;

typedef struct Answer {
        int number, value;
} Answer;

typedef struct World {
        sd_event *event;
        Worker *worker;
        int pipe[2];
        size_t n_answers;
        int errors[WORKER_JOBS_MAX];
        Answer answers[WORKER_JOBS_MAX];
        pthread_t loop;
} World;

static World world;
static atomic_bool let_go;
static atomic_uint n_heedless; /* that have begun */

static int set_up(void **state) {
        memset(&world, 0, sizeof(world));
        atomic_store(&let_go, false);
        atomic_store(&n_heedless, 0);
        world.loop = pthread_self();
        assert_int_equal(pipe(world.pipe), 0);
        assert_true(sd_event_new(&world.event) >= 0);
        assert_int_equal(worker_new(&world.worker, world.event), 0);
        *state = &world;
        return 0;
}

static int tear_down(void **state) {
        atomic_store(&let_go, true);
        world.worker = worker_free(world.worker);
        sd_event_unref(world.event);
        (void) close(world.pipe[0]);
        (void) close(world.pipe[1]);
        return 0;
}

static void on_done(void *userdata, int error, const void *answer) {
        World *w = userdata;

        assert_true(pthread_equal(pthread_self(), w->loop));
        w->errors[w->n_answers] = error;
        w->answers[w->n_answers++] = *(const Answer *) answer;
}

static void run_until(World *w, size_t n_answers, uint64_t usec) {
        uint64_t end = clock_usec() + usec, now;

        while (w->n_answers < n_answers && (now = clock_usec()) < end)
                assert_true(sd_event_run(w->event, end - now) >= 0);
}

static int submit(World *w, WorkerRun run, int number, uint64_t deadline_usec, bool patient) {
        const Argument argument = { w->pipe[0], number };
        const Answer answer = { number, -1 };

        return worker_submit(w->worker, &(WorkerJob){ .run = run, .done = on_done, .userdata = w,
                                                      .deadline_usec = deadline_usec, .patient = patient,
                                                      .argument = &argument, .argument_size = sizeof(argument),
                                                      .answer = &answer, .answer_size = sizeof(answer) });
}

/* ---- What threads do ------------------------------------------------------------------------- */

static int twice(const void *argument, void *answer) {
        int factor = pthread_equal(pthread_self(), world.loop) ? 0 : 2;

        ((Answer *) answer)->value = factor * ((const Argument *) argument)->number;
        return -((const Argument *) argument)->number;
}

/* Waits until something is in the pipe, or a signal comes. */
static int wait_pipe(const void *argument, void *answer) {
        char c;

        return read(((const Argument *) argument)->fd, &c, 1) < 0 ? -errno : 0;
}

/* As if in the kernel, where no signal gets through. */
static int heedless(const void *argument, void *answer) {
        ((Answer *) answer)->value = 5;
        worker_tell(answer);
        ((Answer *) answer)->value = 6;
        atomic_fetch_add(&n_heedless, 1);
        while (!atomic_load(&let_go))
                (void) usleep(1000);
        return 0;
}

/* How many signals of the process could end in this thread: one. */
static int open_signals(const void *argument, void *answer) {
        sigset_t mask;
        int n = 0;

        (void) pthread_sigmask(SIG_SETMASK, NULL, &mask);
        for (int i = 1; i <= SIGRTMAX; i++) {
                if (i > SIGSYS && i < SIGRTMIN) /* libc's own */
                        continue;
                n += sigismember(&mask, i) == 0 && i != SIGKILL && i != SIGSTOP && i != SIGSEGV && i != SIGBUS &&
                     i != SIGFPE && i != SIGILL && i != SIGTRAP;
        }
        ((Answer *) answer)->value = sigismember(&mask, SIGRTMIN) == 0 ? n : -1;
        return 0;
}

/* While the loop does not run, no deadline counts. */
static void await_heedless(unsigned n) {
        for (unsigned i = 0; i < 2000 && atomic_load(&n_heedless) < n; i++)
                (void) usleep(5000);
        assert_int_equal(atomic_load(&n_heedless), n);
}

/* ---- What comes of it ------------------------------------------------------------------------ */

static void test_answers(void **state) {
        World *w = *state;
        unsigned seen = 0;

        for (int i = 0; i < 20; i++)
                assert_int_equal(submit(w, twice, i, USEC_PER_SEC, false), 0);
        assert_int_equal(w->n_answers, 0); /* not from within */
        run_until(w, 20, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_answers, 20);
        for (size_t i = 0; i < 20; i++) {
                assert_int_equal(w->answers[i].value, 2 * w->answers[i].number);
                assert_int_equal(w->errors[i], -w->answers[i].number);
                seen |= 1U << w->answers[i].number;
        }
        assert_int_equal(seen, (1U << 20) - 1);
        run_until(w, 21, 50 * MSEC);
        assert_int_equal(w->n_answers, 20);
}

static void test_signals(void **state) {
        World *w = *state;

        assert_int_equal(submit(w, open_signals, 0, USEC_PER_SEC, false), 0);
        run_until(w, 1, 5 * USEC_PER_SEC);
        assert_int_equal(w->answers[0].value, 1);
}

/* What waits in the kernel is interrupted at its deadline, and says so itself. */
static void test_interrupted(void **state) {
        World *w = *state;
        uint64_t start = clock_usec();

        for (size_t i = 0; i < 5 && (i == 0 || w->errors[i - 1] == -ETIMEDOUT); i++) { /* the machine may be busy */
                assert_int_equal(submit(w, wait_pipe, 1, 500 * MSEC, false), 0);
                run_until(w, i + 1, 5 * USEC_PER_SEC);
                assert_int_equal(w->n_answers, i + 1);
        }
        assert_int_equal(w->errors[w->n_answers - 1], -EINTR);
        assert_true(clock_usec() - start >= 500 * MSEC);
        assert_int_equal(worker_n_stuck(w->worker), 0);
}

/* What does not come back is answered with what it has told, and once. */
static void test_stuck(void **state) {
        World *w = *state;

        assert_int_equal(submit(w, heedless, 1, 20 * MSEC, false), 0);
        await_heedless(1);
        run_until(w, 1, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_answers, 1);
        assert_int_equal(w->errors[0], -ETIMEDOUT);
        assert_int_equal(w->answers[0].value, 5);
        assert_int_equal(worker_n_stuck(w->worker), 1);

        /* The others work on, and it comes back at last. */
        assert_int_equal(submit(w, twice, 4, USEC_PER_SEC, false), 0);
        run_until(w, 2, 5 * USEC_PER_SEC);
        assert_int_equal(w->answers[1].value, 8);
        atomic_store(&let_go, true);
        for (unsigned i = 0; i < 500 && worker_n_stuck(w->worker) > 0; i++)
                (void) usleep(10000);
        assert_int_equal(worker_n_stuck(w->worker), 0);
        run_until(w, 3, 50 * MSEC);
        assert_int_equal(w->n_answers, 2);
}

/* All threads are stuck: what is queued is answered all the same, and never begins. */
static void test_all_stuck(void **state) {
        World *w = *state;

        for (unsigned i = 0; i < WORKER_THREADS; i++)
                assert_int_equal(submit(w, heedless, 1, 20 * MSEC, false), 0);
        await_heedless(WORKER_THREADS);
        run_until(w, WORKER_THREADS, 5 * USEC_PER_SEC);
        assert_int_equal(worker_n_stuck(w->worker), WORKER_THREADS);
        assert_int_equal(submit(w, twice, 4, 20 * MSEC, false), 0);
        run_until(w, WORKER_THREADS + 1, 5 * USEC_PER_SEC);
        assert_int_equal(w->errors[WORKER_THREADS], -ETIMEDOUT);
        assert_int_equal(w->answers[WORKER_THREADS].value, -1);
}

/* Jobs that may last leave half of the threads to those that must not. */
static void test_patient(void **state) {
        World *w = *state;

        for (unsigned i = 0; i < 2 * WORKER_THREADS; i++)
                assert_int_equal(submit(w, wait_pipe, 1, 60 * USEC_PER_SEC, true), 0);
        assert_int_equal(submit(w, twice, 4, 5 * USEC_PER_SEC, false), 0);
        run_until(w, 1, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_answers, 1);
        assert_int_equal(w->answers[0].value, 8);

        for (unsigned i = 0; i < 2 * WORKER_THREADS; i++)
                assert_int_equal(write(w->pipe[1], "x", 1), 1);
        run_until(w, 1 + 2 * WORKER_THREADS, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_answers, 1 + 2 * WORKER_THREADS);
}

static void test_full(void **state) {
        World *w = *state;
        char large[WORKER_ARGUMENT_MAX + 1];

        for (unsigned i = 0; i < WORKER_JOBS_MAX; i++)
                assert_int_equal(submit(w, wait_pipe, 1, 60 * USEC_PER_SEC, true), 0);
        assert_int_equal(submit(w, twice, 4, USEC_PER_SEC, false), -EBUSY);
        assert_int_equal(worker_submit(w->worker, &(WorkerJob){ .run = twice, .done = on_done, .argument = large,
                                                                .argument_size = sizeof(large) }),
                         -EINVAL);
        assert_int_equal(worker_submit(w->worker, &(WorkerJob){ .run = twice, .done = on_done, .answer = large,
                                                                .answer_size = WORKER_ANSWER_MAX + 1 }),
                         -EINVAL);
}

static void test_forget(void **state) {
        World *w = *state, other = { .loop = w->loop };
        const Argument argument = { -1, 3 };
        const Answer answer = { 3, -1 };

        for (unsigned i = 0; i < 2 * WORKER_THREADS; i++)
                assert_int_equal(submit(w, wait_pipe, 1, 100 * MSEC, false), 0);
        assert_int_equal(submit(w, twice, 1, 100 * MSEC, false), 0);
        assert_int_equal(worker_submit(w->worker, &(WorkerJob){ .run = twice, .done = on_done, .userdata = &other,
                                                                .deadline_usec = 5 * USEC_PER_SEC,
                                                                .argument = &argument, .argument_size = sizeof(argument),
                                                                .answer = &answer, .answer_size = sizeof(answer) }),
                         0);
        worker_forget(w->worker, w);
        run_until(w, 1, 400 * MSEC);
        assert_int_equal(w->n_answers, 0);
        assert_int_equal(other.n_answers, 1);
        assert_int_equal(other.answers[0].value, 6);
        /* And the threads are there for others. */
        assert_int_equal(submit(w, twice, 4, USEC_PER_SEC, false), 0);
        run_until(w, 1, 5 * USEC_PER_SEC);
        assert_int_equal(w->answers[0].value, 8);
}

/* The end waits for a stuck thread, but not for ever; the thread ends when it can. */
static void test_end(void **state) {
        World *w = *state;
        uint64_t start;

        assert_int_equal(submit(w, wait_pipe, 1, 60 * USEC_PER_SEC, false), 0);
        (void) usleep(200000);
        start = clock_usec();
        w->worker = worker_free(w->worker);
        assert_true(clock_usec() - start < WORKER_STOP_USEC);

        assert_int_equal(worker_new(&w->worker, w->event), 0);
        assert_int_equal(submit(w, heedless, 1, 60 * USEC_PER_SEC, false), 0);
        await_heedless(1);
        start = clock_usec();
        w->worker = worker_free(w->worker);
        assert_true(clock_usec() - start >= WORKER_STOP_USEC);
        atomic_store(&let_go, true);
        (void) usleep(200000);
        assert_int_equal(w->n_answers, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_answers), TEST(test_signals), TEST(test_interrupted), TEST(test_stuck), TEST(test_all_stuck),
                TEST(test_patient), TEST(test_full),    TEST(test_forget),      TEST(test_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
