/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture-unit.h"

/* Protect goes on to the next after each Settle=, and cools down when nobody is left; one that systemd refused is not
 * asked for again in this incident; one that failed is. */
static void test_protect(void **state) {
        static const struct {
                OutcomeKind kind;
                Properties previous;
                const char *second, *third; /* whom it protects next, "" for nobody */
        } rows[] = {
                { OUTCOME_DONE, PROPERTIES_ONE(PROPERTY_MEMORY_LOW, 0), "b.service", "" },
                { OUTCOME_TIMEOUT, PROPERTIES_ONE(PROPERTY_MEMORY_LOW, 0), "b.service", "" },
                { OUTCOME_REFUSED, { 0 }, "b.service", "" },
                { OUTCOME_FAILED, { 0 }, "a.service", "b.service" },
        };
        static Condition condition = AVAILABLE_BYTES(MIB);
        static Step shield[] = { STEP("shield", ACTION_PROTECT, .conditions = &condition, .n_conditions = 1) };
        static const Candidate candidates[] = { { A, 1000, 0, 2 }, { B, 1000, 0, 1 } };

        shield[0].memory_low = (Amount){ .is_share = true, .share = 9000 };
        shield[0].shield = GLOBS(GLOB("*.service"));
        shield[0].has_until = false; /* held as long as the conditions are */
        shield[0].until.window_usec = 10 * SEC;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Policy by_slice = { .name = (char *) "p", .match.slices = GLOBS(GLOB("s.slice")), .steps = shield,
                                    .n_steps = 1, .victim = { RANK_BY(RANK_USAGE) } };
                const char *const next[] = { rows[i].second, rows[i].third };

                f = (Fixture){ .settings = SETTINGS_DEFAULT };
                fixture_start(&f, (Policy *[]){ &by_slice }, 1);
                feed_new(&f, SLICE, CGROUP_SLICE, "s.slice");
                feed_new(&f, A, CGROUP_UNIT, "s.slice/a.service");
                feed_new(&f, B, CGROUP_UNIT, "s.slice/b.service");
                f.sample.room_bytes = 0;
                feed_look(&f, SLICE);
                feed_survey(&f, SLICE, candidates, 2);
                assert_string_equal(effect_of(&f, EFFECT_ACT)->decision.victim.unit, "a.service");
                feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = rows[i].kind,
                                            .previous = rows[i].previous });
                for (size_t j = 0; j < 2; j++) {
                        pass(&f, 2 * SEC - 1, 0, 0);
                        feed_look(&f, SLICE);
                        assert_null(strstr(effect_words(&f), "survey")); /* it settles */
                        pass(&f, 1, 0, 0);
                        feed_timer(&f);
                        feed_look(&f, SLICE);
                        feed_look(&f, SLICE);
                        assert_effects(&f, "survey");
                        feed_survey(&f, SLICE, candidates, 2);
                        if (!next[j][0]) {
                                assert_effects(&f, "");
                                break;
                        }
                        assert_string_equal(effect_of(&f, EFFECT_ACT)->decision.victim.unit, next[j]);
                        feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = OUTCOME_DONE,
                                                    .previous = PROPERTIES_ONE(PROPERTY_MEMORY_LOW, 0) });
                }
                if (!next[1][0]) { /* nobody is left: now it cools */
                        pass(&f, 15 * SEC - 1, 0, 0);
                        feed_look(&f, SLICE);
                        assert_effects(&f, "");
                        pass(&f, 1, 0, 0);
                        feed_look(&f, SLICE);
                        assert_effects(&f, "survey");
                }
                fixture_stop(&f);
        }
}

/* A protect that cools lets what is milder act. */
static void test_protect_bars_nobody(void **state) {
        static Condition condition = AVAILABLE_BYTES(MIB);
        const Step list[] = {
                STEP("tell", ACTION_LOG, .conditions = &condition, .n_conditions = 1),
                STEP("shield", ACTION_PROTECT, .conditions = &condition, .n_conditions = 1),
        };

        unit_start(list, 2);
        f.sample.room_bytes = 0;
        feed_look(&f, A);
        unit_survey();
        assert_effects(&f, "refuse"); /* nobody suffers */
        pass(&f, SEC, 0, 0);
        feed_look(&f, A);
        assert_effects(&f, "survey");
        unit_survey();
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.action, ACTION_LOG);
        fixture_stop(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_protect),
                cmocka_unit_test(test_protect_bars_nobody),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
