/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "core/warning.h"

static void test_note(void **state) {
        Warning w = { 0 };

        assert_false(warning_is_quiet(NULL, SEC));
        assert_false(warning_is_quiet(&w, SEC));
        assert_false(warning_note(&w, WARNING_ARMED, SEC));
        assert_true(warning_is_quiet(&w, SEC));
        assert_true(warning_is_quiet(&w, 0));
        assert_true(warning_note(&w, WARNING_KSWAPD, 100 * SEC));
        assert_false(warning_is_quiet(&w, 100 * SEC));
        assert_false(warning_is_quiet(&w, 100 * SEC + WARNING_QUIET_USEC - 1));
        assert_true(warning_is_quiet(&w, 100 * SEC + WARNING_QUIET_USEC));
        assert_true(warning_note(&w, WARNING_DIRECT_RECLAIM, 200 * SEC));
        assert_false(warning_is_quiet(&w, 200 * SEC));
        assert_true(warning_note(&w, WARNING_LOST, 300 * SEC));
        assert_false(warning_is_quiet(&w, 300 * SEC));
}

/* When quiet each counts; after one, not before the looks that it brought about, and no longer than the pause. */
static void test_wanted(void **state) {
        Warning w = { .armed = true };

        assert_int_equal(warning_wanted(&w, 50 * SEC, USEC_INFINITY), 50 * SEC);
        w.last_usec = 100 * SEC;
        assert_int_equal(warning_wanted(&w, 101 * SEC, 103 * SEC), 103 * SEC);
        assert_int_equal(warning_wanted(&w, 101 * SEC, USEC_INFINITY), 100 * SEC + WARNING_PAUSE_USEC);
        assert_int_equal(warning_wanted(&w, 115 * SEC, 117 * SEC), 100 * SEC + WARNING_PAUSE_USEC);
        assert_int_equal(warning_wanted(&w, 120 * SEC, USEC_INFINITY), 120 * SEC);
        assert_true(WARNING_QUIET_USEC > WARNING_PAUSE_USEC);
}

/* ---- Through the core ------------------------------------------------------------------------ */

static Step room[] = { STEP("watch", ACTION_LOG, CONDITIONS(AVAILABLE_BYTES(100 * MIB))) };
static Step stall[] = { STEP("watch", ACTION_LOG, CONDITIONS(SOME(10, 2 * SEC))) };

static size_t n_looks(const Fixture *f) {
        size_t n = 0;

        for (size_t i = 0; i < f->effects->n_items; i++)
                n += f->effects->items[i].kind == EFFECT_SAMPLE;
        return n;
}

/* Three watches, of which two wait for the host's room; half of the memory is cache. */
static void start(Fixture *f, Policy **policies) {
        *f = (Fixture){ .settings = SETTINGS_DEFAULT };
        fixture_start(f, policies, 2);
        f->sample.host_free_bytes = GIB / 2;
        feed_new(f, 5, CGROUP_UNIT, "stall.service");
        feed_new(f, 6, CGROUP_UNIT, "r1.service");
        feed_new(f, 7, CGROUP_UNIT, "r2.service");
}

static void look_all(Fixture *f) {
        for (uint64_t id = 5; id <= 7; id++)
                feed_look(f, id);
}

static void test_no_look_while_plenty(void **state) {
        Policy policies[] = { { .name = (char *) "10-s", .match.units = GLOBS(GLOB("stall.service")), .steps = stall, .n_steps = 1 },
                              { .name = (char *) "20-r", .match.units = GLOBS(GLOB("r*.service")), .steps = room, .n_steps = 1 } };
        Fixture f;

        /* Armed: asleep, all of them. */
        start(&f, (Policy *[]){ policies, policies + 1 });
        feed_warning(&f, WARNING_ARMED);
        assert_int_equal(n_looks(&f), 0);
        look_all(&f);
        assert_int_equal(f.effects->wakeup_usec, USEC_INFINITY);
        assert_int_equal(f.effects->warning_usec, f.now_usec);

        /* A warning: those that wait look at once, and again soon, and warnings of the same may wait as long. */
        f.now_usec += 1000 * SEC;
        feed_warning(&f, WARNING_KSWAPD);
        assert_int_equal(n_looks(&f), 2);
        look_all(&f);
        assert_int_equal(f.effects->wakeup_usec, f.now_usec + 100 * MSEC);
        assert_int_equal(f.effects->warning_usec, f.now_usec + 100 * MSEC);
        f.now_usec += 100 * MSEC;
        look_all(&f);
        assert_true(f.effects->wakeup_usec >= f.now_usec + 10 * SEC);
        assert_int_equal(f.effects->warning_usec, f.now_usec - 100 * MSEC + WARNING_PAUSE_USEC);

        /* Another, so soon after a look that it waits a little. */
        feed_warning(&f, WARNING_DIRECT_RECLAIM);
        assert_int_equal(n_looks(&f), 0);
        assert_int_equal(f.effects->wakeup_usec, f.now_usec + 100 * MSEC);
        f.now_usec += 100 * MSEC;
        feed_timer(&f);
        assert_int_equal(n_looks(&f), 2);

        /* No more of them: asleep again. */
        f.now_usec += WARNING_QUIET_USEC;
        look_all(&f);
        assert_int_equal(f.effects->wakeup_usec, USEC_INFINITY);

        /* The warning is lost: at once by timer. */
        f.now_usec += SEC;
        feed_warning(&f, WARNING_LOST);
        assert_int_equal(n_looks(&f), 2);
        look_all(&f);
        assert_true(f.effects->wakeup_usec <= f.now_usec + GIB / 10000);
        fixture_stop(&f);
}

/* Where nobody waits for room no warning about kswapd is wanted. */
static void test_nobody_waits(void **state) {
        Policy policy = { .name = (char *) "10-s", .match.units = GLOBS(GLOB("stall.service")), .steps = stall, .n_steps = 1 };
        Fixture f = { .settings = SETTINGS_DEFAULT };

        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, 5, CGROUP_UNIT, "stall.service");
        feed_warning(&f, WARNING_ARMED);
        feed_look(&f, 5);
        assert_int_equal(f.effects->warning_usec, USEC_INFINITY);
        feed_warning(&f, WARNING_KSWAPD);
        assert_int_equal(n_looks(&f), 0);
        assert_int_equal(f.effects->wakeup_usec, USEC_INFINITY);
        fixture_stop(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_note),
                cmocka_unit_test(test_wanted),
                cmocka_unit_test(test_no_look_while_plenty),
                cmocka_unit_test(test_nobody_waits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
