/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is asked of one unit, and what its answers mean. */

#include "managed-world.h"

/* Of a unit that says nothing nobody is told, and its numbers are not asked for. */
static void test_values(void **state) {
        static const struct {
                const char *unit;
                bool pressure, swap;
                uint64_t limit, duration_usec;
                uint32_t share;
        } rows[] = {
                { "all.service", true, true, UINT32_MAX / 5, 2000000, 2000 },
                { "default.slice", true, false, 0, UINT64_MAX, 0 },
                { "swap.scope", false, true, UINT32_MAX / 2, 5, 0 },
                { "-.slice", true, false, UINT32_MAX, UINT64_MAX, 10000 },
                { "little.service", true, false, 1, UINT64_MAX, 1 },
                { "none.service", false, false, UINT32_MAX / 2, 5, 0 },
        };
        World *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                fake_systemd_put(w->fake, rows[i].unit, "ManagedOOMMemoryPressure", rows[i].pressure);
                fake_systemd_put(w->fake, rows[i].unit, "ManagedOOMSwap", rows[i].swap);
                fake_systemd_put(w->fake, rows[i].unit, "ManagedOOMMemoryPressureLimit", rows[i].limit);
                fake_systemd_put(w->fake, rows[i].unit, "ManagedOOMMemoryPressureDurationUSec", rows[i].duration_usec);
                managed_oom_add(w->managed, i + 1, rows[i].unit);
                managed_oom_add(w->managed, i + 1, "twice.service");
        }
        managed_oom_add(w->managed, 99, "a.timer"); /* has no such properties */
        assert_int_equal(managed_oom_n_units(w->managed), ELEMENTSOF(rows) + 1);
        world_run(w, ELEMENTSOF(rows), 2 * AGE_USEC);
        assert_int_equal(w->n_events, ELEMENTSOF(rows) - 1);
        for (size_t i = 0; i < w->n_events; i++) {
                size_t id = w->events[i].cgroup_id;

                assert_in_range(id, 1, ELEMENTSOF(rows) - 1);
                assert_event(&w->events[i], id, rows[id - 1].pressure, rows[id - 1].share,
                             rows[id - 1].pressure && rows[id - 1].duration_usec != UINT64_MAX ? rows[id - 1].duration_usec : 0,
                             rows[id - 1].swap);
        }
        assert_int_equal(fake_systemd_n_gets(w->fake), 2 * ELEMENTSOF(rows) + 2 * 4);
}

/* systemd before 257 has no duration, and long before no ManagedOOM at all. */
static void test_unknown_properties(void **state) {
        World *w = *state;

        fake_systemd_put(w->fake, "a.service", "ManagedOOMMemoryPressure", 1);
        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "Get", .property = "ManagedOOMMemoryPressureDurationUSec",
                                                   .error = "org.freedesktop.DBus.Error.UnknownProperty" });
        managed_oom_add(w->managed, 1, "a.service");
        world_run(w, 1, 5 * AGE_USEC);
        assert_int_equal(w->n_events, 1);
        assert_event(&w->events[0], 1, true, 0, 0, false);

        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "Get", .error = "org.freedesktop.DBus.Error.UnknownProperty" });
        managed_oom_rescan(w->managed);
        world_run(w, 2, 5 * AGE_USEC);
        assert_int_equal(w->n_events, 2);
        assert_event(&w->events[1], 1, false, 0, 0, false);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_values),
                TEST(test_unknown_properties),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
