/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "fixture.h"

#include "core/core-private.h"

#define REALTIME (UINT64_C(1790000000) * SEC) /* what the clock shows at the start */

static Step pause_step[] = { STEP("pause", ACTION_FREEZE, CONDITIONS(SOME(10, 2 * SEC))) };
static Step end_step[] = { STEP("end", ACTION_KILL, CONDITIONS(SOME(10, 2 * SEC))) };
static Step backup_step[] = { STEP("tell", ACTION_LOG, CONDITIONS({ .kind = CONDITION_PRESENT,
                                                                    .globs = GLOBS(GLOB("backup*.service")) })) };

#define POLICY(policy_name, list, glob)                                                            \
        { .name = (char *) (policy_name), .match.units = GLOBS(GLOB(glob)), .steps = (list),       \
          .n_steps = ELEMENTSOF(list), .victim = { RANK_BY(RANK_USAGE) } }

static Fixture f;

static void start(Policy *first, Policy *second) {
        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        fixture_start(&f, (Policy *[]){ first, second }, second ? 2 : 1);
}

static void feed(Event event) {
        event.now_usec = f.now_usec;
        f.effects = core_step(f.core, &event);
}

static void set_clock(uint64_t realtime_usec) {
        feed((Event){ .kind = EVENT_CLOCK, .realtime_usec = realtime_usec });
}

static void set_managed(uint64_t id, Managed m) {
        feed((Event){ .kind = EVENT_MANAGED, .cgroup_id = id,
                      .managed = { m.pressure, m.share, m.duration_usec, m.swap } });
}

/* Until nothing is due any more; returns in how many steps. */
static unsigned settle(void) {
        unsigned n = 0;

        while (f.effects->wakeup_usec <= f.now_usec) {
                feed_timer(&f);
                assert_true(++n < 100);
        }
        return n;
}

static const char *policy_of(uint64_t id) {
        WatchStatus status;

        for (size_t i = 0; core_watch_status(f.core, i, &status); i++)
                if (status.name.id == id)
                        return status.policy;
        return "none";
}

static void test_expires(void **state) {
        Policy short_lived = POLICY("10-short", pause_step, "a.service"), rest = POLICY("20-rest", end_step, "*");

        short_lived.expires_usec = REALTIME + 100 * SEC;
        start(&short_lived, &rest);
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        assert_effects(&f, "arm sample");
        assert_int_equal(f.effects->wakeup_usec, USEC_INFINITY); /* nobody knows what time it is */
        set_clock(REALTIME);
        assert_effects(&f, "");
        assert_int_equal(f.effects->wakeup_usec, f.now_usec + 100 * SEC);
        assert_string_equal(policy_of(7), "10-short");

        f.now_usec += 100 * SEC - 1;
        feed_timer(&f);
        assert_effects(&f, "");
        assert_string_equal(policy_of(7), "10-short");
        f.now_usec += 1;
        feed_timer(&f);
        assert_effects(&f, "expired disarm arm sample");
        assert_ptr_equal(effect_of(&f, EFFECT_EXPIRED)->expired, &short_lived);
        assert_int_equal(effect_of(&f, EFFECT_DISARM)->look.id, 7);
        assert_string_equal(policy_of(7), "20-rest");
        assert_int_equal(f.effects->wakeup_usec, USEC_INFINITY);

        /* Once; and what comes later meets the next policy at once. */
        feed_timer(&f);
        assert_effects(&f, "");
        feed_gone(&f, 7);
        feed_new(&f, 8, CGROUP_UNIT, "a.service");
        assert_string_equal(policy_of(8), "20-rest");
        fixture_stop(&f);
}

/* An event that comes before the timer finds the policy off, too. */
static void test_expires_before_a_look(void **state) {
        Policy short_lived = POLICY("10-short", end_step, "a.service");

        short_lived.expires_usec = REALTIME + SEC;
        start(&short_lived, NULL);
        set_clock(REALTIME);
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        feed_look(&f, 7);
        pass(&f, 2 * SEC, 5000, 0);
        feed_look(&f, 7);
        assert_effects(&f, "expired disarm");
        assert_int_equal(core_counts(f.core).n_watches, 0);
        fixture_stop(&f);
}

static void test_clock(void **state) {
        Policy short_lived = POLICY("10-short", pause_step, "a.service"), rest = POLICY("20-rest", end_step, "*");

        short_lived.expires_usec = REALTIME;
        start(&short_lived, &rest);
        set_clock(REALTIME); /* over already */
        assert_effects(&f, "expired");
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        assert_string_equal(policy_of(7), "20-rest");

        /* Set back: on again. */
        set_clock(REALTIME - 50 * SEC);
        assert_effects(&f, "disarm arm sample");
        assert_string_equal(policy_of(7), "10-short");
        assert_int_equal(f.effects->wakeup_usec, f.now_usec + 50 * SEC);

        /* Set forward: over, and said again. */
        set_clock(REALTIME + USEC_PER_DAY);
        assert_effects(&f, "expired disarm arm sample");
        assert_string_equal(policy_of(7), "20-rest");
        set_clock(REALTIME + USEC_PER_DAY + SEC);
        assert_effects(&f, "");
        fixture_stop(&f);
}

/* Each for itself, whatever its place. */
static void test_others_stay(void **state) {
        Policy first = POLICY("10-first", pause_step, "b.service"), second = POLICY("20-second", end_step, "*");

        second.expires_usec = REALTIME + SEC;
        start(&first, &second);
        set_clock(REALTIME);
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        feed_new(&f, 8, CGROUP_UNIT, "b.service");
        assert_string_equal(policy_of(7), "20-second");
        f.now_usec += SEC;
        feed_timer(&f);
        assert_effects(&f, "expired disarm");
        assert_string_equal(policy_of(7), "none");
        assert_string_equal(policy_of(8), "10-first");
        fixture_stop(&f);
}

/* What is not enabled is neither on nor over. */
static void test_disabled(void **state) {
        Policy off = POLICY("10-off", pause_step, "*"), rest = POLICY("20-rest", end_step, "a*");

        off.disabled = true;
        off.expires_usec = REALTIME;
        start(&off, &rest);
        set_clock(REALTIME);
        assert_effects(&f, "");
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        feed_new(&f, 8, CGROUP_UNIT, "b.service");
        assert_string_equal(policy_of(7), "20-rest");
        assert_string_equal(policy_of(8), "none");
        fixture_stop(&f);
}

/* What it holds is released; its watch ends when the answer to its action is here. */
static void test_expires_in_flight(void **state) {
        Policy short_lived = POLICY("10-short", pause_step, "a.service");
        const Candidate candidate = { .cgroup_id = 7, .usage_bytes = 1000 };
        const Effect *undo;
        uint64_t id;

        short_lived.expires_usec = REALTIME + 3 * SEC;
        start(&short_lived, NULL);
        set_clock(REALTIME);
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        feed_look(&f, 7);
        pass(&f, 2 * SEC, 5000, 0);
        feed_look(&f, 7);
        feed_survey(&f, 7, &candidate, 1);
        id = effect_of(&f, EFFECT_ACT)->decision.id;

        pass(&f, SEC, 5000, 0);
        feed_timer(&f);
        assert_non_null(effect_of(&f, EFFECT_EXPIRED));
        assert_string_equal(policy_of(7), "10-short");
        feed_timer(&f);
        assert_effects(&f, "");
        assert_true(f.effects->wakeup_usec > f.now_usec);
        feed_outcome(&f, (Outcome){ .id = id, .kind = OUTCOME_DONE });
        undo = effect_of(&f, EFFECT_UNDO);
        assert_int_equal(undo->undo.reason, RELEASE_EXPIRED);
        assert_int_equal(effect_of(&f, EFFECT_REPORT)->report.decision->id, id); /* still to be read */
        assert_non_null(effect_of(&f, EFFECT_DISARM));
        assert_non_null(effect_of(&f, EFFECT_ENDED)); /* its incident */
        assert_string_equal(policy_of(7), "none");
        feed_outcome(&f, (Outcome){ .id = undo->undo.id, .kind = OUTCOME_DONE });
        assert_effects(&f, "release");
        assert_int_equal(core_counts(f.core).n_open, 0);
        fixture_stop(&f);
}

/* SIGKILL that was announced with a milder signal goes out all the same. */
static void test_expires_before_sigkill(void **state) {
        Step term[] = { STEP("end", ACTION_KILL, CONDITIONS(SOME(10, 2 * SEC))) };
        Policy short_lived = POLICY("10-short", term, "a.service");
        const Candidate candidate = { .cgroup_id = 7, .usage_bytes = 1000 };

        term[0].signal = SIGTERM;
        short_lived.expires_usec = REALTIME + 3 * SEC;
        start(&short_lived, NULL);
        set_clock(REALTIME);
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        feed_look(&f, 7);
        pass(&f, 2 * SEC, 5000, 0);
        feed_look(&f, 7);
        feed_survey(&f, 7, &candidate, 1);
        feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = OUTCOME_DONE });
        pass(&f, SEC, 0, 0);
        feed_timer(&f);
        assert_string_equal(policy_of(7), "10-short");
        pass(&f, 4 * SEC, 0, 0);
        feed_timer(&f);
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.signal, SIGKILL);
        feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = OUTCOME_DONE });
        assert_string_equal(policy_of(7), "none");
        fixture_stop(&f);
}

/* More watches than there is room for effects end in as many steps as it takes, each once. */
static void test_many_expire(void **state) {
        enum { N = 2000 };
        Policy short_lived = POLICY("10-short", end_step, "u*"), rest = POLICY("20-rest", end_step, "*");
        char unit[32];

        short_lived.expires_usec = REALTIME + SEC;
        start(&short_lived, &rest);
        set_clock(REALTIME);
        for (uint64_t id = 1; id <= N; id++) {
                (void) snprintf(unit, sizeof(unit), "u%u.service", (unsigned) id);
                feed_new(&f, id, CGROUP_UNIT, unit);
        }
        f.now_usec += SEC;
        feed_timer(&f);
        assert_true(f.effects->n_items < EFFECTS_MAX);
        assert_true(settle() > 3);
        assert_int_equal(core_counts(f.core).n_watches, N);
        for (uint64_t id = 1; id <= N; id += 97)
                assert_string_equal(policy_of(id), "20-rest");
        fixture_stop(&f);
}

static void test_managed(void **state) {
        Policy web = POLICY("10-web", end_step, "web.service");
        const Managed kill = { .pressure = true, .share = 2000, .duration_usec = 2 * SEC };

        start(&web, NULL);
        feed_new(&f, 1, CGROUP_HOST, "-.slice");
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        feed_new(&f, 8, CGROUP_UNIT, "web.service");
        assert_string_equal(policy_of(7), "none");
        set_managed(7, kill);
        assert_effects(&f, "arm sample");
        assert_string_equal(policy_of(7), "managed-oom");
        assert_int_equal(effect_of(&f, EFFECT_ARM)->arm.n_limits, 1);
        assert_int_equal(effect_of(&f, EFFECT_ARM)->arm.limits[0].share, 2000);
        assert_int_equal(effect_of(&f, EFFECT_ARM)->arm.limits[0].kind, PRESSURE_FULL);
        assert_int_equal(effect_of(&f, EFFECT_ARM)->arm.wants, WANT_CANDIDATE_STAT);

        /* The same again is nothing; other values are another policy; none is none. */
        set_managed(7, kill);
        assert_effects(&f, "");
        set_managed(7, (Managed){ .pressure = true, .swap = true });
        assert_effects(&f, "disarm arm sample");
        assert_int_equal(effect_of(&f, EFFECT_ARM)->arm.limits[0].share, 6000);
        assert_int_equal(effect_of(&f, EFFECT_ARM)->arm.wants, WANT_EVENTS | WANT_CANDIDATE_STAT | WANT_CANDIDATE_SWAP);
        set_managed(7, (Managed){ 0 });
        assert_effects(&f, "disarm");
        assert_string_equal(policy_of(7), "none");

        /* A policy of the files goes first; the host may have such settings as well. */
        set_managed(8, kill);
        assert_effects(&f, "");
        assert_string_equal(policy_of(8), "10-web");
        set_managed(1, (Managed){ .swap = true });
        assert_string_equal(policy_of(1), "managed-oom");
        set_managed(99, kill); /* nobody knows it */
        assert_effects(&f, "");
        feed_gone(&f, 1);
        assert_int_equal(core_counts(f.core).n_watches, 1);
        fixture_stop(&f);
}

/* While systemd-oomd runs the units are its own affair, but not what a file says of them. */
static void test_left_to_oomd(void **state) {
        Policy web = POLICY("10-web", end_step, "web.service");

        start(&web, NULL);
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        feed_new(&f, 8, CGROUP_UNIT, "web.service");
        set_managed(7, (Managed){ .pressure = true });
        set_managed(8, (Managed){ .pressure = true });
        assert_string_equal(policy_of(7), "managed-oom");
        feed_new(&f, 9, CGROUP_UNIT, "systemd-oomd.service");
        assert_effects(&f, "disarm");
        assert_string_equal(policy_of(7), "none");
        assert_string_equal(policy_of(8), "10-web");

        /* It is started anew: its next cgroup may come before the first has gone. */
        feed_new(&f, 10, CGROUP_UNIT, "systemd-oomd.service");
        feed_gone(&f, 9);
        assert_string_equal(policy_of(7), "none");
        feed_gone(&f, 10);
        assert_effects(&f, "arm sample");
        assert_string_equal(policy_of(7), "managed-oom");

        f.settings.leave_to_oomd = false;
        feed_new(&f, 11, CGROUP_UNIT, "systemd-oomd.service");
        assert_string_equal(policy_of(7), "managed-oom");
        fixture_stop(&f);
}

/* Last rank: when the file's policy is over it is the unit's own that counts. */
static void test_managed_after_expiry(void **state) {
        Policy short_lived = POLICY("10-short", end_step, "a.service");

        short_lived.expires_usec = REALTIME + SEC;
        start(&short_lived, NULL);
        set_clock(REALTIME);
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        set_managed(7, (Managed){ .pressure = true });
        assert_string_equal(policy_of(7), "10-short");
        f.now_usec += SEC;
        feed_timer(&f);
        assert_effects(&f, "expired disarm arm sample");
        assert_string_equal(policy_of(7), "managed-oom");
        set_clock(REALTIME);
        assert_string_equal(policy_of(7), "10-short");
        fixture_stop(&f);
}

static void test_managed_not_honoured(void **state) {
        Policy web = POLICY("10-web", end_step, "web.service");

        start(&web, NULL);
        f.settings.managed_oom = false;
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        set_managed(7, (Managed){ .pressure = true });
        assert_effects(&f, "");
        assert_string_equal(policy_of(7), "none");
        fixture_stop(&f);
}

/* It kills as the settings say, its values are read until the end of the step in which it ends. */
static void test_managed_acts(void **state) {
        Policy web = POLICY("10-web", end_step, "web.service");
        const Candidate candidate = { .cgroup_id = 7, .usage_bytes = 1000 };
        const Decision *d;
        uint64_t id;

        start(&web, NULL);
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        set_managed(7, (Managed){ .pressure = true, .share = 2000, .duration_usec = SEC });
        feed_look(&f, 7);
        pass(&f, SEC, 5000, 5000);
        feed_look(&f, 7);
        assert_effects(&f, "");
        pass(&f, SEC, 5000, 5000);
        feed_look(&f, 7);
        assert_effects(&f, "survey");
        feed_survey(&f, 7, &candidate, 1);
        pass(&f, SEC, 5000, 5000);
        if (f.effects->n_items == 0) /* how much was scanned had to be measured */
                feed_survey(&f, 7, &candidate, 1);
        d = &effect_of(&f, EFFECT_ACT)->decision;
        id = d->id;
        assert_int_equal(d->action, ACTION_KILL);
        assert_string_equal(d->policy->name, "managed-oom");
        assert_string_equal(d->step->name, "pressure");

        /* It ends when the answer is here, and is named in the report. */
        set_managed(7, (Managed){ 0 });
        assert_effects(&f, "");
        feed_outcome(&f, (Outcome){ .id = id, .kind = OUTCOME_DONE });
        assert_string_equal(effect_of(&f, EFFECT_REPORT)->report.decision->policy->name, "managed-oom");
        assert_non_null(effect_of(&f, EFFECT_DISARM));
        assert_int_equal(core_counts(f.core).n_watches, 0);
        fixture_stop(&f);
}

/* A unit that comes and goes: those who ask for it are looked at, and nobody else. */
static void test_presence(void **state) {
        Policy asks = POLICY("10-asks", backup_step, "a.service"), other = POLICY("20-other", end_step, "b.service");

        backup_step[0].cooldown_usec = USEC_PER_HOUR;
        start(&asks, &other);
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        feed_new(&f, 8, CGROUP_UNIT, "b.service");
        feed_look(&f, 7);
        assert_effects(&f, "");
        assert_int_equal(f.effects->wakeup_usec, USEC_INFINITY);
        feed_new(&f, 9, CGROUP_UNIT, "x.service");
        assert_int_equal(f.effects->wakeup_usec, USEC_INFINITY);
        f.now_usec += SEC;
        feed_new(&f, 10, CGROUP_UNIT, "backup-home.service");
        assert_int_equal(f.effects->wakeup_usec, f.now_usec);
        feed_timer(&f);
        assert_effects(&f, "sample");
        assert_int_equal(effect_of(&f, EFFECT_SAMPLE)->look.id, 7);
        feed_look(&f, 7);
        assert_effects(&f, "survey");
        feed_survey(&f, 7, NULL, 0);
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.seen[0], 1);

        /* Another one changes nothing; the last that goes does. */
        f.now_usec += 60 * SEC;
        feed_look(&f, 7);
        feed_new(&f, 11, CGROUP_UNIT, "backup-root.service");
        feed_gone(&f, 10);
        assert_true(f.effects->wakeup_usec > f.now_usec);
        f.now_usec += 500 * MSEC;
        feed_gone(&f, 11);
        assert_int_equal(f.effects->wakeup_usec, f.now_usec);
        fixture_stop(&f);
}

static void put(uint64_t id, CgroupKind kind, const char *path, const char *unit, bool delegated) {
        feed((Event){ .kind = EVENT_CGROUP_NEW, .cgroup_id = id,
                      .cgroup = { .kind = kind, .path = path, .unit = unit, .delegated = delegated } });
}

static bool is_protected(uint64_t id) {
        return node_registry_find(&f.core->nodes, id)->protected;
}

static void test_protected_slices(void **state) {
        Policy web = POLICY("10-web", end_step, "web.service");

        start(&web, NULL);
        f.settings.protect = GLOBS(GLOB("db.service"), GLOB("editor.service"));
        put(1, CGROUP_HOST, "/", "-.slice", false);
        put(2, CGROUP_SLICE, "/system.slice", "system.slice", false);
        put(3, CGROUP_SLICE, "/a.slice", "a.slice", false);
        put(4, CGROUP_SLICE, "/a.slice/a-b.slice", "a-b.slice", false);
        put(5, CGROUP_UNIT, "/a.slice/a-b.slice/x.service", "x.service", false);
        assert_false(is_protected(2) || is_protected(3) || is_protected(4) || is_protected(5));
        put(6, CGROUP_UNIT, "/a.slice/a-b.slice/db.service", "db.service", false);
        assert_true(is_protected(3) && is_protected(4) && is_protected(6));
        assert_false(is_protected(1) || is_protected(2) || is_protected(5));
        put(7, CGROUP_UNIT, "/system.slice/dbus.service", "dbus.service", false);
        assert_true(is_protected(2));
        put(8, CGROUP_UNIT, "/a.slice/sshd.service", "sshd.service", false);

        /* The protection goes with what it is for. */
        feed_gone(&f, 6);
        assert_true(is_protected(3)); /* sshd is there still */
        assert_false(is_protected(4));
        feed_gone(&f, 8);
        assert_false(is_protected(3));

        /* What a user's manager runs protects itself; the slices of the user only if somebody asks for it. */
        put(10, CGROUP_SLICE, "/user.slice", "user.slice", false);
        put(11, CGROUP_UNIT, "/user.slice/user@1.service", "user@1.service", false);
        put(12, CGROUP_UNIT, "/user.slice/user@1.service/app.slice/dbus.service", "dbus.service", true);
        assert_true(is_protected(12));
        assert_false(is_protected(10) || is_protected(11));
        put(13, CGROUP_UNIT, "/user.slice/user@1.service/app.slice/editor.service", "editor.service", true);
        assert_true(is_protected(10) && is_protected(11) && is_protected(13));
        fixture_stop(&f);
}

/* A unit that is started again may be there before the old one is gone. */
static void test_same_path(void **state) {
        Policy web = POLICY("10-web", end_step, "web.service");

        start(&web, NULL);
        put(3, CGROUP_SLICE, "/a.slice", "a.slice", false);
        put(4, CGROUP_SLICE, "/a.slice", "a.slice", false);
        put(5, CGROUP_UNIT, "/a.slice/dbus.service", "dbus.service", false);
        assert_false(is_protected(3));
        assert_true(is_protected(4));
        feed_gone(&f, 3);
        put(6, CGROUP_UNIT, "/a.slice/sshd.service", "sshd.service", false);
        feed_gone(&f, 5);
        assert_true(is_protected(4));
        feed_gone(&f, 4); /* what is beneath it goes later, for once */
        feed_gone(&f, 6);
        assert_int_equal(f.core->nodes.n, 0);
        fixture_stop(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_expires),
                cmocka_unit_test(test_expires_before_a_look),
                cmocka_unit_test(test_clock),
                cmocka_unit_test(test_others_stay),
                cmocka_unit_test(test_disabled),
                cmocka_unit_test(test_expires_in_flight),
                cmocka_unit_test(test_expires_before_sigkill),
                cmocka_unit_test(test_many_expire),
                cmocka_unit_test(test_managed),
                cmocka_unit_test(test_left_to_oomd),
                cmocka_unit_test(test_managed_after_expiry),
                cmocka_unit_test(test_managed_not_honoured),
                cmocka_unit_test(test_managed_acts),
                cmocka_unit_test(test_presence),
                cmocka_unit_test(test_protected_slices),
                cmocka_unit_test(test_same_path),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
