/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each call into the kernel and to libsystemd on the way of an action, and each reply of systemd, fails once: the action is
 * answered all the same, what it changed can be undone, and what it did not do can be done again. */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <systemd/sd-bus.h>

#include "act/effector.h"
#include "act/oom-mark.h"
#include "base/clock.h"
#include "fake-systemd.h"

#define UNIT "/a.slice/hog.service"
#define MIB (UINT64_C(1) << 20)
#define CALLS_MAX 200U

/* ---- The fault: the call with this number fails, the others are as always --------------------- */

static atomic_int countdown = -1;
static atomic_bool has_struck;

static bool strikes(void) {
        if (atomic_load(&countdown) < 0 || atomic_fetch_sub(&countdown, 1) != 0)
                return false;
        atomic_store(&has_struck, true);
        return true;
}

#define WRAP(type, name, failure, arguments, ...)                                                                      \
        type __real_##name(__VA_ARGS__);                                                                               \
        type __wrap_##name(__VA_ARGS__);                                                                               \
        type __wrap_##name(__VA_ARGS__) {                                                                              \
                if (strikes())                                                                                         \
                        return failure;                                                                                \
                return __real_##name arguments;                                                                        \
        }

#define ERRNO(e) (errno = (e), -1)

WRAP(ssize_t, write, ERRNO(EIO), (fd, buf, n), int fd, const void *buf, size_t n)
WRAP(ssize_t, read, ERRNO(EIO), (fd, buf, n), int fd, void *buf, size_t n)
WRAP(ssize_t, pread64, ERRNO(EIO), (fd, buf, n, at), int fd, void *buf, size_t n, off_t at)
WRAP(int, fstat64, ERRNO(EIO), (fd, st), int fd, struct stat64 *st)
WRAP(int, openat64, ERRNO(EMFILE), (at, path, flags, 0), int at, const char *path, int flags, ...)
WRAP(ssize_t, getdents64, ERRNO(EIO), (fd, buf, n), int fd, void *buf, size_t n)
WRAP(int, sd_bus_send, -ENOBUFS, (bus, m, cookie), sd_bus *bus, sd_bus_message *m, uint64_t *cookie)
WRAP(int, sd_bus_call_async, -ENOBUFS, (bus, slot, m, f, userdata, usec), sd_bus *bus, sd_bus_slot **slot, sd_bus_message *m,
     sd_bus_message_handler_t f, void *userdata, uint64_t usec)
WRAP(int, sd_bus_message_new_method_call, -ENOMEM, (bus, m, name, path, interface, member), sd_bus *bus, sd_bus_message **m,
     const char *name, const char *path, const char *interface, const char *member)

/* ---- The world ------------------------------------------------------------------------------- */

static struct {
        char folder[64], socket[96], address[128];
        sd_event *event;
        FakeSystemd *fake;
        Worker *worker;
        Effector *effector;
        SystemdPeer peers[1];
        Outcome outcome;
        size_t n_answers;
        uint64_t last_id;
        bool is_next_run;
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
        static char text[64];
        FILE *f = fopen(path_of(name), "r");
        size_t n;

        assert_non_null(f);
        n = fread(text, 1, sizeof(text) - 1, f);
        text[n] = '\0';
        text[strcspn(text, "\n")] = '\0';
        assert_int_equal(fclose(f), 0);
        return text;
}

static void on_answer(void *userdata, const Outcome *outcome) {
        w.outcome = *outcome;
        w.n_answers++;
}

static void make_effector(void) {
        char path[256];

        (void) snprintf(path, sizeof(path), "%s/proc", w.folder);
        w.peers[0] = (SystemdPeer){ .address = w.address };
        assert_int_equal(effector_new(&w.effector, w.event, w.worker,
                                      &(EffectorPlaces){ .peers = w.peers, .n_peers = 1, .cgroup_root = w.folder,
                                                         .proc_root = path },
                                      on_answer, NULL),
                         0);
}

static void set_up(bool has_systemd) {
        char path[256];

        memset(&w, 0, sizeof(w));
        strcpy(w.folder, "/tmp/test-faults-XXXXXX");
        assert_non_null(mkdtemp(w.folder));
        (void) snprintf(w.socket, sizeof(w.socket), "%s/private", w.folder);
        (void) snprintf(w.address, sizeof(w.address), "unix:path=%s", w.socket);
        (void) snprintf(path, sizeof(path), "%s/a.slice", w.folder);
        assert_int_equal(mkdir(path, 0755), 0);
        assert_int_equal(mkdir(path_of(""), 0755), 0);
        (void) snprintf(path, sizeof(path), "%s/proc", w.folder);
        assert_int_equal(mkdir(path, 0755), 0);
        put("cgroup.procs", "2147483000\n"); /* nobody */
        put("cgroup.kill", "");
        put("cgroup.freeze", "0\n");
        put("cgroup.events", "populated 1\nfrozen 1\n");
        put("memory.high", "max\n");
        put("cpu.weight", "100\n");
        oom_mark_set_root(w.folder);
        assert_true(sd_event_new(&w.event) >= 0);
        if (has_systemd)
                w.fake = fake_systemd_new(w.event, w.socket);
        assert_int_equal(worker_new(&w.worker, w.event), 0);
        make_effector();
}

static void tear_down(void) {
        char command[128];

        w.effector = effector_free(w.effector);
        w.worker = worker_free(w.worker);
        w.fake = fake_systemd_free(w.fake);
        sd_event_unref(w.event);
        oom_mark_set_root(NULL);
        (void) snprintf(command, sizeof(command), "rm -r %s", w.folder);
        assert_int_equal(system(command), 0);
}

static const Outcome *await(void) {
        uint64_t end = clock_usec() + 10 * USEC_PER_SEC, now;

        assert_int_equal(w.n_answers, 0);
        while (w.n_answers == 0 && (now = clock_usec()) < end)
                assert_true(sd_event_run(w.event, end - now) >= 0);
        atomic_store(&countdown, -1);
        assert_int_equal(w.n_answers, 1);
        w.n_answers = 0;
        assert_int_equal(w.outcome.id, w.last_id);
        if (w.outcome.kind != OUTCOME_DONE)
                assert_true(w.outcome.error < 0 && w.outcome.error_text[0]); /* something to tell */
        return &w.outcome;
}

static Properties throttle(void) {
        Properties p = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 90 * MIB);

        properties_set(&p, PROPERTY_CPU_WEIGHT, 10);
        return p;
}

static CgroupName victim(void) {
        struct stat st;

        assert_int_equal(stat(path_of(""), &st), 0);
        return (CgroupName){ .id = st.st_ino, .kind = CGROUP_UNIT, .path = UNIT, .unit = "hog.service" };
}

/* With the fault after so many calls; -1: none. */
static const Outcome *act(ActionKind action, int fault) {
        const Decision d = { .id = ++w.last_id, .action = action, .victim = victim(), .signal = SIGKILL, .properties = throttle() };

        atomic_store(&countdown, fault);
        effector_act(w.effector, &d);
        return await();
}

static const Outcome *take_back(ActionKind action, const Properties *previous, int fault) {
        Undo u = { .id = ++w.last_id, .action = action, .victim = victim(), .previous = *previous };

        if (w.is_next_run)
                u.victim.id = 0; /* as the list of what is held has it */

        atomic_store(&countdown, fault);
        effector_undo(w.effector, &u);
        return await();
}

/* As the core does, until systemd has said that it is done; or as the next run, which meets a systemd that was not there. */
static void take_back_for_good(ActionKind action, const Properties *previous) {
        if (!w.fake) {
                w.fake = fake_systemd_new(w.event, w.socket);
                w.effector = effector_free(w.effector);
                make_effector();
                w.is_next_run = true;
        }
        fake_systemd_answer(w.fake, (FakeAnswer){ 0 });
        for (unsigned i = 0; i < 20; i++) {
                if (take_back(action, previous, -1)->kind == OUTCOME_DONE)
                        return;
                (void) sd_event_run(w.event, 200 * USEC_PER_MSEC);
        }
        fail_msg("it stays %s: %s", action_to_string(action), w.outcome.error_text);
}

/* What a file was before; a write that failed has left it empty, which none of the kernel's is. */
static void assert_file(const char *name, const char *text) {
        const char *now = get(name);

        if (*now && strcmp(now, text) != 0)
                fail_msg("%s: %s", name, now);
}

static void assert_as_before(ActionKind action) {
        assert_file("cgroup.freeze", "0");
        assert_file("memory.high", "max");
        assert_file("cpu.weight", "100");
        if (w.fake && action == ACTION_THROTTLE)
                assert_int_equal(fake_systemd_value(w.fake, "hog.service", "MemoryHigh"), UINT64_MAX);
}

/* What the core makes of the answer. */
static bool left_nothing(ActionKind action, const Outcome *o) {
        return o->kind == OUTCOME_REFUSED ||
               (o->kind != OUTCOME_DONE && action != ACTION_FREEZE && o->previous.set == 0);
}

static void go_on_after(ActionKind action) {
        Properties previous = w.outcome.previous;

        if (action == ACTION_KILL) {
                if (w.outcome.kind != OUTCOME_DONE)
                        assert_int_equal(act(ACTION_KILL, -1)->kind, OUTCOME_DONE);
                return;
        }
        if (!left_nothing(action, &w.outcome))
                take_back_for_good(action, &previous);
        assert_as_before(action);
}

/* ---- Calls that fail ------------------------------------------------------------------------- */

static const ActionKind actions[] = { ACTION_THROTTLE, ACTION_FREEZE, ACTION_KILL };

static void each_call_fails(bool has_systemd, bool in_undo) {
        for (size_t i = 0; i < ELEMENTSOF(actions); i++) {
                bool again = true;
                unsigned n;

                if (in_undo && actions[i] == ACTION_KILL)
                        continue;
                for (n = 0; again && n < CALLS_MAX; n++) {
                        Properties previous;

                        set_up(has_systemd);
                        atomic_store(&has_struck, false);
                        (void) act(actions[i], in_undo ? -1 : (int) n);
                        if (in_undo) {
                                previous = w.outcome.previous;
                                assert_int_equal(w.outcome.kind, OUTCOME_DONE);
                                (void) take_back(actions[i], &previous, (int) n);
                                take_back_for_good(actions[i], &previous);
                                assert_as_before(actions[i]);
                        } else
                                go_on_after(actions[i]);
                        again = atomic_load(&has_struck);
                        tear_down();
                }
                assert_in_range(n, 2, CALLS_MAX - 1);
                print_message("%s%s, %s: each of %u calls failed once\n", in_undo ? "undo of " : "", action_to_string(actions[i]),
                              has_systemd ? "through systemd" : "through the files", n - 1);
        }
}

static void test_calls(void **state) {
        each_call_fails(true, false);
}

static void test_calls_without_systemd(void **state) {
        each_call_fails(false, false);
}

static void test_calls_of_undo(void **state) {
        each_call_fails(true, true);
}

static void test_calls_of_undo_without_systemd(void **state) {
        each_call_fails(false, true);
}

/* ---- Replies that fail ----------------------------------------------------------------------- */

static void test_replies(void **state) {
        static const char *const members[] = { "Get", "SetUnitProperties", "FreezeUnit", "ThawUnit", "KillUnit" };
        static const FakeAnswer answers[] = {
                { .silent = true },
                { .hang_up = true },
                { .error = "org.freedesktop.DBus.Error.AccessDenied", .message = "no" },
                { .error = "org.freedesktop.DBus.Error.NoReply", .message = "nobody" },
                { .error = "org.freedesktop.systemd1.UnitBusy", .message = "busy" },
        };

        for (size_t a = 0; a < ELEMENTSOF(actions); a++)
                for (size_t m = 0; m < ELEMENTSOF(members); m++)
                        for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
                                FakeAnswer answer = answers[i];

                                set_up(true);
                                answer.member = members[m];
                                answer.times = 1;
                                fake_systemd_answer(w.fake, answer);
                                (void) act(actions[a], -1);
                                go_on_after(actions[a]);
                                tear_down();
                        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_calls),
                cmocka_unit_test(test_calls_without_systemd),
                cmocka_unit_test(test_calls_of_undo),
                cmocka_unit_test(test_calls_of_undo_without_systemd),
                cmocka_unit_test(test_replies),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
