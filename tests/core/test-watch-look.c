/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "core/watch.h"

static NodeRegistry nodes;
static Watch *watch;
static uint64_t now_usec;
static Sample sample;

static void start(const Policy *policy) {
        now_usec = 1000 * SEC;
        sample = (Sample){ .limit_bytes = 1000, .room_bytes = 1000, .host_total_bytes = GIB };
        assert_int_equal(watch_new(&watch, registry_put(&nodes, 7, CGROUP_UNIT, "w.service"), policy, NULL), 0);
}

static void stop(void) {
        watch = watch_free(watch);
        node_registry_done(&nodes);
}

static void look(void) {
        watch_see(watch, now_usec, &sample, NULL);
        watch_evaluate(watch, now_usec);
}

static void stall(uint64_t memory_usec, uint64_t io_usec, uint64_t wait_usec) {
        sample.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME] += memory_usec;
        sample.pressure_usec[RESOURCE_IO][PRESSURE_SOME] += io_usec;
        sample.wait_usec += wait_usec;
}

/* A look now; returns in how long the next one is due. */
static uint64_t next(void) {
        look();
        watch_plan_look(watch, now_usec, false);
        return watch->next_look_usec == USEC_INFINITY ? USEC_INFINITY : watch->next_look_usec - now_usec;
}

static void test_plan_look(void **state) {
        Step pressure = STEP("1", ACTION_KILL, CONDITIONS(SOME(10, 2 * SEC)));
        Step room = STEP("1", ACTION_KILL, CONDITIONS(AVAILABLE_BYTES(64 * MIB)));
        const Policy by_pressure = { .steps = &pressure, .n_steps = 1 }, by_room = { .steps = &room, .n_steps = 1 };

        /* Nothing to wait for: asleep. In an incident, or while something is held: once a second. */
        start(&by_pressure);
        look();
        watch_plan_look(watch, now_usec, false);
        assert_int_equal(watch->next_look_usec, USEC_INFINITY);
        watch_plan_look(watch, now_usec, true);
        assert_int_equal(watch->next_look_usec, now_usec + SEC);
        watch->in_incident = true;
        watch_plan_look(watch, now_usec, false);
        assert_int_equal(watch->next_look_usec, now_usec + SEC);

        /* A step that holds and may act soon: ten times a second; one that cools: no reason to hurry. */
        watch->steps[0].held_since_usec = now_usec;
        watch_plan_look(watch, now_usec, false);
        assert_int_equal(watch->next_look_usec, now_usec + 100 * MSEC);
        watch->steps[0].acted_usec = now_usec;
        watch_plan_look(watch, now_usec, false);
        assert_int_equal(watch->next_look_usec, now_usec + SEC);
        stop();

        /* Room enough: on whole seconds, and far off. */
        start(&by_room);
        now_usec += 123 * MSEC;
        sample.room_bytes = 64 * MIB + 640 * MIB;
        sample.limit_bytes = GIB;
        look();
        watch_plan_look(watch, now_usec, false);
        assert_int_equal(watch->next_look_usec, 1012 * SEC);
        stop();
}

static void test_plan_look_near(void **state) {
        Step room = STEP("1", ACTION_KILL, CONDITIONS(AVAILABLE_BYTES(64 * MIB), USAGE_BYTES(200 * MIB)));
        const Policy policy = { .steps = &room, .n_steps = 1 };

        /* The nearer of the two counts: usage lacks 32 MiB, room 640 MiB. */
        start(&policy);
        now_usec += 123 * MSEC;
        sample.room_bytes = 704 * MIB;
        sample.usage_bytes = 168 * MIB;
        sample.limit_bytes = GIB;
        look();
        watch_plan_look(watch, now_usec, false);
        assert_int_equal(watch->next_look_usec, now_usec + 625 * MSEC);

        /* Usage holds, room is what is waited for. */
        sample.usage_bytes = 201 * MIB;
        look();
        watch->room = (Room){ 0 };
        watch_plan_look(watch, now_usec, false);
        assert_int_equal(watch->next_look_usec, 1012 * SEC);

        /* Both hold: the step is pending. */
        sample.room_bytes = 0;
        look();
        watch_plan_look(watch, now_usec, false);
        assert_int_equal(watch->next_look_usec, now_usec + 100 * MSEC);
        watch->steps[0].acted_usec = now_usec;
        watch_plan_look(watch, now_usec, false);
        assert_int_equal(watch->next_look_usec, USEC_INFINITY);
        stop();
}

#define GROWTH(n, window) { .kind = CONDITION_GROWTH, .rate = { (n), (window) } }
#define CAUSE(which) { .kind = CONDITION_CAUSE, .causes = 1U << (which) }

/* A step that has nothing else than what nobody tells of is looked at a few times in its window. */
static void test_rates_alone(void **state) {
        static const struct {
                const char *what;
                Condition condition;
                uint64_t next_usec;
        } rows[] = {
                { "growth", GROWTH(1, 4 * SEC), SEC },
                { "not too often", GROWTH(1, 300 * MSEC), 100 * MSEC },
                { "not too seldom", GROWTH(1, 10 * USEC_PER_MINUTE), 20 * SEC },
                { "refaults", { .kind = CONDITION_REFAULTS, .rate = { 1, 2 * SEC } }, 500 * MSEC },
                { "reclaim", { .kind = CONDITION_RECLAIM, .rate = { 1, 8 * SEC } }, 2 * SEC },
                { "efficiency", { .kind = CONDITION_EFFICIENCY, .share = 1000 }, 500 * MSEC },
                { "dying descendants", { .kind = CONDITION_DYING_DESCENDANTS, .count = 5 }, 20 * SEC },
                { "an event wakes", { .kind = CONDITION_EVENT, .event = { MEMORY_EVENT_MAX, 1, SEC } }, USEC_INFINITY },
                { "a unit that comes wakes", { .kind = CONDITION_PRESENT }, USEC_INFINITY },
                { "host pressure wakes",
                  { .kind = CONDITION_HOST_PRESSURE, .pressure = { PRESSURE_SOME, 100, SEC, RESOURCE_HOST_MEMORY } },
                  USEC_INFINITY },
                { "no swap, none to wait for", { .kind = CONDITION_SWAP_FREE, .amount.bytes = 1 }, USEC_INFINITY },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Condition condition = rows[i].condition;
                Step step = STEP("1", ACTION_KILL, .conditions = &condition, .n_conditions = 1);
                const Policy policy = { .steps = &step, .n_steps = 1 };
                uint64_t usec;

                start(&policy);
                usec = next();
                if (usec != rows[i].next_usec)
                        fail_msg("%s: %llu", rows[i].what, (unsigned long long) usec);
                stop();
        }
}

/* Nothing is looked at before what the kernel tells of holds; then the level; then the rate. */
static void test_cheap_before_dear(void **state) {
        Step step = STEP("1", ACTION_KILL, CONDITIONS(SOME(10, 2 * SEC), GROWTH(100, 4 * SEC), USAGE_BYTES(64 * MIB)));
        const Policy policy = { .steps = &step, .n_steps = 1 };

        start(&policy);
        assert_int_equal(next(), USEC_INFINITY);
        now_usec += 2 * SEC;
        sample.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME] += SEC;
        assert_int_equal(next(), 2 * SEC); /* at 32 MiB a second */
        sample.usage_bytes = 65 * MIB;
        assert_int_equal(next(), SEC);
        now_usec += 4 * SEC;
        sample.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME] += 2 * SEC;
        sample.usage_bytes = 66 * MIB;
        assert_int_equal(next(), 100 * MSEC); /* all hold: the step is pending */
        now_usec += 10 * SEC;
        assert_int_equal(next(), USEC_INFINITY);
        stop();
}

/* A look may be a little sooner, so that many fall together. */
static void test_falls_together(void **state) {
        Step step = STEP("1", ACTION_KILL, CONDITIONS(GROWTH(1, 8 * SEC)));
        const Policy policy = { .steps = &step, .n_steps = 1 };

        start(&policy);
        now_usec += 300 * MSEC;
        assert_int_equal(next(), 1950 * MSEC);
        stop();
        step.conditions[0].rate.window_usec = 16 * SEC;
        start(&policy);
        now_usec += 300 * MSEC;
        assert_int_equal(next(), 3700 * MSEC);
        stop();
}

static void test_presence_bars(void **state) {
        Step step = STEP("1", ACTION_KILL, CONDITIONS(GROWTH(1, 4 * SEC), { .kind = CONDITION_PRESENT }));
        const Policy policy = { .steps = &step, .n_steps = 1 };

        start(&policy);
        assert_int_equal(next(), USEC_INFINITY);

        /* Told that a unit came: at once, but not again and again. */
        watch_plan_look_soon(watch, now_usec + SEC);
        assert_int_equal(watch->next_look_usec, now_usec + SEC);
        watch->next_look_usec = USEC_INFINITY;
        watch_plan_look_soon(watch, now_usec + MSEC);
        assert_int_equal(watch->next_look_usec, now_usec + 100 * MSEC);
        watch->next_look_usec = now_usec + 50 * MSEC;
        watch_plan_look_soon(watch, now_usec + MSEC);
        assert_int_equal(watch->next_look_usec, now_usec + 50 * MSEC);
        stop();
}

/* Far room, seldom; where the look before was too long ago to know the slope, soon. */
static void test_exhaustion(void **state) {
        Step step = STEP("1", ACTION_KILL, CONDITIONS({ .kind = CONDITION_EXHAUSTION, .usec = 10 * SEC }));
        const Policy policy = { .steps = &step, .n_steps = 1 };

        start(&policy);
        sample.host_total_bytes = 640 * MIB; /* room goes at 32 MiB a second at most */
        sample.room_bytes = 640 * MIB;
        assert_int_equal(next(), 10 * SEC); /* half of it */
        sample.room_bytes = 64 * MIB;
        watch->room = (Room){ 0 };
        assert_int_equal(next(), SEC);

        now_usec += 10 * SEC;
        sample.room_bytes = 32 * MIB; /* gone in 10 s, if it went evenly */
        assert_int_equal(next(), 500 * MSEC);
        assert_false(watch_holds_any(watch));
        now_usec += 500 * MSEC;
        sample.room_bytes = 30 * MIB;
        assert_true(watch->room.rate > 0);
        assert_int_equal(next(), 100 * MSEC);
        assert_true(watch_holds_any(watch)); /* in 7.5 s */
        assert_int_equal(watch->room.rate, 0); /* no room is waited for */
        now_usec += 500 * MSEC;
        sample.room_bytes = 31 * MIB;
        (void) next();
        now_usec += 2 * SEC;
        (void) next();
        assert_false(watch_holds_any(watch)); /* it came to a stand */
        stop();
}

/* The kernel tells of its two halves; what lies between them and the whole is looked at. */
static void test_stall(void **state) {
        Step step = STEP("1", ACTION_KILL,
                         CONDITIONS({ .kind = CONDITION_STALL, .pressure = { PRESSURE_SOME, 2000, 2 * SEC, RESOURCE_STALL } }));
        const Policy policy = { .steps = &step, .n_steps = 1 };

        start(&policy);
        assert_int_equal(next(), USEC_INFINITY);

        /* Half of it, and a little less; io by itself is nothing to look after. */
        now_usec += 2 * SEC;
        stall(100 * MSEC, 1900 * MSEC, 99 * MSEC);
        assert_int_equal(next(), USEC_INFINITY);
        now_usec += 2 * SEC;
        stall(100 * MSEC, 1900 * MSEC, 100 * MSEC);
        assert_int_equal(next(), 500 * MSEC);

        /* It holds: For= or the action is next. */
        now_usec += 2 * SEC;
        stall(100 * MSEC, 400 * MSEC, 300 * MSEC);
        assert_int_equal(next(), 100 * MSEC);
        assert_true(watch_holds_any(watch));

        /* After a long sleep nobody knows when the tasks waited. */
        now_usec += 1000 * SEC;
        stall(0, 100 * SEC, SEC);
        look();
        watch_see(watch, now_usec, &sample, &(PressureLimit){ PRESSURE_SOME, 1000, 2 * SEC, RESOURCE_IO });
        watch_evaluate(watch, now_usec);
        watch_plan_look(watch, now_usec, false);
        assert_false(watch_holds_any(watch));
        assert_int_equal(watch->next_look_usec, now_usec + 500 * MSEC);
        for (unsigned i = 0; i < 4; i++) {
                now_usec += 500 * MSEC;
                stall(0, 50 * MSEC, 10 * MSEC);
                (void) next();
        }
        assert_int_equal(watch->next_look_usec, USEC_INFINITY);
        stop();
}

static void test_cause(void **state) {
        Step step = STEP("1", ACTION_KILL, CONDITIONS(CAUSE(CAUSE_HOST_SHORT), SOME(10, 2 * SEC)));
        const Policy policy = { .steps = &step, .n_steps = 1 };

        start(&policy);
        assert_int_equal(next(), USEC_INFINITY);
        assert_false(watch_wants_cause(watch, now_usec));
        now_usec += 2 * SEC;
        sample.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME] += 2 * SEC;
        assert_int_equal(next(), 500 * MSEC);

        /* A survey, and no second one before half a second is over. */
        assert_true(watch_wants_cause(watch, now_usec));
        assert_false(watch_wants_cause(watch, now_usec));
        assert_false(watch_wants_cause(watch, now_usec + 500 * MSEC - 1));
        assert_true(watch_wants_cause(watch, now_usec + 500 * MSEC));
        watch_see_cause(watch, now_usec, CAUSE_SWAP);
        assert_int_equal(next(), 500 * MSEC); /* another one may come */
        watch_see_cause(watch, now_usec, CAUSE_HOST_SHORT);
        assert_int_equal(next(), 100 * MSEC);
        assert_true(watch_holds_any(watch));
        assert_true(watch_wants_cause(watch, now_usec + SEC)); /* while it holds it is kept fresh */
        stop();
}

/* With nothing else a stall must be there. */
static void test_cause_alone(void **state) {
        Step step = STEP("1", ACTION_KILL, CONDITIONS(CAUSE(CAUSE_HOST_SHORT)));
        const Policy policy = { .steps = &step, .n_steps = 1 };

        start(&policy);
        assert_int_equal(next(), USEC_INFINITY);
        assert_false(watch_wants_cause(watch, now_usec));
        now_usec += 2 * SEC;
        sample.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME] += MSEC / 5; /* as little as counts */
        assert_int_equal(next(), 500 * MSEC);
        assert_true(watch_wants_cause(watch, now_usec));
        now_usec += 2 * SEC;
        assert_int_equal(next(), USEC_INFINITY);
        assert_false(watch_wants_cause(watch, now_usec));
        stop();
}

static void test_cause_of_room(void **state) {
        Step pressure = STEP("1", ACTION_KILL, CONDITIONS(CAUSE(CAUSE_UNIT_LIMIT), SOME(0, 2 * SEC)));
        Step room = STEP("2", ACTION_KILL, CONDITIONS(CAUSE(CAUSE_UNIT_LIMIT), AVAILABLE_BYTES(100)));
        Step steps[] = { pressure, room };
        const Policy policy = { .steps = steps, .n_steps = 2 };

        start(&policy);
        look();
        assert_false(watch_cause_is_room(watch)); /* the second does not wait for its cause yet */
        sample.room_bytes = 50;
        look();
        assert_true(watch_cause_is_room(watch));
        stop();

        steps[0] = (Step) STEP("1", ACTION_KILL, CONDITIONS(CAUSE(CAUSE_UNIT_LIMIT), SOME(10, 2 * SEC)));
        start(&policy); /* the first does not wait, the second does */
        sample.room_bytes = 50;
        look();
        assert_true(watch_cause_is_room(watch));
        stop();
}

static void test_incident_events(void **state) {
        Step step = STEP("1", ACTION_KILL, CONDITIONS(SOME(10, SEC)));
        const Policy policy = { .steps = &step, .n_steps = 1 };
        const Sample later = { .events_high = 7, .events_max = 9 };

        start(&policy);
        assert_int_equal(watch_incident_events(watch, &later), 0);
        sample.events_high = 5;
        sample.events_max = 8;
        look();
        assert_int_equal(watch_incident_events(watch, &later), 3);
        watch->in_incident = true;
        watch->incident_events = 10;
        assert_int_equal(watch_incident_events(watch, &later), 6);
        assert_int_equal(watch_incident_events(watch, &(Sample){ 0 }), 0);
        stop();
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_plan_look),
                cmocka_unit_test(test_plan_look_near),
                cmocka_unit_test(test_rates_alone),
                cmocka_unit_test(test_cheap_before_dear),
                cmocka_unit_test(test_falls_together),
                cmocka_unit_test(test_presence_bars),
                cmocka_unit_test(test_exhaustion),
                cmocka_unit_test(test_stall),
                cmocka_unit_test(test_cause),
                cmocka_unit_test(test_cause_alone),
                cmocka_unit_test(test_cause_of_room),
                cmocka_unit_test(test_incident_events),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
