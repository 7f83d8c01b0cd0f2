/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture-unit.h"

#include "core/core-private.h"

/* A look at the throttled unit: of the second since the last one `full` hundredths of a percent stalled, its high
 * climbed, and of 1000 pages scanned so many were reclaimed. */
static void look_throttled(uint32_t full, uint64_t reclaimed) {
        pass(&f, SEC, full, full);
        f.sample.events_high += 10;
        f.sample.scanned += 1000;
        f.sample.reclaimed += reclaimed;
        feed_look(&f, A);
}

/* A throttle is undone when the unit livelocks under it, not before it did for three seconds, and is not tried again with
 * this unit in this incident, though the step holds. */
static void test_livelock(void **state) {
        const Candidate candidate = { .cgroup_id = A, .usage_bytes = 1000 };
        Step step = STEP("hold", ACTION_THROTTLE, .cooldown_usec = 0, .settle_usec = 0);
        uint64_t id = unit_act(step);

        unit_answer(id, OUTCOME_DONE, 4096);
        assert_effects(&f, "follow report sample");
        assert_int_equal(effect_of(&f, EFFECT_FOLLOW)->look.id, A);
        feed_timer(&f);
        feed_look(&f, A); /* settled */
        for (unsigned i = 0; i < 2; i++) {
                look_throttled(9000, 0);
                assert_null(strstr(effect_words(&f), "undo"));
        }
        look_throttled(9000, 0);
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_LIVELOCK);
        feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_UNDO)->undo.id, .kind = OUTCOME_DONE });
        assert_effects(&f, "release unfollow");
        assert_int_equal(effect_of(&f, EFFECT_UNFOLLOW)->look.id, A);

        for (unsigned i = 0; i < 5; i++) {
                look_throttled(9000, 0);
                assert_non_null(strstr(effect_words(&f), "survey"));
                feed_survey(&f, A, &candidate, 1);
                assert_effects(&f, ""); /* it has been tried: no refusal either */
        }

        /* Another incident, another try. */
        pass(&f, 3 * SEC, 0, 0);
        feed_look(&f, A);
        pass(&f, 20 * SEC, 0, 0);
        feed_look(&f, A);
        assert_int_equal(core_counts(f.core).n_incidents, 0);
        pass(&f, 2 * SEC, 5000, 0);
        feed_look(&f, A);
        feed_survey(&f, A, &candidate, 1);
        assert_effects(&f, "act");
        fixture_stop(&f);
}

/* Looked at each second, by the timer if nothing else does it, as long as it is held; only where memory is limited. */
static void test_follows(void **state) {
        Step step = STEP("hold", ACTION_THROTTLE, .memory_high = { 0 });
        uint64_t id = unit_act((Step)STEP("hold", ACTION_THROTTLE));

        unit_answer(id, OUTCOME_DONE, 4096);
        for (unsigned i = 0; i < 5; i++) { /* no look comes: asked for again */
                pass(&f, SEC - 1, 5000, 0);
                feed_outcome(&f, (Outcome){ .id = 0 });
                assert_effects(&f, "");
                pass(&f, 1, 5000, 0);
                feed_outcome(&f, (Outcome){ .id = 0 });
                assert_effects(&f, "sample");
                assert_int_equal(effect_of(&f, EFFECT_SAMPLE)->look.id, A);
                assert_true(f.effects->wakeup_usec <= f.now_usec + SEC);
        }
        pass(&f, 500 * MSEC, 5000, 0);
        feed_look(&f, A); /* one that came by itself puts off the next */
        pass(&f, SEC - 1, 5000, 0);
        feed_outcome(&f, (Outcome){ .id = 0 });
        assert_effects(&f, "");
        feed_release(&f, RELEASE_BY_HAND);
        assert_effects(&f, "undo");
        pass(&f, 2 * SEC, 5000, 0);
        feed_outcome(&f, (Outcome){ .id = 0 });
        assert_effects(&f, ""); /* not while it is being undone */
        fixture_stop(&f);

        properties_set(&step.limits, PROPERTY_CPU_WEIGHT, 1);
        id = unit_act(step);
        feed_outcome(&f, (Outcome){ .id = id, .kind = OUTCOME_DONE, .previous = PROPERTIES_ONE(PROPERTY_CPU_WEIGHT, 100) });
        assert_effects(&f, "report");
        feed_look(&f, A);
        for (unsigned i = 0; i < 6; i++) {
                look_throttled(9000, 0);
                assert_null(strstr(effect_words(&f), "undo"));
        }
        fixture_stop(&f);
}

/* A unit that is watched with all that it takes is not followed beside that, but judged by the same looks. One that is
 * gone leaves nothing to follow. */
static void test_follows_watched(void **state) {
        Condition conditions[] = { { .kind = CONDITION_RECLAIM, .rate = { 1, SEC } }, USAGE_BYTES(1) };
        Step step = STEP("hold", ACTION_THROTTLE, .conditions = conditions, .n_conditions = 2);
        const Candidate candidate = { .cgroup_id = A, .usage_bytes = 1000 };

        for (unsigned n = 1; n <= 2; n++) {
                steps[0] = step;
                steps[0].n_conditions = n;
                policy = (Policy){ .name = (char *) "p", .match.units = GLOBS(GLOB("a.service")), .steps = steps, .n_steps = 1,
                                   .victim = { RANK_BY(RANK_USAGE) } };
                f = (Fixture){ .settings = SETTINGS_DEFAULT };
                fixture_start(&f, (Policy *[]){ &policy }, 1);
                feed_new(&f, A, CGROUP_UNIT, "a.service");
                f.sample.usage_bytes = 1000;
                feed_look(&f, A);
                look_throttled(0, 1000);
                look_throttled(0, 1000);
                feed_survey(&f, A, &candidate, 1);
                unit_answer(effect_of(&f, EFFECT_ACT)->decision.id, OUTCOME_DONE, 4096);
                assert_effects(&f, n == 1 ? "follow report sample" : "report sample");
                feed_look(&f, A);
                for (unsigned i = 0; i < 3; i++)
                        look_throttled(9000, 0);
                assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_LIVELOCK);
                feed_gone(&f, A);
                feed_outcome(&f, (Outcome){ .id = 2, .kind = OUTCOME_DONE });
                assert_effects(&f, "release");
                fixture_stop(&f);
        }
}

/* A unit that nobody watches, and that pays for a slice: its looks are for its throttle alone. */
static void test_follows_unwatched(void **state) {
        static Condition condition = AVAILABLE_BYTES(MIB);
        const Candidate candidate = { .cgroup_id = A, .usage_bytes = 1000 };
        uint64_t id;

        steps[0] = (Step)STEP("hold", ACTION_THROTTLE, .conditions = &condition, .n_conditions = 1);
        policy = (Policy){ .name = (char *) "p", .match.slices = GLOBS(GLOB("s.slice")), .steps = steps, .n_steps = 1,
                           .victim = { RANK_BY(RANK_USAGE), .from = GLOBS(GLOB("a.service")) } };
        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, SLICE, CGROUP_SLICE, "s.slice");
        feed_new(&f, A, CGROUP_UNIT, "a.service");
        f.sample.room_bytes = 0;
        feed_look(&f, SLICE);
        feed_survey(&f, SLICE, &candidate, 1);
        unit_answer(effect_of(&f, EFFECT_ACT)->decision.id, OUTCOME_DONE, 4096);
        assert_effects(&f, "follow report sample");
        for (unsigned i = 0; i < 3; i++) {
                look_throttled(9000, 0);
                assert_effects(&f, "");
        }
        look_throttled(9000, 0);
        assert_effects(&f, "undo");
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_LIVELOCK);
        id = effect_of(&f, EFFECT_UNDO)->undo.id;

        /* The names in the last effects stay, though nobody else knows them any more. */
        feed_gone(&f, A);
        feed_gone(&f, SLICE);
        feed_outcome(&f, (Outcome){ .id = id, .kind = OUTCOME_DONE });
        assert_string_equal(effect_of(&f, EFFECT_RELEASE)->undo.victim.unit, "a.service");
        assert_string_equal(effect_of(&f, EFFECT_RELEASE)->undo.watch.unit, "s.slice");
        fixture_stop(&f);
}

/* What was tried in vain with a unit counts for one incident: all of it, and nothing of an earlier one. */
static void test_vain(void **state) {
        static const struct {
                uint64_t high, low; /* how far the earlier incident's id is from this one's */
                unsigned vain;
        } rows[] = {
                { 0, 0, 1U << ACTION_PROTECT | 1U << ACTION_THROTTLE },
                { 1, 0, 1U << ACTION_PROTECT },
                { 0, 1, 1U << ACTION_PROTECT },
                { 1, 1, 1U << ACTION_PROTECT },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t id = unit_act((Step)STEP("hold", ACTION_PROTECT, .shield = GLOBS(GLOB("*")),
                                               .memory_low = { .bytes = 4096 }));
                const Id128 incident = effect_of(&f, EFFECT_ACT)->decision.incident;
                Node *n = node_registry_find(&f.core->nodes, A);

                n->vain = 1U << ACTION_THROTTLE;
                n->vain_incident = (Id128){ incident.high + rows[i].high, incident.low + rows[i].low };
                feed_outcome(&f, (Outcome){ .id = id, .kind = OUTCOME_REFUSED });
                assert_int_equal(n->vain, rows[i].vain);
                assert_int_equal(n->vain_incident.high, incident.high);
                assert_int_equal(n->vain_incident.low, incident.low);
                fixture_stop(&f);
        }
}

/* An undo for which an earlier step had no room follows in the next one; no look is asked for at what is gone. */
static void test_after_a_full_step(void **state) {
        Hold *h;

        unit_answer(unit_act((Step)STEP("hold", ACTION_THROTTLE)), OUTCOME_DONE, 4096);
        h = f.core->ledger.holds;
        h->victim->gone = true;
        pass(&f, SEC, 5000, 0);
        feed_outcome(&f, (Outcome){ .id = 0 });
        assert_effects(&f, "");
        h->release = true;
        h->reason = RELEASE_GONE;
        feed_outcome(&f, (Outcome){ .id = 0 });
        assert_effects(&f, "undo");
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_GONE);
        fixture_stop(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_livelock),
                cmocka_unit_test(test_follows),
                cmocka_unit_test(test_follows_watched),
                cmocka_unit_test(test_follows_unwatched),
                cmocka_unit_test(test_vain),
                cmocka_unit_test(test_after_a_full_step),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
