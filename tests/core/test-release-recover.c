/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture-unit.h"

#include "core/core-private.h"

/* What an earlier run left is undone at once, tried again until it is, and told with its own incident. */
static void test_recovered(void **state) {
        const Event found = {
                .kind = EVENT_HELD,
                .held = { .unit = "x.service", .action = ACTION_THROTTLE, .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 4096),
                          .since_usec = 990 * SEC, .incident = { 1, 2 } },
        };
        Event event = found;
        const Undo *u;
        HoldStatus h;

        fixture_start(&f, NULL, 0);
        event.now_usec = f.now_usec;
        f.effects = core_step(f.core, &event);
        assert_effects(&f, "undo");
        u = &effect_of(&f, EFFECT_UNDO)->undo;
        assert_int_equal(u->reason, RELEASE_RECOVERED);
        assert_int_equal(u->previous.values[PROPERTY_MEMORY_HIGH], 4096);
        assert_int_equal(u->held_usec, f.now_usec - 990 * SEC);
        assert_int_equal(u->incident.low, 2);
        assert_string_equal(u->victim.unit, "x.service");
        assert_int_equal(u->victim.id, 0); /* its cgroup is not known */
        assert_true(core_hold_status(f.core, 0, &h));
        assert_int_equal(h.deadline_usec, USEC_INFINITY);

        feed_outcome(&f, (Outcome){ .id = u->id, .kind = OUTCOME_TIMEOUT });
        assert_effects(&f, "stuck");
        pass(&f, SEC, 0, 0);
        feed_timer(&f);
        assert_effects(&f, "undo");
        feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_UNDO)->undo.id, .kind = OUTCOME_DONE });
        assert_effects(&f, "release");
        assert_int_equal(core_counts(f.core).n_open, 0);

        /* Nothing but throttle and freeze is held. */
        event.held.action = ACTION_KILL;
        f.effects = core_step(f.core, &event);
        assert_effects(&f, "");
        fixture_stop(&f);
}

/* The list for the next run is another one whenever it would tell something else. */
static void test_generation(void **state) {
        unsigned before;
        HoldStatus h;
        uint64_t id = unit_act((Step)STEP("hold", ACTION_THROTTLE));

        before = core_counts(f.core).held_generation;
        assert_int_not_equal(before, 0);
        assert_true(core_hold_status(f.core, 0, &h));
        assert_int_equal(h.pending, id);
        assert_int_equal(h.slot, 0);
        unit_answer(id, OUTCOME_DONE, 4096);
        assert_int_not_equal(core_counts(f.core).held_generation, before);
        assert_int_not_equal(core_counts(f.core).held_generation, 0); /* nor that of the empty list at first */
        assert_true(core_hold_status(f.core, 0, &h));
        assert_int_equal(h.pending, 0);
        assert_int_equal(h.previous.values[PROPERTY_MEMORY_HIGH], 4096);

        before = core_counts(f.core).held_generation;
        feed_look(&f, A);
        assert_int_equal(core_counts(f.core).held_generation, before);
        feed_release(&f, RELEASE_STOP);
        unit_answer(id + 1, OUTCOME_DONE, 0);
        assert_int_not_equal(core_counts(f.core).held_generation, before);
        assert_false(core_hold_status(f.core, 0, &h));
        fixture_stop(&f);
}

/* One more than there is room for is not touched. */
static void test_recovered_too_many(void **state) {
        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        fixture_start(&f, NULL, 0);
        for (unsigned i = 0; i <= HOLDS_MAX; i++) {
                f.effects = core_step(f.core, &(Event){ .kind = EVENT_HELD, .now_usec = f.now_usec,
                                                        .held = { .unit = "x.service", .action = ACTION_FREEZE } });
                assert_effects(&f, i < HOLDS_MAX ? "undo" : "");
        }
        assert_int_equal(core_counts(f.core).n_held, HOLDS_MAX);
        fixture_stop(&f);
}

/* What an earlier run held of a cgroup that no manager knows comes back with its path. */
static void test_recovered_group(void **state) {
        for (unsigned known = 0; known < 2; known++) {
                const Event event = {
                        .kind = EVENT_HELD, .now_usec = 1000 * SEC,
                        .held = { .unit = "app.service", .action = ACTION_FREEZE, .path = "/user.slice/app.service", .delegated = known },
                };

                f = (Fixture){ .settings = SETTINGS_DEFAULT };
                fixture_start(&f, NULL, 0);
                f.effects = core_step(f.core, &event);
                assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.victim.delegated, known);
                assert_string_equal(effect_of(&f, EFFECT_UNDO)->undo.victim.path, event.held.path);
                fixture_stop(&f);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_recovered),
                cmocka_unit_test(test_generation),
                cmocka_unit_test(test_recovered_too_many),
                cmocka_unit_test(test_recovered_group),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
