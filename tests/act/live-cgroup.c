/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The effector through cgroup files against the kernel's, with a transient unit that is delegated and makes cgroups of
 * its own. Needs root on a host that runs systemd with cgroup v2; exit status 77 where there is none. */

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <systemd/sd-daemon.h>

#include "act/cgroup.h"
#include "base/clock.h"

#define UNIT "memstalld-live-cgroup.service"
#define ROOT "/sys/fs/cgroup"
#define ABOVE "/system.slice/" UNIT
#define MIDDLE ABOVE "/middle"
#define VICTIM MIDDLE "/payload"
#define SCRIPT "/run/memstalld-live-cgroup"
#define CACHE "/var/tmp/memstalld-live-cgroup"
#define MIB (UINT64_C(1) << 20)

typedef struct World {
        sd_event *event;
        Worker *worker;
        Cgroup *cgroup;
        Outcome outcome;
        bool answered;
} World;

static void on_answer(void *userdata, const Outcome *outcome) {
        World *w = userdata;

        w->outcome = *outcome;
        w->answered = true;
}

/* The first line that the command prints. */
_printf_(1, 2) static const char *output(const char *format, ...) {
        static char line[1024], command[1024];
        va_list arguments;
        FILE *f;

        va_start(arguments, format);
        (void) vsnprintf(command, sizeof(command), format, arguments);
        va_end(arguments);
        f = popen(command, "r");
        assert_non_null(f);
        line[0] = '\0';
        if (fgets(line, sizeof(line), f))
                line[strcspn(line, "\n")] = '\0';
        (void) pclose(f);
        return line;
}

static uint64_t number(const char *file) {
        return strtoull(output("cat " ROOT VICTIM "/%s", file), NULL, 10);
}

static void await(const char *command) {
        for (unsigned i = 0; i < 600; i++) {
                if (system(command) == 0)
                        return;
                (void) usleep(100000);
        }
        fail_msg("not within a minute: %s", command);
}

/* Runs `payload` in the victim; `&` processes of it stay there. Ready when it says so by a file. */
static void start(const char *payload) {
        FILE *f = fopen(SCRIPT, "w");

        assert_non_null(f);
        (void) fprintf(f, "mkdir -p " ROOT VICTIM "\n"
                          "echo $$ >" ROOT VICTIM "/cgroup.procs\n"
                          "for d in " ROOT ABOVE " " ROOT MIDDLE "; do\n"
                          "    echo '+memory +cpu' >$d/cgroup.subtree_control\n"
                          "done\n"
                          "%s\n"
                          "touch " SCRIPT ".ready\n"
                          "wait\n", payload);
        assert_int_equal(fclose(f), 0);
        (void) unlink(SCRIPT ".ready");
        assert_int_equal(system("systemd-run --quiet --collect --unit=" UNIT " -p Delegate=yes bash " SCRIPT), 0);
        await("test -e " SCRIPT ".ready");
}

static void stop(void) {
        (void) system("echo 0 2>/dev/null >" ROOT VICTIM "/cgroup.freeze; systemctl kill -s KILL " UNIT " 2>/dev/null;"
                      " systemctl stop " UNIT " 2>/dev/null; systemctl revert system.slice 2>/dev/null;"
                      " rm -f " SCRIPT "* " CACHE);
        await("! test -e " ROOT ABOVE);
}

static int set_up(void **state) {
        static World world;
        World *w = &world;

        stop();
        memset(w, 0, sizeof(*w));
        assert_true(sd_event_new(&w->event) >= 0);
        assert_int_equal(worker_new(&w->worker, w->event), 0);
        assert_int_equal(cgroup_new(&w->cgroup, w->event, w->worker, NULL, on_answer, w), 0);
        *state = w;
        return 0;
}

static int tear_down(void **state) {
        World *w = *state;

        w->cgroup = cgroup_free(w->cgroup);
        w->worker = worker_free(w->worker);
        sd_event_unref(w->event);
        stop();
        return 0;
}

static const Outcome *answer(World *w) {
        uint64_t begin = clock_usec(), end = begin + 20 * USEC_PER_SEC, now;

        while (!w->answered && (now = clock_usec()) < end)
                assert_true(sd_event_run(w->event, end - now) >= 0);
        assert_true(w->answered);
        w->answered = false;
        (void) printf("# %" PRIu64 " us, outcome %d, error %d %s\n", clock_usec() - begin, w->outcome.kind,
                      w->outcome.error, w->outcome.error_text);
        return &w->outcome;
}

static Decision decision(ActionKind action) {
        struct stat st = { 0 };

        (void) stat(ROOT VICTIM, &st);
        return (Decision){ .id = 1, .action = action, .signal = SIGKILL,
                           .victim = { st.st_ino, CGROUP_GROUP, VICTIM, VICTIM, true } };
}

static const Outcome *act(World *w, const Decision *d) {
        cgroup_act(w->cgroup, d);
        return answer(w);
}

static const Outcome *undo(World *w, ActionKind action, Properties previous) {
        cgroup_undo(w->cgroup, &(Undo){ .id = 2, .action = action, .previous = previous,
                                        .victim = { 0, CGROUP_GROUP, VICTIM, VICTIM, true } });
        return answer(w);
}

/* ---- Limits ---------------------------------------------------------------------------------- */

static void test_throttle(void **state) {
        World *w = *state;
        Decision d;

        start("sleep 600 &");
        d = decision(ACTION_THROTTLE);
        properties_set(&d.properties, PROPERTY_MEMORY_HIGH, 90 * MIB);
        properties_set(&d.properties, PROPERTY_CPU_QUOTA, 200000);
        properties_set(&d.properties, PROPERTY_CPU_WEIGHT, 10);
        properties_set(&d.properties, PROPERTY_IO_WEIGHT, 10); /* io is not switched on */
        assert_int_equal(act(w, &d)->kind, OUTCOME_DONE);
        assert_string_equal(w->outcome.error_text, "there is no io.weight for it");
        assert_int_equal(number("memory.high"), 90 * MIB);
        assert_string_equal(output("cat " ROOT VICTIM "/cpu.max"), "20000 100000");
        assert_int_equal(number("cpu.weight"), 10);

        assert_int_equal(undo(w, ACTION_THROTTLE, w->outcome.previous)->kind, OUTCOME_DONE);
        assert_string_equal(output("cat " ROOT VICTIM "/memory.high"), "max");
        assert_string_equal(output("cat " ROOT VICTIM "/cpu.max"), "max 100000");
        assert_int_equal(number("cpu.weight"), 100);
}

/* What it holds cannot be reclaimed, and the writer of memory.high tries: the limit is set, the answer comes in time. */
static void test_throttle_hard(void **state) {
        World *w = *state;
        Decision d;
        uint64_t begin;

        start("(head -c 40000000 /dev/zero; touch " SCRIPT ".full; sleep 600) | tail -c 40000000 &\n"
              "while ! test -e " SCRIPT ".full; do sleep 0.1; done");
        d = decision(ACTION_THROTTLE);
        properties_set(&d.properties, PROPERTY_MEMORY_HIGH, 8 * MIB);
        begin = clock_usec();
        assert_int_equal(act(w, &d)->kind, OUTCOME_DONE);
        assert_true(clock_usec() - begin < 3 * CGROUP_DEADLINE_USEC);
        assert_int_equal(number("memory.high"), 8 * MIB);
        assert_int_equal(undo(w, ACTION_THROTTLE, w->outcome.previous)->kind, OUTCOME_DONE);
}

static void test_protect(void **state) {
        World *w = *state;
        Decision d;

        start("sleep 600 &");
        d = decision(ACTION_PROTECT);
        properties_set(&d.properties, PROPERTY_MEMORY_LOW, 90 * MIB);
        assert_int_equal(act(w, &d)->kind, OUTCOME_REFUSED);

        assert_int_equal(system("systemctl set-property --runtime system.slice MemoryLow=200M"), 0);
        assert_int_equal(system("systemctl set-property --runtime " UNIT " MemoryLow=50M"), 0);
        assert_int_equal(act(w, &d)->kind, OUTCOME_DONE);
        assert_string_equal(w->outcome.error_text, "only 50M of it count: MemoryLow= of " UNIT " is no more");
        assert_int_equal(number("memory.low"), 90 * MIB);
        assert_string_equal(output("cat " ROOT MIDDLE "/memory.low"), "94371840");
        assert_int_equal(undo(w, ACTION_PROTECT, w->outcome.previous)->kind, OUTCOME_DONE);
        assert_int_equal(number("memory.low"), 0);
        assert_string_equal(output("cat " ROOT MIDDLE "/memory.low"), "0");
}

/* ---- Reclaim --------------------------------------------------------------------------------- */

static void test_reclaim(void **state) {
        World *w = *state;
        uint64_t before, after;
        Decision d;

        start("dd if=/dev/zero of=" CACHE " bs=1M count=40 conv=fsync 2>/dev/null; sleep 600 &");
        d = decision(ACTION_RECLAIM);
        d.victim.delegated = false; /* as with any unit */
        d.reclaim_bytes = 20 * MIB;
        before = number("memory.current");
        assert_true(before > 40 * MIB);
        if (access(ROOT VICTIM "/memory.reclaim", F_OK) < 0) {
                assert_int_equal(act(w, &d)->kind, OUTCOME_REFUSED);
                return;
        }
        assert_int_equal(act(w, &d)->kind, OUTCOME_DONE);
        assert_string_equal(w->outcome.error_text, "");
        after = number("memory.current");
        assert_true(before - after > 15 * MIB);

        /* More than there is. */
        d.reclaim_bytes = 1024 * MIB;
        assert_int_equal(act(w, &d)->kind, OUTCOME_DONE);
        assert_true(strlen(w->outcome.error_text) > 0);
        assert_true(number("memory.current") < after);
}

/* ---- Freeze and kill ------------------------------------------------------------------------- */

static void test_freeze_and_kill(void **state) {
        World *w = *state;
        Decision d;

        start("sleep 600 &\nsleep 601 &");
        d = decision(ACTION_FREEZE);
        assert_int_equal(act(w, &d)->kind, OUTCOME_DONE);
        assert_string_equal(output("grep frozen " ROOT VICTIM "/cgroup.events"), "frozen 1");
        assert_int_equal(undo(w, ACTION_FREEZE, (Properties){ 0 })->kind, OUTCOME_DONE);
        await("grep -q 'frozen 0' " ROOT VICTIM "/cgroup.events");

        assert_int_equal(act(w, &d)->kind, OUTCOME_DONE);
        d.action = ACTION_KILL;
        d.thaw_first = true;
        assert_int_equal(act(w, &d)->kind, OUTCOME_DONE);
        await("! test -e " ROOT VICTIM " || grep -q 'populated 0' " ROOT VICTIM "/cgroup.events");

        /* With its last process the unit goes, and its cgroups with it. */
        await("! test -e " ROOT VICTIM);
        assert_int_equal(act(w, &d)->kind, OUTCOME_DONE);
        assert_true(w->outcome.gone);
        d.action = ACTION_FREEZE;
        assert_int_equal(act(w, &d)->kind, OUTCOME_FAILED);
        assert_true(w->outcome.gone);
}

/* Threaded cgroups have neither cgroup.kill nor a list of processes. */
static void test_threaded(void **state) {
        World *w = *state;
        Decision d;

        start("sleep 600 &");
        assert_int_equal(system("set -e; cd " ROOT ABOVE "; mkdir domain domain/threaded; sleep 602 & echo $! >" SCRIPT
                                ".pid; echo $! >domain/cgroup.procs; echo threaded >domain/threaded/cgroup.type;"
                                " echo $! >domain/threaded/cgroup.threads"), 0);
        d = decision(ACTION_KILL);
        d.victim.id = 0;
        d.victim.path = ABOVE "/domain/threaded";
        assert_int_equal(act(w, &d)->kind, OUTCOME_DONE);
        await("! kill -0 $(cat " SCRIPT ".pid) 2>/dev/null");
        assert_int_equal(system("rmdir " ROOT ABOVE "/domain/threaded " ROOT ABOVE "/domain"), 0);
}

#define THREE                                                                                                 \
        "sleep 601 &\n(head -c 40000000 /dev/zero; touch " SCRIPT ".full; sleep 600) | tail -c 40000000 &\n"   \
        "while ! test -e " SCRIPT ".full; do sleep 0.1; done"

static void test_largest(void **state) {
        World *w = *state;
        unsigned pid;
        Decision d;

        start(THREE);
        d = decision(ACTION_KILL);
        d.grain = GRAIN_PROCESS;
        d.victim.delegated = false;
        d.signal = SIGSTOP; /* a milder one */
        pid = (unsigned) strtoul(output("pgrep -x tail"), NULL, 10);
        assert_int_equal(act(w, &d)->kind, OUTCOME_DONE);
        assert_string_equal(output("sed -n 's/^State:.\\(.\\).*/\\1/p' /proc/%u/status", pid), "T");

        d.signal = SIGKILL;
        d.escalation = true;
        assert_int_equal(act(w, &d)->kind, OUTCOME_DONE);
        assert_memory_equal(w->outcome.error_text, "killed tail[", strlen("killed tail["));
        await("! pgrep -x tail >/dev/null");
        assert_string_equal(output("pgrep -fx 'sleep 601' >/dev/null && echo lives"), "lives");
        assert_int_equal(act(w, &d)->kind, OUTCOME_DONE); /* it has ended: nobody else is killed for it */
        assert_string_equal(output("pgrep -fx 'sleep 601' >/dev/null && echo lives"), "lives");
}

static void test_largest_group(void **state) {
        World *w = *state;
        Decision d;

        start(THREE "\necho 1 >" ROOT VICTIM "/memory.oom.group");
        d = decision(ACTION_KILL);
        d.grain = GRAIN_PROCESS;
        assert_int_equal(act(w, &d)->kind, OUTCOME_DONE);
        await("! pgrep -fx 'sleep 601' >/dev/null");
        await("! pgrep -x tail >/dev/null");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_throttle), TEST(test_throttle_hard),   TEST(test_protect), TEST(test_reclaim),
                TEST(test_threaded), TEST(test_freeze_and_kill), TEST(test_largest), TEST(test_largest_group),
        };

        if (geteuid() != 0 || sd_booted() <= 0 || access(ROOT "/cgroup.controllers", F_OK) < 0)
                return 77;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
