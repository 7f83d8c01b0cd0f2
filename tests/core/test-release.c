/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture.h"

enum { A = 7 };

static Step steps[1];
static Policy policy;
static Fixture f;

/* A unit at 50 % for two seconds, and its step's action sent. Returns the decision's id. */
static uint64_t start(Step step) {
        static Condition condition = SOME(10, 2 * SEC);
        static char *units[] = { (char *) "a.service", NULL };
        const Candidate candidate = { .cgroup_id = A, .usage_bytes = 1000 };

        steps[0] = step;
        if (step.n_conditions == 0) {
                steps[0].conditions = &condition;
                steps[0].n_conditions = 1;
        }
        policy = (Policy){ .name = (char *) "p", .match.units = units, .steps = steps, .n_steps = 1,
                           .victim = { RANK_BY(RANK_USAGE) } };
        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, A, CGROUP_UNIT, "a.service");
        feed_look(&f, A);
        pass(&f, 2 * SEC, 5000, 0);
        feed_look(&f, A);
        feed_survey(&f, A, &candidate, 1);
        return effect_of(&f, EFFECT_ACT)->decision.id;
}

static void answer(uint64_t id, OutcomeKind kind, uint64_t previous_bytes) {
        feed_outcome(&f, (Outcome){ .id = id, .kind = kind, .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, previous_bytes) });
}

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
                uint64_t id = start((Step)STEP("hold", rows[i].action));

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

        id = start((Step)STEP("hold", ACTION_THROTTLE)); /* Until=some 2.5% 10s */
        answer(id, OUTCOME_DONE, 4096);
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
        answer(id + 1, OUTCOME_DONE, 0);
        assert_effects(&f, "release unfollow");
        assert_int_equal(effect_of(&f, EFFECT_RELEASE)->undo.held_usec, 11 * SEC);
        assert_int_equal(core_counts(f.core).n_held, 0);
        fixture_stop(&f);

        /* At its share it is not below it. */
        id = start((Step)STEP("hold", ACTION_THROTTLE));
        answer(id, OUTCOME_DONE, 4096);
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
        answer(start(step), OUTCOME_DONE, 4096);
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
        answer(effect_of(&f, EFFECT_ACT)->decision.id, OUTCOME_DONE, 4096);

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
        id = start(step);
        answer(id, OUTCOME_DONE, 0);
        pass(&f, 3 * SEC - 1, 5000, 0);
        feed_timer(&f);
        assert_false(strstr(effect_words(&f), "undo"));
        pass(&f, 1, 5000, 0);
        feed_timer(&f);
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_MAX_HOLD);
        id = effect_of(&f, EFFECT_UNDO)->undo.id;

        for (size_t i = 0; i < ELEMENTSOF(delays); i++) {
                answer(id, OUTCOME_FAILED, 0);
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
        answer(id, OUTCOME_DONE, 0); /* the old one's answer, too late */
        assert_effects(&f, "");
        feed_outcome(&f, (Outcome){ .id = id + 1, .kind = OUTCOME_FAILED, .gone = true });
        assert_effects(&f, "release");
        fixture_stop(&f);
}

/* Stop, reload, and a unit that goes: once for each hold, whatever is on its way. */
static void test_everything_ends(void **state) {
        uint64_t id = start((Step)STEP("hold", ACTION_FREEZE));

        feed_release(&f, RELEASE_STOP);
        assert_effects(&f, ""); /* its answer is not here yet */
        feed_gone(&f, A);
        assert_effects(&f, "");
        answer(id, OUTCOME_DONE, 0);
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_STOP);
        assert_string_equal(effect_of(&f, EFFECT_UNDO)->undo.victim.unit, "a.service");
        answer(id + 1, OUTCOME_DONE, 0);
        assert_effects(&f, "release");
        assert_int_equal(core_counts(f.core).n_open, 0);
        fixture_stop(&f);

        id = start((Step)STEP("hold", ACTION_FREEZE));
        answer(id, OUTCOME_DONE, 0);
        feed_release(&f, RELEASE_RELOAD);
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_RELOAD);
        feed_release(&f, RELEASE_STOP);
        feed_gone(&f, A);
        assert_false(strstr(effect_words(&f), "undo"));
        answer(id + 1, OUTCOME_FAILED, 0);
        assert_effects(&f, "stuck");
        feed_release(&f, RELEASE_STOP); /* asked again: tried again, now */
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_RELOAD);
        fixture_stop(&f);
}

/* After a release nothing is begun. */
static void test_nothing_after_release(void **state) {
        uint64_t id = start((Step)STEP("hold", ACTION_FREEZE));
        const Candidate candidate = { .cgroup_id = A };

        answer(id, OUTCOME_REFUSED, 0);
        feed_release(&f, RELEASE_STOP);
        pass(&f, 60 * SEC, 9000, 0);
        feed_look(&f, A);
        pass(&f, SEC, 9000, 0);
        feed_look(&f, A);
        feed_survey(&f, A, &candidate, 1);
        assert_effects(&f, "");
        fixture_stop(&f);
}

/* What an earlier run left is undone at once, tried again until it is, and told with its own incident. */
static void test_recovered(void **state) {
        const Event found = {
                .kind = EVENT_HELD,
                .held = { .unit = "x.service", .action = ACTION_THROTTLE, .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 4096),
                          .since_usec = 990 * SEC, .incident = { 1, 2 } },
        };
        Event event = found;
        const Undo *u;

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
        uint64_t id = start((Step)STEP("hold", ACTION_THROTTLE));

        before = core_counts(f.core).held_generation;
        assert_int_not_equal(before, 0);
        assert_true(core_hold_status(f.core, 0, &h));
        assert_false(h.is_known);
        answer(id, OUTCOME_DONE, 4096);
        assert_int_not_equal(core_counts(f.core).held_generation, before);
        assert_true(core_hold_status(f.core, 0, &h));
        assert_true(h.is_known);
        assert_int_equal(h.previous.values[PROPERTY_MEMORY_HIGH], 4096);

        before = core_counts(f.core).held_generation;
        feed_look(&f, A);
        assert_int_equal(core_counts(f.core).held_generation, before);
        feed_release(&f, RELEASE_STOP);
        answer(id + 1, OUTCOME_DONE, 0);
        assert_int_not_equal(core_counts(f.core).held_generation, before);
        assert_false(core_hold_status(f.core, 0, &h));
        fixture_stop(&f);
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
                cmocka_unit_test(test_recovered),
                cmocka_unit_test(test_generation),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
