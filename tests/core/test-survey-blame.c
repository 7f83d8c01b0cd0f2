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
                { "of none at all", STALL_REFAULT, { { 0 } }, 0, 0, 0, 0, 0 },
                { "by hand", STALL_REFAULT, { { C, A, RECLAIM_BY_HAND, 50, 1 } }, 0, 0, 1000, 0, 1000 },
                { "by hand, a single page", STALL_REFAULT, { { C, A, RECLAIM_BY_HAND, 1, 1 } }, 0, 0, 1000, 0, 1000 },
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
                { "for others: nobody is known", STALL_REFAULT, { { OUTSIDE, B, RECLAIM_BY_HAND, 50, 1 } }, 0, 0, 0, 0, 0 },
                { "for one who is gone", STALL_REFAULT, { { OUTSIDE, UNKNOWN, RECLAIM_BY_HAND, 50, 1 } }, 0, 0, 0, 0, 0 },
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

/* A wait whose pages nobody saw evicted, by what a does: it is not laid to who is young, for that may be whose they were; nor to
 * anybody if others were seen to be, or would have been. */
static void test_unseen(void **state) {
        static const struct {
                StallClass class;
                uint64_t brought, refaults, life;
                size_t n_reclaims;
                uint64_t caused;
        } rows[] = { { STALL_SWAP_IN, 0, 0, MIB, 0, 0 },         { STALL_SWAP_IN, MIB, 0, MIB, 0, 1000 },
                     { STALL_SWAP_IN, 0, 9999, MIB, 0, 1000 },   { STALL_SWAP_IN, 0, 0, 0, 0, 0 },
                     { STALL_SWAP_IN, MIB, 0, MIB, 1, 0 },       { STALL_SWAP_WAIT, MIB, 0, MIB, 0, 0 },
                     { STALL_FILE_WAIT, MIB, 9999, MIB, 0, 0 } };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Stall stall = { A, 0, 1, rows[i].class, 1000, 1 };
                const Reclaim of_another = { HOST, C, RECLAIM_MAX, 100, 1 };

                (void) survey_fill(&survey, &nodes, &(Event){ .now_usec = 100 * SEC });
                *survey_add(&survey, node_registry_find(&nodes, A)) =
                        (Suspect){ .node = node_registry_find(&nodes, A), .brought = rows[i].brought,
                                   .refaults = rows[i].refaults, .life_growth = rows[i].life };
                survey_blame(&survey, &nodes, &(Event){ .survey = { .stalls = &stall, .n_stalls = 1, .reclaims = &of_another,
                                                                    .n_reclaims = rows[i].n_reclaims } });
                if (survey.suspects->caused_usec != rows[i].caused)
                        fail_msg("row %zu: %lu", i, survey.suspects->caused_usec);
        }
}

/* What is behind a stall. a and b stall as the row says, a compacts ten times, and b brings new pages. */
static void test_judged(void **state) {
        static const struct {
                const char *what;
                Sample values;
                Stall stall;
                uint64_t a, b;
                Cause cause;
        } rows[] = {
                { "reclaim for large pages", { .host_total_bytes = 1000, .host_available_bytes = 100 },
                  { A, 0, 1, STALL_DIRECT_RECLAIM, 1000, 10 }, 1000, 0, CAUSE_COMPACTION },
                { "more often than it compacts", { .host_total_bytes = 1000, .host_available_bytes = 100 },
                  { A, 0, 1, STALL_DIRECT_RECLAIM, 1000, 11 }, 0, 1000, CAUSE_HOST_SHORT },
                { "the host is short", { .host_total_bytes = 1000, .host_available_bytes = 99 },
                  { A, 0, 1, STALL_DIRECT_RECLAIM, 1000, 10 }, 0, 1000, CAUSE_HOST_SHORT },
                { "another process compacts", { .host_total_bytes = 1000, .host_available_bytes = 100 },
                  { A, 0, 2, STALL_DIRECT_RECLAIM, 1000, 10 }, 0, 1000, CAUSE_HOST_SHORT },
                { "another unit does", { .host_total_bytes = 1000, .host_available_bytes = 100 },
                  { B, 0, 1, STALL_DIRECT_RECLAIM, 1000, 10 }, 0, 1000, CAUSE_HOST_SHORT },
                { "nothing is known of the host", { .usage_bytes = 0 }, { A, 0, 1, STALL_DIRECT_RECLAIM, 1000, 10 }, 0, 1000, CAUSE_HOST_SHORT },
                { "a page on the move", { .host_total_bytes = 1 }, { B, 0, 1, STALL_SWAP_WAIT, 1000, 1 }, 1000, 0,
                  CAUSE_COMPACTION },
                { "a page in swap", { .host_total_bytes = 1000, .swap_total_bytes = 1 }, { B, 0, 1, STALL_SWAP_WAIT, 1000, 1 }, 0, 0,
                  CAUSE_SWAP },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Stall stalls[] = { { A, 0, 1, STALL_COMPACTION, 10, 10 }, rows[i].stall };
                const Event event = { .now_usec = 100 * SEC,
                                      .survey = { .values = rows[i].values, .stalls = stalls, .n_stalls = 2 } };
                Cause cause;

                (void) survey_fill(&survey, &nodes, &event);
                *survey_add(&survey, node_registry_find(&nodes, A)) = (Suspect){ .node = node_registry_find(&nodes, A) };
                *survey_add(&survey, node_registry_find(&nodes, B)) = (Suspect){ .node = node_registry_find(&nodes, B), .brought = MIB };
                survey_blame(&survey, &nodes, &event);
                cause = survey_cause(&survey, &nodes, &event, node_registry_find(&nodes, HOST), 0, false);
                if (survey.suspects[0].caused_usec != rows[i].a + 10 || survey.suspects[1].caused_usec != rows[i].b ||
                    cause != rows[i].cause)
                        fail_msg("%s: %lu %lu, %s", rows[i].what, survey.suspects[0].caused_usec, survey.suspects[1].caused_usec,
                                 cause_to_string(cause));
        }
}

/* Who waits for pages of files and has read nothing again waits for what it never had. */
static void test_first_reads(void **state) {
        static const struct {
                bool counted;
                uint64_t refaulted, itself;
        } rows[] = { { true, 0, 1000 }, { true, 9, 0 }, { false, 0, 0 } };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t now_usec = (100 + 20 * i) * SEC;
                const Candidate before[] = { { A, MIB, .counted = rows[i].counted }, { B } };
                const Candidate after[] = { { A, MIB, .refaulted = rows[i].refaulted, .counted = rows[i].counted }, { B, MIB } };
                const Stall stall = { A, 0, 1, STALL_FILE_WAIT, 1000, 1 };
                const Reclaim reclaim = { HOST, HOST, RECLAIM_HOST, 100, 1 };

                assert_false(fill(now_usec, before, 2));
                assert_true(fill(now_usec + SEC, after, 2));
                survey_blame(&survey, &nodes, &(Event){ .survey = { .stalls = &stall, .n_stalls = 1, .reclaims = &reclaim,
                                                                    .n_reclaims = 1 } });
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

static uint32_t lot(uint32_t *seed, uint32_t n) {
        *seed = *seed * 1103515245 + 12345;
        return (*seed >> 16) % n;
}

/* Of a thousand worlds: what is laid to all of them together is never more than the stalls, and with what is laid to nobody
 * all of it; each rests on something. */
static void test_sums(void **state) {
        const uint64_t ids[] = { 0, HOST, SLICE, A, B, C, UNKNOWN };
        uint32_t seed = 1;

        for (unsigned world = 0; world < 1000; world++) {
                uint64_t now_usec = (100 + 20 * (uint64_t) world) * SEC, parts = 0;
                Candidate candidates[] = { { A }, { B }, { C } };
                Stall stalls[4];
                Reclaim reclaims[3];
                Event event = { .now_usec = now_usec + SEC,
                                .survey = { .candidates = candidates, .n_candidates = 1 + lot(&seed, 3), .stalls = stalls,
                                            .n_stalls = 1 + lot(&seed, 4), .reclaims = reclaims, .n_reclaims = lot(&seed, 4) } };
                uint32_t shares = 0, unknown;
                Blame b[8];
                size_t n;

                for (size_t i = 0; i < ELEMENTSOF(stalls); i++)
                        stalls[i] = (Stall){ ids[lot(&seed, 7)], ids[lot(&seed, 7)], 1, (StallClass) lot(&seed, _STALL_CLASS_MAX),
                                             1 + lot(&seed, 9999), 1 };
                for (size_t i = 0; i < ELEMENTSOF(reclaims); i++)
                        reclaims[i] = (Reclaim){ ids[lot(&seed, 7)], ids[lot(&seed, 7)], (ReclaimKind) lot(&seed, _RECLAIM_KIND_MAX),
                                                 lot(&seed, 999), 1 };
                (void) fill(now_usec, candidates, event.survey.n_candidates);
                for (size_t i = 0; i < ELEMENTSOF(candidates); i++)
                        candidates[i] = (Candidate){ .cgroup_id = candidates[i].cgroup_id, .usage_bytes = lot(&seed, 3) * MIB,
                                                     .refaulted = lot(&seed, 2) * lot(&seed, 999), .counted = lot(&seed, 2) };
                (void) survey_fill(&survey, &nodes, &event);
                survey_blame(&survey, &nodes, &event);

                n = survey_blames(&survey, b, ELEMENTSOF(b), &unknown);
                for (size_t i = 0; i < n; i++) {
                        shares += b[i].share;
                        assert_true(b[i].unit.id != 0);
                }
                assert_int_equal(shares + unknown, 10000);
                for (size_t i = 0; i < survey.n + survey.n_outsiders; i++) {
                        const Part *part = i < survey.n ? &survey.suspects[i].part : &survey.outsiders[i - survey.n].part;
                        uint64_t sum = 0;

                        for (BlameKind k = 0; k < _BLAME_KIND_MAX; k++)
                                sum += part->by_usec[k];
                        assert_int_equal(sum, part->usec);
                        parts += part->usec;
                }
                if (parts > survey.stall_usec)
                        fail_msg("world %u: %lu of %lu", world, parts, survey.stall_usec);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_reach),
                cmocka_unit_test_setup_teardown(test_blame, setup, teardown),
                cmocka_unit_test_setup_teardown(test_blame_of_slices, setup, teardown),
                cmocka_unit_test_setup_teardown(test_waits, setup, teardown),
                cmocka_unit_test_setup_teardown(test_waits_of_strangers, setup, teardown),
                cmocka_unit_test_setup_teardown(test_unseen, setup, teardown),
                cmocka_unit_test_setup_teardown(test_judged, setup, teardown),
                cmocka_unit_test_setup_teardown(test_first_reads, setup, teardown),
                cmocka_unit_test_setup_teardown(test_compaction, setup, teardown),
                cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
                cmocka_unit_test_setup_teardown(test_sums, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
