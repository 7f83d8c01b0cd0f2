/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The effector against a tree of plain files: what it reads, what it writes, whom it signals, and what it says. What the
 * kernel makes of it is for live-cgroup.c. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/cgroup.h"
#include "act/oom-mark.h"
#include "base/clock.h"

#define MIB (UINT64_C(1) << 20)
#define USER "/user.slice/user-1000.slice/user@1000.service"
#define VICTIM USER "/app.slice/web.service"

typedef struct World {
        char folder[64];
        sd_event *event;
        Worker *worker;
        Cgroup *cgroup;
        size_t n_answers;
        Outcome outcome;
        pid_t children[8];
        size_t n_children;
} World;

/* ---- A tree ---------------------------------------------------------------------------------- */

static char *path_of(const World *w, const char *where, const char *name) {
        static char path[512];

        (void) snprintf(path, sizeof(path), "%s%s%s%s", w->folder, where, *name ? "/" : "", name);
        return path;
}

static void put(const World *w, const char *where, const char *name, const char *text) {
        FILE *f = fopen(path_of(w, where, name), "w");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

static const char *get(const World *w, const char *where, const char *name) {
        static char text[256];
        FILE *f = fopen(path_of(w, where, name), "r");
        size_t n;

        assert_non_null(f);
        n = fread(text, 1, sizeof(text) - 1, f);
        text[n] = '\0';
        assert_int_equal(fclose(f), 0);
        return text;
}

static void drop(const World *w, const char *where, const char *name) {
        assert_int_equal(unlink(path_of(w, where, name)), 0);
}

static void make(const World *w, const char *path) {
        assert_int_equal(mkdir(path_of(w, path, ""), 0755), 0);
        put(w, path, "cgroup.procs", "");
        put(w, path, "memory.low", "0\n");
}

static uint64_t id_of(const World *w, const char *path) {
        struct stat st;

        assert_int_equal(stat(path_of(w, path, ""), &st), 0);
        return st.st_ino;
}

static void on_answer(void *userdata, const Outcome *outcome) {
        World *w = userdata;

        w->outcome = *outcome;
        w->n_answers++;
}

static int set_up(void **state) {
        static const char *const folders[] = { "/user.slice", "/user.slice/user-1000.slice", USER, USER "/app.slice",
                                               VICTIM };
        static World world;
        World *w = &world;

        memset(w, 0, sizeof(*w));
        strcpy(w->folder, "/tmp/test-cgroup-XXXXXX");
        assert_non_null(mkdtemp(w->folder));
        assert_int_equal(mkdir(path_of(w, "/proc", ""), 0755), 0);
        for (size_t i = 0; i < ELEMENTSOF(folders); i++)
                make(w, folders[i]);
        put(w, VICTIM, "memory.high", "max\n");
        put(w, VICTIM, "memory.current", "104857600\n");
        put(w, VICTIM, "memory.reclaim", "");
        put(w, VICTIM, "memory.oom.group", "0\n");
        put(w, VICTIM, "cpu.max", "max 100000\n");
        put(w, VICTIM, "cpu.weight", "100\n");
        put(w, VICTIM, "io.weight", "default 100\n8:0 50\n");
        put(w, VICTIM, "cgroup.freeze", "0\n");
        put(w, VICTIM, "cgroup.kill", "");
        put(w, VICTIM, "cgroup.events", "populated 1\nfrozen 1\n");

        oom_mark_set_root(w->folder);
        assert_true(sd_event_new(&w->event) >= 0);
        assert_int_equal(worker_new(&w->worker, w->event), 0);
        assert_int_equal(cgroup_new_with_proc(&w->cgroup, w->event, w->worker, w->folder, path_of(w, "/proc", ""),
                                              on_answer, w),
                         0);
        *state = w;
        return 0;
}

static int tear_down(void **state) {
        World *w = *state;
        char command[128];

        w->cgroup = cgroup_free(w->cgroup);
        w->worker = worker_free(w->worker);
        sd_event_unref(w->event);
        oom_mark_set_root(NULL);
        for (size_t i = 0; i < w->n_children; i++) {
                (void) kill(w->children[i], SIGKILL);
                (void) waitpid(w->children[i], NULL, 0);
        }
        (void) snprintf(command, sizeof(command), "rm -r %s", w->folder);
        return system(command);
}

/* ---- Acts ------------------------------------------------------------------------------------ */

static const Outcome *await(World *w) {
        uint64_t end = clock_usec() + 10 * USEC_PER_SEC, now;

        assert_int_equal(w->n_answers, 0); /* never from within */
        while (w->n_answers == 0 && (now = clock_usec()) < end)
                assert_true(sd_event_run(w->event, end - now) >= 0);
        assert_int_equal(w->n_answers, 1);
        w->n_answers = 0;
        return &w->outcome;
}

static Decision decision(const World *w, ActionKind action) {
        return (Decision){ .id = 17, .action = action, .signal = SIGKILL, .reclaim_bytes = 50 * MIB,
                           .victim = { id_of(w, VICTIM), CGROUP_UNIT, VICTIM, "web.service", true } };
}

static const Outcome *act(World *w, const Decision *d) {
        cgroup_act(w->cgroup, d);
        (void) await(w);
        assert_int_equal(w->outcome.id, 17);
        return &w->outcome;
}

static const Outcome *undo(World *w, ActionKind action, const Properties *previous) {
        cgroup_undo(w->cgroup, &(Undo){ .id = 18, .action = action, .previous = *previous,
                                        .victim = { 0, CGROUP_UNIT, VICTIM, "web.service", true } });
        (void) await(w);
        assert_int_equal(w->outcome.id, 18);
        return &w->outcome;
}

static void expect(const Outcome *o, OutcomeKind kind, int error, const char *words) {
        if (o->kind != kind || o->error != error || strcmp(o->error_text, words) != 0)
                fail_msg("outcome %d, error %d, '%s'", o->kind, o->error, o->error_text);
        assert_int_equal(o->via, VIA_CGROUP);
}

/* ---- Throttle -------------------------------------------------------------------------------- */

static void test_throttle(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_THROTTLE);
        Properties before;

        properties_set(&d.properties, PROPERTY_MEMORY_HIGH, 90 * MIB);
        properties_set(&d.properties, PROPERTY_CPU_QUOTA, 200000);
        properties_set(&d.properties, PROPERTY_CPU_WEIGHT, 10);
        properties_set(&d.properties, PROPERTY_IO_WEIGHT, 20);
        put(w, VICTIM, "cpu.max", "30000 40000\n");
        expect(act(w, &d), OUTCOME_DONE, 0, "");
        assert_string_equal(get(w, VICTIM, "memory.high"), "94371840");
        assert_string_equal(get(w, VICTIM, "cpu.max"), "8000 40000");
        assert_string_equal(get(w, VICTIM, "cpu.weight"), "10");
        assert_string_equal(get(w, VICTIM, "io.weight"), "default 20");
        before = w->outcome.previous;
        assert_int_equal(before.set, d.properties.set);
        assert_true(before.values[PROPERTY_MEMORY_HIGH] == UINT64_MAX);
        assert_int_equal(before.values[PROPERTY_CPU_QUOTA], 750000);
        assert_int_equal(before.values[PROPERTY_CPU_WEIGHT], 100);
        assert_int_equal(before.values[PROPERTY_IO_WEIGHT], 100);

        expect(undo(w, ACTION_THROTTLE, &before), OUTCOME_DONE, 0, "");
        assert_string_equal(get(w, VICTIM, "memory.high"), "max");
        assert_string_equal(get(w, VICTIM, "cpu.max"), "30000 40000");
        assert_string_equal(get(w, VICTIM, "cpu.weight"), "100");
        assert_string_equal(get(w, VICTIM, "io.weight"), "default 100");
}

/* A period that does not divide a second comes back as it was. */
static void test_quota_rounds(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_THROTTLE);
        Properties before;

        d.properties = (Properties) PROPERTIES_ONE(PROPERTY_CPU_QUOTA, 10);
        put(w, VICTIM, "cpu.max", "10000 30000\n");
        (void) act(w, &d);
        assert_string_equal(get(w, VICTIM, "cpu.max"), "1000 30000"); /* the kernel's least */
        before = w->outcome.previous;
        (void) undo(w, ACTION_THROTTLE, &before);
        assert_string_equal(get(w, VICTIM, "cpu.max"), "10000 30000");

        put(w, VICTIM, "cpu.max", "max 30000\n");
        (void) act(w, &d);
        before = w->outcome.previous;
        (void) undo(w, ACTION_THROTTLE, &before);
        assert_string_equal(get(w, VICTIM, "cpu.max"), "max 30000");
}

static void test_throttle_in_part(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_THROTTLE);

        properties_set(&d.properties, PROPERTY_MEMORY_HIGH, 90 * MIB);
        properties_set(&d.properties, PROPERTY_IO_WEIGHT, 20);
        drop(w, VICTIM, "io.weight");
        expect(act(w, &d), OUTCOME_DONE, 0, "there is no io.weight for it");
        assert_string_equal(get(w, VICTIM, "memory.high"), "94371840");
        assert_true(properties_has(&w->outcome.previous, PROPERTY_MEMORY_HIGH));
        assert_false(properties_has(&w->outcome.previous, PROPERTY_IO_WEIGHT));

        /* Nothing is left to be set. */
        put(w, VICTIM, "memory.high", "94371840\n");
        expect(act(w, &d), OUTCOME_REFUSED, -ERANGE,
               "its MemoryHigh= is not above that already, there is no io.weight for it");
        assert_int_equal(w->outcome.previous.set, 0);
        d.properties = (Properties) PROPERTIES_ONE(PROPERTY_CPU_WEIGHT, 20);
        put(w, VICTIM, "cpu.weight", "0\n");
        expect(act(w, &d), OUTCOME_REFUSED, -ERANGE, "its CPUWeight= is idle already");
}

/* What was set before the one that fails is put back; an undo puts back what it can. */
static void test_throttle_fails(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_THROTTLE);
        Properties before = { 0 };

        if (geteuid() == 0) {
                drop(w, VICTIM, "cpu.weight");
                assert_int_equal(mkdir(path_of(w, VICTIM, "cpu.weight"), 0755), 0);
        } else
                assert_int_equal(chmod(path_of(w, VICTIM, "cpu.weight"), 0444), 0);
        properties_set(&d.properties, PROPERTY_MEMORY_HIGH, 90 * MIB);
        properties_set(&d.properties, PROPERTY_CPU_WEIGHT, 10);
        assert_int_equal(act(w, &d)->kind, OUTCOME_FAILED);
        assert_memory_equal(w->outcome.error_text, "cpu.weight: ", strlen("cpu.weight: "));
        assert_true(w->outcome.error < 0);

        properties_set(&before, PROPERTY_CPU_WEIGHT, 100);
        properties_set(&before, PROPERTY_IO_WEIGHT, 70);
        assert_int_equal(undo(w, ACTION_THROTTLE, &before)->kind, OUTCOME_FAILED);
        assert_string_equal(get(w, VICTIM, "io.weight"), "default 70");
}

/* ---- Protect --------------------------------------------------------------------------------- */

static void test_protect(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_PROTECT);
        Properties before;

        d.properties = (Properties) PROPERTIES_ONE(PROPERTY_MEMORY_LOW, 90 * MIB);
        put(w, "/user.slice", "memory.low", "max\n");
        put(w, "/user.slice/user-1000.slice", "memory.low", "209715200\n");
        put(w, USER, "memory.low", "209715200\n");
        put(w, USER "/app.slice", "memory.low", "1048576\n");
        put(w, VICTIM, "memory.low", "10485760\n");
        expect(act(w, &d), OUTCOME_DONE, 0, "");
        assert_string_equal(get(w, VICTIM, "memory.low"), "94371840");
        assert_string_equal(get(w, USER "/app.slice", "memory.low"), "84934656"); /* 1M and 80M more */
        assert_string_equal(get(w, USER, "memory.low"), "209715200\n");           /* systemd's */
        before = w->outcome.previous;
        assert_int_equal(before.values[PROPERTY_MEMORY_LOW], 10 * MIB);
        assert_int_equal(before.values[PROPERTY_SLICES_LOW], 80 * MIB);

        expect(undo(w, ACTION_PROTECT, &before), OUTCOME_DONE, 0, "");
        assert_string_equal(get(w, VICTIM, "memory.low"), "10485760");
        assert_string_equal(get(w, USER "/app.slice", "memory.low"), "1048576");

        /* Without the cgroup itself those above it get theirs back all the same. */
        (void) act(w, &d);
        assert_int_equal(rename(path_of(w, VICTIM, ""), strcat(strcpy((char[128]){ 0 }, w->folder), "/gone")), 0);
        (void) undo(w, ACTION_PROTECT, &before);
        assert_int_equal(w->outcome.kind, OUTCOME_DONE);
        assert_true(w->outcome.gone);
        assert_string_equal(get(w, USER "/app.slice", "memory.low"), "1048576");
}

static void test_protect_capped(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_PROTECT);

        d.properties = (Properties) PROPERTIES_ONE(PROPERTY_MEMORY_LOW, 90 * MIB);
        put(w, "/user.slice", "memory.low", "max\n");
        put(w, "/user.slice/user-1000.slice", "memory.low", "41943040\n");
        expect(act(w, &d), OUTCOME_REFUSED, -ERANGE,
               "user@1000.service has no MemoryLow=, so nothing beneath it is protected");
        put(w, USER, "memory.low", "max\n");
        expect(act(w, &d), OUTCOME_DONE, 0, "only 40M of it count: MemoryLow= of user-1000.slice is no more");
        expect(act(w, &d), OUTCOME_REFUSED, -ERANGE, "its MemoryLow= is not below that already");
}

/* A cgroup above cannot be raised: what was raised on the way is taken back. */
static void test_protect_fails(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_PROTECT);

        d.properties = (Properties) PROPERTIES_ONE(PROPERTY_MEMORY_LOW, 90 * MIB);
        put(w, "/user.slice", "memory.low", "max\n");
        put(w, "/user.slice/user-1000.slice", "memory.low", "max\n");
        put(w, USER, "memory.low", "max\n");
        make(w, USER "/app.slice/deep.slice");
        make(w, USER "/app.slice/deep.slice/x.service");
        drop(w, USER "/app.slice/deep.slice", "memory.low");
        d.victim.path = USER "/app.slice/deep.slice/x.service";
        d.victim.id = 0;
        assert_int_equal(act(w, &d)->kind, OUTCOME_FAILED);
        assert_string_equal(get(w, USER "/app.slice", "memory.low"), "0");
        assert_string_equal(get(w, USER "/app.slice/deep.slice/x.service", "memory.low"), "0\n");
}

/* ---- Reclaim, freeze, kill ------------------------------------------------------------------- */

static void test_reclaim(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_RECLAIM);

        d.victim.delegated = false; /* of any cgroup */
        expect(act(w, &d), OUTCOME_DONE, 0, "");
        assert_string_equal(get(w, VICTIM, "memory.reclaim"), "52428800");
        drop(w, VICTIM, "memory.reclaim");
        expect(act(w, &d), OUTCOME_REFUSED, -EOPNOTSUPP, "this kernel has no memory.reclaim: Linux 5.19 brought it");
        drop(w, VICTIM, "memory.current");
        expect(act(w, &d), OUTCOME_REFUSED, -EOPNOTSUPP, "the memory controller is not on for it");
}

static void test_freeze(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_FREEZE);
        uint64_t start;

        expect(act(w, &d), OUTCOME_DONE, 0, "");
        assert_string_equal(get(w, VICTIM, "cgroup.freeze"), "1");
        expect(undo(w, ACTION_FREEZE, &(Properties){ 0 }), OUTCOME_DONE, 0, "");
        assert_string_equal(get(w, VICTIM, "cgroup.freeze"), "0");

        /* It is asked for, and does not come about. */
        put(w, VICTIM, "cgroup.events", "populated 1\nfrozen 0\n");
        start = clock_usec();
        expect(act(w, &d), OUTCOME_TIMEOUT, -ETIMEDOUT,
               "some of its processes cannot be stopped where they are in the kernel");
        assert_true(clock_usec() - start >= CGROUP_DEADLINE_USEC);
        assert_true(clock_usec() - start < CGROUP_DEADLINE_USEC + USEC_PER_SEC);
        assert_string_equal(get(w, VICTIM, "cgroup.freeze"), "1");

        drop(w, VICTIM, "cgroup.freeze");
        expect(act(w, &d), OUTCOME_REFUSED, -EOPNOTSUPP, "this kernel has no cgroup.freeze: Linux 5.2 brought it");
}

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

/* ---- Who it is ------------------------------------------------------------------------------- */

static void test_gone(void **state) {
        static const ActionKind actions[] = { ACTION_THROTTLE, ACTION_PROTECT, ACTION_RECLAIM, ACTION_FREEZE, ACTION_KILL };
        static const char *const paths[] = { VICTIM, VICTIM "/not-there" };
        World *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(actions); i++)
                for (size_t k = 0; k < ELEMENTSOF(paths); k++) {
                        Decision d = decision(w, actions[i]);

                        d.victim.id++; /* another one of that path */
                        d.victim.path = paths[k];
                        if (actions[i] == ACTION_KILL)
                                expect(act(w, &d), OUTCOME_DONE, 0, "");
                        else
                                expect(act(w, &d), OUTCOME_FAILED, -ENOENT, "its cgroup is not there any more");
                        assert_true(w->outcome.gone);
                }
        assert_string_equal(get(w, VICTIM, "cgroup.freeze"), "0\n");
        assert_string_equal(get(w, VICTIM, "cgroup.kill"), "");

        assert_int_equal(rename(path_of(w, VICTIM, ""), strcat(strcpy((char[128]){ 0 }, w->folder), "/gone")), 0);
        expect(undo(w, ACTION_FREEZE, &(Properties){ 0 }), OUTCOME_DONE, 0, "");
        assert_true(w->outcome.gone);
        expect(undo(w, ACTION_THROTTLE, &(Properties) PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 1)), OUTCOME_DONE, 0, "");
        assert_true(w->outcome.gone);
}

/* Nothing outside the tree, no symlink, and not the host. */
static void test_paths(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_FREEZE);

        assert_int_equal(symlink("user.slice", path_of(w, "/link", "")), 0);
        d.victim.id = 0;
        d.victim.path = "/link/user-1000.slice/user@1000.service/app.slice/web.service";
        assert_int_equal(act(w, &d)->kind, OUTCOME_FAILED);
        assert_false(w->outcome.gone);
        d.victim.path = "/user.slice/../user.slice";
        assert_int_equal(act(w, &d)->error, -EINVAL);
        d.victim.path = "/";
        expect(act(w, &d), OUTCOME_REFUSED, -EINVAL, "it has no path, or one that is too long");
        d.victim.path = NULL;
        expect(act(w, &d), OUTCOME_REFUSED, -EINVAL, "it has no path, or one that is too long");
        assert_string_equal(get(w, VICTIM, "cgroup.freeze"), "0\n");
}

static void test_refusals(void **state) {
        static const ActionKind jobs[] = { ACTION_STOP, ACTION_RESTART, ACTION_START };
        static const ActionKind systemds[] = { ACTION_THROTTLE, ACTION_PROTECT, ACTION_FREEZE, ACTION_KILL };
        World *w = *state;
        Decision d;

        for (size_t i = 0; i < ELEMENTSOF(jobs); i++) {
                d = decision(w, jobs[i]);
                expect(act(w, &d), OUTCOME_REFUSED, -EOPNOTSUPP, "systemd's system manager does not know it");
        }
        for (size_t i = 0; i < ELEMENTSOF(systemds); i++) {
                d = decision(w, systemds[i]);
                d.victim.delegated = false;
                expect(act(w, &d), OUTCOME_REFUSED, -EOPNOTSUPP,
                       "it is a unit of the system manager, whose limits are systemd's to write");
        }
        d = decision(w, ACTION_LOG);
        assert_int_equal(act(w, &d)->kind, OUTCOME_DONE);
        assert_int_equal(w->outcome.via, VIA_NONE);
}

/* More than there is room for: each is answered, those at once that found none. */
static void test_many(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_FREEZE);
        uint64_t end = clock_usec() + 10 * USEC_PER_SEC;

        for (size_t i = 0; i < WORKER_JOBS_MAX + 3; i++)
                cgroup_act(w->cgroup, &d);
        assert_true(w->n_answers <= 3);
        if (w->n_answers > 0)
                expect(&w->outcome, OUTCOME_FAILED, -EBUSY, "too many actions are under way");
        while (w->n_answers < WORKER_JOBS_MAX + 3 && clock_usec() < end)
                assert_true(sd_event_run(w->event, USEC_PER_SEC) >= 0);
        assert_int_equal(w->n_answers, WORKER_JOBS_MAX + 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_throttle),      TEST(test_quota_rounds), TEST(test_throttle_in_part), TEST(test_throttle_fails),
                TEST(test_protect),       TEST(test_protect_capped), TEST(test_protect_fails),  TEST(test_reclaim),
                TEST(test_freeze),        TEST(test_kill),         TEST(test_kill_by_pidfd),    TEST(test_largest),
                TEST(test_largest_escalates), TEST(test_largest_group), TEST(test_gone),        TEST(test_paths),
                TEST(test_refusals),      TEST(test_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
