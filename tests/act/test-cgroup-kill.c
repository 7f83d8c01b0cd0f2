/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup-world.h"

/* A child that is in the cgroup as far as files can tell. Memory in KiB. */
static pid_t child(World *w, const char *cgroup, unsigned anon, const char *score) {
        char name[64], text[256], list[256];
        pid_t pid = fork();

        if (pid == 0)
                for (;;)
                        (void) pause();
        w->children[w->n_children++] = pid;
        (void) snprintf(name, sizeof(name), "/proc/%d", (int) pid);
        assert_int_equal(mkdir(path_of(w, name, ""), 0755), 0);
        (void) snprintf(text, sizeof(text), "Name:\tx\nTgid:\t%d\nRssAnon:\t%8u kB\n", (int) pid, anon);
        put(w, name, "status", text);
        (void) snprintf(text, sizeof(text), "%d (x) R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 77 20\n", (int) pid);
        put(w, name, "stat", text);
        put(w, name, "oom_score_adj", score);
        (void) snprintf(text, sizeof(text), "0::%s\n", cgroup);
        put(w, name, "cgroup", text);
        put(w, name, "comm", "chromium\n");
        (void) snprintf(list, sizeof(list), "%s%d\n", get(w, cgroup, "cgroup.procs"), (int) pid);
        put(w, cgroup, "cgroup.procs", list);
        return pid;
}

/* The signal that ended it; 0 while it lives. */
static int ended_by(World *w, pid_t pid, bool wait) {
        int status = 0;

        if (!wait)
                (void) usleep(20000);
        if (waitpid(pid, &status, wait ? 0 : WNOHANG) != pid)
                return 0;
        for (size_t i = 0; i < w->n_children; i++)
                if (w->children[i] == pid)
                        w->children[i] = w->children[--w->n_children];
        return WTERMSIG(status);
}

static void test_kill(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_KILL);
        pid_t a, b, other;

        expect(act(w, &d), OUTCOME_DONE, 0, ""); /* nobody is in there */
        assert_string_equal(get(w, VICTIM, "cgroup.kill"), "");

        make(w, VICTIM "/payload");
        a = child(w, VICTIM, 100, "0\n");
        b = child(w, VICTIM "/payload", 100, "0\n");
        other = child(w, USER "/app.slice", 100, "0\n");
        d.thaw_first = true;
        put(w, VICTIM, "cgroup.freeze", "1\n");
        expect(act(w, &d), OUTCOME_DONE, 0, "");
        assert_string_equal(get(w, VICTIM, "cgroup.kill"), "1");
        assert_string_equal(get(w, VICTIM, "cgroup.freeze"), "0");
        assert_int_equal(ended_by(w, a, false), 0); /* the file did not tell a kernel */

        d.signal = SIGTERM;
        expect(act(w, &d), OUTCOME_DONE, 0, "");
        assert_int_equal(ended_by(w, a, true), SIGTERM);
        assert_int_equal(ended_by(w, b, true), SIGTERM);
        assert_int_equal(ended_by(w, other, false), 0);
}

/* Where there is no cgroup.kill. */
static void test_kill_by_pidfd(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_KILL);
        pid_t a, b;

        make(w, VICTIM "/payload");
        a = child(w, VICTIM, 100, "0\n");
        b = child(w, VICTIM "/payload", 100, "0\n");
        drop(w, VICTIM, "cgroup.kill");
        expect(act(w, &d), OUTCOME_DONE, 0, "");
        assert_int_equal(ended_by(w, a, true), SIGKILL);
        assert_int_equal(ended_by(w, b, true), SIGKILL);
}

static void test_largest(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_KILL);
        pid_t small, large, exempt;
        char words[64];

        make(w, VICTIM "/payload");
        small = child(w, VICTIM, 1024, "0\n");
        large = child(w, VICTIM "/payload", 2048, "0\n");
        exempt = child(w, VICTIM, 4096, "-1000\n");
        d.grain = GRAIN_PROCESS;
        d.victim.delegated = false; /* of any cgroup */
        (void) snprintf(words, sizeof(words), "killed chromium[%d], 2M", (int) large);
        expect(act(w, &d), OUTCOME_DONE, 0, words);
        assert_int_equal(ended_by(w, large, true), SIGKILL);

        /* It is still in the list: the next one it is. */
        (void) snprintf(words, sizeof(words), "killed chromium[%d], 1M", (int) small);
        expect(act(w, &d), OUTCOME_DONE, 0, words);
        assert_int_equal(ended_by(w, small, true), SIGKILL);
        expect(act(w, &d), OUTCOME_FAILED, -ESRCH, "its largest processes ended by themselves meanwhile");

        (void) snprintf(words, sizeof(words), "%d\n", (int) exempt);
        put(w, VICTIM, "cgroup.procs", words);
        put(w, VICTIM "/payload", "cgroup.procs", "");
        expect(act(w, &d), OUTCOME_REFUSED, -EPERM, "none of its processes may be touched (OOMScoreAdjust=-1000)");
        assert_int_equal(ended_by(w, exempt, false), 0);
        put(w, VICTIM, "cgroup.procs", "");
        expect(act(w, &d), OUTCOME_DONE, 0, "");
}

/* KillAfter= is about the one that got the first signal, not about the next largest. */
static void test_largest_escalates(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_KILL);
        pid_t other, large;
        char words[64];

        other = child(w, VICTIM, 1024, "0\n");
        large = child(w, VICTIM, 2048, "0\n");
        d.grain = GRAIN_PROCESS;
        d.signal = SIGKILL;
        d.escalation = true;
        expect(act(w, &d), OUTCOME_REFUSED, -ESRCH, "it is not known any more which process got the first signal");

        d.signal = SIGCONT;
        d.escalation = false;
        (void) snprintf(words, sizeof(words), "sent SIGCONT to chromium[%d], 2M", (int) large);
        expect(act(w, &d), OUTCOME_DONE, 0, words);
        d.signal = SIGKILL;
        d.escalation = true;
        (void) snprintf(words, sizeof(words), "killed chromium[%d], 2M", (int) large);
        expect(act(w, &d), OUTCOME_DONE, 0, words);
        assert_int_equal(ended_by(w, large, true), SIGKILL);
        (void) snprintf(words, sizeof(words), "chromium[%d] has ended", (int) large);
        expect(act(w, &d), OUTCOME_DONE, 0, words);
        assert_int_equal(ended_by(w, other, false), 0);
}

/* memory.oom.group: together or not at all, from the topmost cgroup that says so. */
static void test_largest_group(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_KILL);
        pid_t outside, a, b;
        char words[128];

        make(w, VICTIM "/payload");
        put(w, VICTIM "/payload", "memory.oom.group", "1\n");
        outside = child(w, VICTIM, 1024, "0\n");
        a = child(w, VICTIM "/payload", 2048, "0\n");
        b = child(w, VICTIM "/payload", 10, "0\n");
        d.grain = GRAIN_PROCESS;
        (void) snprintf(words, sizeof(words),
                        "killed all 2 processes of the cgroup of chromium[%d], 2M, as its memory.oom.group says", (int) a);
        expect(act(w, &d), OUTCOME_DONE, 0, words);
        assert_int_equal(ended_by(w, a, true), SIGKILL);
        assert_int_equal(ended_by(w, b, true), SIGKILL);
        assert_int_equal(ended_by(w, outside, false), 0);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_kill),
                TEST(test_kill_by_pidfd),
                TEST(test_largest),
                TEST(test_largest_escalates),
                TEST(test_largest_group),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
