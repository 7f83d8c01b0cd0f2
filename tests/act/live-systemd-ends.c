/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How units end and begin: jobs and their results, and kills that PID 1 takes for what they are. With units of their own
 * in /run. Needs what live-systemd.c needs. */

#include <sys/stat.h>

#include "live-world.h"

#define FOLDER "/run/systemd/system"
#define SEEN "/run/memstalld-live-seen"

static void unit_file(const char *name, const char *text) {
        char path[128];
        FILE *f;

        (void) mkdir(FOLDER, 0755);
        (void) snprintf(path, sizeof(path), FOLDER "/%s", name);
        f = fopen(path, "w");
        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

/* UNIT from a file of its own: `lines` of its [Service]. */
static void start_unit(const char *lines) {
        char text[512];

        (void) system("systemctl stop " UNIT " 2>/dev/null; systemctl reset-failed " UNIT " 2>/dev/null");
        (void) unlink(SEEN);
        (void) snprintf(text, sizeof(text), "[Unit]\nOnFailure=memstalld-seen.service\n[Service]\nSlice=" SLICE "\n%s\n", lines);
        unit_file(UNIT, text);
        unit_file("memstalld-seen.service", "[Service]\nType=oneshot\nExecStart=/bin/touch " SEEN "\n");
        assert_int_equal(system("systemctl daemon-reload && systemctl start " UNIT), 0);
}

static void expect_seen(bool seen) {
        for (unsigned i = 0; seen && i < 100 && access(SEEN, F_OK) < 0; i++)
                (void) usleep(100000);
        assert_int_equal(access(SEEN, F_OK) == 0, seen);
}

static void test_oom_kill(void **state) {
        World *w = *state;
        Decision d;

        start_unit("ExecStart=/bin/sleep 600\nOOMPolicy=stop");
        assert_int_equal(world_act(w, ACTION_KILL, false)->kind, OUTCOME_DONE);
        expect_property(UNIT, "ActiveState", "failed");
        assert_string_equal(property(UNIT, "Result"), "oom-kill");
        expect_seen(true);
        (void) printf("# %s\n", output("journalctl --quiet --sync; journalctl --quiet -o cat -u " UNIT " -n 20 | grep 'systemd-oomd killed'"));

        start_unit("ExecStart=/bin/sleep 600\nOOMPolicy=kill");
        assert_int_equal(world_act(w, ACTION_KILL, false)->kind, OUTCOME_DONE);
        expect_property(UNIT, "ActiveState", "failed");
        assert_string_equal(property(UNIT, "Result"), "oom-kill");

        /* It need not be the first, and what was frozen ends the same. */
        start_unit("ExecStart=/bin/sleep 600\nOOMPolicy=stop");
        assert_int_equal(world_act(w, ACTION_FREEZE, false)->kind, OUTCOME_DONE);
        assert_int_equal(world_act(w, ACTION_KILL, true)->kind, OUTCOME_DONE);
        expect_property(UNIT, "ActiveState", "failed");
        assert_string_equal(property(UNIT, "Result"), "oom-kill");

        /* The unit does not want to be stopped for that: it ends, as everything in it is dead, of a signal. */
        start_unit("ExecStart=/bin/sleep 600\nOOMPolicy=continue");
        assert_int_equal(world_act(w, ACTION_KILL, false)->kind, OUTCOME_DONE);
        expect_property(UNIT, "ActiveState", "failed");
        assert_string_equal(property(UNIT, "Result"), "signal");

        /* A milder signal leaves it to the unit. */
        start_unit("ExecStart=/bin/sleep 600");
        d = world_decision(ACTION_KILL);
        d.signal = 15;
        assert_int_equal(world_decide(w, d)->kind, OUTCOME_DONE);
        expect_property(UNIT, "ActiveState", "inactive");
        assert_string_equal(property(UNIT, "Result"), "success");
        expect_seen(false);
}

static void test_restart_after_kill(void **state) {
        World *w = *state;

        start_unit("ExecStart=/bin/sleep 600\nRestart=on-failure\nRestartSec=200ms");
        assert_int_equal(world_act(w, ACTION_KILL, false)->kind, OUTCOME_DONE);
        expect_property(UNIT, "NRestarts", "1");
        expect_property(UNIT, "ActiveState", "active");
        assert_int_equal(world_act(w, ACTION_KILL, false)->kind, OUTCOME_DONE);
        expect_property(UNIT, "NRestarts", "2");

        start_unit("ExecStart=/bin/sleep 600\nRestart=no");
        assert_int_equal(world_act(w, ACTION_KILL, false)->kind, OUTCOME_DONE);
        expect_property(UNIT, "ActiveState", "failed");
        assert_string_equal(property(UNIT, "NRestarts"), "0");
}

static void test_jobs(void **state) {
        World *w = *state;
        char before[64];
        const Outcome *o;

        start_unit("ExecStart=/bin/sleep 600");
        (void) snprintf(before, sizeof(before), "%s", property(UNIT, "InvocationID"));
        assert_int_equal(world_act(w, ACTION_RESTART, false)->kind, OUTCOME_DONE);
        assert_string_equal(property(UNIT, "ActiveState"), "active");
        assert_string_not_equal(property(UNIT, "InvocationID"), before);
        assert_int_equal(world_act(w, ACTION_START, false)->kind, OUTCOME_DONE); /* it is already */
        assert_int_equal(world_act(w, ACTION_STOP, false)->kind, OUTCOME_DONE);
        assert_string_equal(property(UNIT, "ActiveState"), "inactive");
        assert_int_equal(world_act(w, ACTION_STOP, false)->kind, OUTCOME_DONE);
        assert_int_equal(world_act(w, ACTION_START, false)->kind, OUTCOME_DONE);
        assert_string_equal(property(UNIT, "ActiveState"), "active");

        unit_file("memstalld-hangs.service", "[Service]\nType=notify\nExecStart=/bin/sleep 600\n");
        unit_file("memstalld-fails.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n");
        unit_file("memstalld-depends.service", "[Unit]\nRequires=memstalld-fails.service\nAfter=memstalld-fails.service\n"
                                              "[Service]\nType=oneshot\nExecStart=/bin/true\n");
        unit_file("memstalld-quick@.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n");
        assert_int_equal(system("systemctl daemon-reload"), 0);

        o = world_start(w, "memstalld-hangs.service", USEC_PER_SEC);
        assert_int_equal(o->kind, OUTCOME_TIMEOUT);
        assert_string_equal(o->error_text, "the job is still running");
        assert_in_range(w->usec, USEC_PER_SEC / 2, 3 * USEC_PER_SEC);
        assert_int_equal(system("systemctl stop memstalld-hangs.service"), 0);

        o = world_start(w, "memstalld-fails.service", 20 * USEC_PER_SEC);
        assert_int_equal(o->kind, OUTCOME_FAILED);
        assert_string_equal(o->error_text, "failed");
        o = world_start(w, "memstalld-depends.service", 20 * USEC_PER_SEC);
        assert_int_equal(o->kind, OUTCOME_FAILED);
        assert_string_equal(o->error_text, "dependency");
        o = world_start(w, "memstalld-nobody.service", 20 * USEC_PER_SEC);
        assert_int_equal(o->kind, OUTCOME_FAILED);
        for (unsigned i = 0; i < 10; i++) /* over before anybody looks */
                assert_int_equal(world_start(w, "memstalld-quick@a\\x2db.service", 20 * USEC_PER_SEC)->kind, OUTCOME_DONE);
}

static int clean_up(void **state) {
        (void) system("systemctl stop " UNIT " 2>/dev/null; systemctl reset-failed 'memstalld-*' 2>/dev/null;"
                      " cd " FOLDER " && rm -f " UNIT " memstalld-seen.service memstalld-hangs.service memstalld-fails.service"
                      " memstalld-depends.service memstalld-quick@.service " SEEN ";"
                      " systemctl daemon-reload");
        return 0;
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TESTS(test_oom_kill),
                TESTS(test_restart_after_kill),
                TESTS(test_jobs),
        };
        int r = world_skip();

        return r != 0 ? r : cmocka_run_group_tests(tests, NULL, clean_up);
}
