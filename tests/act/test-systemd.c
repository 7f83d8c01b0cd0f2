/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Freeze, thaw, kill, and what is not for this effector, call by call. */

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "act/oom-mark.h"
#include "systemd-world.h"

static void test_freeze_and_thaw(void **state) {
        World *w = *state;

        assert_done(world_act(w, world_decision(1, ACTION_FREEZE)));
        assert_done(world_take_back(w, world_undo(2, ACTION_FREEZE)));
        assert_string_equal(fake_systemd_calls(w->fake), "Get hog.service Service WatchdogUSec\n"
                                                         "FreezeUnit hog.service\n"
                                                         "ThawUnit hog.service\n");
}

static void test_kill(void **state) {
        World *w = *state;
        Decision d = world_decision(1, ACTION_KILL);

        d.signal = 15;
        assert_done(world_act(w, d));
        assert_string_equal(fake_systemd_calls(w->fake), "KillUnit hog.service all 15\n");

        fake_systemd_forget(w->fake);
        d.thaw_first = true;
        d.signal = 9;
        assert_done(world_act(w, d));
        assert_string_equal(fake_systemd_calls(w->fake), "ThawUnit hog.service\nKillUnit hog.service all 9\n");

        /* What the thaw answers is nobody's business. */
        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "ThawUnit", .error = "org.freedesktop.systemd1.UnitInactive" });
        assert_done(world_act(w, d));
        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "ThawUnit", .silent = true });
        assert_done(world_act(w, d));
}

static void test_log(void **state) {
        World *w = *state;
        const Outcome *o;

        o = world_act(w, world_decision(1, ACTION_LOG));
        assert_int_equal(o->kind, OUTCOME_DONE);
        assert_int_equal(o->via, VIA_NONE);
        assert_string_equal(fake_systemd_calls(w->fake), "");
}

static void test_watchdog(void **state) {
        static const struct {
                const char *version;
                uint64_t watchdog_usec;
                OutcomeKind kind;
        } rows[] = {
                { "252.39-1~deb12u1", 0, OUTCOME_DONE },       { "252.39-1~deb12u1", 30000000, OUTCOME_REFUSED },
                { "252", UINT64_MAX, OUTCOME_DONE },           { "257.9-1~deb13u1", 30000000, OUTCOME_REFUSED },
                { "257.13-1~deb13u1", 30000000, OUTCOME_DONE }, { "262~rc1-1", 30000000, OUTCOME_DONE },
                { "", 30000000, OUTCOME_REFUSED },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                World *w = *state;
                bool frozen;

                fake_systemd_set_version(w->fake, rows[i].version);
                fake_systemd_put(w->fake, "hog.service", "WatchdogUSec", rows[i].watchdog_usec);
                fake_systemd_hang_up(w->fake); /* the version is asked when it connects */
                world_run(w, w->n_outcomes + 1, 20 * USEC_PER_MSEC);
                fake_systemd_forget(w->fake);
                assert_int_equal(world_act(w, world_decision(i, ACTION_FREEZE))->kind, rows[i].kind);
                frozen = strstr(fake_systemd_calls(w->fake), "FreezeUnit");
                assert_int_equal(frozen, rows[i].kind == OUTCOME_DONE);
                assert_string_equal(systemd_version(w->systemd), rows[i].version);
        }
}

/* A final SIGKILL tells systemd that it is for want of memory; not a milder signal, and not one that systemd refuses. */
static void test_mark(void **state) {
        static const struct {
                int signal;
                const char *error, *mark;
        } rows[] = {
                { 15, NULL, "" },
                { 9, "org.freedesktop.DBus.Error.AccessDenied", "0" },
                { 9, NULL, "1" },
                { 9, "org.freedesktop.systemd1.NoSuchProcess", "1" },
                { 15, NULL, "1" },
                { 9, NULL, "2" },
        };
        World *w = *state;
        Decision d = world_decision(1, ACTION_KILL);
        char path[64], procs[80], text[16];
        ssize_t n;
        FILE *f;

        (void) snprintf(path, sizeof(path), "%s/hog.service", w->folder);
        (void) snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
        assert_int_equal(mkdir(path, 0700), 0);
        f = fopen(procs, "w");
        assert_non_null(f);
        assert_true(fputs("12\n345\n", f) >= 0);
        assert_int_equal(fclose(f), 0);
        oom_mark_set_root(w->folder);
        d.victim.path = "/hog.service";
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                d.signal = rows[i].signal;
                fake_systemd_answer(w->fake, (FakeAnswer){ .member = rows[i].error ? "KillUnit" : NULL, .error = rows[i].error });
                (void) world_act(w, d);
                n = lgetxattr(path, "user.oomd_ooms", text, sizeof(text) - 1);
                text[n < 0 ? 0 : n] = '\0';
                assert_string_equal(text, n < 0 && errno == EOPNOTSUPP ? "" : rows[i].mark);
        }
        n = lgetxattr(path, "user.oomd_kill", text, sizeof(text) - 1);
        text[n < 0 ? 0 : n] = '\0';
        assert_string_equal(text, n < 0 && errno == EOPNOTSUPP ? "" : "4"); /* two in each of two that were */

        oom_mark_set_root(NULL);
        (void) unlink(procs);
        (void) rmdir(path);
}

/* What is for the effector that uses the cgroup files is refused, and nothing is sent. */
static void test_not_for_systemd(void **state) {
        World *w = *state;
        Decision d[3] = { world_decision(1, ACTION_RECLAIM), world_decision(2, ACTION_KILL), world_decision(3, ACTION_FREEZE) };
        Undo u = world_undo(4, ACTION_FREEZE);

        d[1].grain = GRAIN_PROCESS;
        d[2].victim.delegated = true;
        u.victim.delegated = true;
        for (size_t i = 0; i < ELEMENTSOF(d); i++) {
                const Outcome *o = world_act(w, d[i]);

                assert_int_equal(o->kind, OUTCOME_REFUSED);
                assert_int_equal(o->via, VIA_NONE);
                assert_string_not_equal(o->error_text, "");
        }
        assert_int_equal(world_take_back(w, u)->kind, OUTCOME_FAILED);
        assert_string_equal(fake_systemd_calls(w->fake), "");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_freeze_and_thaw),
                TEST(test_kill),
                TEST(test_log),
                TEST(test_watchdog),
                TEST(test_mark),
                TEST(test_not_for_systemd),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
