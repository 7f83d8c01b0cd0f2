/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Units that come and go, and how many of them. */

#include "managed-world.h"

/* Units that come and go cost no call, and nothing wakes when none is left. */
static void test_short_lives(void **state) {
        World *w = *state;

        world_run(w, 1, AGE_USEC); /* connects */
        for (uint64_t id = 1; id <= 5000; id++)
                managed_oom_add(w->managed, id, "short.service");
        for (uint64_t id = 1; id <= 5000; id++)
                managed_oom_remove(w->managed, id % 2 == 0 ? id : 5000 - id);
        managed_oom_remove(w->managed, 12345);
        for (uint64_t id = 1; id <= 5000; id++)
                managed_oom_remove(w->managed, id);
        assert_int_equal(managed_oom_n_units(w->managed), 0);
        assert_int_equal(world_run(w, 1, 3 * AGE_USEC), 0);
        assert_int_equal(fake_systemd_n_gets(w->fake), 0);
}

static void test_bounds(void **state) {
        World *w = *state;
        uint64_t start = clock_usec();

        for (uint64_t id = 1; id <= MANAGED_OOM_UNITS_MAX + 3; id++)
                managed_oom_add(w->managed, id, "a.service");
        assert_int_equal(managed_oom_n_units(w->managed), MANAGED_OOM_UNITS_MAX);
        assert_int_equal(managed_oom_n_lost(w->managed), 3);
        for (uint64_t id = 31; id <= MANAGED_OOM_UNITS_MAX; id++)
                managed_oom_remove(w->managed, id);

        /* Thirty units: not all at once, but ten every tenth of a second. */
        while (fake_systemd_n_gets(w->fake) < 60 && clock_usec() - start < 5 * USEC_PER_SEC)
                world_run(w, 1, 10 * USEC_PER_MSEC);
        assert_int_equal(fake_systemd_n_gets(w->fake), 60);
        assert_in_range(clock_usec() - start, AGE_USEC + 200 * USEC_PER_MSEC, 5 * USEC_PER_SEC);

        /* A systemd that does not answer gets no more than the limit. */
        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "Get", .silent = true });
        managed_oom_rescan(w->managed);
        world_run(w, 1, 5 * AGE_USEC);
        assert_int_equal(fake_systemd_n_gets(w->fake), 60 + MANAGED_OOM_CALLS_MAX);
        assert_int_equal(world_run(w, 1, AGE_USEC), 0);

        /* Those that go make room for others. */
        fake_systemd_answer(w->fake, (FakeAnswer){ 0 });
        for (uint64_t id = 1; id <= 16; id++)
                managed_oom_remove(w->managed, id);
        world_run(w, 1, 5 * AGE_USEC);
        assert_int_equal(fake_systemd_n_gets(w->fake), 60 + MANAGED_OOM_CALLS_MAX + 2 * 14);
}

static void test_remove_in_handler(void **state) {
        World *w = *state;

        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 1);
        w->remove = 1;
        managed_oom_add(w->managed, 1, "a.service");
        world_run(w, 1, 5 * AGE_USEC);
        assert_int_equal(managed_oom_n_units(w->managed), 0);
        fake_systemd_reload(w->fake);
        world_run(w, 2, AGE_USEC);
        assert_int_equal(w->n_events, 1);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_short_lives),
                TEST(test_bounds),
                TEST(test_remove_in_handler),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
