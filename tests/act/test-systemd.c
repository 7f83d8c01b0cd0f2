/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The effector against a systemd that is not one: every call with its arguments, every refusal, silence, a lost
 * connection, the deadline. */

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "act/dry-run.h"
#include "act/systemd-errors.h"
#include "act/systemd.h"
#include "base/clock.h"
#include "fake-systemd.h"

#define OUTCOMES_MAX (SYSTEMD_ACTIONS_MAX + 8)
#define HOG_PATH "/org/freedesktop/systemd1/unit/hog_2eservice"

typedef struct World {
        char folder[32], path[64], address[96];
        sd_event *event;
        FakeSystemd *fake;
        Systemd *systemd;
        SystemdPeer peers[2];
        Outcome outcomes[OUTCOMES_MAX];
        size_t n_outcomes;
        const Decision *next; /* acted on from within the first answer */
} World;

static void on_answer(void *userdata, const Outcome *outcome) {
        World *w = userdata;
        const Decision *next = w->next;

        assert_in_range(w->n_outcomes, 0, OUTCOMES_MAX - 1);
        w->outcomes[w->n_outcomes++] = *outcome;
        w->next = NULL;
        if (next)
                systemd_act(w->systemd, next);
}

static int set_up(void **state) {
        static World world;
        World *w = &world;

        memset(w, 0, sizeof(*w));
        strcpy(w->folder, "/tmp/test-systemd-XXXXXX");
        assert_non_null(mkdtemp(w->folder));
        (void) snprintf(w->path, sizeof(w->path), "%s/private", w->folder);
        (void) snprintf(w->address, sizeof(w->address), "unix:path=%s/private", w->folder);
        assert_true(sd_event_new(&w->event) >= 0);
        w->fake = fake_systemd_new(w->event, w->path);
        w->peers[0] = (SystemdPeer){ "unix:path=/nonexistent/private", false };
        w->peers[1] = (SystemdPeer){ w->address, false };
        assert_int_equal(systemd_new_with_peers(&w->systemd, w->event, w->peers, 2, on_answer, w), 0);
        *state = w;
        return 0;
}

static int tear_down(void **state) {
        World *w = *state;

        w->systemd = systemd_free(w->systemd);
        w->fake = fake_systemd_free(w->fake);
        sd_event_unref(w->event);
        (void) rmdir(w->folder);
        return 0;
}

/* Runs the loop until `n` answers have come, or the time is over. */
static void run(World *w, size_t n, uint64_t usec) {
        uint64_t end = clock_usec() + usec, now;

        while (w->n_outcomes < n && (now = clock_usec()) < end)
                assert_true(sd_event_run(w->event, end - now) >= 0);
}

static Decision decision(uint64_t id, ActionKind action) {
        return (Decision){
                .id = id,
                .action = action,
                .victim = { .id = 7, .kind = CGROUP_UNIT, .unit = "hog.service" },
                .properties = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 94371840),
                .signal = 9,
        };
}

static Undo undo(uint64_t id, ActionKind action) {
        return (Undo){
                .id = id,
                .action = action,
                .victim = { .id = 7, .kind = CGROUP_UNIT, .unit = "hog.service" },
                .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, UINT64_MAX),
        };
}

static const Outcome *act(World *w, Decision d) {
        size_t n = w->n_outcomes;

        systemd_act(w->systemd, &d);
        assert_int_equal(w->n_outcomes, n); /* never from within the call */
        run(w, n + 1, 2 * SYSTEMD_DEADLINE_USEC);
        assert_int_equal(w->n_outcomes, n + 1);
        assert_int_equal(w->outcomes[n].id, d.id);
        return &w->outcomes[n];
}

static const Outcome *take_back(World *w, Undo u) {
        size_t n = w->n_outcomes;

        systemd_undo(w->systemd, &u);
        assert_int_equal(w->n_outcomes, n);
        run(w, n + 1, 2 * SYSTEMD_DEADLINE_USEC);
        assert_int_equal(w->n_outcomes, n + 1);
        return &w->outcomes[n];
}

static void assert_done(const Outcome *o) {
        assert_string_equal(o->error_text, "");
        assert_int_equal(o->kind, OUTCOME_DONE);
        assert_int_equal(o->via, VIA_SYSTEMD);
        assert_int_equal(o->error, 0);
}

/* ---- Calls ----------------------------------------------------------------------------------- */

static void test_throttle(void **state) {
        World *w = *state;
        const Outcome *o;

        fake_systemd_set(w->fake, "257", 123456789, 0);
        o = act(w, decision(1, ACTION_THROTTLE));
        assert_done(o);
        assert_int_equal(o->previous.values[PROPERTY_MEMORY_HIGH], 123456789);
        assert_string_equal(fake_systemd_calls(w->fake), "Get " HOG_PATH " Service MemoryHigh\n"
                                                         "SetUnitProperties hog.service runtime=1 MemoryHigh=94371840\n");
}

/* A share of the usage of a unit that exceeds its limit can be more than the limit: that is no throttle. */
static void test_throttle_never_raises(void **state) {
        World *w = *state;
        const Outcome *o;

        fake_systemd_set(w->fake, "257", 94371840, 0);
        o = act(w, decision(1, ACTION_THROTTLE));
        assert_int_equal(o->kind, OUTCOME_REFUSED);
        assert_string_equal(fake_systemd_calls(w->fake), "Get " HOG_PATH " Service MemoryHigh\n");
}

static void test_kinds_of_units(void **state) {
        static const struct {
                const char *unit, *call;
        } rows[] = {
                { "a-b.slice", "Get /org/freedesktop/systemd1/unit/a_2db_2eslice Slice MemoryHigh\n" },
                { "run-1.scope", "Get /org/freedesktop/systemd1/unit/run_2d1_2escope Scope MemoryHigh\n" },
        };
        World *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Decision d = decision(i, ACTION_THROTTLE);

                d.victim.unit = rows[i].unit;
                fake_systemd_forget(w->fake);
                assert_done(act(w, d));
                assert_memory_equal(fake_systemd_calls(w->fake), rows[i].call, strlen(rows[i].call));
        }

        Decision d = decision(9, ACTION_THROTTLE);
        d.victim.unit = "a.timer";
        assert_int_equal(act(w, d)->kind, OUTCOME_FAILED);
        assert_int_equal(w->outcomes[w->n_outcomes - 1].error, -EOPNOTSUPP);
}

static void test_freeze_and_thaw(void **state) {
        World *w = *state;

        assert_done(act(w, decision(1, ACTION_FREEZE)));
        assert_done(take_back(w, undo(2, ACTION_FREEZE)));
        assert_string_equal(fake_systemd_calls(w->fake), "Get " HOG_PATH " Service WatchdogUSec\n"
                                                         "FreezeUnit hog.service\n"
                                                         "ThawUnit hog.service\n");
}

static void test_kill(void **state) {
        World *w = *state;
        Decision d = decision(1, ACTION_KILL);

        d.signal = 15;
        assert_done(act(w, d));
        assert_string_equal(fake_systemd_calls(w->fake), "KillUnit hog.service all 15\n");

        fake_systemd_forget(w->fake);
        d.thaw_first = true;
        d.signal = 9;
        assert_done(act(w, d));
        assert_string_equal(fake_systemd_calls(w->fake), "ThawUnit hog.service\nKillUnit hog.service all 9\n");

        /* What the thaw answers is nobody's business. */
        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "ThawUnit", .error = "org.freedesktop.systemd1.UnitInactive" });
        assert_done(act(w, d));
        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "ThawUnit", .silent = true });
        assert_done(act(w, d));
}

static void test_undo_throttle(void **state) {
        World *w = *state;
        Undo u = undo(1, ACTION_THROTTLE);

        assert_done(take_back(w, u));
        u.previous.values[PROPERTY_MEMORY_HIGH] = 4096;
        assert_done(take_back(w, u));
        assert_string_equal(fake_systemd_calls(w->fake),
                            "SetUnitProperties hog.service runtime=1 MemoryHigh=18446744073709551615\n"
                            "SetUnitProperties hog.service runtime=1 MemoryHigh=4096\n");
}

static void test_log(void **state) {
        World *w = *state;
        const Outcome *o;

        o = act(w, decision(1, ACTION_LOG));
        assert_int_equal(o->kind, OUTCOME_DONE);
        assert_int_equal(o->via, VIA_NONE);
        assert_string_equal(fake_systemd_calls(w->fake), "");
}

/* ---- Watchdogs ------------------------------------------------------------------------------- */

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

                fake_systemd_set(w->fake, rows[i].version, UINT64_MAX, rows[i].watchdog_usec);
                fake_systemd_hang_up(w->fake); /* the version is asked when it connects */
                run(w, w->n_outcomes + 1, 20 * USEC_PER_MSEC);
                fake_systemd_forget(w->fake);
                assert_int_equal(act(w, decision(i, ACTION_FREEZE))->kind, rows[i].kind);
                frozen = strstr(fake_systemd_calls(w->fake), "FreezeUnit");
                assert_int_equal(frozen, rows[i].kind == OUTCOME_DONE);
                assert_string_equal(systemd_version(w->systemd), rows[i].version);
        }
}

static void test_version(void **state) {
        static const struct {
                const char *version;
                bool spares;
        } rows[] = {
                { "", false },           { "rubbish", false },  { "252", false },   { "257", false },
                { "257.12", false },     { "257.13", true },    { "257.130", true }, { "258", true },
                { "258~rc1-2", true },   { "262.1-3", true },   { "99999999999999999999", true },
                { "257.99999999999", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_int_equal(version_spares_frozen(rows[i].version), rows[i].spares);
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static void test_errors(void **state) {
        static const struct {
                const char *name, *member;
                ActionKind action;
                bool undo;
                OutcomeKind kind;
                int error;
                bool gone;
        } rows[] = {
                { "org.freedesktop.systemd1.NoSuchUnit", "KillUnit", ACTION_KILL, false, OUTCOME_DONE, 0, true },
                { "org.freedesktop.systemd1.NoSuchUnit", "FreezeUnit", ACTION_FREEZE, false, OUTCOME_FAILED, -ENOENT, true },
                { "org.freedesktop.systemd1.NoSuchUnit", "SetUnitProperties", ACTION_THROTTLE, false, OUTCOME_FAILED, -ENOENT, true },
                { "org.freedesktop.systemd1.NoSuchUnit", "SetUnitProperties", ACTION_THROTTLE, true, OUTCOME_DONE, 0, true },
                { "org.freedesktop.systemd1.NoSuchUnit", "ThawUnit", ACTION_FREEZE, true, OUTCOME_DONE, 0, true },
                { "org.freedesktop.systemd1.LoadFailed", "ThawUnit", ACTION_FREEZE, true, OUTCOME_DONE, 0, true },
                { "org.freedesktop.DBus.Error.UnknownObject", "Get", ACTION_THROTTLE, false, OUTCOME_FAILED, -ENOENT, true },
                { "org.freedesktop.systemd1.UnitInactive", "ThawUnit", ACTION_FREEZE, true, OUTCOME_DONE, 0, false },
                { "org.freedesktop.systemd1.UnitInactive", "FreezeUnit", ACTION_FREEZE, false, OUTCOME_FAILED, -EHOSTDOWN, false },
                { "org.freedesktop.systemd1.NoSuchProcess", "KillUnit", ACTION_KILL, false, OUTCOME_DONE, 0, false },
                { "org.freedesktop.systemd1.UnitBusy", "FreezeUnit", ACTION_FREEZE, false, OUTCOME_FAILED, -EBUSY, false },
                { "org.freedesktop.DBus.Error.NotSupported", "FreezeUnit", ACTION_FREEZE, false, OUTCOME_FAILED, -EOPNOTSUPP, false },
                { "org.freedesktop.DBus.Error.AccessDenied", "KillUnit", ACTION_KILL, false, OUTCOME_FAILED, -EACCES, false },
                { "org.freedesktop.DBus.Error.Failed", "SetUnitProperties", ACTION_THROTTLE, true, OUTCOME_FAILED, -EIO, false },
                { "org.example.Strange", "KillUnit", ACTION_KILL, false, OUTCOME_FAILED, -EIO, false },
        };
        World *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Outcome *o;

                fake_systemd_answer(w->fake, (FakeAnswer){ .member = rows[i].member, .error = rows[i].name,
                                                           .message = "said no" });
                o = rows[i].undo ? take_back(w, undo(i, rows[i].action)) : act(w, decision(i, rows[i].action));
                if (o->kind != rows[i].kind || o->error != rows[i].error || o->gone != rows[i].gone)
                        fail_msg("%s to %s: outcome %d, error %d, gone %d", rows[i].name, rows[i].member, o->kind,
                                 o->error, o->gone);
                assert_string_equal(o->error_text, o->kind == OUTCOME_FAILED ? "said no" : "");
        }
}

static void test_long_words(void **state) {
        World *w = *state;
        char words[1024];
        const Outcome *o;

        memset(words, 'x', sizeof(words) - 1);
        words[sizeof(words) - 1] = '\0';
        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "KillUnit", .error = "org.example.Long", .message = words });
        o = act(w, decision(1, ACTION_KILL));
        assert_int_equal(strlen(o->error_text), OUTCOME_ERROR_MAX - 1);
}

/* ---- A thaw that must wait ------------------------------------------------------------------- */

static void test_thaw_again(void **state) {
        static const char *const names[] = {
                "org.freedesktop.systemd1.UnitBusy",  /* 256 and later */
                "org.freedesktop.DBus.Error.Failed", /* before */
        };
        World *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                fake_systemd_forget(w->fake);
                fake_systemd_answer(w->fake, (FakeAnswer){ .member = "ThawUnit", .error = names[i], .times = 2 });
                assert_done(take_back(w, undo(i, ACTION_FREEZE)));
                assert_string_equal(fake_systemd_calls(w->fake),
                                    "ThawUnit hog.service\nThawUnit hog.service\nThawUnit hog.service\n");
        }
}

static void test_thaw_never(void **state) {
        uint64_t start = clock_usec();
        World *w = *state;
        const Outcome *o;

        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "ThawUnit", .error = "org.freedesktop.systemd1.UnitBusy",
                                                   .message = "still freezing" });
        o = take_back(w, undo(1, ACTION_FREEZE));
        assert_int_equal(o->kind, OUTCOME_FAILED);
        assert_int_equal(o->error, -EBUSY);
        assert_string_equal(o->error_text, "still freezing");
        assert_in_range(clock_usec() - start, SYSTEMD_DEADLINE_USEC - 100 * USEC_PER_MSEC,
                        SYSTEMD_DEADLINE_USEC + USEC_PER_SEC);
}

/* ---- Silence, and worse ---------------------------------------------------------------------- */

static void test_silence(void **state) {
        static const struct {
                const char *member;
                ActionKind action;
        } rows[] = {
                { "Get", ACTION_THROTTLE },
                { "SetUnitProperties", ACTION_THROTTLE },
                { "FreezeUnit", ACTION_FREEZE },
        };
        World *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t start = clock_usec();
                const Outcome *o;

                fake_systemd_answer(w->fake, (FakeAnswer){ .member = rows[i].member, .silent = true });
                o = act(w, decision(i, rows[i].action));
                assert_int_equal(o->kind, OUTCOME_TIMEOUT);
                assert_int_equal(o->error, -ETIMEDOUT);
                assert_in_range(clock_usec() - start, 0, SYSTEMD_DEADLINE_USEC + USEC_PER_SEC); /* busy machines breathe deep */
        }
        /* And it is as good as new. */
        fake_systemd_answer(w->fake, (FakeAnswer){ 0 });
        assert_done(act(w, decision(9, ACTION_KILL)));
}

static void test_connection_lost(void **state) {
        World *w = *state;
        const Outcome *o;

        assert_done(act(w, decision(1, ACTION_KILL)));
        assert_int_equal(fake_systemd_n_connections(w->fake), 1);

        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "FreezeUnit", .hang_up = true, .times = 1 });
        o = act(w, decision(2, ACTION_FREEZE));
        assert_int_equal(o->kind, OUTCOME_FAILED);
        assert_int_equal(o->error, -ECONNRESET);

        assert_done(act(w, decision(3, ACTION_FREEZE)));
        assert_int_equal(fake_systemd_n_connections(w->fake), 2);
}

/* The loop has not yet seen that the connection is gone: the action must not be the one to pay. */
static void test_connection_lost_unseen(void **state) {
        World *w = *state;

        assert_done(act(w, decision(1, ACTION_KILL)));
        fake_systemd_hang_up(w->fake);
        assert_done(act(w, decision(2, ACTION_KILL)));
        assert_int_equal(fake_systemd_n_connections(w->fake), 2);
}

static void test_lost_with_many(void **state) {
        World *w = *state;

        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "KillUnit", .silent = true });
        for (uint64_t id = 1; id <= 3; id++) {
                Decision d = decision(id, ACTION_KILL);

                systemd_act(w->systemd, &d);
        }
        run(w, 1, 50 * USEC_PER_MSEC);
        assert_int_equal(w->n_outcomes, 0);

        /* From within the first of three failures: the new one is done, the other two still fail. */
        Decision again = decision(4, ACTION_KILL);

        w->next = &again;
        fake_systemd_answer(w->fake, (FakeAnswer){ 0 });
        fake_systemd_hang_up(w->fake);
        run(w, 4, SYSTEMD_DEADLINE_USEC / 2);
        assert_int_equal(w->n_outcomes, 4);
        for (size_t i = 0; i < 4; i++)
                assert_int_equal(w->outcomes[i].kind, w->outcomes[i].id == 4 ? OUTCOME_DONE : OUTCOME_FAILED);
}

static void test_nobody_there(void **state) {
        World *w = *state;
        const Outcome *o;

        w->fake = fake_systemd_free(w->fake);
        run(w, 1, 20 * USEC_PER_MSEC);
        o = act(w, decision(1, ACTION_KILL));
        assert_int_equal(o->kind, OUTCOME_FAILED);
        assert_string_equal(o->error_text, "systemd cannot be reached");

        w->fake = fake_systemd_new(w->event, w->path);
        assert_done(act(w, decision(2, ACTION_KILL)));
}

static void test_system_bus(void **state) {
        World *w = *state;

        w->systemd = systemd_free(w->systemd);
        w->peers[1].is_bus = true;
        assert_int_equal(systemd_new_with_peers(&w->systemd, w->event, w->peers, 2, on_answer, w), 0);
        assert_done(act(w, decision(1, ACTION_KILL)));
        assert_string_equal(fake_systemd_calls(w->fake), "Hello\nKillUnit hog.service all 9\n");
}

/* ---- Bounds ---------------------------------------------------------------------------------- */

static void test_table_full(void **state) {
        World *w = *state;

        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "KillUnit", .silent = true });
        for (uint64_t id = 0; id <= SYSTEMD_ACTIONS_MAX; id++) {
                Decision d = decision(id, ACTION_KILL);

                systemd_act(w->systemd, &d);
        }
        assert_int_equal(w->n_outcomes, 1);
        assert_int_equal(w->outcomes[0].id, SYSTEMD_ACTIONS_MAX);
        assert_int_equal(w->outcomes[0].error, -EBUSY);

        run(w, SYSTEMD_ACTIONS_MAX + 1, 2 * SYSTEMD_DEADLINE_USEC);
        assert_int_equal(w->n_outcomes, SYSTEMD_ACTIONS_MAX + 1);
        for (size_t i = 1; i < w->n_outcomes; i++)
                assert_int_equal(w->outcomes[i].kind, OUTCOME_TIMEOUT);
}

static void test_free_with_actions(void **state) {
        World *w = *state;
        Decision d = decision(1, ACTION_FREEZE);

        systemd_act(w->systemd, &d);
        w->systemd = systemd_free(w->systemd);
        run(w, 1, 50 * USEC_PER_MSEC);
        assert_int_equal(w->n_outcomes, 0);
}

static void test_dry_run(void **state) {
        World *w = *state;
        DryRun *dry = NULL;

        assert_int_equal(dry_run_new(&dry, w->event, on_answer, w), 0);
        for (uint64_t id = 1; id <= 3; id++) {
                Decision d = decision(id, ACTION_KILL);

                dry_run_act(dry, &d);
        }
        Undo u = undo(4, ACTION_FREEZE);

        dry_run_undo(dry, &u);
        assert_int_equal(w->n_outcomes, 0);
        run(w, 4, SYSTEMD_DEADLINE_USEC);
        assert_int_equal(w->n_outcomes, 4);
        for (size_t i = 0; i < 4; i++) {
                assert_int_equal(w->outcomes[i].id, i + 1);
                assert_int_equal(w->outcomes[i].kind, OUTCOME_DRY_RUN);
        }
        assert_string_equal(fake_systemd_calls(w->fake), "");
        dry_run_free(dry);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_throttle), TEST(test_throttle_never_raises),
                TEST(test_kinds_of_units),
                TEST(test_freeze_and_thaw), TEST(test_kill),
                TEST(test_undo_throttle),   TEST(test_log),
                TEST(test_watchdog),        TEST(test_version),
                TEST(test_errors),          TEST(test_long_words),
                TEST(test_thaw_again),      TEST(test_thaw_never),
                TEST(test_silence),         TEST(test_connection_lost),
                TEST(test_connection_lost_unseen), TEST(test_lost_with_many),
                TEST(test_nobody_there),    TEST(test_system_bus),
                TEST(test_table_full),      TEST(test_free_with_actions),
                TEST(test_dry_run),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
