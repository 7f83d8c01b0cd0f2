/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup-world.h"

#define MANY 70U /* more than go into one batch */

static pid_t children[MANY];
static size_t n_children;

static pid_t child(void) {
        pid_t pid = fork();

        if (pid == 0)
                for (;;)
                        (void) pause();
        children[n_children++] = pid;
        return pid;
}

static void add(const World *w, const char *cgroup, pid_t pid) {
        FILE *f = fopen(path_of(w, cgroup, "cgroup.procs"), "a");

        assert_non_null(f);
        assert_true(fprintf(f, "%d\n", (int) pid) > 0);
        assert_int_equal(fclose(f), 0);
}

/* The signal that ended each, which is waited for. */
static void assert_all_ended_by(int signal) {
        for (; n_children > 0; n_children--) {
                pid_t pid = children[n_children - 1];
                int status;

                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_true(WIFSIGNALED(status));
                assert_int_equal(WTERMSIG(status), signal);
        }
}

static const Outcome *kill_by_pid(World *w, const Decision *d) {
        cgroup_kill_by_pid(w->cgroup, d);
        while (w->n_answers == 0)
                assert_true(sd_event_run(w->event, UINT64_MAX) >= 0);
        return &w->outcome;
}

/* No /proc is read, and PID 1 and this process are nobody's victims. */
static void test_all(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_KILL);
        pid_t dead;

        make(w, VICTIM "/payload");
        add(w, VICTIM, 1);
        add(w, VICTIM, getpid());
        for (size_t i = 0; i < MANY - 2; i++)
                add(w, VICTIM, child());
        add(w, VICTIM "/payload", child());
        dead = child();
        assert_int_equal(kill(dead, SIGKILL), 0);
        assert_int_equal(waitpid(dead, NULL, 0), dead);
        n_children--;
        add(w, VICTIM, dead);
        expect(kill_by_pid(w, &d), OUTCOME_DONE, 0, "");
        assert_all_ended_by(SIGKILL);
        assert_string_equal(get(w, VICTIM, "cgroup.kill"), "");
}

/* A milder signal goes to each once. */
static void test_milder(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_KILL);

        d.signal = SIGTERM;
        add(w, VICTIM, child());
        expect(kill_by_pid(w, &d), OUTCOME_DONE, 0, "");
        assert_all_ended_by(SIGTERM);
}

static void test_nobody_may(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_KILL);

        add(w, VICTIM, 1);
        expect(kill_by_pid(w, &d), OUTCOME_FAILED, -EPERM, "cgroup.kill: EPERM");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_all),
                TEST(test_milder),
                TEST(test_nobody_may),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
