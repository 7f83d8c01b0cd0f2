/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture.h"

#include "core/survey.h"

/* The cgroups of these tests: the host, a slice, units a and b in it, and c beside it. */
enum { HOST = 1, SLICE = 2, A = 11, B = 12, C = 13, UNKNOWN = 99 };

static NodeRegistry nodes;
static Survey survey;

static int setup(void **state) {
        registry_put(&nodes, HOST, CGROUP_HOST, "-.slice");
        registry_put(&nodes, SLICE, CGROUP_SLICE, "s.slice");
        registry_put(&nodes, A, CGROUP_UNIT, "s.slice/a.service");
        registry_put(&nodes, B, CGROUP_UNIT, "s.slice/b.service");
        registry_put(&nodes, C, CGROUP_UNIT, "c.service");
        return survey_init(&survey);
}

static int teardown(void **state) {
        survey_done(&survey);
        node_registry_done(&nodes);
        return 0;
}

static bool fill(uint64_t now_usec, const Candidate *candidates, size_t n) {
        return survey_fill(&survey, &nodes,
                           &(Event){ .kind = EVENT_SURVEY, .now_usec = now_usec,
                                     .survey = { .candidates = candidates, .n_candidates = n } });
}

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
                uint64_t now_usec = (100 + 20 * i) * SEC, unit = rows[i].grew ? 1000 : 0;
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

/* Nobody grew lately, but a came to what it has within four seconds, and b within sixteen. */
static void test_blame_of_a_life(void **state) {
        const Stall stall = { A, SLICE, 1, STALL_MEMCG_HIGH, SEC };
        const Candidate same[] = { { A, 1000, 0, 0 }, { B, 1000, 0, 0 } };

        node_registry_find(&nodes, A)->born_usec = 97 * SEC;
        node_registry_find(&nodes, B)->born_usec = 85 * SEC;
        assert_false(fill(100 * SEC, same, 2));
        assert_true(fill(101 * SEC, same, 2));
        survey_blame(&survey, &nodes, &(Event){ .survey = { .stalls = &stall, .n_stalls = 1 } });
        assert_int_equal(survey.suspects[0].life_growth, 250);
        assert_int_equal(survey.suspects[1].life_growth, 62);
        assert_int_equal(survey.suspects[0].caused_usec, SEC * 250 / 312);
        assert_int_equal(survey.suspects[1].caused_usec, SEC * 62 / 312);
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
                const Candidate after[] = { { SLICE, 9000, 0, 0 }, { A, 1000, 0, 0 }, { B, 3000, 0, 0 }, { C, 9000, 0, 0 },
                                            { IN_C, 1000, 0, 0 } };
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

static void test_cause(void **state) {
        static const struct {
                const char *what;
                Stall stalls[3];
                uint64_t watch, limit_cgroup, room, events;
                bool room_step;
                Cause cause;
        } rows[] = {
                { "its own limit", { { A, A, 1, STALL_MEMCG_MAX, 5 } }, A, 0, 1000, 0, false, CAUSE_UNIT_LIMIT },
                { "its own high", { { A, A, 1, STALL_MEMCG_HIGH, 5 } }, A, 0, 1000, 0, false, CAUSE_UNIT_LIMIT },
                { "the slice's limit", { { A, SLICE, 1, STALL_MEMCG_MAX, 5 } }, SLICE, 0, 1000, 0, false, CAUSE_SLICE_LIMIT },
                { "more for a unit's than for the slice's", { { A, SLICE, 1, STALL_MEMCG_MAX, 4 }, { A, B, 1, STALL_MEMCG_MAX, 5 } },
                  SLICE, 0, 1000, 0, false, CAUSE_UNIT_LIMIT },
                { "as much for both", { { A, SLICE, 1, STALL_MEMCG_MAX, 5 }, { A, B, 1, STALL_MEMCG_MAX, 5 } },
                  SLICE, 0, 1000, 0, false, CAUSE_UNIT_LIMIT },
                { "more for the slice's", { { A, SLICE, 1, STALL_MEMCG_MAX, 6 }, { A, B, 1, STALL_MEMCG_MAX, 5 } },
                  SLICE, 0, 1000, 0, false, CAUSE_SLICE_LIMIT },
                { "a limit that is not told is nobody's", { { A, SLICE, 1, STALL_MEMCG_MAX, 5 }, { A, 0, 1, STALL_MEMCG_MAX, 6 } },
                  SLICE, 0, 1000, 0, false, CAUSE_SLICE_LIMIT },
                { "as much of one as of another", { { A, 0, 1, STALL_SWAP_IN, 5 }, { A, 0, 1, STALL_REFAULT, 5 } },
                  SLICE, 0, 1000, 0, false, CAUSE_REFAULT },
                { "evicted without a sign of the limit", { { A, 0, 1, STALL_REFAULT, 5 } }, A, A, 49, 0, false, CAUSE_REFAULT },
                { "an inner limit", { { A, UNKNOWN, 1, STALL_MEMCG_MAX, 5 } }, A, 0, 1000, 0, false, CAUSE_UNIT_LIMIT },
                { "throttled", { { A, A, 1, STALL_HIGH_THROTTLE, 5 } }, A, 0, 1000, 9, true, CAUSE_THROTTLED },
                { "the host", { { A, 0, 1, STALL_DIRECT_RECLAIM, 5 } }, SLICE, 0, 1000, 9, true, CAUSE_HOST_SHORT },
                { "a node of it", { { A, 0, 1, STALL_NODE_RECLAIM, 5 } }, SLICE, 0, 1000, 0, false, CAUSE_HOST_SHORT },
                { "compaction", { { A, 0, 1, STALL_COMPACTION, 5 } }, SLICE, 0, 1000, 0, false, CAUSE_COMPACTION },
                { "io", { { A, 0, 1, STALL_BLKCG, 5 } }, SLICE, 0, 1000, 0, false, CAUSE_IO },
                { "refault", { { A, 0, 1, STALL_REFAULT, 5 } }, SLICE, 0, 1000, 0, false, CAUSE_REFAULT },
                { "reads", { { A, 0, 1, STALL_READ, 5 } }, SLICE, 0, 1000, 0, false, CAUSE_REFAULT },
                { "swap", { { A, 0, 1, STALL_SWAP_IN, 5 } }, SLICE, 0, 1000, 0, false, CAUSE_SWAP },
                { "refault and read together", { { A, 0, 1, STALL_REFAULT, 3 }, { A, 0, 1, STALL_READ, 3 }, { A, 0, 1, STALL_SWAP_IN, 5 } },
                  SLICE, 0, 1000, 0, false, CAUSE_REFAULT },
                { "evicted for the unit's limit", { { A, 0, 1, STALL_REFAULT, 5 } }, A, A, 1000, 1, false, CAUSE_UNIT_LIMIT },
                { "swapped out for it", { { A, 0, 1, STALL_SWAP_IN, 5 } }, A, A, 1000, 1, false, CAUSE_UNIT_LIMIT },
                { "evicted for the host", { { A, 0, 1, STALL_REFAULT, 5 } }, HOST, HOST, 1000, 0, true, CAUSE_HOST_SHORT },
                { "background only", { { A, 0, 1, STALL_KSWAPD, 5 } }, HOST, 0, 1000, 0, false, CAUSE_HOST_SHORT },
                { "background compaction only", { { A, 0, 1, STALL_KCOMPACTD, 5 } }, HOST, 0, 1000, 0, false, CAUSE_COMPACTION },
                { "background beside a real stall", { { A, 0, 1, STALL_KSWAPD, 500 }, { A, 0, 1, STALL_SWAP_IN, 1 } }, HOST, 0, 1000, 0,
                  false, CAUSE_SWAP },
                { "unknown", { { A, 0, 1, STALL_OTHER, 5 } }, SLICE, HOST, 1000, 0, false, CAUSE_UNKNOWN },
                { "unknown, the counters know", { { A, 0, 1, STALL_OTHER, 5 } }, A, HOST, 1000, 1, false, CAUSE_UNIT_LIMIT },
                { "no BPF: the unit's counters", { { 0 } }, A, HOST, 1000, 1, false, CAUSE_UNIT_LIMIT },
                { "no BPF: the slice's counters", { { 0 } }, SLICE, HOST, 1000, 1, false, CAUSE_SLICE_LIMIT },
                { "no BPF, nothing known", { { 0 } }, A, HOST, 1000, 0, false, CAUSE_UNKNOWN },
                { "no BPF, a step about room: the unit's", { { 0 } }, A, A, 1000, 0, true, CAUSE_UNIT_LIMIT },
                { "the slice's", { { 0 } }, A, SLICE, 1000, 0, true, CAUSE_SLICE_LIMIT },
                { "the host's", { { 0 } }, HOST, HOST, 1000, 0, true, CAUSE_HOST_SHORT },
                { "the host's, which has plenty", { { 0 } }, A, HOST, 1000, 0, true, CAUSE_UNKNOWN },
                { "whose limit is not known", { { 0 } }, A, UNKNOWN, 1000, 0, true, CAUSE_UNKNOWN },
                { "no BPF, a twentieth of room", { { 0 } }, A, A, 50, 0, false, CAUSE_UNKNOWN },
                { "no BPF, less than that", { { 0 } }, A, A, 49, 0, false, CAUSE_UNIT_LIMIT },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Event event = {
                        .now_usec = 100 * SEC,
                        .survey = { .values = { .limit_bytes = 1000, .room_bytes = rows[i].room,
                                                .room_cgroup_id = rows[i].limit_cgroup },
                                    .stalls = rows[i].stalls, .n_stalls = rows[i].stalls[0].stall_usec ? 3 : 0 },
                };
                Cause cause;

                (void) survey_fill(&survey, &nodes, &event);
                survey_blame(&survey, &nodes, &event);
                cause = survey_cause(&survey, &nodes, &event, node_registry_find(&nodes, rows[i].watch), rows[i].events,
                                     rows[i].room_step);
                if (cause != rows[i].cause)
                        fail_msg("%s: %s, not %s", rows[i].what, cause_to_string(cause), cause_to_string(rows[i].cause));
        }
}

/* Where nothing else is known: under a tenth of the host's memory available; for a step about room, under a quarter. */
static void test_cause_host(void **state) {
        for (uint64_t available = 249; available <= 250; available++) {
                const Event event = { .survey.values = { .host_total_bytes = 1000, .host_available_bytes = available } };

                (void) survey_fill(&survey, &nodes, &event);
                assert_int_equal(survey_cause(&survey, &nodes, &event, node_registry_find(&nodes, A), 0, true),
                                 available < 250 ? CAUSE_HOST_SHORT : CAUSE_UNKNOWN);
        }
        for (uint64_t available = 99; available <= 100; available++) {
                const Event event = { .survey.values = { .host_total_bytes = 1000, .host_available_bytes = available } };

                (void) survey_fill(&survey, &nodes, &event);
                assert_int_equal(survey_cause(&survey, &nodes, &event, node_registry_find(&nodes, A), 0, false),
                                 available < 100 ? CAUSE_HOST_SHORT : CAUSE_UNKNOWN);
        }
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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_measures, setup, teardown),
                cmocka_unit_test_setup_teardown(test_candidates, setup, teardown),
                cmocka_unit_test_setup_teardown(test_candidates_are_bounded, setup, teardown),
                cmocka_unit_test_setup_teardown(test_blame, setup, teardown),
                cmocka_unit_test_setup_teardown(test_blame_of_a_life, setup, teardown),
                cmocka_unit_test_setup_teardown(test_more_measures, setup, teardown),
                cmocka_unit_test_setup_teardown(test_blame_of_slices, setup, teardown),
                cmocka_unit_test_setup_teardown(test_cause, setup, teardown),
                cmocka_unit_test_setup_teardown(test_cause_host, setup, teardown),
                cmocka_unit_test_setup_teardown(test_culprits, setup, teardown),
                cmocka_unit_test_setup_teardown(test_shares, setup, teardown),
                cmocka_unit_test_setup_teardown(test_role, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
