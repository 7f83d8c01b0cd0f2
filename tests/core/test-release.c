/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture-unit.h"

#include "core/core-private.h"

/* What an answer to throttle and freeze leaves: held, undone at once, or nothing. */
static void test_answers(void **state) {
        static const struct {
                ActionKind action;
                OutcomeKind kind;
                bool gone;
                uint64_t previous_bytes;
                const char *effects;
                size_t n_open;
        } rows[] = {
                { ACTION_THROTTLE, OUTCOME_DONE, false, UINT64_MAX, "follow report sample", 1 },
                { ACTION_THROTTLE, OUTCOME_DONE, false, 0, "follow report sample", 1 }, /* MemoryHigh=0 it was */
                { ACTION_THROTTLE, OUTCOME_FAILED, false, 0, "report", 0 }, /* not even the old value was read */
                { ACTION_THROTTLE, OUTCOME_FAILED, false, 4096, "undo report", 1 },
                { ACTION_THROTTLE, OUTCOME_TIMEOUT, false, 0, "report", 0 },
                { ACTION_THROTTLE, OUTCOME_TIMEOUT, false, 4096, "follow report sample", 1 },
                { ACTION_THROTTLE, OUTCOME_REFUSED, false, 4096, "report", 0 },
                { ACTION_THROTTLE, OUTCOME_FAILED, true, 4096, "report", 0 },
                { ACTION_FREEZE, OUTCOME_DONE, false, 0, "report", 1 },
                { ACTION_FREEZE, OUTCOME_FAILED, false, 0, "undo report", 1 },
                { ACTION_FREEZE, OUTCOME_TIMEOUT, false, 0, "report", 1 },
                { ACTION_FREEZE, OUTCOME_REFUSED, false, 0, "report", 0 },
                { ACTION_FREEZE, OUTCOME_DONE, true, 0, "report", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t id = unit_act((Step)STEP("hold", rows[i].action));

                Properties previous = { 0 };

                if (rows[i].previous_bytes > 0)
                        properties_set(&previous, PROPERTY_MEMORY_HIGH, rows[i].previous_bytes);
                feed_outcome(&f, (Outcome){ .id = id, .kind = rows[i].kind, .gone = rows[i].gone, .previous = previous });
                if (strcmp(effect_words(&f), rows[i].effects) != 0 || core_counts(f.core).n_open != rows[i].n_open)
                        fail_msg("row %zu: \"%s\", %zu open", i, effect_words(&f), core_counts(f.core).n_open);
                if (rows[i].effects[0] == 'u') {
                        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_FAILED);
                        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.previous.values[PROPERTY_MEMORY_HIGH], rows[i].previous_bytes);
                }
                fixture_stop(&f);
        }
}

/* Until=: calm for its whole window, and held for as long. */
static void test_calm(void **state) {
        uint64_t id;

        id = unit_act((Step)STEP("hold", ACTION_THROTTLE)); /* Until=some 2.5% 10s */
        unit_answer(id, OUTCOME_DONE, 4096);
        pass(&f, 10 * SEC - 1, 0, 0);
        feed_look(&f, A);
        assert_effects(&f, "");
        pass(&f, 1, 0, 0);
        feed_look(&f, A);
        assert_effects(&f, "undo");
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_CALM);
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.previous.values[PROPERTY_MEMORY_HIGH], 4096);
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.held_usec, 10 * SEC);

        /* The undo is on its way: it is not sent again while it may be answered. */
        pass(&f, SEC, 0, 0);
        feed_look(&f, A);
        assert_effects(&f, "");
        unit_answer(id + 1, OUTCOME_DONE, 0);
        assert_effects(&f, "release unfollow");
        assert_int_equal(effect_of(&f, EFFECT_RELEASE)->undo.held_usec, 11 * SEC);
        assert_int_equal(core_counts(f.core).n_held, 0);
        fixture_stop(&f);

        /* At its share it is not below it. */
        id = unit_act((Step)STEP("hold", ACTION_THROTTLE));
        unit_answer(id, OUTCOME_DONE, 4096);
        pass(&f, 20 * SEC, 250, 0);
        feed_look(&f, A);
        assert_effects(&f, "");
        pass(&f, 10 * SEC, 249, 0);
        feed_look(&f, A);
        assert_effects(&f, "undo");
        fixture_stop(&f);
}

/* Until= may be about full. */
static void test_calm_full(void **state) {
        Step step = STEP("hold", ACTION_THROTTLE);

        step.until.kind = PRESSURE_FULL;
        unit_answer(unit_act(step), OUTCOME_DONE, 4096);
        pass(&f, 10 * SEC, 5000, 250);
        feed_look(&f, A);
        assert_false(strstr(effect_words(&f), "undo"));
        pass(&f, 10 * SEC, 5000, 249);
        feed_look(&f, A);
        assert_true(strstr(effect_words(&f), "undo"));
        fixture_stop(&f);
}

/* Without Until=: the conditions have not held for as long. */
static void test_calm_without_pressure(void **state) {
        Condition usage = USAGE_BYTES(1000);
        Step step = STEP("hold", ACTION_THROTTLE, .conditions = &usage, .n_conditions = 1);
        const Candidate candidate = { .cgroup_id = A };

        step.has_until = false;
        steps[0] = step;
        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        policy = (Policy){ .name = (char *) "p", .match.units = GLOBS(GLOB("a.service")), .steps = steps, .n_steps = 1,
                           .victim = { RANK_BY(RANK_USAGE) } };
        f.sample.usage_bytes = 1001;
        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, A, CGROUP_UNIT, "a.service");
        feed_look(&f, A);
        feed_survey(&f, A, &candidate, 1);
        unit_answer(effect_of(&f, EFFECT_ACT)->decision.id, OUTCOME_DONE, 4096);

        pass(&f, 20 * SEC, 0, 0);
        feed_look(&f, A);
        assert_effects(&f, ""); /* it holds still */
        f.sample.usage_bytes = 1000;
        feed_look(&f, A);
        pass(&f, 10 * SEC - 1, 0, 0);
        feed_look(&f, A);
        assert_effects(&f, "");
        pass(&f, 1, 0, 0);
        feed_look(&f, A);
        assert_effects(&f, "undo");
        fixture_stop(&f);
}

/* An undo that fails is tried again after 0.5, 1, 2 ... 32 s, and one without an answer after five. */
static void test_retries(void **state) {
        static const uint64_t delays[] = { 500, 1000, 2000, 4000, 8000, 16000, 32000, 32000 };
        Step step = STEP("hold", ACTION_FREEZE);
        uint64_t id;

        step.max_hold_usec = 3 * SEC;
        id = unit_act(step);
        unit_answer(id, OUTCOME_DONE, 0);
        pass(&f, 3 * SEC - 1, 5000, 0);
        feed_timer(&f);
        assert_false(strstr(effect_words(&f), "undo"));
        pass(&f, 1, 5000, 0);
        feed_timer(&f);
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_MAX_HOLD);
        id = effect_of(&f, EFFECT_UNDO)->undo.id;

        for (size_t i = 0; i < ELEMENTSOF(delays); i++) {
                unit_answer(id, OUTCOME_FAILED, 0);
                assert_effects(&f, i == 0 ? "stuck" : "");
                pass(&f, delays[i] * MSEC - 1, 5000, 0);
                feed_timer(&f);
                assert_false(strstr(effect_words(&f), "undo"));
                pass(&f, 1, 5000, 0);
                feed_timer(&f);
                assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_MAX_HOLD);
                id = effect_of(&f, EFFECT_UNDO)->undo.id;
        }
        pass(&f, 5 * SEC - 1, 5000, 0);
        feed_timer(&f);
        assert_false(strstr(effect_words(&f), "undo"));
        pass(&f, 1, 5000, 0);
        feed_timer(&f);
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.id, id + 1);
        unit_answer(id, OUTCOME_DONE, 0); /* the old one's answer, too late */
        assert_effects(&f, "");
        feed_outcome(&f, (Outcome){ .id = id + 1, .kind = OUTCOME_FAILED, .gone = true });
        assert_effects(&f, "release");
        fixture_stop(&f);
}

/* Stop, reload, and a unit that goes: once for each hold, whatever is on its way. */
static void test_everything_ends(void **state) {
        uint64_t id = unit_act((Step)STEP("hold", ACTION_FREEZE));

        feed_release(&f, RELEASE_STOP);
        assert_effects(&f, ""); /* its answer is not here yet */
        feed_gone(&f, A);
        assert_effects(&f, "");
        unit_answer(id, OUTCOME_DONE, 0);
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_STOP);
        assert_string_equal(effect_of(&f, EFFECT_UNDO)->undo.victim.unit, "a.service");
        unit_answer(id + 1, OUTCOME_DONE, 0);
        assert_effects(&f, "release");
        assert_int_equal(core_counts(f.core).n_open, 0);
        fixture_stop(&f);

        id = unit_act((Step)STEP("hold", ACTION_FREEZE));
        unit_answer(id, OUTCOME_DONE, 0);
        feed_release(&f, RELEASE_RELOAD);
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_RELOAD);
        feed_release(&f, RELEASE_STOP);
        feed_gone(&f, A);
        assert_false(strstr(effect_words(&f), "undo"));
        unit_answer(id + 1, OUTCOME_FAILED, 0);
        assert_effects(&f, "stuck");
        feed_release(&f, RELEASE_STOP); /* asked again: tried again, now */
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_RELOAD);
        fixture_stop(&f);
}

/* After a release nothing is begun. */
static void test_nothing_after_release(void **state) {
        uint64_t id = unit_act((Step)STEP("hold", ACTION_FREEZE));
        const Candidate candidate = { .cgroup_id = A };

        unit_answer(id, OUTCOME_REFUSED, 0);
        feed_release(&f, RELEASE_STOP);
        pass(&f, 60 * SEC, 9000, 0);
        feed_look(&f, A);
        pass(&f, SEC, 9000, 0);
        feed_look(&f, A);
        feed_survey(&f, A, &candidate, 1);
        assert_effects(&f, "");
        fixture_stop(&f);
}

/* A step that is due looks for a victim: what comes of it. */
static void assert_tries(const char *effects) {
        const Candidate candidate = { .cgroup_id = A, .usage_bytes = 1000 };

        feed_look(&f, A);
        assert_effects(&f, "survey");
        feed_survey(&f, A, &candidate, 1);
        assert_effects(&f, effects);
}

/* By hand: one unit or all, the core goes on, what was undone cools down, and the unit is left alone. */
static void test_by_hand(void **state) {
        static const struct {
                uint64_t cgroup_id;
                const char *effects;
        } rows[] = { { A, "undo" }, { 0, "undo" }, { 99, "" } };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t id = unit_act((Step)STEP("hold", ACTION_FREEZE, .max_hold_usec = USEC_INFINITY, .settle_usec = 0));
                uint64_t released_usec;

                unit_answer(id, OUTCOME_DONE, 0);
                feed_timer(&f);
                feed_look(&f, A); /* settled */
                pass(&f, 60 * SEC, 5000, 0);
                feed_look(&f, A);
                released_usec = f.now_usec;
                f.effects = core_step(f.core, &(Event){ .kind = EVENT_RELEASE, .now_usec = f.now_usec,
                                                        .cgroup_id = rows[i].cgroup_id, .release = RELEASE_BY_HAND });
                assert_effects(&f, rows[i].effects);
                if (!rows[i].effects[0]) {
                        fixture_stop(&f);
                        continue;
                }
                assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_BY_HAND);
                unit_answer(effect_of(&f, EFFECT_UNDO)->undo.id, OUTCOME_DONE, 0);
                assert_effects(&f, "release");
                pass(&f, 15 * SEC - 1, 5000, 0);
                feed_look(&f, A);
                assert_effects(&f, "");
                pass(&f, 1, 5000, 0);
                assert_tries("");
                pass(&f, released_usec + 600 * SEC - 1 - f.now_usec, 5000, 0);
                assert_tries("");
                pass(&f, 15 * SEC, 5000, 0);
                assert_tries("act");
                fixture_stop(&f);
        }
}

/* What one policy holds, and what all do. */
static void test_policy(void **state) {
        static Condition condition = AVAILABLE_BYTES(MIB);
        static Step list[] = { STEP("pause", ACTION_FREEZE, .conditions = &condition, .n_conditions = 1) };
        Policy policies[] = {
                { .name = (char *) "10", .match.units = GLOBS(GLOB("a.service")), .steps = list, .n_steps = 1,
                  .victim = { RANK_BY(RANK_USAGE) } },
                { .name = (char *) "20", .match.units = GLOBS(GLOB("b.service")), .steps = list, .n_steps = 1,
                  .victim = { RANK_BY(RANK_USAGE) } },
        };

        policies[1].expires_usec = 5000 * SEC;
        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        fixture_start(&f, (Policy *[]){ policies, policies + 1 }, 2);
        f.effects = core_step(f.core, &(Event){ .kind = EVENT_CLOCK, .now_usec = f.now_usec, .realtime_usec = 4000 * SEC });
        f.sample.room_bytes = 0;
        for (uint64_t id = A; id <= B; id++) {
                feed_new(&f, id, CGROUP_UNIT, id == A ? "a.service" : "b.service");
                feed_look(&f, id);
                feed_survey(&f, id, &(Candidate){ .cgroup_id = id, .usage_bytes = 1000 }, 1);
                unit_answer(effect_of(&f, EFFECT_ACT)->decision.id, OUTCOME_DONE, 0);
        }
        assert_int_equal(core_counts(f.core).n_held, 2);
        f.effects = core_step(f.core, &(Event){ .kind = EVENT_CLOCK, .now_usec = f.now_usec, .realtime_usec = 5000 * SEC });
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_EXPIRED);
        assert_string_equal(effect_of(&f, EFFECT_UNDO)->undo.victim.unit, "b.service");
        fixture_stop(&f);
}

/* Protect: refused or failed with nothing set there is nothing to undo; where the unit is gone, the slices above it may
 * still have been raised for it. */
static void test_protect_answers(void **state) {
        static const struct {
                OutcomeKind kind;
                bool gone, low, slices;
                const char *effects;
        } rows[] = {
                { OUTCOME_DONE, false, true, true, "report" },
                { OUTCOME_FAILED, false, false, false, "report" },
                { OUTCOME_FAILED, false, true, false, "undo report" },
                { OUTCOME_TIMEOUT, false, false, false, "report" },
                { OUTCOME_FAILED, true, true, false, "report" },
                { OUTCOME_FAILED, true, true, true, "undo report" },
                { OUTCOME_REFUSED, false, true, true, "report" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t id = unit_act((Step)STEP("hold", ACTION_PROTECT, .shield = GLOBS(GLOB("*")),
                                               .memory_low = { .bytes = 4096 }));
                Properties previous = { 0 };

                if (rows[i].low)
                        properties_set(&previous, PROPERTY_MEMORY_LOW, 0);
                if (rows[i].slices)
                        properties_set(&previous, PROPERTY_SLICES_LOW, 4096);
                feed_outcome(&f, (Outcome){ .id = id, .kind = rows[i].kind, .gone = rows[i].gone, .previous = previous });
                if (strcmp(effect_words(&f), rows[i].effects) != 0)
                        fail_msg("row %zu: %s", i, effect_words(&f));
                assert_int_equal(core_counts(f.core).n_held, i == 0 || rows[i].effects[0] == 'u');
                fixture_stop(&f);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_answers),
                cmocka_unit_test(test_calm),
                cmocka_unit_test(test_calm_full),
                cmocka_unit_test(test_calm_without_pressure),
                cmocka_unit_test(test_retries),
                cmocka_unit_test(test_everything_ends),
                cmocka_unit_test(test_nothing_after_release),
                cmocka_unit_test(test_by_hand),
                cmocka_unit_test(test_policy),
                cmocka_unit_test(test_protect_answers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
