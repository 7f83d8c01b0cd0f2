/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "fixture-survey.h"

/* How far one has to look for those who brought a stall about. */
static void test_reach(void **state) {
        static const Reach reaches[_STALL_CLASS_MAX] = {
                [STALL_OTHER] = REACH_AS_RECLAIMED,     [STALL_REFAULT] = REACH_AS_RECLAIMED,
                [STALL_SWAP_IN] = REACH_AS_RECLAIMED,   [STALL_READ] = REACH_AS_RECLAIMED,
                [STALL_BLKCG] = REACH_AS_RECLAIMED,     [STALL_SWAP_WAIT] = REACH_AS_RECLAIMED,
                [STALL_FILE_WAIT] = REACH_AS_RECLAIMED, [STALL_DIRECT_RECLAIM] = REACH_HOST,
                [STALL_NODE_RECLAIM] = REACH_HOST,      [STALL_KSWAPD] = REACH_HOST,
                [STALL_KCOMPACTD] = REACH_HOST,         [STALL_COMPACTION] = REACH_ITSELF,
                [STALL_MEMCG_MAX] = REACH_ITSELF,       [STALL_MEMCG_HIGH] = REACH_ITSELF,
                [STALL_HIGH_THROTTLE] = REACH_ITSELF,
        };

        for (StallClass c = 0; c < _STALL_CLASS_MAX; c++)
                if (survey_reach(c) != reaches[c])
                        fail_msg("%s", stall_to_string(c));
}

/* Who caused what: stalls of one second each, and what is blamed on a and b. b grew three times as much as a, unless
 * nobody grew. */
static void test_blame(void **state) {
        static const struct {
                const char *what;
                Stall stall;
                bool grew;
                uint64_t caused_a, caused_b;
        } rows[] = {
                { "a fights its own limit", { A, A, 1, STALL_MEMCG_MAX, SEC }, true, SEC, 0 },
                { "a reclaims for b's limit", { A, B, 1, STALL_MEMCG_MAX, SEC }, true, 0, SEC },
                { "the limit of one who is no candidate", { A, C, 1, STALL_MEMCG_MAX, SEC }, true, 0, 0 },
                { "the slice's limit: who grew", { A, SLICE, 1, STALL_MEMCG_MAX, SEC }, true, SEC / 4, SEC * 3 / 4 },
                { "the slice's limit, nobody grew", { A, SLICE, 1, STALL_MEMCG_MAX, SEC }, false, SEC, 0 },
                { "the slice's high, nobody grew", { A, SLICE, 1, STALL_MEMCG_HIGH, SEC }, false, SEC, 0 },
                { "an inner limit of a delegated unit", { A, UNKNOWN, 1, STALL_MEMCG_MAX, SEC }, true, SEC, 0 },
                { "the sleep of memory.high", { A, 0, 1, STALL_HIGH_THROTTLE, SEC }, true, SEC, 0 },
                { "the sleep of the slice's: who grew", { A, SLICE, 1, STALL_HIGH_THROTTLE, SEC }, true, SEC / 4, SEC * 3 / 4 },
                { "the sleep of b's", { A, B, 1, STALL_HIGH_THROTTLE, SEC }, true, 0, SEC },
                { "the host is short: who grew", { A, 0, 1, STALL_DIRECT_RECLAIM, SEC }, true, SEC / 4, SEC * 3 / 4 },
                { "the host is short, nobody grew", { A, 0, 1, STALL_DIRECT_RECLAIM, SEC }, false, SEC, 0 },
                { "one node is short", { A, 0, 1, STALL_NODE_RECLAIM, SEC }, false, SEC, 0 },
                { "compaction", { A, 0, 1, STALL_COMPACTION, SEC }, false, SEC, 0 },
                { "compaction, whoever grew", { A, 0, 1, STALL_COMPACTION, SEC }, true, SEC, 0 },
                { "evicted pages: who grew", { A, 0, 1, STALL_REFAULT, SEC }, true, SEC / 4, SEC * 3 / 4 },
                { "evicted pages, nobody grew", { A, 0, 1, STALL_REFAULT, SEC }, false, 0, 0 },
                { "swap, nobody grew", { A, 0, 1, STALL_SWAP_IN, SEC }, false, 0, 0 },
                { "reads, nobody grew", { A, 0, 1, STALL_READ, SEC }, false, 0, 0 },
                { "unknown, nobody grew", { A, 0, 1, STALL_OTHER, SEC }, false, 0, 0 },
                { "blkcg, nobody grew", { A, 0, 1, STALL_BLKCG, SEC }, false, 0, 0 },
                { "kswapd, nobody grew", { A, 0, 1, STALL_KSWAPD, SEC }, false, 0, 0 },
                { "kcompactd, nobody grew", { A, 0, 1, STALL_KCOMPACTD, SEC }, false, 0, 0 },
                { "a stranger's: who grew", { C, 0, 1, STALL_DIRECT_RECLAIM, SEC }, true, SEC / 4, SEC * 3 / 4 },
                { "a stranger's, nobody grew", { C, 0, 1, STALL_DIRECT_RECLAIM, SEC }, false, 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t now_usec = (100 + 20 * i) * SEC, unit = rows[i].grew ? MIB : 0;
                const Suspect *s = survey.suspects;

                assert_false(fill(now_usec, (Candidate[]){ { A }, { B } }, 2));
                assert_true(fill(now_usec + SEC, (Candidate[]){ { A, unit, 0, 0 }, { B, 3 * unit, 0, 0 } }, 2));
                survey_blame(&survey, &nodes, &(Event){ .survey = { .stalls = &rows[i].stall, .n_stalls = 1 } });
                if (s[0].caused_usec != rows[i].caused_a || s[1].caused_usec != rows[i].caused_b)
                        fail_msg("%s: %lu %lu", rows[i].what, s[0].caused_usec, s[1].caused_usec);
                assert_int_equal(s[0].suffered_usec, rows[i].stall.cgroup_id == A ? SEC : 0);
                assert_int_equal(s[1].suffered_usec, 0);
                assert_int_equal(survey.stall_usec, SEC);
                assert_int_equal(survey.class_usec[rows[i].stall.class], SEC);
                assert_int_equal(survey.caused_usec, rows[i].caused_a + rows[i].caused_b);
        }
}

/* Nobody grew lately, but a came to what it has within four seconds, and b within twelve. */
static void test_blame_of_a_life(void **state) {
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

/* A slice's limit is no matter of those beside it; a slice has caused and suffered what is in it, and takes no part in the
 * blame by itself; nor does a container. */
static void test_blame_of_slices(void **state) {
        enum { IN_C = 14 };
        static const struct {
                const char *what;
                Stall stall;
                uint64_t slice, a, b, c, in_c, slice_suffered, c_suffered;
        } rows[] = {
                { "the slice's limit", { A, SLICE, 1, STALL_MEMCG_MAX, 1000 }, 1000, 250, 750, 0, 0, 1000, 0 },
                { "suffered beside it", { C, SLICE, 1, STALL_MEMCG_MAX, 1000 }, 1000, 250, 750, 0, 0, 0, 1000 },
                { "the host", { A, 0, 1, STALL_DIRECT_RECLAIM, 1000 }, 800, 200, 600, 200, 200, 1000, 0 },
                { "the host's own limit", { A, HOST, 1, STALL_DIRECT_RECLAIM, 1000 }, 800, 200, 600, 200, 200, 1000, 0 },
                { "the container's limit", { IN_C, C, 1, STALL_MEMCG_MAX, 1000 }, 0, 0, 0, 1000, 1000, 0, 1000 },
                { "the limit of a group", { A, IN_C, 1, STALL_MEMCG_MAX, 1000 }, 0, 0, 0, 1000, 1000, 1000, 0 },
        };

        node_registry_find(&nodes, C)->container = true;
        registry_put(&nodes, IN_C, CGROUP_GROUP, "c.service/x");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t now_usec = (100 + 20 * i) * SEC;
                const Candidate before[] = { { SLICE }, { A }, { B }, { C }, { IN_C } };
                const Candidate after[] = { { SLICE, 9 * MIB, 0, 0 }, { A, MIB, 0, 0 }, { B, 3 * MIB, 0, 0 }, { C, 9 * MIB, 0, 0 },
                                            { IN_C, MIB, 0, 0 } };
                const Suspect *s = survey.suspects;

                assert_false(fill(now_usec, before, 5));
                assert_true(fill(now_usec + SEC, after, 5));
                survey_blame(&survey, &nodes, &(Event){ .survey = { .stalls = &rows[i].stall, .n_stalls = 1 } });
                if (s[0].caused_usec != rows[i].slice || s[1].caused_usec != rows[i].a || s[2].caused_usec != rows[i].b ||
                    s[3].caused_usec != rows[i].c || s[4].caused_usec != rows[i].in_c ||
                    s[0].suffered_usec != rows[i].slice_suffered || s[3].suffered_usec != rows[i].c_suffered)
                        fail_msg("%s: %lu %lu %lu %lu %lu, suffered %lu %lu", rows[i].what, s[0].caused_usec,
                                 s[1].caused_usec, s[2].caused_usec, s[3].caused_usec, s[4].caused_usec,
                                 s[0].suffered_usec, s[3].suffered_usec);
        }
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

/* A wait of a is split over what had its pages evicted. In the slice a uses a quarter and b the rest, c as much as both.
 * b brings new pages, and c three times as many. */
static void test_waits(void **state) {
        enum { INIT = 20, OUTSIDE = 21, MEMSTALLD = 22 };
        static const struct {
                const char *what;
                StallClass class;
                Reclaim reclaims[3];
                uint64_t a, b, c, outside, by_reclaim; /* of 1000 */
        } rows[] = {
                { "nothing is known: who grew", STALL_REFAULT, { { 0 } }, 0, 250, 750, 0, 0 },
                { "by hand", STALL_REFAULT, { { C, A, RECLAIM_BY_HAND, 50, 1 } }, 0, 0, 1000, 0, 1000 },
                { "in a wait for swap", STALL_SWAP_WAIT, { { C, A, RECLAIM_BY_HAND, 50, 1 } }, 0, 0, 1000, 0, 1000 },
                { "in a swap-in", STALL_SWAP_IN, { { C, A, RECLAIM_BY_HAND, 50, 1 } }, 0, 0, 1000, 0, 1000 },
                { "in a read", STALL_READ, { { C, A, RECLAIM_BY_HAND, 50, 1 } }, 0, 0, 1000, 0, 1000 },
                { "in a delay for swap traffic", STALL_BLKCG, { { C, A, RECLAIM_BY_HAND, 50, 1 } }, 0, 0, 1000, 0, 1000 },
                { "in one that is not known", STALL_OTHER, { { C, A, RECLAIM_BY_HAND, 50, 1 } }, 0, 0, 1000, 0, 1000 },
                { "in a wait for a file", STALL_FILE_WAIT, { { C, A, RECLAIM_BY_HAND, 50, 1 } }, 0, 0, 1000, 0, 1000 },
                { "a charge does not wait", STALL_DIRECT_RECLAIM, { { OUTSIDE, A, RECLAIM_BY_HAND, 50, 1 } }, 0, 250, 750, 0, 0 },
                { "by hand, by one who is no candidate", STALL_REFAULT, { { OUTSIDE, A, RECLAIM_BY_HAND, 50, 1 } }, 0, 0, 0, 1000, 1000 },
                { "by hand, its own", STALL_REFAULT, { { A, A, RECLAIM_BY_HAND, 50, 1 } }, 1000, 0, 0, 0, 1000 },
                { "by hand, by nobody who is known", STALL_REFAULT, { { UNKNOWN, A, RECLAIM_BY_HAND, 50, 1 } }, 0, 0, 0, 0, 0 },
                { "by hand, by the host's", STALL_REFAULT, { { HOST, A, RECLAIM_BY_HAND, 50, 1 } }, 0, 0, 0, 0, 0 },
                { "PID 1 set a limit", STALL_REFAULT, { { INIT, A, RECLAIM_BY_HAND, 50, 1 } }, 1000, 0, 0, 0, 0 },
                { "memstalld did", STALL_REFAULT, { { MEMSTALLD, A, RECLAIM_BY_HAND, 50, 1 } }, 1000, 0, 0, 0, 0 },
                { "PID 1 set the slice's", STALL_REFAULT, { { INIT, SLICE, RECLAIM_BY_HAND, 50, 1 } }, 0, 1000, 0, 0, 0 },
                { "for the slice's limit", STALL_REFAULT, { { A, SLICE, RECLAIM_MAX, 50, 1 } }, 0, 1000, 0, 0, 0 },
                { "for its own", STALL_REFAULT, { { A, A, RECLAIM_HIGH, 50, 1 } }, 1000, 0, 0, 0, 0 },
                { "for the host", STALL_REFAULT, { { HOST, HOST, RECLAIM_HOST, 50, 1 } }, 0, 250, 750, 0, 0 },
                { "for others: nothing is known", STALL_REFAULT, { { OUTSIDE, B, RECLAIM_BY_HAND, 50, 1 } }, 0, 250, 750, 0, 0 },
                { "for one who is gone", STALL_REFAULT, { { OUTSIDE, UNKNOWN, RECLAIM_BY_HAND, 50, 1 } }, 0, 250, 750, 0, 0 },
                { "its own count whole, the slice's by its part", STALL_REFAULT,
                  { { OUTSIDE, A, RECLAIM_BY_HAND, 50, 1 }, { B, SLICE, RECLAIM_MAX, 200, 1 } }, 0, 500, 0, 500, 500 },
                { "so do the host's", STALL_REFAULT,
                  { { OUTSIDE, A, RECLAIM_BY_HAND, 50, 1 }, { HOST, HOST, RECLAIM_HOST, 400, 1 } }, 0, 125, 375, 500, 500 },
        };

        registry_put(&nodes, INIT, CGROUP_UNIT, "init.scope");
        registry_put(&nodes, OUTSIDE, CGROUP_UNIT, "outside.service");
        registry_put(&nodes, MEMSTALLD, CGROUP_UNIT, "memstalld.service");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t now_usec = (100 + 20 * i) * SEC, by_reclaim = 0, outside = 0;
                const Candidate before[] = { { A, 100 * MIB }, { B, 299 * MIB }, { C, 397 * MIB } };
                const Candidate after[] = { { A, 100 * MIB }, { B, 300 * MIB }, { C, 400 * MIB } };
                const Stall stall = { A, 0, 1, rows[i].class, 1000, 1 };
                const Event event = { .survey = { .stalls = &stall, .n_stalls = 1, .reclaims = rows[i].reclaims, .n_reclaims = 3 } };
                const Suspect *s = survey.suspects;

                assert_false(fill(now_usec, before, 3));
                assert_true(fill(now_usec + SEC, after, 3));
                survey_blame(&survey, &nodes, &event);
                for (size_t j = 0; j < 3; j++)
                        by_reclaim += s[j].part.by_usec[BLAME_RECLAIM];
                for (size_t j = 0; j < survey.n_outsiders; j++) {
                        assert_int_equal(survey.outsiders[j].node->id, OUTSIDE);
                        outside += survey.outsiders[j].part.usec;
                        by_reclaim += survey.outsiders[j].part.by_usec[BLAME_RECLAIM];
                }
                if (s[0].caused_usec != rows[i].a || s[1].caused_usec != rows[i].b || s[2].caused_usec != rows[i].c ||
                    outside != rows[i].outside || by_reclaim != rows[i].by_reclaim)
                        fail_msg("%s: %lu %lu %lu, outside %lu, by hand %lu", rows[i].what, s[0].caused_usec,
                                 s[1].caused_usec, s[2].caused_usec, outside, by_reclaim);
        }
}

/* A wait of one who is no candidate, and one of who uses nothing: its own pages, and those of a slice that uses nothing. */
static void test_waits_of_strangers(void **state) {
        static const struct {
                uint64_t waits, target, caused;
        } rows[] = { { B, B, 1000 }, { B, SLICE, 1000 }, { A, A, 1000 }, { A, SLICE, 0 } };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Candidate candidates[] = { { A }, { C, MIB } };
                const Stall stall = { rows[i].waits, 0, 1, STALL_REFAULT, 1000, 1 };
                const Reclaim reclaim = { C, rows[i].target, RECLAIM_BY_HAND, 50, 1 };

                (void) fill(100 * SEC, candidates, 2);
                survey_blame(&survey, &nodes, &(Event){ .survey = { .stalls = &stall, .n_stalls = 1,
                                                                    .reclaims = &reclaim, .n_reclaims = 1 } });
                if (survey.suspects[1].part.by_usec[BLAME_RECLAIM] != rows[i].caused)
                        fail_msg("row %zu: %lu", i, survey.suspects[1].caused_usec);
        }
}

/* A wait whose pages nobody saw evicted is not laid to who is young, for that may be whose they were. */
static void test_unseen(void **state) {
        static const struct {
                uint64_t brought, refaults, life, caused;
        } rows[] = { { 0, 0, MIB, 0 }, { MIB, 0, MIB, 1000 }, { 0, 9999, MIB, 1000 }, { 0, 0, 0, 0 } };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Stall stall = { A, 0, 1, STALL_SWAP_IN, 1000, 1 };

                (void) survey_fill(&survey, &nodes, &(Event){ .now_usec = 100 * SEC });
                survey.suspects[survey.n++] = (Suspect){ .node = node_registry_find(&nodes, A), .brought = rows[i].brought,
                                                         .refaults = rows[i].refaults, .life_growth = rows[i].life };
                survey_blame(&survey, &nodes, &(Event){ .survey = { .stalls = &stall, .n_stalls = 1 } });
                if (survey.suspects->caused_usec != rows[i].caused)
                        fail_msg("row %zu: %lu", i, survey.suspects->caused_usec);
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

/* Who waits for pages of files and has read nothing again waits for what it never had. */
static void test_first_reads(void **state) {
        static const struct {
                bool counted;
                uint64_t refaulted, itself;
        } rows[] = { { true, 0, 1000 }, { true, 9, 0 }, { false, 0, 0 } };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t now_usec = (100 + 20 * i) * SEC;
                const Candidate before[] = { { A, .counted = rows[i].counted }, { B } };
                const Candidate after[] = { { A, .refaulted = rows[i].refaulted, .counted = rows[i].counted }, { B, MIB } };
                const Stall stall = { A, 0, 1, STALL_FILE_WAIT, 1000, 1 };

                assert_false(fill(now_usec, before, 2));
                assert_true(fill(now_usec + SEC, after, 2));
                survey_blame(&survey, &nodes, &(Event){ .survey = { .stalls = &stall, .n_stalls = 1 } });
                assert_int_equal(survey.suspects[0].part.by_usec[BLAME_ITSELF], rows[i].itself);
                assert_int_equal(survey.suspects[1].caused_usec, 1000 - rows[i].itself);
        }
}

/* Background compaction is for those who ask for large pages. */
static void test_compaction(void **state) {
        const Candidate candidates[] = { { A }, { B }, { C } };
        const Stall stalls[] = { { HOST, 0, 1, STALL_KCOMPACTD, 1000, 1 }, { A, 0, 2, STALL_COMPACTION, 30, 1 },
                                 { B, 0, 3, STALL_COMPACTION, 10, 1 }, { C, 0, 3, STALL_DIRECT_RECLAIM, 500, 1 } };

        (void) fill(100 * SEC, candidates, 3);
        survey_blame(&survey, &nodes, &(Event){ .survey = { .stalls = stalls, .n_stalls = 4 } });
        assert_int_equal(survey.suspects[0].part.by_usec[BLAME_ITSELF], 780);
        assert_int_equal(survey.suspects[1].part.by_usec[BLAME_ITSELF], 260);
        assert_int_equal(survey.suspects[2].part.by_usec[BLAME_ITSELF], 500);
}

/* There is room for some that are no candidates, and for some limits; what is over goes to nobody. */
static void test_bounds(void **state) {
        Stall stalls[OUTSIDERS_MAX + 2] = { 0 };

        for (size_t i = 0; i < ELEMENTSOF(stalls); i++) {
                char name[32];

                (void) snprintf(name, sizeof(name), "o%zu.service", i);
                registry_put(&nodes, 100 + i, CGROUP_UNIT, name);
                stalls[i] = (Stall){ A, 100 + i, 1, STALL_MEMCG_MAX, 10, 1 };
        }
        stalls[OUTSIDERS_MAX + 1].limit_id = 100; /* one that is there already */
        (void) fill(100 * SEC, NULL, 0);
        survey_blame(&survey, &nodes, &(Event){ .survey = { .stalls = stalls, .n_stalls = ELEMENTSOF(stalls) } });
        assert_int_equal(survey.n_outsiders, OUTSIDERS_MAX);
        assert_int_equal(survey.outsiders[0].part.usec, 20);
        assert_int_equal(survey.outsiders[OUTSIDERS_MAX - 1].part.usec, 10);
}

/* The same of slices whose limits several have part in. */
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
                cmocka_unit_test(test_reach),
                cmocka_unit_test_setup_teardown(test_blame, setup, teardown),
                cmocka_unit_test_setup_teardown(test_blame_of_a_life, setup, teardown),
                cmocka_unit_test_setup_teardown(test_blame_of_slices, setup, teardown),
                cmocka_unit_test_setup_teardown(test_weights, setup, teardown),
                cmocka_unit_test_setup_teardown(test_waits, setup, teardown),
                cmocka_unit_test_setup_teardown(test_waits_of_strangers, setup, teardown),
                cmocka_unit_test_setup_teardown(test_unseen, setup, teardown),
                cmocka_unit_test_setup_teardown(test_host_is_one, setup, teardown),
                cmocka_unit_test_setup_teardown(test_first_reads, setup, teardown),
                cmocka_unit_test_setup_teardown(test_compaction, setup, teardown),
                cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
                cmocka_unit_test_setup_teardown(test_scopes_are_bounded, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
