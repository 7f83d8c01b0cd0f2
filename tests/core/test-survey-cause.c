/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture-survey.h"

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
                { "waits for swap", { { A, 0, 1, STALL_SWAP_WAIT, 5 } }, SLICE, 0, 1000, 0, false, CAUSE_SWAP },
                { "waits for files", { { A, 0, 1, STALL_FILE_WAIT, 5 } }, SLICE, 0, 1000, 0, false, CAUSE_REFAULT },
                { "and beside a real stall", { { A, 0, 1, STALL_FILE_WAIT, 500 }, { A, 0, 1, STALL_SWAP_IN, 1 } }, SLICE, 0, 1000, 0,
                  false, CAUSE_SWAP },
                { "as many that are not known", { { A, 0, 1, STALL_FILE_WAIT, 5 }, { A, 0, 1, STALL_OTHER, 5 } }, SLICE, HOST, 1000, 0,
                  false, CAUSE_UNKNOWN },
                { "fewer that are not known", { { A, 0, 1, STALL_FILE_WAIT, 5 }, { A, 0, 1, STALL_OTHER, 4 } }, SLICE, 0, 1000, 0,
                  false, CAUSE_REFAULT },
                { "background beside waits for files", { { A, 0, 1, STALL_KSWAPD, 50 }, { A, 0, 1, STALL_FILE_WAIT, 5 } }, HOST, 0, 1000, 0,
                  false, CAUSE_REFAULT },
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

/* A first read of a file says nothing about memory; one that is read again does. */
static void test_cause_of_first_reads(void **state) {
        static const struct {
                uint64_t refaulted;
                size_t n_stalls;
                Cause cause;
        } rows[] = { { 0, 1, CAUSE_UNKNOWN }, { 0, 2, CAUSE_HOST_SHORT }, { 9, 1, CAUSE_REFAULT }, { 9, 2, CAUSE_REFAULT } };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Stall stalls[] = { { A, 0, 1, STALL_FILE_WAIT, 500, 1 }, { HOST, 0, 2, STALL_KSWAPD, 5, 1 } };
                uint64_t now_usec = (100 + 20 * i) * SEC;
                const Event event = { .now_usec = now_usec + SEC,
                                      .survey = { .candidates = &(Candidate){ A, .refaulted = rows[i].refaulted, .counted = true },
                                                  .n_candidates = 1, .stalls = stalls, .n_stalls = rows[i].n_stalls } };

                (void) fill(now_usec, &(Candidate){ A, .counted = true }, 1);
                (void) survey_fill(&survey, &nodes, &event);
                survey_blame(&survey, &nodes, &event);
                assert_int_equal(survey_cause(&survey, &nodes, &event, node_registry_find(&nodes, SLICE), 0, false), rows[i].cause);
        }
}

/* A leak on a host without swap: kswapd works, kcompactd less, and somebody waits a moment for a page that it moves. */
static void test_cause_beside_the_move(void **state) {
        for (uint64_t wait = 9; wait <= 11; wait += 2) {
                const Stall stalls[] = { { HOST, 0, 1, STALL_KSWAPD, 50, 1 }, { HOST, 0, 2, STALL_KCOMPACTD, 40, 1 },
                                         { A, 0, 3, STALL_SWAP_WAIT, wait, 1 } };
                const Event event = { .now_usec = 100 * SEC,
                                      .survey = { .values.host_total_bytes = 1000, .stalls = stalls, .n_stalls = 3 } };

                (void) survey_fill(&survey, &nodes, &event);
                survey_blame(&survey, &nodes, &event);
                assert_int_equal(survey_cause(&survey, &nodes, &event, node_registry_find(&nodes, HOST), 0, false),
                                 wait < 10 ? CAUSE_HOST_SHORT : CAUSE_COMPACTION);
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

/* Waits for evicted pages: what they were evicted for. */
static void test_cause_of_reclaims(void **state) {
        static const struct {
                const char *what;
                StallClass class;
                Reclaim reclaims[3];
                uint64_t watch, events;
                bool room_step;
                Cause cause;
        } rows[] = {
                { "the slice's limit", STALL_REFAULT, { { B, SLICE, RECLAIM_MAX, 10, 1 } }, HOST, 0, false, CAUSE_SLICE_LIMIT },
                { "its high", STALL_SWAP_IN, { { B, SLICE, RECLAIM_HIGH, 10, 1 } }, HOST, 0, false, CAUSE_SLICE_LIMIT },
                { "a unit's", STALL_SWAP_WAIT, { { A, A, RECLAIM_MAX, 10, 1 } }, HOST, 0, false, CAUSE_UNIT_LIMIT },
                { "as much for both", STALL_REFAULT, { { A, A, RECLAIM_MAX, 10, 1 }, { A, SLICE, RECLAIM_MAX, 10, 1 } },
                  HOST, 0, false, CAUSE_UNIT_LIMIT },
                { "more for the slice's", STALL_REFAULT, { { A, A, RECLAIM_MAX, 10, 1 }, { A, SLICE, RECLAIM_MAX, 11, 1 } },
                  HOST, 0, false, CAUSE_SLICE_LIMIT },
                { "the host's", STALL_SWAP_IN, { { HOST, HOST, RECLAIM_HOST, 10, 1 } }, HOST, 0, false, CAUSE_SWAP },
                { "the host's, whatever its kind", STALL_REFAULT, { { HOST, HOST, RECLAIM_MAX, 10, 1 } }, HOST, 0, false, CAUSE_REFAULT },
                { "for one who is gone", STALL_REFAULT, { { A, UNKNOWN, RECLAIM_MAX, 10, 1 } }, HOST, 0, false, CAUSE_REFAULT },
                { "as much for the host", STALL_REFAULT, { { A, SLICE, RECLAIM_MAX, 10, 1 }, { HOST, HOST, RECLAIM_HOST, 10, 1 } },
                  HOST, 0, false, CAUSE_REFAULT },
                { "less for the host", STALL_REFAULT, { { A, SLICE, RECLAIM_MAX, 11, 1 }, { HOST, HOST, RECLAIM_HOST, 10, 1 } },
                  HOST, 0, false, CAUSE_SLICE_LIMIT },
                { "the host's, and a limit was met", STALL_REFAULT, { { HOST, HOST, RECLAIM_HOST, 10, 1 } }, A, 1, false, CAUSE_UNIT_LIMIT },
                { "by hand, and a limit was met", STALL_REFAULT, { { C, A, RECLAIM_BY_HAND, 10, 1 } }, A, 1, true, CAUSE_REFAULT },
                { "by hand, of a slice", STALL_SWAP_WAIT, { { C, SLICE, RECLAIM_BY_HAND, 10, 1 } }, SLICE, 1, true, CAUSE_SWAP },
                { "less by hand", STALL_REFAULT, { { C, A, RECLAIM_BY_HAND, 10, 1 }, { A, A, RECLAIM_MAX, 11, 1 } }, A, 0, false, CAUSE_UNIT_LIMIT },
                { "as much by hand", STALL_REFAULT, { { C, A, RECLAIM_BY_HAND, 10, 1 }, { A, A, RECLAIM_MAX, 10, 1 } }, A, 0, false, CAUSE_REFAULT },
                { "as much for the host as by hand", STALL_REFAULT, { { C, A, RECLAIM_BY_HAND, 10, 1 }, { HOST, HOST, RECLAIM_HOST, 10, 1 } },
                  A, 1, false, CAUSE_UNIT_LIMIT },
                { "no wait", STALL_DIRECT_RECLAIM, { { A, A, RECLAIM_MAX, 10, 1 } }, A, 1, true, CAUSE_HOST_SHORT },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Stall stall = { A, 0, 1, rows[i].class, 5, 1 };
                const Event event = { .now_usec = 100 * SEC,
                                      .survey = { .values = { .limit_bytes = 1000, .room_bytes = 1000 }, .stalls = &stall,
                                                  .n_stalls = 1, .reclaims = rows[i].reclaims, .n_reclaims = 3 } };
                Cause cause;

                (void) survey_fill(&survey, &nodes, &event);
                survey_blame(&survey, &nodes, &event);
                cause = survey_cause(&survey, &nodes, &event, node_registry_find(&nodes, rows[i].watch), rows[i].events,
                                     rows[i].room_step);
                if (cause != rows[i].cause)
                        fail_msg("%s: %s, not %s", rows[i].what, cause_to_string(cause), cause_to_string(rows[i].cause));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_cause_of_first_reads, setup, teardown),
                cmocka_unit_test_setup_teardown(test_cause_beside_the_move, setup, teardown),
                cmocka_unit_test_setup_teardown(test_cause, setup, teardown),
                cmocka_unit_test_setup_teardown(test_cause_host, setup, teardown),
                cmocka_unit_test_setup_teardown(test_cause_of_reclaims, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
