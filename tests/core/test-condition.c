/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "core/condition.h"

static NodeRegistry nodes;
static Watch *watch;
static uint64_t now_usec;
static Sample sample;

static void start(const Policy *policy) {
        now_usec = 1000 * SEC;
        sample = (Sample){ .limit_bytes = GIB, .room_bytes = GIB, .host_total_bytes = GIB, .host_available_bytes = GIB };
        assert_int_equal(watch_new(&watch, registry_put(&nodes, 7, CGROUP_UNIT, "w.service"), policy, NULL), 0);
}

static void stop(void) {
        watch = watch_free(watch);
        node_registry_done(&nodes);
}

static void look(uint64_t after_usec) {
        now_usec += after_usec;
        watch_see(watch, now_usec, &sample, NULL);
}

/* A step with this one condition; a first look; then, after two seconds, one at what `change` made of the sample. */
typedef struct Row {
        const char *what;
        Condition condition;
        Sample before, after; /* amounts that are 0 are as start() has them */
        uint64_t value;
        bool holds;
} Row;

#define RATE(condition_kind, n, window) { .kind = (condition_kind), .rate = { (n), (window) } }
#define SWAP_SHARE(percent) { .kind = CONDITION_SWAP_FREE, .amount = { .is_share = true, .share = (percent) * 100 } }
#define HOST_SHARE(percent) { .kind = CONDITION_HOST_AVAILABLE, .amount = { .is_share = true, .share = (percent) * 100 } }
#define EXHAUSTION(n) { .kind = CONDITION_EXHAUSTION, .usec = (n) }
#define EFFICIENCY(percent) { .kind = CONDITION_EFFICIENCY, .share = (percent) * 100 }
#define EVENT(which, n, window) { .kind = CONDITION_EVENT, .event = { (which), (n), (window) } }
#define DYING(n) { .kind = CONDITION_DYING_DESCENDANTS, .count = (n) }
#define LIMIT(condition_kind, which, resource_kind, percent) \
        { .kind = (condition_kind), .pressure = { (which), (percent) * 100, 2 * SEC, (resource_kind) } }
#define STALL(percent) LIMIT(CONDITION_STALL, PRESSURE_SOME, RESOURCE_STALL, percent)
#define STALLS(memory, io, waits)                                                                              \
        { .pressure_usec = { [RESOURCE_MEMORY][PRESSURE_SOME] = (memory) * MSEC,                               \
                             [RESOURCE_IO][PRESSURE_SOME] = (io) * MSEC },                                     \
          .wait_usec = (waits) * MSEC }
#define NOTHING { .dying = 0 }
#define STALLED(resource_kind, which, n) { .pressure_usec[resource_kind][which] = (n) }

static const Row rows[] = {
        { "pressure", SOME(10, 2 * SEC), NOTHING, STALLED(RESOURCE_MEMORY, PRESSURE_SOME, 200 * MSEC), 1000, true },
        { "just not", SOME(10, 2 * SEC), NOTHING, STALLED(RESOURCE_MEMORY, PRESSURE_SOME, 199 * MSEC), 995, false },
        { "host pressure", LIMIT(CONDITION_HOST_PRESSURE, PRESSURE_FULL, RESOURCE_HOST_MEMORY, 10), NOTHING,
          STALLED(RESOURCE_HOST_MEMORY, PRESSURE_FULL, 200 * MSEC), 1000, true },
        { "its own is not the host's", LIMIT(CONDITION_HOST_PRESSURE, PRESSURE_FULL, RESOURCE_HOST_MEMORY, 10), NOTHING,
          STALLED(RESOURCE_MEMORY, PRESSURE_FULL, SEC), 0, false },
        { "io pressure", LIMIT(CONDITION_IO_PRESSURE, PRESSURE_SOME, RESOURCE_IO, 10), NOTHING,
          STALLED(RESOURCE_IO, PRESSURE_SOME, 200 * MSEC), 1000, true },
        { "some io is not full io", LIMIT(CONDITION_IO_PRESSURE, PRESSURE_FULL, RESOURCE_IO, 10), NOTHING,
          STALLED(RESOURCE_IO, PRESSURE_SOME, SEC), 0, false },
        { "cpu pressure", LIMIT(CONDITION_CPU_PRESSURE, PRESSURE_SOME, RESOURCE_CPU, 10), NOTHING,
          STALLED(RESOURCE_CPU, PRESSURE_SOME, 200 * MSEC), 1000, true },
        { "cpu is not io", LIMIT(CONDITION_CPU_PRESSURE, PRESSURE_SOME, RESOURCE_CPU, 10), NOTHING,
          STALLED(RESOURCE_IO, PRESSURE_SOME, SEC), 0, false },

        { "stall: what PSI counts", STALL(10), NOTHING, STALLS(200, 0, 0), 1000, true },
        { "just not", STALL(10), NOTHING, STALLS(199, 0, 0), 995, false },
        { "io that has nothing to do with memory", STALL(10), NOTHING, STALLS(0, 2000, 0), 0, false },
        { "waits that io confirms", STALL(10), NOTHING, STALLS(100, 100, 100), 1000, true },
        { "not the whole of them", STALL(10), NOTHING, STALLS(100, 99, 100), 995, false },
        { "not as many", STALL(10), NOTHING, STALLS(100, 100, 99), 995, false },
        { "of ten tasks", STALL(10), NOTHING, STALLS(100, 600, 20000), 3500, true },
        { "never more than all", STALL(100), NOTHING, STALLS(1500, 1500, 20000), 10000, true },

        { "room", AVAILABLE_BYTES(100), NOTHING, { .room_bytes = 99 }, 99, true },
        { "room at the limit", AVAILABLE_BYTES(100), NOTHING, { .room_bytes = 100 }, 100, false },
        { "a share of the tightest limit", AVAILABLE_SHARE(10), NOTHING, { .limit_bytes = 1000, .room_bytes = 99 }, 99,
          true },
        { "just not", AVAILABLE_SHARE(10), NOTHING, { .limit_bytes = 1000, .room_bytes = 100 }, 100, false },
        { "usage", USAGE_BYTES(100), NOTHING, { .usage_bytes = 101 }, 101, true },
        { "usage at the limit", USAGE_BYTES(100), NOTHING, { .usage_bytes = 100 }, 100, false },
        { "a share of usage", USAGE_SHARE(90), NOTHING, { .limit_bytes = 1000, .usage_bytes = 901 }, 901, true },
        { "just not", USAGE_SHARE(90), NOTHING, { .limit_bytes = 1000, .usage_bytes = 900 }, 900, false },
        { "the host's room, of MemTotal", HOST_SHARE(10), NOTHING,
          { .limit_bytes = 1, .host_total_bytes = 1000, .host_available_bytes = 99 }, 99, true },
        { "just not", HOST_SHARE(10), NOTHING,
          { .limit_bytes = 1, .host_total_bytes = 1000, .host_available_bytes = 100 }, 100, false },
        { "whatever the watch", HOST_SHARE(10), NOTHING, { .room_bytes = 1 }, GIB, false },
        { "free swap", SWAP_SHARE(10), NOTHING, { .swap_total_bytes = 1000, .swap_free_bytes = 99 }, 99, true },
        { "just enough", SWAP_SHARE(10), NOTHING, { .swap_total_bytes = 1000, .swap_free_bytes = 100 }, 100, false },
        { "no swap", SWAP_SHARE(100), NOTHING, NOTHING, 0, false },
        { "no swap, in bytes", { .kind = CONDITION_SWAP_FREE, .amount.bytes = MIB }, NOTHING, NOTHING, 0, false },
        { "swap in bytes", { .kind = CONDITION_SWAP_FREE, .amount.bytes = MIB }, NOTHING, { .swap_total_bytes = GIB }, 0,
          true },

        { "growth", RATE(CONDITION_GROWTH, 100, 2 * SEC), NOTHING, { .usage_bytes = 202 }, 101, true },
        { "growth at the limit", RATE(CONDITION_GROWTH, 100, 2 * SEC), NOTHING, { .usage_bytes = 200 }, 100, false },
        { "it shrinks", RATE(CONDITION_GROWTH, 0, 2 * SEC), { .usage_bytes = 500 }, { .usage_bytes = 1 }, 0, false },
        { "not covered", RATE(CONDITION_GROWTH, 1, 3 * SEC), NOTHING, { .usage_bytes = GIB }, 0, false },
        { "refaults", RATE(CONDITION_REFAULTS, 100, 2 * SEC), NOTHING, { .refaults = 202 }, 101, true },
        { "at the limit", RATE(CONDITION_REFAULTS, 100, 2 * SEC), NOTHING, { .refaults = 200 }, 100, false },
        { "not covered, but enough for all of it", RATE(CONDITION_REFAULTS, 100, 4 * SEC), NOTHING, { .refaults = 404 },
          101, true },
        { "not covered", RATE(CONDITION_REFAULTS, 100, 4 * SEC), NOTHING, { .refaults = 400 }, 100, false },
        { "reclaim", RATE(CONDITION_RECLAIM, 100, 2 * SEC), NOTHING, { .scanned = 202 }, 101, true },
        { "at the limit", RATE(CONDITION_RECLAIM, 100, 2 * SEC), NOTHING, { .scanned = 200 }, 100, false },
        { "refaults are no reclaim", RATE(CONDITION_RECLAIM, 0, 2 * SEC), NOTHING, { .refaults = 200 }, 0, false },

        { "exhaustion", EXHAUSTION(4 * SEC), { .room_bytes = 3000 }, { .room_bytes = 2000 }, 4 * SEC, true },
        { "just later", EXHAUSTION(4 * SEC - 1), { .room_bytes = 3000 }, { .room_bytes = 2000 }, 4 * SEC, false },
        { "the room grows", EXHAUSTION(USEC_INFINITY), { .room_bytes = 2000 }, { .room_bytes = 3000 }, USEC_INFINITY,
          false },
        { "the room stands", EXHAUSTION(USEC_INFINITY), { .room_bytes = 2000 }, { .room_bytes = 2000 }, USEC_INFINITY,
          false },

        { "little is reclaimed", EFFICIENCY(10), NOTHING, { .scanned = 1000, .reclaimed = 99 }, 990, true },
        { "just enough", EFFICIENCY(10), NOTHING, { .scanned = 1000, .reclaimed = 100 }, 1000, false },
        { "more than scanned", EFFICIENCY(100), NOTHING, { .scanned = 1000, .reclaimed = 1001 }, 10000, false },
        { "scanning goes on", EFFICIENCY(10), NOTHING, { .scanned = 64 }, 0, true },
        { "hardly", EFFICIENCY(10), NOTHING, { .scanned = 63 }, 10000, false },
        { "nothing is scanned", EFFICIENCY(100), NOTHING, NOTHING, 10000, false },

        { "high", EVENT(MEMORY_EVENT_HIGH, 2, 5 * SEC), { .events_high = 5 }, { .events_high = 7 }, 2, true },
        { "one too few", EVENT(MEMORY_EVENT_HIGH, 2, 5 * SEC), { .events_high = 5 }, { .events_high = 6 }, 1, false },
        { "max", EVENT(MEMORY_EVENT_MAX, 1, 5 * SEC), NOTHING, { .events_max = 1 }, 1, true },
        { "high is not max", EVENT(MEMORY_EVENT_MAX, 1, 5 * SEC), NOTHING, { .events_high = 9 }, 0, false },
        { "oom", EVENT(MEMORY_EVENT_OOM, 1, 10 * SEC), NOTHING, { .events_oom = 1 }, 1, true },
        { "long ago", EVENT(MEMORY_EVENT_OOM, 1, 10 * SEC), { .events_oom = 4 }, { .events_oom = 4 }, 0, false },

        { "dying descendants", DYING(10), NOTHING, { .dying = 11 }, 11, true },
        { "as many", DYING(10), NOTHING, { .dying = 10 }, 10, false },
};

/* What a row says, over what start() has. */
static void apply(const Sample *values) {
        const Sample base = sample;

        sample = *values;
        if (sample.limit_bytes == 0)
                sample.limit_bytes = base.limit_bytes;
        if (sample.room_bytes == 0)
                sample.room_bytes = base.room_bytes;
        if (sample.host_total_bytes == 0)
                sample.host_total_bytes = base.host_total_bytes;
        if (sample.host_available_bytes == 0)
                sample.host_available_bytes = base.host_available_bytes;
}

static void test_rows(void **state) {
        for (const Row *row = rows; row < rows + ELEMENTSOF(rows); row++) {
                Condition condition = row->condition;
                Step step = STEP("1", ACTION_LOG, .conditions = &condition, .n_conditions = 1);
                const Policy policy = { .steps = &step, .n_steps = 1 };
                uint64_t value;

                start(&policy);
                apply(&row->before);
                look(0);
                apply(&row->after);
                look(2 * SEC);
                value = watch_condition_value(watch, &condition);
                if (value != row->value || condition_holds(watch, &condition) != row->holds)
                        fail_msg("%s: %llu, %d", row->what, (unsigned long long) value,
                                 condition_holds(watch, &condition));
                stop();
        }
}

/* One look alone says nothing about what is measured over time. */
static void test_no_data_yet(void **state) {
        for (const Row *row = rows; row < rows + ELEMENTSOF(rows); row++) {
                Condition condition = row->condition;
                Step step = STEP("1", ACTION_LOG, .conditions = &condition, .n_conditions = 1);
                const Policy policy = { .steps = &step, .n_steps = 1 };

                if (condition_is_level(condition.kind) || condition.kind == CONDITION_DYING_DESCENDANTS)
                        continue;
                start(&policy);
                if (condition_holds(watch, &condition))
                        fail_msg("%s, before any look", row->what);
                apply(&row->after);
                look(0);
                if (condition_holds(watch, &condition))
                        fail_msg("%s, after the first look", row->what);
                stop();
        }
}

static void test_cause(void **state) {
        Condition condition = { .kind = CONDITION_CAUSE, .causes = 1U << CAUSE_HOST_SHORT | 1U << CAUSE_SWAP };
        Step step = STEP("1", ACTION_LOG, .conditions = &condition, .n_conditions = 1);
        const Policy policy = { .steps = &step, .n_steps = 1 };

        start(&policy);
        look(0);
        assert_int_equal(watch_condition_value(watch, &condition), 0);
        assert_false(condition_holds(watch, &condition));
        watch_see_cause(watch, now_usec, CAUSE_SWAP);
        assert_int_equal(watch_condition_value(watch, &condition), 1U << CAUSE_SWAP);
        assert_true(condition_holds(watch, &condition));
        look(2 * SEC);
        assert_true(condition_holds(watch, &condition));
        look(1);
        assert_false(condition_holds(watch, &condition)); /* too long ago */
        assert_int_equal(watch_condition_value(watch, &condition), 0);
        watch_see_cause(watch, now_usec, CAUSE_UNIT_LIMIT);
        assert_int_equal(watch_condition_value(watch, &condition), 1U << CAUSE_UNIT_LIMIT);
        assert_false(condition_holds(watch, &condition));
        watch_see_cause(watch, now_usec, CAUSE_UNKNOWN);
        assert_false(condition_holds(watch, &condition));

        /* Cause=unknown is one that a survey could not tell, not one that nobody asked for. */
        condition.causes = 1U << CAUSE_UNKNOWN;
        assert_true(condition_holds(watch, &condition));
        look(3 * SEC);
        assert_false(condition_holds(watch, &condition));
        stop();
}

static void test_presence(void **state) {
        Condition conditions[] = {
                { .kind = CONDITION_PRESENT, .globs = GLOBS(GLOB("backup.service")) },
                { .kind = CONDITION_ABSENT, .globs = GLOBS(GLOB("backup.service")) },
        };
        Step step = STEP("1", ACTION_LOG, .conditions = conditions, .n_conditions = 2);
        Policy policy = { .steps = &step, .n_steps = 1 };
        Presence presence;
        Node *backup;

        assert_int_equal(presence_init(&presence, &(PolicySet){ (Policy *[]){ &policy }, 1 }), 0);
        start(&policy);
        look(0);
        assert_false(condition_holds(watch, conditions)); /* nobody knows */
        assert_false(condition_holds(watch, conditions + 1));
        watch->presence = &presence;
        assert_false(condition_holds(watch, conditions));
        assert_true(condition_holds(watch, conditions + 1));
        backup = registry_put(&nodes, 8, CGROUP_UNIT, "backup.service");
        (void) presence_note(&presence, backup, true);
        assert_true(condition_holds(watch, conditions));
        assert_false(condition_holds(watch, conditions + 1));
        assert_int_equal(watch_condition_value(watch, conditions), 1);
        assert_int_equal(watch_condition_value(watch, conditions + 1), 1);
        stop();
        presence_done(&presence);
}

static void test_distance(void **state) {
        static const struct {
                Condition condition;
                uint64_t distance;
        } levels[] = {
                { AVAILABLE_BYTES(100), 401 },
                { AVAILABLE_BYTES(501), 0 },
                { USAGE_BYTES(700), 101 },
                { USAGE_BYTES(599), 0 },
                { HOST_SHARE(10), 701 },
                { SWAP_SHARE(10), 41 },
                { SWAP_SHARE(51), 0 },
        };
        Step step = STEP("1", ACTION_LOG, .n_conditions = 0);
        const Policy policy = { .steps = &step, .n_steps = 1 };
        const Condition swap = SWAP_SHARE(100);

        start(&policy);
        sample = (Sample){ .room_bytes = 500, .usage_bytes = 600, .limit_bytes = 1000, .host_available_bytes = 800,
                           .host_total_bytes = 1000, .swap_free_bytes = 50, .swap_total_bytes = 100 };
        look(0);
        for (size_t i = 0; i < ELEMENTSOF(levels); i++)
                assert_int_equal(condition_distance(watch, &levels[i].condition), levels[i].distance);
        sample.swap_total_bytes = 0;
        look(1);
        assert_int_equal(condition_distance(watch, &swap), UINT64_MAX);
        stop();
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows),
                cmocka_unit_test(test_no_data_yet),
                cmocka_unit_test(test_cause),
                cmocka_unit_test(test_presence),
                cmocka_unit_test(test_distance),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
