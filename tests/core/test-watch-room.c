/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "core/watch.h"

#define NOW (1000 * SEC)
#define NEVER USEC_INFINITY

/* What the kernel has told. */
typedef enum Told {
        NOTHING, /* and never will */
        QUIET,
        WARNED,
        _TOLD_MAX,
} Told;

static const char *const told_words[_TOLD_MAX] = { "nothing warns", "quiet", "warned" };

/* A gigabyte of which that much is left and free, seen by a watch; whose `limit` is its own where it is less. */
typedef struct Row {
        const char *what;
        CgroupKind kind;
        Condition condition;
        uint64_t available, free, limit, room, usage;
        uint64_t next_usec[_TOLD_MAX]; /* until the next look */
        bool deaf;                     /* no warning brings it forward */
} Row;

#define HOST_AVAILABLE(n) { .kind = CONDITION_HOST_AVAILABLE, .amount.bytes = (n) }
#define SWAP_FREE(n) { .kind = CONDITION_SWAP_FREE, .amount.bytes = (n) }
#define EXHAUSTION(usec_) { .kind = CONDITION_EXHAUSTION, .usec = (usec_) }
#define GROWTH(window) { .kind = CONDITION_GROWTH, .rate = { 1, (window) } }
#define REFAULTS(window) { .kind = CONDITION_REFAULTS, .rate = { 1, (window) } }
#define EFFICIENCY { .kind = CONDITION_EFFICIENCY, .share = 100 }


static const Row rows[] = {
        /* The host's: with more cache than it waits for, none; with less, by its slope. A warning is followed by two looks. */
        { "plenty", CGROUP_HOST, AVAILABLE_BYTES(100 * MIB), 800 * MIB, 600 * MIB, GIB, 800 * MIB, 0,
          { 70 * MSEC, NEVER, 100 * MSEC } },
        { "as much is free as it waits for", CGROUP_HOST, AVAILABLE_BYTES(100 * MIB), 800 * MIB, 700 * MIB, GIB, 800 * MIB, 0,
          { 70 * MSEC, NEVER, 100 * MSEC } },
        { "more is free than it waits for", CGROUP_HOST, AVAILABLE_BYTES(100 * MIB), 800 * MIB, 700 * MIB + 1, GIB, 800 * MIB,
          0, { 70 * MSEC, 13 * SEC, 100 * MSEC } },
        { "all is free", CGROUP_HOST, AVAILABLE_BYTES(100 * MIB), 900 * MIB, 950 * MIB, GIB, 900 * MIB, 0,
          { 80 * MSEC, 15 * SEC, 100 * MSEC } },
        { "near", CGROUP_HOST, AVAILABLE_BYTES(100 * MIB), 110 * MIB, 90 * MIB, GIB, 110 * MIB, 0,
          { 10 * MSEC, 195312, 100 * MSEC } },
        { "a unit sees the same", CGROUP_UNIT, AVAILABLE_BYTES(100 * MIB), 800 * MIB, 600 * MIB, GIB, 800 * MIB, 0,
          { 70 * MSEC, NEVER, 100 * MSEC } },
        { "whatever its own limit", CGROUP_UNIT, HOST_AVAILABLE(100 * MIB), 800 * MIB, 600 * MIB, 10 * MIB, 5 * MIB, 0,
          { 70 * MSEC, NEVER, 100 * MSEC } },
        { "the host's usage", CGROUP_HOST, USAGE_BYTES(900 * MIB), 800 * MIB, 600 * MIB, GIB, 800 * MIB, 224 * MIB,
          { 70 * MSEC, NEVER, 100 * MSEC } },

        { "more behind the level than before it", CGROUP_HOST, AVAILABLE_BYTES(300 * MIB), 400 * MIB, 0, GIB, 400 * MIB, 0,
          { 15728, NEVER, 100 * MSEC } },

        /* Swap: what is pushed out at a limit is not warned of. */
        { "swap", CGROUP_HOST, SWAP_FREE(MIB), 800 * MIB, 0, GIB, 800 * MIB, 0, { 5 * SEC, 5 * SEC, 5 * SEC }, true },

        /* Its own: nothing warns of that, and it fills a twentieth of its limit a second. */
        { "its limit", CGROUP_UNIT, AVAILABLE_BYTES(100 * MIB), 4 * GIB, 0, 2 * GIB, GIB, GIB,
          { 9 * SEC, 9 * SEC, 9 * SEC }, true },
        { "its usage", CGROUP_UNIT, USAGE_BYTES(256 * MIB), 800 * MIB, 0, GIB, 800 * MIB, 0, { 5 * SEC, 5 * SEC, 5 * SEC }, true },

        /* Room that runs out: half of it, where a sixteenth of the memory is not warned of. */
        { "room enough", CGROUP_HOST, EXHAUSTION(SEC), 800 * MIB, 736 * MIB - 1, GIB, 800 * MIB, 0,
          { 40 * MSEC, NEVER, 100 * MSEC } },
        { "too much of it free", CGROUP_HOST, EXHAUSTION(SEC), 800 * MIB, 737 * MIB, GIB, 800 * MIB, 0,
          { 40 * MSEC, 7 * SEC, 100 * MSEC } },
        { "below a limit", CGROUP_UNIT, EXHAUSTION(SEC), 800 * MIB, 0, GIB, 512 * MIB, 512 * MIB,
          { 5 * SEC, 5 * SEC, 5 * SEC }, true },

        /* Rates: not while there is plenty. */
        { "growth", CGROUP_HOST, GROWTH(4 * SEC), 800 * MIB, 600 * MIB, GIB, 800 * MIB, 0, { SEC, NEVER, SEC } },
        { "growth of what is free", CGROUP_HOST, GROWTH(4 * SEC), 800 * MIB, 800 * MIB, GIB, 800 * MIB, 0,
          { SEC, 14 * SEC, SEC } },
        { "growth with little left", CGROUP_HOST, GROWTH(4 * SEC), 64 * MIB, 0, GIB, 64 * MIB, 0, { SEC, SEC, SEC } },
        { "refaults", CGROUP_UNIT, REFAULTS(4 * SEC), 800 * MIB, 800 * MIB, GIB, 800 * MIB, 0, { SEC, NEVER, SEC } },
        { "efficiency, with little left", CGROUP_HOST, EFFICIENCY, 10 * MIB, 0, GIB, 10 * MIB, 0,
          { 500 * MSEC, NEVER, 500 * MSEC } },
        { "below half of a limit", CGROUP_UNIT, GROWTH(4 * SEC), 4 * GIB, 0, GIB, 900 * MIB, 124 * MIB, { SEC, 7 * SEC, SEC } },
        { "half of a limit", CGROUP_UNIT, GROWTH(4 * SEC), 4 * GIB, 0, GIB, 512 * MIB, 512 * MIB, { SEC, SEC, SEC } },
};

static void test_rows(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(rows) * _TOLD_MAX; i++) {
                const Row *row = rows + i / _TOLD_MAX;
                Told told = (Told) (i % _TOLD_MAX);
                Condition condition = row->condition;
                Step step = STEP("1", ACTION_KILL, .conditions = &condition, .n_conditions = 1);
                const Policy policy = { .steps = &step, .n_steps = 1 };
                Warning warning = { .armed = told != NOTHING, .last_usec = told == WARNED ? NOW - SEC : 0 };
                const Sample sample = {
                        .host_total_bytes = GIB, .host_available_bytes = row->available, .host_free_bytes = row->free,
                        .limit_bytes = row->limit, .room_bytes = row->room, .usage_bytes = row->usage,
                        .swap_free_bytes = 257 * MIB, .swap_total_bytes = GIB,
                };
                NodeRegistry nodes = { 0 };
                Watch *w;
                uint64_t next_usec;

                assert_int_equal(watch_new(&w, registry_put(&nodes, 7, row->kind, "w.service"), &policy, NULL), 0);
                w->warning = &warning;
                watch_see(w, NOW, &sample, NULL);
                watch_evaluate(w, NOW);
                watch_plan_look(w, NOW, false);
                next_usec = w->next_look_usec == USEC_INFINITY ? NEVER : w->next_look_usec - NOW;
                if (next_usec != row->next_usec[told])
                        fail_msg("%s, %s: in %llu, not %llu", row->what, told_words[told], (unsigned long long) next_usec,
                                 (unsigned long long) row->next_usec[told]);
                if (w->waits_for_warning == row->deaf)
                        fail_msg("%s: a warning is %swaited for", row->what, row->deaf ? "" : "not ");
                watch_free(w);
                assert_int_equal(warning.n_looking, 0);
                node_registry_done(&nodes);
        }
}

/* A kernel that says nothing of it: a unit that stands alone looks as often as many that share the time. */
static void test_share_the_time(void **state) {
        enum { N = 60 };
        Step step = STEP("1", ACTION_KILL, CONDITIONS(AVAILABLE_BYTES(100 * MIB)));
        const Policy policy = { .steps = &step, .n_steps = 1 };
        const Sample sample = { .host_total_bytes = GIB, .host_available_bytes = 110 * MIB, .limit_bytes = GIB,
                                .room_bytes = 110 * MIB };
        NodeRegistry nodes = { 0 };
        Warning warning = { 0 };
        Watch *watches[N];

        for (size_t round = 0; round < 2; round++)
                for (size_t i = 0; i < N; i++) {
                        if (round == 0) {
                                assert_int_equal(watch_new(&watches[i], registry_put(&nodes, 7 + i, CGROUP_UNIT, "w.service"),
                                                           &policy, NULL), 0);
                                watches[i]->warning = &warning;
                        }
                        watch_see(watches[i], NOW + round * SEC, &sample, NULL);
                        watch_evaluate(watches[i], NOW + round * SEC);
                        watch_plan_look(watches[i], NOW + round * SEC, false);
                }
        assert_int_equal(warning.n_looking, N);
        for (size_t i = 0; i < N; i++) /* together, too */
                assert_int_equal(watches[i]->next_look_usec, NOW + SEC + N * MSEC);
        for (size_t i = 0; i < N; i++)
                watch_free(watches[i]);
        assert_int_equal(warning.n_looking, 0);
        node_registry_done(&nodes);
}

/* Room that shrinks fast asks for surveys, ten times a second at most. */
static void test_nearing(void **state) {
        Step step = STEP("1", ACTION_KILL, CONDITIONS(AVAILABLE_BYTES(100 * MIB)));
        const Policy policy = { .steps = &step, .n_steps = 1 };
        Sample sample = { .host_total_bytes = GIB, .host_available_bytes = 400 * MIB, .limit_bytes = GIB,
                          .room_bytes = 400 * MIB };
        NodeRegistry nodes = { 0 };
        Watch *w;

        assert_int_equal(watch_new(&w, registry_put(&nodes, 7, CGROUP_UNIT, "w.service"), &policy, NULL), 0);
        watch_see(w, NOW, &sample, NULL);
        watch_plan_look(w, NOW, false);
        assert_false(watch_is_nearing(w, NOW));
        sample.room_bytes = sample.host_available_bytes = 300 * MIB;
        watch_see(w, NOW + SEC / 4, &sample, NULL); /* 400 MiB a second: gone in half one */
        watch_plan_look(w, NOW + SEC / 4, false);
        assert_true(watch_is_nearing(w, NOW + SEC / 4));
        assert_false(watch_is_nearing(w, NOW + SEC / 4 + 99 * MSEC));
        assert_true(watch_is_nearing(w, NOW + SEC / 4 + 100 * MSEC));
        sample.room_bytes = sample.host_available_bytes = 900 * MIB;
        for (size_t i = 0; i < 12; i++) {
                watch_see(w, NOW + (1 + i) * SEC, &sample, NULL);
                watch_plan_look(w, NOW + (1 + i) * SEC, false);
        }
        assert_false(watch_is_nearing(w, NOW + 20 * SEC));
        watch_free(w);
        node_registry_done(&nodes);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows),
                cmocka_unit_test(test_share_the_time),
                cmocka_unit_test(test_nearing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
