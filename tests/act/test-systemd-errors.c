/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What systemd says no to, and what that means. */

#include "act/systemd-errors.h"
#include "systemd-world.h"

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

static void test_sets_high_at_once(void **state) {
        static const struct {
                const char *version, *kernel;
                bool at_once;
        } rows[] = {
                { "258.1-1", "6.16.0-amd64", true },  { "262", "7.2.12+deb14-cloud-amd64", true },
                { "257.13-1", "6.18.4", false },      { "258", "6.12.57+deb13-amd64", false },
                { "258", "6.1.0-41-amd64", false },   { "", "6.18.4", false },
                { "258", "", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_int_equal(version_sets_high_at_once(rows[i].version, rows[i].kernel), rows[i].at_once);
}

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
                o = rows[i].undo ? world_take_back(w, world_undo(i, rows[i].action)) : world_act(w, world_decision(i, rows[i].action));
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
        o = world_act(w, world_decision(1, ACTION_KILL));
        assert_int_equal(strlen(o->error_text), OUTCOME_ERROR_MAX - 1);
}

static void test_thaw_again(void **state) {
        static const char *const names[] = {
                "org.freedesktop.systemd1.UnitBusy",  /* 256 and later */
                "org.freedesktop.DBus.Error.Failed", /* before */
        };
        World *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                fake_systemd_forget(w->fake);
                fake_systemd_answer(w->fake, (FakeAnswer){ .member = "ThawUnit", .error = names[i], .times = 2 });
                assert_done(world_take_back(w, world_undo(i, ACTION_FREEZE)));
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
        o = world_take_back(w, world_undo(1, ACTION_FREEZE));
        assert_int_equal(o->kind, OUTCOME_FAILED);
        assert_int_equal(o->error, -EBUSY);
        assert_string_equal(o->error_text, "still freezing");
        assert_in_range(clock_usec() - start, SYSTEMD_DEADLINE_USEC - 100 * USEC_PER_MSEC,
                        SYSTEMD_DEADLINE_USEC + USEC_PER_SEC);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_version),
                TEST(test_sets_high_at_once),
                TEST(test_errors),
                TEST(test_long_words),
                TEST(test_thaw_again),
                TEST(test_thaw_never),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
