/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Throttle and its undo, call by call. */

#include <stdlib.h>
#include <unistd.h>

#include "systemd-world.h"

static void test_throttle(void **state) {
        World *w = *state;
        const Outcome *o;

        fake_systemd_put(w->fake, "hog.service", "MemoryHigh", 123456789);
        o = world_act(w, world_decision(1, ACTION_THROTTLE));
        assert_done(o);
        assert_int_equal(o->previous.values[PROPERTY_MEMORY_HIGH], 123456789);
        assert_string_equal(fake_systemd_calls(w->fake), "Get hog.service Service MemoryHigh\n"
                                                         "SetUnitProperties hog.service runtime=1 MemoryHigh=94371840\n");
}

/* What was there is on the list before it is changed; without a place there nothing is changed. */
static void test_throttle_is_noted(void **state) {
        static const HeldUnit unit = { .action = ACTION_THROTTLE, .unit = "hog.service" };
        _cleanup_(held_list_freep) HeldList *list = NULL;
        World *w = *state;
        char path[64];
        HeldUnit read;
        size_t n;

        (void) snprintf(path, sizeof(path), "%s/held", w->folder);
        assert_int_equal(held_list_new(&list, path, NULL, 0), 0);
        systemd_keep_list(w->systemd, list);
        assert_int_equal(world_act(w, world_decision(1, ACTION_THROTTLE))->kind, OUTCOME_REFUSED);
        assert_string_equal(fake_systemd_calls(w->fake), "Get hog.service Service MemoryHigh\n");

        assert_int_equal(held_list_set(list, 0, 2, &unit), 0);
        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "SetUnitProperties", .silent = true });
        systemd_act(w->systemd, (Decision[]){ world_decision(2, ACTION_THROTTLE) });
        while (!strstr(fake_systemd_calls(w->fake), "SetUnitProperties"))
                assert_true(sd_event_run(w->event, USEC_PER_SEC) > 0);
        assert_int_equal(held_read(path, &read, 1, &n), 0);
        assert_int_equal(n, 1);
        assert_int_equal(read.previous.values[PROPERTY_MEMORY_HIGH], UINT64_MAX);
        assert_int_equal(unlink(path), 0);
}

/* A share of the usage of a unit that exceeds its limit can be more than the limit: that is no throttle. */
static void test_throttle_never_raises(void **state) {
        World *w = *state;
        const Outcome *o;

        fake_systemd_put(w->fake, "hog.service", "MemoryHigh", 94371840);
        o = world_act(w, world_decision(1, ACTION_THROTTLE));
        assert_int_equal(o->kind, OUTCOME_REFUSED);
        assert_string_equal(fake_systemd_calls(w->fake), "Get hog.service Service MemoryHigh\n");
}

/* Where PID 1 would reclaim in the write to memory.high it goes down bit by bit, and never above what was there. */
static void test_throttle_by_steps(void **state) {
        static const struct {
                const char *version;
                uint64_t usage_mib, before_mib, n_calls, first_mib;
        } rows[] = {
                { "257.13-1", 100, UINT64_MAX >> 20, 4, 98 }, /* 97.5, 95, 92.5, 90 */
                { "257.13-1", 1000, UINT64_MAX >> 20, 16, 943 },
                { "257.13-1", 1000, 91, 1, 90 },
                { "257.13-1", 80, UINT64_MAX >> 20, 1, 90 },
        };
        World *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Decision d = world_decision(i + 1, ACTION_THROTTLE);
                const char *calls, *first;
                size_t n = 0;

                fake_systemd_set_version(w->fake, rows[i].version);
                fake_systemd_hang_up(w->fake);
                fake_systemd_forget(w->fake);
                fake_systemd_put(w->fake, "hog.service", "MemoryHigh", rows[i].before_mib << 20);
                d.victim_usage_bytes = rows[i].usage_mib << 20;
                assert_int_equal(world_act(w, d)->kind, OUTCOME_DONE);
                assert_int_equal(w->outcomes[w->n_outcomes - 1].previous.values[PROPERTY_MEMORY_HIGH], rows[i].before_mib << 20);
                assert_int_equal(fake_systemd_value(w->fake, "hog.service", "MemoryHigh"), 94371840);
                calls = first = strstr(fake_systemd_calls(w->fake), "SetUnitProperties");
                for (; (calls = strstr(calls, "SetUnitProperties")); calls++)
                        n++;
                assert_int_equal(n, rows[i].n_calls);
                assert_int_equal((strtoull(strstr(first, "MemoryHigh=") + strlen("MemoryHigh="), NULL, 10) + (1 << 19)) >> 20,
                                 rows[i].first_mib);
        }
}

/* A step that systemd says no to ends it, and all of it is to be put back. */
static void test_throttle_by_steps_fails(void **state) {
        Decision d = world_decision(1, ACTION_THROTTLE);
        World *w = *state;

        fake_systemd_set_version(w->fake, "257.13-1");
        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "SetUnitProperties", .error = "org.freedesktop.DBus.Error.AccessDenied" });
        d.victim_usage_bytes = UINT64_C(100) << 20;
        assert_int_equal(world_act(w, d)->kind, OUTCOME_FAILED);
        assert_int_equal(w->outcomes[0].previous.set, 1 << PROPERTY_MEMORY_HIGH);
}

static void test_kinds_of_units(void **state) {
        static const struct {
                const char *unit, *call;
        } rows[] = {
                { "a-b.slice", "Get a-b.slice Slice MemoryHigh\n" },
                { "run-1.scope", "Get run-1.scope Scope MemoryHigh\n" },
        };
        World *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Decision d = world_decision(i, ACTION_THROTTLE);

                d.victim.unit = rows[i].unit;
                fake_systemd_forget(w->fake);
                assert_done(world_act(w, d));
                assert_memory_equal(fake_systemd_calls(w->fake), rows[i].call, strlen(rows[i].call));
        }

        Decision d = world_decision(9, ACTION_THROTTLE);
        d.victim.unit = "a.timer";
        assert_int_equal(world_act(w, d)->kind, OUTCOME_FAILED);
        assert_int_equal(w->outcomes[w->n_outcomes - 1].error, -EOPNOTSUPP);
}

static void test_undo_throttle(void **state) {
        World *w = *state;
        Undo u = world_undo(1, ACTION_THROTTLE);

        assert_done(world_take_back(w, u));
        u.previous.values[PROPERTY_MEMORY_HIGH] = 4096;
        assert_done(world_take_back(w, u));
        assert_string_equal(fake_systemd_calls(w->fake),
                            "SetUnitProperties hog.service runtime=1 MemoryHigh=infinity\n"
                            "SetUnitProperties hog.service runtime=1 MemoryHigh=4096\n");
}

/* Everything that a throttle can set, in one call, and back. */
static void test_all_properties(void **state) {
        World *w = *state;
        Decision d = world_decision(1, ACTION_THROTTLE);
        Undo u = world_undo(2, ACTION_THROTTLE);
        const Outcome *o;

        properties_set(&d.properties, PROPERTY_CPU_QUOTA, 500000);
        properties_set(&d.properties, PROPERTY_CPU_WEIGHT, 20);
        properties_set(&d.properties, PROPERTY_IO_WEIGHT, 10);
        properties_set(&d.properties, PROPERTY_MEMORY_LOW, 1); /* not its business */
        fake_systemd_put(w->fake, "hog.service", "CPUWeight", 300);
        o = world_act(w, d);
        assert_done(o);
        assert_string_equal(fake_systemd_calls(w->fake),
                            "Get hog.service Service MemoryHigh\n"
                            "Get hog.service Service CPUQuotaPerSecUSec\n"
                            "Get hog.service Service CPUWeight\n"
                            "Get hog.service Service IOWeight\n"
                            "SetUnitProperties hog.service runtime=1 MemoryHigh=94371840 CPUQuotaPerSecUSec=500000 CPUWeight=20 IOWeight=10\n");
        assert_int_equal(o->previous.set, 1 << PROPERTY_MEMORY_HIGH | 1 << PROPERTY_CPU_QUOTA |
                                                  1 << PROPERTY_CPU_WEIGHT | 1 << PROPERTY_IO_WEIGHT);

        fake_systemd_forget(w->fake);
        u.previous = o->previous;
        assert_done(world_take_back(w, u));
        assert_string_equal(fake_systemd_calls(w->fake),
                            "SetUnitProperties hog.service runtime=1 MemoryHigh=infinity CPUQuotaPerSecUSec=infinity CPUWeight=300 IOWeight=infinity\n");
}

/* A MemoryHigh= that would not lower it is left out, the others are set, and they alone are put back. */
static void test_all_but_memory_high(void **state) {
        World *w = *state;
        Decision d = world_decision(1, ACTION_THROTTLE);
        const Outcome *o;

        properties_set(&d.properties, PROPERTY_IO_WEIGHT, 10);
        fake_systemd_put(w->fake, "hog.service", "MemoryHigh", 4096);
        o = world_act(w, d);
        assert_done(o);
        assert_int_equal(o->previous.set, 1 << PROPERTY_IO_WEIGHT);
        assert_int_equal(fake_systemd_value(w->fake, "hog.service", "MemoryHigh"), 4096);
        assert_int_equal(fake_systemd_value(w->fake, "hog.service", "IOWeight"), 10);
}

static void test_nothing_to_set(void **state) {
        World *w = *state;
        Decision d = world_decision(1, ACTION_THROTTLE);
        Undo u = world_undo(2, ACTION_THROTTLE);

        d.properties.set = 0;
        u.previous.set = 0;
        assert_int_equal(world_act(w, d)->kind, OUTCOME_REFUSED);
        assert_done(world_take_back(w, u));
        assert_string_equal(fake_systemd_calls(w->fake), "");
}

/* Until something is set there is nothing to undo; from then on there is, whatever the answer. */
static void test_previous_of_a_timeout(void **state) {
        World *w = *state;
        Decision d = world_decision(1, ACTION_THROTTLE);
        const Outcome *o;

        properties_set(&d.properties, PROPERTY_CPU_WEIGHT, 20);
        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "Get", .property = "CPUWeight", .silent = true });
        o = world_act(w, d);
        assert_int_equal(o->kind, OUTCOME_TIMEOUT);
        assert_int_equal(o->previous.set, 0);

        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "SetUnitProperties", .silent = true });
        o = world_act(w, d);
        assert_int_equal(o->kind, OUTCOME_TIMEOUT);
        assert_int_equal(o->previous.set, 1 << PROPERTY_MEMORY_HIGH | 1 << PROPERTY_CPU_WEIGHT);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_throttle),
                TEST(test_throttle_is_noted),
                TEST(test_throttle_never_raises),
                TEST(test_throttle_by_steps),
                TEST(test_throttle_by_steps_fails),
                TEST(test_kinds_of_units),
                TEST(test_undo_throttle),
                TEST(test_all_properties),
                TEST(test_all_but_memory_high),
                TEST(test_nothing_to_set),
                TEST(test_previous_of_a_timeout),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
