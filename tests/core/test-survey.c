/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture-survey.h"

static void test_measures(void **state) {
        static const struct {
                const char *what;
                uint64_t now_usec, usage, pressure;
                bool measured;
                uint64_t growth, stalled;
        } rows[] = {
                { "the first look is the base", 100 * SEC, 1000, 500, false, 0, 0 },
                { "too young to say", 100 * SEC + 50 * MSEC - 1, 2000, 600, false, 0, 0 },
                { "old enough", 100 * SEC + 50 * MSEC, 2000, 600, true, 20000, 100 },
                { "from the same base", 102 * SEC, 5000, 700, true, 2000, 200 },
                { "shrunk", 103 * SEC, 900, 400, true, 0, 0 },
                { "as old as a base may be", 110 * SEC, 11000, 500, true, 1000, 0 },
                { "too old: a new base", 110 * SEC + 1, 11000, 500, false, 0, 0 },
                { "measured from that", 111 * SEC + 1, 11007, 500, true, 7, 0 },
                { "time runs back", 50 * SEC, 20000, 900, false, 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Candidate c = { .cgroup_id = A, .usage_bytes = rows[i].usage, .pressure_usec = rows[i].pressure };

                if (fill(rows[i].now_usec, &c, 1) != rows[i].measured)
                        fail_msg("%s", rows[i].what);
                assert_int_equal(survey.n, 1);
                if (survey.suspects[0].growth != rows[i].growth || survey.suspects[0].pressure_usec != rows[i].stalled)
                        fail_msg("%s: %lu %lu", rows[i].what, survey.suspects[0].growth, survey.suspects[0].pressure_usec);
        }
}

static void test_candidates(void **state) {
        const Candidate some[] = { { A, 1000, 300, 0 }, { UNKNOWN, 5000, 0, 0 }, { B, 100, 300, 0 } };

        (void) fill(100 * SEC, some, 3);
        assert_int_equal(survey.n, 2);
        assert_int_equal(survey.suspects[0].usage_bytes, 700);
        assert_int_equal(survey.suspects[0].current_bytes, 1000);
        assert_int_equal(survey.suspects[1].usage_bytes, 0); /* all of it is protected */
        assert_ptr_equal(survey_find(&survey, B), survey.suspects + 1);
        assert_null(survey_find(&survey, C));
        assert_null(survey_find(&survey, UNKNOWN));

        /* One that has just come makes the whole look unmeasured, wherever it stands. */
        assert_true(fill(101 * SEC, (Candidate[]){ { A }, { B } }, 2));
        assert_false(fill(101 * SEC, (Candidate[]){ { C }, { A } }, 2));
        assert_false(fill(101 * SEC + 1, (Candidate[]){ { A }, { C } }, 2));
        assert_true(fill(102 * SEC, NULL, 0));
        assert_int_equal(survey.n, 0);
}

static void test_candidates_are_bounded(void **state) {
        Candidate *many = calloc(CANDIDATES_MAX + 5, sizeof(*many));

        for (size_t i = 0; i < CANDIDATES_MAX + 5; i++)
                many[i].cgroup_id = A;
        (void) fill(100 * SEC, many, CANDIDATES_MAX + 5);
        assert_int_equal(survey.n, CANDIDATES_MAX);
        free(many);
}

/* Usage in KiB, pages reclaimed and read again, at the base and two seconds later. */
static void test_traffic(void **state) {
        static const struct {
                const char *what;
                Candidate before, after;
                uint64_t brought, refaults; /* a second: KiB, pages */
                bool counted;
        } rows[] = {
                { "grew by less than a batch", { A, 1000 }, { A, 1255 }, 0, 0, false },
                { "grew by a batch", { A, 1000 }, { A, 1256 }, 128, 0, false },
                { "streams", { A, 1000, .counted = true }, { A, 1000, .reclaimed = 100, .counted = true }, 200, 0, true },
                { "is reclaimed from", { A, 1400, .counted = true }, { A, 1000, .reclaimed = 100, .counted = true }, 0, 0, true },
                { "and reads it again", { A, 1000, .counted = true },
                  { A, 1000, .reclaimed = 600, .refaulted = 600, .counted = true }, 0, 300, true },
                { "and some new", { A, 1000, .counted = true },
                  { A, 1000, .reclaimed = 600, .refaulted = 500, .counted = true }, 200, 250, true },
                { "grows and loses", { A, 1000, .counted = true }, { A, 1800, .refaulted = 200, .counted = true }, 0, 100, true },
                { "not counted at the base", { A, 1000 }, { A, 1256, .reclaimed = 900, .refaulted = 7, .counted = true }, 128, 0, false },
                { "not counted now", { A, 1000, .reclaimed = 900, .counted = true }, { A, 1256 }, 128, 0, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Candidate before = rows[i].before, after = rows[i].after;
                uint64_t now_usec = (100 + 20 * i) * SEC;
                const Suspect *s = survey.suspects;

                before.usage_bytes *= 1024;
                after.usage_bytes *= 1024;
                assert_false(fill(now_usec, &before, 1));
                assert_int_equal(s->brought, 0);
                assert_true(fill(now_usec + 2 * SEC, &after, 1));
                if (s->brought != rows[i].brought * 1024 || s->refaults != rows[i].refaults || s->counted != rows[i].counted)
                        fail_msg("%s: %lu %lu %d", rows[i].what, s->brought, s->refaults, s->counted);
        }
}

/* Where somebody stalls and nobody brings anything yet, half a second is waited for it. */
static void test_ripe(void **state) {
        static const struct {
                uint64_t age_usec, brought;
                size_t n_stalls;
                bool ripe;
        } rows[] = {
                { 500 * MSEC - 1, 0, 1, false }, { 500 * MSEC, 0, 1, true },
                { 500 * MSEC - 1, MIB, 1, true }, { 500 * MSEC - 1, 0, 0, true },
        };
        const Stall stall = { A, 0, 1, STALL_DIRECT_RECLAIM, 1000, 1 };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Candidate before[] = { { A }, { B } }, after[] = { { A }, { B, rows[i].brought } };
                uint64_t now_usec = (100 + 20 * i) * SEC;
                Event event = { .kind = EVENT_SURVEY, .now_usec = now_usec + rows[i].age_usec,
                                .survey = { .candidates = after, .n_candidates = 2, .stalls = &stall,
                                            .n_stalls = rows[i].n_stalls } };

                assert_false(fill(now_usec, before, 2));
                if (survey_fill(&survey, &nodes, &event) != rows[i].ripe)
                        fail_msg("row %zu", i);
        }
}

/* It is waited for as well where one brings a little, and another came to much more in its life. */
static void test_ripe_little(void **state) {
        static const struct {
                uint64_t brought, limit_bytes, a_born_usec, b_born_usec;
                bool ripe;
        } rows[] = {
                { MIB, 256 * MIB + 255, SEC, 0, true },  { MIB, 256 * MIB + 256, SEC, 0, false },
                { MIB, GIB, 0, 0, true },  { MIB, GIB, 0, SEC, true }, { MIB, GIB, SEC, SEC, false },
        };
        const Stall stall = { A, 0, 1, STALL_DIRECT_RECLAIM, 1000, 1 };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Candidate before[] = { { A, GIB }, { B } }, after[] = { { A, GIB }, { B, rows[i].brought } };
                uint64_t now_usec = (100 + 20 * i) * SEC;
                Event event = { .kind = EVENT_SURVEY, .now_usec = now_usec + 100 * MSEC,
                                .survey = { .values = { .limit_bytes = rows[i].limit_bytes }, .candidates = after,
                                            .n_candidates = 2, .stalls = &stall, .n_stalls = 1 } };

                node_registry_find(&nodes, A)->born_usec = rows[i].a_born_usec;
                node_registry_find(&nodes, B)->born_usec = rows[i].b_born_usec;
                assert_false(fill(now_usec, before, 2));
                if (survey_fill(&survey, &nodes, &event) != rows[i].ripe)
                        fail_msg("row %zu", i);
        }
}

/* Counters that come to be known later count from then. */
static void test_counted_later(void **state) {
        assert_false(fill(100 * SEC, &(Candidate){ A, MIB }, 1));
        assert_true(fill(101 * SEC, &(Candidate){ A, MIB, .reclaimed = 5000, .refaulted = 10, .counted = true }, 1));
        assert_int_equal(survey.suspects->brought, 0);
        assert_true(fill(102 * SEC, &(Candidate){ A, MIB, .reclaimed = 5200, .refaulted = 110, .counted = true }, 1));
        assert_true(survey.suspects->counted);
        assert_int_equal(survey.suspects->brought, 100 * 4096 / 2);
        assert_int_equal(survey.suspects->refaults, 50);
}

/* What it brought in its life, and never less than nothing. */
static void test_life(void **state) {
        static const struct {
                uint64_t born_usec;
                Candidate c;
                uint64_t life_growth;
        } rows[] = {
                { 0, { A, MIB }, 0 },
                { 98 * SEC, { A, MIB }, MIB / 2 },
                { 99 * SEC + 1, { A, MIB }, MIB },
                { 98 * SEC, { A, MIB, .reclaimed = 300, .refaulted = 44, .counted = true }, MIB },
                { 98 * SEC, { A, MIB, .reclaimed = 44, .refaulted = 301, .counted = true }, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                node_registry_find(&nodes, A)->born_usec = rows[i].born_usec;
                (void) fill(100 * SEC, &rows[i].c, 1);
                if (survey.suspects->life_growth != rows[i].life_growth)
                        fail_msg("row %zu: %lu", i, survey.suspects->life_growth);
        }
}

/* Swap, pages scanned since the base, what the unit asks for. */
static void test_more_measures(void **state) {
        const Candidate first = { .cgroup_id = A, .swap_bytes = 77, .scanned = 1000, .preference = PREFERENCE_AVOID };
        Candidate second = first;

        assert_false(fill(100 * SEC, &first, 1));
        assert_int_equal(survey.suspects[0].scanned, 0);
        assert_int_equal(survey.suspects[0].swap_bytes, 77);
        assert_int_equal(survey.suspects[0].preference, PREFERENCE_AVOID);
        second.scanned = 1500;
        assert_true(fill(101 * SEC, &second, 1));
        assert_int_equal(survey.suspects[0].scanned, 500);
        second.scanned = 900;
        assert_true(fill(102 * SEC, &second, 1));
        assert_int_equal(survey.suspects[0].scanned, 0);
}

static void test_culprits(void **state) {
        const Candidate candidates[] = { { A }, { B }, { C } };
        const Stall stalls[] = {
                { A, B, 1, STALL_MEMCG_MAX, 10, 1 }, /* for b's limit: a suffers */
                { B, B, 2, STALL_MEMCG_MAX, 50, 1 },
                { C, 0, 3, STALL_REFAULT, 10, 1 },
                { UNKNOWN, 0, 4, STALL_OTHER, 30, 1 },
        };
        const Event event = { .now_usec = 100 * SEC,
                              .survey = { .candidates = candidates, .n_candidates = 3, .stalls = stalls, .n_stalls = 4 } };
        Culprit c[4];

        (void) survey_fill(&survey, &nodes, &event);
        survey_blame(&survey, &nodes, &event);
        assert_int_equal(survey_culprits(&survey, &nodes, &event, c, 4), 4);
        assert_int_equal(c[0].values.pid, 2);
        assert_int_equal(c[0].stall, 1);
        assert_int_equal(c[0].role, ROLE_CAUSE);
        assert_int_equal(c[0].share, 5000);
        assert_string_equal(c[0].unit.unit, "b.service");
        assert_string_equal(c[0].limit.unit, "b.service");
        assert_int_equal(c[1].values.pid, 4);
        assert_int_equal(c[1].role, ROLE_SUFFERER);
        assert_int_equal(c[1].unit.id, 0);
        assert_int_equal(c[1].limit.id, 0);
        assert_int_equal(c[2].values.pid, 1); /* as large as the next, and first in the list */
        assert_int_equal(c[2].role, ROLE_SUFFERER);
        assert_int_equal(c[3].values.pid, 3);

        /* Of more than there is room for, the largest. */
        assert_int_equal(survey_culprits(&survey, &nodes, &event, c, 2), 2);
        assert_int_equal(c[0].values.pid, 2);
        assert_int_equal(c[1].values.pid, 4);
        assert_int_equal(survey_culprits(&survey, &nodes, &event, c, 0), 0);
}

/* Each with its share of all; those with less than a hundredth say nothing, unless that is all there is. */
static void test_shares(void **state) {
        static const struct {
                uint64_t first, second;
                size_t n;
                uint32_t share;
        } rows[] = { { 990, 10, 2, 9900 }, { 991, 9, 1, 9910 }, { 1, 0, 2, 10000 }, { 0, 0, 2, 0 } };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Stall stalls[] = { { A, A, 1, STALL_MEMCG_MAX, rows[i].first, 1 },
                                         { B, B, 2, STALL_MEMCG_MAX, rows[i].second, 1 } };
                const Event event = { .now_usec = 100 * SEC, .survey = { .stalls = stalls, .n_stalls = 2 } };
                Culprit c[2];

                (void) survey_fill(&survey, &nodes, &event);
                survey_blame(&survey, &nodes, &event);
                assert_int_equal(survey_culprits(&survey, &nodes, &event, c, 2), rows[i].n);
                assert_int_equal(c[0].share, rows[i].share);
        }
}

/* Half of what it suffered caused by itself makes a cause. */
static void test_role(void **state) {
        static const struct {
                uint64_t own, others;
                CulpritRole role;
        } rows[] = { { 50, 50, ROLE_CAUSE }, { 49, 50, ROLE_SUFFERER }, { 50, 49, ROLE_CAUSE }, { 0, 1, ROLE_SUFFERER } };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Candidate candidates[] = { { A }, { B } };
                const Stall stalls[] = { { A, A, 1, STALL_MEMCG_MAX, rows[i].own, 1 }, { A, B, 1, STALL_MEMCG_MAX, rows[i].others, 1 } };
                const Event event = { .now_usec = 100 * SEC, .survey = { .candidates = candidates, .n_candidates = 2,
                                                                         .stalls = stalls, .n_stalls = 2 } };
                Culprit c[2];

                (void) survey_fill(&survey, &nodes, &event);
                survey_blame(&survey, &nodes, &event);
                assert_int_equal(survey_culprits(&survey, &nodes, &event, c, 2), 2);
                if (c[0].role != rows[i].role)
                        fail_msg("row %zu", i);
        }
}

/* Shares of all units, and what is laid to nobody, add up. */
static void test_blames(void **state) {
        const Candidate candidates[] = { { A }, { B } };
        const Stall stalls[] = {
                { A, A, 1, STALL_MEMCG_MAX, 300, 1 }, { A, B, 2, STALL_MEMCG_MAX, 500, 1 },
                { A, C, 2, STALL_MEMCG_MAX, 100, 1 }, /* no candidate, and has its part all the same */
                { UNKNOWN, 0, 3, STALL_OTHER, 91, 1 }, { B, 0, 4, STALL_COMPACTION, 9, 1 },
        };
        const Reclaim reclaims[] = { { B, A, RECLAIM_BY_HAND, 70, 1 }, { B, B, RECLAIM_MAX, 5, 1 } };
        Event event = { .now_usec = 100 * SEC,
                        .survey = { .candidates = candidates, .n_candidates = 2, .stalls = stalls, .n_stalls = 5,
                                    .reclaims = reclaims, .n_reclaims = 2 } };
        uint32_t unknown;
        Blame b[3];

        (void) survey_fill(&survey, &nodes, &event);
        survey_blame(&survey, &nodes, &event);
        assert_int_equal(survey_blames(&survey, b, 3, &unknown), 3);
        assert_string_equal(b[0].unit.unit, "b.service");
        assert_int_equal(b[0].share, 5090);
        assert_int_equal(b[0].caused_usec, 509);
        assert_int_equal(b[0].kind, BLAME_LIMIT);
        assert_int_equal(b[0].reclaimed, 70); /* its own do not count */
        assert_string_equal(b[1].unit.unit, "a.service");
        assert_int_equal(b[1].share, 3000);
        assert_int_equal(b[1].reclaimed, 0);
        assert_string_equal(b[2].unit.unit, "c.service");
        assert_int_equal(b[2].share, 1000);
        assert_int_equal(b[2].kind, BLAME_LIMIT);
        assert_int_equal(unknown, 910);

        /* Of more than there is room for the greatest; the rest is nobody's. */
        assert_int_equal(survey_blames(&survey, b, 1, &unknown), 1);
        assert_int_equal(b[0].share, 5090);
        assert_int_equal(unknown, 4910);
        assert_int_equal(survey_blames(&survey, b, 0, &unknown), 0);
        assert_int_equal(unknown, 10000);

        event.survey.n_stalls = 0;
        (void) survey_fill(&survey, &nodes, &event);
        survey_blame(&survey, &nodes, &event);
        assert_int_equal(survey_blames(&survey, b, 3, &unknown), 0);
        assert_int_equal(unknown, 0);
}

/* Less than a hundredth is nobody's. */
static void test_small_blames(void **state) {
        for (uint64_t usec = 9; usec <= 10; usec++) {
                const Candidate candidates[] = { { A }, { B } };
                const Stall stalls[] = { { A, A, 1, STALL_MEMCG_MAX, 1000 - usec, 1 }, { B, B, 2, STALL_MEMCG_MAX, usec, 1 } };
                const Event event = { .now_usec = 100 * SEC, .survey = { .candidates = candidates, .n_candidates = 2,
                                                                         .stalls = stalls, .n_stalls = 2 } };
                uint32_t unknown;
                Blame b[2];

                (void) survey_fill(&survey, &nodes, &event);
                survey_blame(&survey, &nodes, &event);
                assert_int_equal(survey_blames(&survey, b, 2, &unknown), usec == 10 ? 2 : 1);
                assert_int_equal(unknown, usec == 10 ? 0 : 90);
        }
}

/* Next to nothing makes nobody a cause, though it is all that he suffered. */
static void test_small_role(void **state) {
        for (uint64_t usec = 9; usec <= 10; usec++) {
                const Candidate candidates[] = { { A }, { B } };
                const Stall stalls[] = { { A, A, 1, STALL_MEMCG_MAX, 1000 - usec, 1 }, { B, B, 2, STALL_MEMCG_MAX, usec, 1 } };
                Event event = { .now_usec = 100 * SEC, .survey = { .candidates = candidates, .n_candidates = 2,
                                                                   .stalls = stalls, .n_stalls = 2 } };
                Culprit c[2];

                (void) survey_fill(&survey, &nodes, &event);
                survey_blame(&survey, &nodes, &event);
                survey.suspects[1].suffered_usec = 1000 - usec; /* told with what it suffered elsewhere */
                survey.suspects[1].caused_usec = usec;
                survey.suspects[0].suffered_usec = survey.suspects[0].caused_usec = usec;
                assert_int_equal(survey_culprits(&survey, &nodes, &event, c, 2), usec == 10 ? 2 : 1);
                assert_int_equal(c[0].role, usec == 10 ? ROLE_CAUSE : ROLE_SUFFERER);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_measures, setup, teardown),
                cmocka_unit_test_setup_teardown(test_candidates, setup, teardown),
                cmocka_unit_test_setup_teardown(test_candidates_are_bounded, setup, teardown),
                cmocka_unit_test_setup_teardown(test_traffic, setup, teardown),
                cmocka_unit_test_setup_teardown(test_ripe, setup, teardown),
                cmocka_unit_test_setup_teardown(test_ripe_little, setup, teardown),
                cmocka_unit_test_setup_teardown(test_counted_later, setup, teardown),
                cmocka_unit_test_setup_teardown(test_life, setup, teardown),
                cmocka_unit_test_setup_teardown(test_more_measures, setup, teardown),
                cmocka_unit_test_setup_teardown(test_culprits, setup, teardown),
                cmocka_unit_test_setup_teardown(test_shares, setup, teardown),
                cmocka_unit_test_setup_teardown(test_role, setup, teardown),
                cmocka_unit_test_setup_teardown(test_small_role, setup, teardown),
                cmocka_unit_test_setup_teardown(test_blames, setup, teardown),
                cmocka_unit_test_setup_teardown(test_small_blames, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
