/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "fixture-survey.h"

/* Nobody grew lately, but a came to what it has within four seconds, and b within twelve. */
static void test_life(void **state) {
        const Stall stall = { A, SLICE, 1, STALL_MEMCG_HIGH, SEC };
        const Candidate same[] = { { A, MIB, 0, 0 }, { B, MIB, 0, 0 } };

        node_registry_find(&nodes, A)->born_usec = 97 * SEC;
        node_registry_find(&nodes, B)->born_usec = 89 * SEC;
        assert_false(fill(100 * SEC, same, 2));
        assert_true(fill(101 * SEC, same, 2));
        survey_blame(&survey, &nodes, &(Event){ .survey = { .stalls = &stall, .n_stalls = 1 } });
        assert_int_equal(survey.suspects[0].life_growth, MIB / 4);
        assert_int_equal(survey.suspects[1].life_growth, MIB / 12);
        assert_int_equal(survey.suspects[0].caused_usec, SEC * (MIB / 4) / (MIB / 4 + MIB / 12));
        assert_int_equal(survey.suspects[1].caused_usec, SEC * (MIB / 12) / (MIB / 4 + MIB / 12));
}

/* Whose weight is how great: MiB brought, MiB read again, MiB a second of a whole life, of a, b and c; and what is laid to
 * each of a stall of the host. */
static void test_weights(void **state) {
        static const struct {
                const char *what;
                uint64_t brought[3], again[3], life[3], caused[3];
                BlameKind kind;
        } rows[] = {
                { "who brings new pages", { 30, 10, 0 }, { 0 }, { 0 }, { 750, 250, 0 }, BLAME_GROWTH },
                { "less than a fifth of the greatest", { 1000, 199, 0 }, { 0 }, { 0 }, { 1000, 0, 0 }, BLAME_GROWTH },
                { "a fifth of it", { 1000, 200, 0 }, { 0 }, { 0 }, { 833, 166, 0 }, BLAME_GROWTH },
                { "one streams, one reads again", { 100, 0, 0 }, { 0, 400, 0 }, { 0 }, { 1000, 0, 0 }, BLAME_GROWTH },
                { "far more is read again", { 100, 0, 0 }, { 0, 401, 0 }, { 0 }, { 0, 1000, 0 }, BLAME_REFAULTS },
                { "small change, whatever its life was", { 100, 19, 0 }, { 0 }, { 10, 900, 0 }, { 1000, 0, 0 }, BLAME_GROWTH },
                { "a fifth of the most, and its life", { 100, 20, 0 }, { 0 }, { 100, 180, 0 }, { 500, 500, 0 }, BLAME_GROWTH },
                { "they share by that", { 0 }, { 30, 10, 1 }, { 0 }, { 750, 250, 0 }, BLAME_REFAULTS },
                { "as much lately as in its life", { 10, 0, 0 }, { 0 }, { 10, 0, 0 }, { 1000, 0, 0 }, BLAME_GROWTH },
                { "lately, and so in its life", { 10, 0, 0 }, { 0 }, { 20, 60, 0 }, { 1000, 0, 0 }, BLAME_GROWTH },
                { "next to nothing lately", { 9, 0, 0 }, { 0 }, { 20, 60, 0 }, { 325, 674, 0 }, BLAME_GROWTH },
                { "nor of who came to the most", { 9, 0, 0 }, { 0 }, { 60, 20, 0 }, { 1000, 0, 0 }, BLAME_GROWTH },
                { "a life against what is read again", { 0 }, { 0, 400, 0 }, { 100, 0, 0 }, { 1000, 0, 0 }, BLAME_GROWTH },
                { "a small one", { 0 }, { 0, 401, 0 }, { 100, 0, 0 }, { 0, 1000, 0 }, BLAME_REFAULTS },
        };
        const uint64_t ids[] = { A, B, C };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Stall stall = { A, 0, 1, STALL_DIRECT_RECLAIM, 1000, 1 };
                const Event event = { .survey = { .stalls = &stall, .n_stalls = 1 } };

                (void) survey_fill(&survey, &nodes, &(Event){ .survey = { .candidates = NULL } });
                for (size_t j = 0; j < 3; j++)
                        *survey_add(&survey, node_registry_find(&nodes, ids[j])) = (Suspect){
                                .node = node_registry_find(&nodes, ids[j]),
                                .brought = rows[i].brought[j] * MIB,
                                .refaults = rows[i].again[j] * MIB / SURVEY_PAGE_BYTES,
                                .life_growth = rows[i].life[j] * MIB,
                        };
                survey_blame(&survey, &nodes, &event);
                for (size_t j = 0; j < 3; j++)
                        if (survey.suspects[j].caused_usec != rows[i].caused[j] ||
                            survey.suspects[j].part.by_usec[rows[i].kind] != rows[i].caused[j])
                                fail_msg("%s: %zu: %lu", rows[i].what, j, survey.suspects[j].caused_usec);
        }
}

/* The host is one limit, whether it is named or not. */
static void test_host_is_one(void **state) {
        const Stall stalls[] = { { A, 0, 1, STALL_DIRECT_RECLAIM, 500, 1 }, { A, HOST, 1, STALL_DIRECT_RECLAIM, 500, 1 } };

        assert_false(fill(100 * SEC, &(Candidate){ A }, 1));
        assert_true(fill(101 * SEC, &(Candidate){ A, MIB }, 1));
        survey_blame(&survey, &nodes, &(Event){ .survey = { .stalls = stalls, .n_stalls = 2 } });
        assert_int_equal(survey.n_scopes, 1);
        assert_int_equal(survey.suspects->caused_usec, 1000);
}

/* There is room for some limits that several have part in; of what is over each has its own. */
static void test_scopes_are_bounded(void **state) {
        Stall stalls[SCOPES_MAX + 1] = { 0 };

        for (size_t i = 0; i < ELEMENTSOF(stalls); i++) {
                char name[32];

                (void) snprintf(name, sizeof(name), "o%zu.slice", i);
                registry_put(&nodes, 100 + i, CGROUP_SLICE, name);
                stalls[i] = (Stall){ A, 100 + i, 1, STALL_MEMCG_MAX, 10, 1 };
        }
        (void) fill(100 * SEC, &(Candidate){ A }, 1);
        survey_blame(&survey, &nodes, &(Event){ .survey = { .stalls = stalls, .n_stalls = ELEMENTSOF(stalls) } });
        assert_int_equal(survey.n_scopes, SCOPES_MAX);
        assert_int_equal(survey.suspects->part.by_usec[BLAME_ITSELF], 10 * (SCOPES_MAX + 1));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_life, setup, teardown),
                cmocka_unit_test_setup_teardown(test_weights, setup, teardown),
                cmocka_unit_test_setup_teardown(test_host_is_one, setup, teardown),
                cmocka_unit_test_setup_teardown(test_scopes_are_bounded, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
