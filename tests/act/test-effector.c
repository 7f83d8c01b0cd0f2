/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A systemd that does not answer, and a tree of plain files: what goes the other way, what is said of it, and what is owed
 * to systemd until it is back. */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/effector.h"
#include "act/oom-mark.h"
#include "base/clock.h"
#include "fake-systemd.h"

#define UNIT "/a.slice/hog.service"
#define MIB (UINT64_C(1) << 20)

static struct {
        char folder[64], socket[96], address[128];
        sd_event *event;
        FakeSystemd *fake;
        Worker *worker;
        Effector *effector;
        SystemdPeer peers[2];
        Outcome outcome;
        size_t n_answers;
        pid_t child;
} w;

static const char *path_of(const char *name) {
        static char path[256];

        (void) snprintf(path, sizeof(path), "%s" UNIT "/%s", w.folder, name);
        return path;
}

static void put(const char *name, const char *text) {
        FILE *f = fopen(path_of(name), "w");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

static const char *get(const char *name) {
        static char text[256];
        FILE *f = fopen(path_of(name), "r");
        size_t n;

        assert_non_null(f);
        n = fread(text, 1, sizeof(text) - 1, f);
        text[n] = '\0';
        assert_int_equal(fclose(f), 0);
        return text;
}

static void on_answer(void *userdata, const Outcome *outcome) {
        w.outcome = *outcome;
        w.n_answers++;
}

static void make_effector(void) {
        char proc[96];

        (void) snprintf(proc, sizeof(proc), "%s/proc", w.folder);
        w.peers[0] = (SystemdPeer){ .address = w.address };
        assert_int_equal(effector_new(&w.effector, w.event, w.worker,
                                      &(EffectorPlaces){ .peers = w.peers, .n_peers = 1, .cgroup_root = w.folder,
                                                         .proc_root = proc },
                                      on_answer, NULL),
                         0);
}

static int set_up(void **state) {
        char path[256];

        memset(&w, 0, sizeof(w));
        strcpy(w.folder, "/tmp/test-effector-XXXXXX");
        assert_non_null(mkdtemp(w.folder));
        (void) snprintf(w.socket, sizeof(w.socket), "%s/private", w.folder);
        (void) snprintf(w.address, sizeof(w.address), "unix:path=%s", w.socket);
        (void) snprintf(path, sizeof(path), "%s/a.slice", w.folder);
        assert_int_equal(mkdir(path, 0755), 0);
        assert_int_equal(mkdir(path_of(""), 0755), 0);
        (void) snprintf(path, sizeof(path), "%s/proc", w.folder);
        assert_int_equal(mkdir(path, 0755), 0);
        put("cgroup.procs", "");
        put("cgroup.kill", "");
        put("cgroup.freeze", "0\n");
        put("cgroup.events", "populated 1\nfrozen 1\n");
        put("memory.high", "max\n");
        put("cpu.weight", "100\n");
        oom_mark_set_root(w.folder);

        assert_true(sd_event_new(&w.event) >= 0);
        w.fake = fake_systemd_new(w.event, w.socket);
        assert_int_equal(worker_new(&w.worker, w.event), 0);
        make_effector();
        return 0;
}

static int tear_down(void **state) {
        char command[128];

        if (w.child > 0) {
                (void) kill(w.child, SIGKILL);
                (void) waitpid(w.child, NULL, 0);
        }
        w.effector = effector_free(w.effector);
        w.worker = worker_free(w.worker);
        w.fake = fake_systemd_free(w.fake);
        sd_event_unref(w.event);
        oom_mark_set_root(NULL);
        (void) snprintf(command, sizeof(command), "rm -r %s", w.folder);
        return system(command);
}

static const Outcome *await(uint64_t id) {
        uint64_t end = clock_usec() + 10 * USEC_PER_SEC, now;

        assert_int_equal(w.n_answers, 0); /* never from within */
        while (w.n_answers == 0 && (now = clock_usec()) < end)
                assert_true(sd_event_run(w.event, end - now) >= 0);
        assert_int_equal(w.n_answers, 1);
        w.n_answers = 0;
        assert_int_equal(w.outcome.id, id);
        assert_false(w.outcome.unheard);
        return &w.outcome;
}

/* Until something that is not an answer has come about. */
static void run_until(bool (*is_so)(void)) {
        uint64_t end = clock_usec() + 10 * USEC_PER_SEC;

        while (!is_so() && clock_usec() < end)
                assert_true(sd_event_run(w.event, 50 * USEC_PER_MSEC) >= 0);
        assert_true(is_so());
}

static CgroupName victim(void) {
        struct stat st;

        assert_int_equal(stat(path_of(""), &st), 0);
        return (CgroupName){ .id = st.st_ino, .kind = CGROUP_UNIT, .path = UNIT, .unit = "hog.service" };
}

static const Outcome *act(uint64_t id, ActionKind action, const Properties *properties) {
        effector_act(w.effector, &(Decision){ .id = id, .action = action, .victim = victim(), .signal = SIGKILL,
                                              .properties = properties ? *properties : (Properties){ 0 } });
        return await(id);
}

static const Outcome *take_back(uint64_t id, ActionKind action, const Properties *previous) {
        effector_undo(w.effector, &(Undo){ .id = id, .action = action, .victim = victim(),
                                           .previous = previous ? *previous : (Properties){ 0 } });
        return await(id);
}

static void assert_outcome(const Outcome *o, OutcomeKind kind, OutcomeVia via) {
        if (o->kind != kind || o->via != via)
                fail_msg("%s via %s: %s", outcome_to_string(o->kind), via_to_string(o->via), o->error_text);
}

static void be_silent(void) {
        fake_systemd_answer(w.fake, (FakeAnswer){ .member = "Get", .silent = true });
        fake_systemd_answer(w.fake, (FakeAnswer){ .member = "SetUnitProperties", .silent = true });
        fake_systemd_answer(w.fake, (FakeAnswer){ .member = "FreezeUnit", .silent = true });
        fake_systemd_answer(w.fake, (FakeAnswer){ .member = "ThawUnit", .silent = true });
        fake_systemd_answer(w.fake, (FakeAnswer){ .member = "KillUnit", .silent = true });
}

static void be_back(void) {
        fake_systemd_answer(w.fake, (FakeAnswer){ 0 });
}

static bool is_heard(void) {
        return !effector_is_silent(w.effector);
}

/* ---- Without anything wrong ------------------------------------------------------------------ */

static void test_usual_way(void **state) {
        fake_systemd_put(w.fake, "hog.service", "WatchdogUSec", 0);
        assert_outcome(act(1, ACTION_FREEZE, NULL), OUTCOME_DONE, VIA_SYSTEMD);
        assert_outcome(take_back(2, ACTION_FREEZE, NULL), OUTCOME_DONE, VIA_SYSTEMD);
        assert_outcome(act(3, ACTION_KILL, NULL), OUTCOME_DONE, VIA_SYSTEMD);
        assert_string_equal(fake_systemd_calls(w.fake), "Get hog.service Service WatchdogUSec\n"
                                                     "FreezeUnit hog.service\nThawUnit hog.service\n"
                                                     "KillUnit hog.service all 9\n");
        assert_string_equal(get("cgroup.freeze"), "0\n");
        assert_string_equal(get("cgroup.kill"), "");
}

/* A freeze that the kernel is not done with is systemd's all the same. */
static void test_slow_freeze(void **state) {
        fake_systemd_answer(w.fake, (FakeAnswer){ .member = "FreezeUnit", .silent = true });
        assert_outcome(act(1, ACTION_FREEZE, NULL), OUTCOME_TIMEOUT, VIA_SYSTEMD);
        assert_int_equal(w.outcome.error, -EINPROGRESS);
        assert_string_equal(get("cgroup.freeze"), "0\n");
        assert_true(is_heard());
}

/* ---- systemd is silent ----------------------------------------------------------------------- */

static void test_kill(void **state) {
        uint64_t start = clock_usec();

        put("cgroup.procs", "77\n");
        be_silent();
        assert_outcome(act(1, ACTION_KILL, NULL), OUTCOME_DONE, VIA_CGROUP);
        assert_in_range(clock_usec() - start, SYSTEMD_DEADLINE_USEC, SYSTEMD_DEADLINE_USEC + USEC_PER_SEC);
        assert_string_equal(get("cgroup.kill"), "1");
}

/* The second one does not wait, and nothing more is put into systemd's queue. */
static void test_silence_is_known(void **state) {
        uint64_t start;

        w.fake = fake_systemd_free(w.fake);
        put("cgroup.procs", "77\n");
        start = clock_usec();
        assert_outcome(act(1, ACTION_KILL, NULL), OUTCOME_DONE, VIA_CGROUP);
        assert_outcome(act(2, ACTION_FREEZE, NULL), OUTCOME_DONE, VIA_CGROUP);
        assert_false(is_heard());
        assert_in_range(clock_usec() - start, 0, SYSTEMD_DEADLINE_USEC / 2);
        assert_string_equal(get("cgroup.freeze"), "1");

        /* It comes back by itself, without an action. */
        w.fake = fake_systemd_new(w.event, w.socket);
        run_until(is_heard);
        assert_outcome(act(3, ACTION_KILL, NULL), OUTCOME_DONE, VIA_SYSTEMD);
}

static void test_freeze_is_thawed_in_both(void **state) {
        w.fake = fake_systemd_free(w.fake);
        assert_outcome(act(1, ACTION_FREEZE, NULL), OUTCOME_DONE, VIA_CGROUP);
        assert_string_equal(get("cgroup.freeze"), "1");

        /* Thawed at once, and still owed. */
        assert_outcome(take_back(2, ACTION_FREEZE, NULL), OUTCOME_TIMEOUT, VIA_CGROUP);
        assert_string_equal(get("cgroup.freeze"), "0");
        assert_int_equal(w.outcome.error, -EINPROGRESS);

        put("cgroup.freeze", "1"); /* as if it had frozen it, late */
        w.fake = fake_systemd_new(w.event, w.socket);
        run_until(is_heard);
        assert_outcome(take_back(3, ACTION_FREEZE, NULL), OUTCOME_DONE, VIA_SYSTEMD);
        assert_string_equal(fake_systemd_calls(w.fake), "ThawUnit hog.service\n");
        assert_string_equal(get("cgroup.freeze"), "0");

        /* From now on it is systemd's alone again. */
        put("cgroup.freeze", "1");
        assert_outcome(act(4, ACTION_FREEZE, NULL), OUTCOME_DONE, VIA_SYSTEMD);
        assert_outcome(take_back(5, ACTION_FREEZE, NULL), OUTCOME_DONE, VIA_SYSTEMD);
        assert_string_equal(get("cgroup.freeze"), "1");
}

/* What an earlier run held may have gone either way. */
static void test_recovered_freeze(void **state) {
        put("cgroup.freeze", "1");
        effector_undo(w.effector, &(Undo){ .id = 1, .action = ACTION_FREEZE,
                                           .victim = { .kind = CGROUP_UNIT, .path = UNIT, .unit = "hog.service" } });
        assert_outcome(await(1), OUTCOME_DONE, VIA_SYSTEMD);
        assert_string_equal(fake_systemd_calls(w.fake), "ThawUnit hog.service\n");
        assert_string_equal(get("cgroup.freeze"), "0");
}

static void test_throttle(void **state) {
        Properties p = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 90 * MIB), previous;

        properties_set(&p, PROPERTY_CPU_WEIGHT, 10);
        w.fake = fake_systemd_free(w.fake);
        assert_outcome(act(1, ACTION_THROTTLE, &p), OUTCOME_DONE, VIA_CGROUP);
        assert_string_equal(get("memory.high"), "94371840");
        assert_string_equal(get("cpu.weight"), "10");
        previous = w.outcome.previous;
        assert_int_equal(previous.values[PROPERTY_MEMORY_HIGH], UINT64_MAX);
        assert_int_equal(previous.values[PROPERTY_CPU_WEIGHT], UINT64_MAX); /* none was set */

        assert_outcome(take_back(2, ACTION_THROTTLE, &previous), OUTCOME_TIMEOUT, VIA_CGROUP);
        assert_string_equal(get("memory.high"), "max");
        assert_string_equal(get("cpu.weight"), "100");

        w.fake = fake_systemd_new(w.event, w.socket);
        run_until(is_heard);
        assert_outcome(take_back(3, ACTION_THROTTLE, &previous), OUTCOME_DONE, VIA_SYSTEMD);
        assert_int_equal(fake_systemd_value(w.fake, "hog.service", "MemoryHigh"), UINT64_MAX);
}

/* It is stuck in the very write: what was there before is what it said, not what the file has by now. */
static void test_throttle_in_the_middle(void **state) {
        const Properties p = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 90 * MIB);

        fake_systemd_put(w.fake, "hog.service", "MemoryHigh", 200 * MIB);
        fake_systemd_answer(w.fake, (FakeAnswer){ .member = "SetUnitProperties", .silent = true });
        put("memory.high", "94371840\n");
        assert_outcome(act(1, ACTION_THROTTLE, &p), OUTCOME_DONE, VIA_CGROUP);
        assert_int_equal(w.outcome.previous.values[PROPERTY_MEMORY_HIGH], 200 * MIB);
}

/* Half of the chain done, then the connection is gone. */
static void test_lost_in_the_middle(void **state) {
        const Properties p = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 90 * MIB);

        fake_systemd_put(w.fake, "hog.service", "MemoryHigh", 200 * MIB);
        fake_systemd_answer(w.fake, (FakeAnswer){ .member = "SetUnitProperties", .hang_up = true });
        assert_outcome(act(1, ACTION_THROTTLE, &p), OUTCOME_DONE, VIA_CGROUP);
        assert_string_equal(get("memory.high"), "94371840");
        be_back();
        assert_outcome(take_back(2, ACTION_THROTTLE, &w.outcome.previous), OUTCOME_DONE, VIA_SYSTEMD);
}

/* What the files cannot do waits for systemd. */
static void test_job(void **state) {
        w.fake = fake_systemd_free(w.fake);
        assert_outcome(act(1, ACTION_RESTART, NULL), OUTCOME_FAILED, VIA_SYSTEMD);
        assert_string_equal(w.outcome.error_text, "the connection to systemd was lost");
}

/* What systemd says no to is not forced. */
static void test_refusal_stands(void **state) {
        fake_systemd_answer(w.fake, (FakeAnswer){ .member = "FreezeUnit", .error = "org.freedesktop.systemd1.UnitBusy",
                                                  .message = "There is a job" });
        assert_outcome(act(1, ACTION_FREEZE, NULL), OUTCOME_FAILED, VIA_SYSTEMD);
        assert_string_equal(get("cgroup.freeze"), "0\n");
}

/* A socket that takes the connection and never says a word, as a bus without a process behind it. */
static void test_never_answers(void **state) {
        _cleanup_(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        uint64_t start = clock_usec();

        w.effector = effector_free(w.effector);
        w.fake = fake_systemd_free(w.fake);
        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", w.socket);
        assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        assert_int_equal(listen(fd, 5), 0);
        make_effector();
        put("cgroup.procs", "77\n");
        assert_outcome(act(1, ACTION_KILL, NULL), OUTCOME_DONE, VIA_CGROUP);
        assert_in_range(clock_usec() - start, SYSTEMD_DEADLINE_USEC, SYSTEMD_DEADLINE_USEC + USEC_PER_SEC);
        start = clock_usec();
        assert_outcome(act(2, ACTION_FREEZE, NULL), OUTCOME_DONE, VIA_CGROUP);
        assert_in_range(clock_usec() - start, 0, SYSTEMD_DEADLINE_USEC / 2);
        (void) unlink(w.socket);
}

/* ---- cgroup.kill does not come back ---------------------------------------------------------- */

/* A pipe that nobody reads: to open it waits, and is interrupted. The processes get it one by one. */
static void test_kill_by_pid(void **state) {
        char pids[32];
        int status;

        w.child = fork();
        if (w.child == 0) {
                (void) pause();
                _exit(0);
        }
        w.fake = fake_systemd_free(w.fake);
        (void) snprintf(pids, sizeof(pids), "1\n%d\n", (int) w.child); /* PID 1 is nobody's victim */
        put("cgroup.procs", pids);
        assert_int_equal(unlink(path_of("cgroup.kill")), 0);
        assert_int_equal(mkfifo(path_of("cgroup.kill"), 0600), 0);
        assert_outcome(act(1, ACTION_KILL, NULL), OUTCOME_DONE, VIA_CGROUP);
        assert_int_equal(waitpid(w.child, &status, 0), w.child);
        w.child = 0;
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_usual_way),
                TEST(test_slow_freeze),
                TEST(test_kill),
                TEST(test_silence_is_known),
                TEST(test_freeze_is_thawed_in_both),
                TEST(test_recovered_freeze),
                TEST(test_throttle),
                TEST(test_throttle_in_the_middle),
                TEST(test_lost_in_the_middle),
                TEST(test_job),
                TEST(test_refusal_stands),
                TEST(test_never_answers),
                TEST(test_kill_by_pid),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
