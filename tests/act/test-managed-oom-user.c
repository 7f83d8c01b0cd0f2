/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A user's manager: nobody stays connected to it. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "managed-world.h"

static int set_up_user(void **state) {
        World *w;

        assert_int_equal(world_set_up(state), 0);
        w = *state;
        w->managed = managed_oom_free(w->managed);
        world_run(w, SIZE_MAX, 20 * USEC_PER_MSEC);
        fake_systemd_forget(w->fake);
        w->n_connected = fake_systemd_n_connections(w->fake);
        assert_int_equal(managed_oom_new_for_user_at(&w->managed, w->event, getuid(), w->address, AGE_USEC, world_on_managed, w), 0);
        return 0;
}

static unsigned n_connected(const World *w) {
        return fake_systemd_n_connections(w->fake) - w->n_connected;
}

static void run_until_asked(World *w, unsigned n_gets) {
        for (unsigned i = 0; i < 500 && fake_systemd_n_gets(w->fake) < n_gets; i++)
                world_run(w, SIZE_MAX, 10 * USEC_PER_MSEC);
        assert_int_equal(fake_systemd_n_gets(w->fake), n_gets);
}

/* The private socket would tell of each change of each unit. */
static void assert_hung_up(World *w) {
        for (unsigned i = 0; i < 500 && fake_systemd_n_open(w->fake) > 0; i++)
                world_run(w, SIZE_MAX, 10 * USEC_PER_MSEC);
        assert_int_equal(fake_systemd_n_open(w->fake), 0);
        assert_int_equal(world_run(w, SIZE_MAX, 2 * AGE_USEC), 0);
}

/* It connects when there is something to ask, and is gone when all is answered. */
static void test_user(void **state) {
        World *w = *state;

        assert_int_equal(world_run(w, SIZE_MAX, 2 * AGE_USEC), 0);
        assert_int_equal(n_connected(w), 0);

        fake_systemd_put(w->fake, "a.slice", "ManagedOOMMemoryPressure", 1);
        fake_systemd_put(w->fake, "b.service", "ManagedOOMSwap", 1);
        managed_oom_add(w->managed, 1, "a.slice");
        managed_oom_add(w->managed, 2, "b.service");
        managed_oom_add(w->managed, 3, "c.scope");
        world_run(w, SIZE_MAX, AGE_USEC / 2);
        assert_int_equal(n_connected(w), 0); /* too young to be asked */
        world_run(w, 2, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_events, 2);
        assert_hung_up(w);
        assert_int_equal(fake_systemd_n_gets(w->fake), 8);
        assert_null(strstr(fake_systemd_calls(w->fake), "Hello"));
        assert_null(strstr(fake_systemd_calls(w->fake), "Subscribe"));
        assert_int_equal(n_connected(w), 1);

        /* A new one: that one alone is asked about. */
        managed_oom_remove(w->managed, 2);
        fake_systemd_forget(w->fake);
        managed_oom_add(w->managed, 4, "b.service");
        world_run(w, 3, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_events, 3);
        assert_event(&w->events[2], 4, false, 0, 0, true);
        assert_hung_up(w);
        assert_int_equal(n_connected(w), 2);
        assert_int_equal(fake_systemd_n_gets(w->fake), 10);
        assert_null(strstr(fake_systemd_calls(w->fake), "a.slice"));

        /* All of them again. */
        fake_systemd_put(w->fake, "a.slice", "ManagedOOMMemoryPressure", 0);
        managed_oom_rescan(w->managed);
        world_run(w, 4, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_events, 4);
        assert_event(&w->events[3], 1, false, 0, 0, false);
        assert_int_equal(n_connected(w), 3);
}

/* What it is asked about goes away before it has answered, or before it is asked. */
static void test_user_short_lives(void **state) {
        World *w = *state;

        managed_oom_add(w->managed, 1, "a.service");
        world_run(w, SIZE_MAX, AGE_USEC / 2);
        managed_oom_remove(w->managed, 1);
        assert_int_equal(world_run(w, SIZE_MAX, 2 * AGE_USEC), 0);
        assert_int_equal(n_connected(w), 0);

        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "Get", .silent = true });
        managed_oom_add(w->managed, 1, "a.service");
        run_until_asked(w, 2);
        managed_oom_remove(w->managed, 1);
        assert_hung_up(w);
}

/* The manager goes away in between: what it has not answered is asked once more, and nothing else. */
static void test_user_connection_lost(void **state) {
        World *w = *state;

        managed_oom_add(w->managed, 1, "answered.service");
        run_until_asked(w, 2);
        assert_hung_up(w);
        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 1);
        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "Get", .silent = true, .times = 2 });
        managed_oom_add(w->managed, 2, "a.service");
        run_until_asked(w, 4);
        fake_systemd_hang_up(w->fake);
        world_run(w, 1, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_events, 1);
        assert_hung_up(w);
        assert_int_equal(fake_systemd_n_gets(w->fake), 6);
        assert_int_equal(n_connected(w), 3);
}

/* A manager that starts; and one that has gone for good, which is not looked for without end. */
static void test_user_connects_later(void **state) {
        World *w = *state;

        w->fake = fake_systemd_free(w->fake);
        managed_oom_add(w->managed, 1, "a.service");
        world_run(w, SIZE_MAX, 2 * AGE_USEC);
        w->fake = fake_systemd_new(w->event, w->path);
        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 1);
        world_run(w, 1, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_events, 1);

        assert_hung_up(w);
        w->fake = fake_systemd_free(w->fake);
        managed_oom_add(w->managed, 2, "a.service");
        assert_in_range(world_run(w, SIZE_MAX, 36 * AGE_USEC), 6, 6); /* one more would be in it */

        w->fake = fake_systemd_new(w->event, w->path);
        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 1);
        managed_oom_add(w->managed, 3, "a.service");
        world_run(w, 2, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_events, 2);
        assert_int_equal(w->events[1].cgroup_id, 3);
}

/* What others listen on where the user's manager should: not a word to it. */
static void test_user_of_another(void **state) {
        World *w = *state;

        w->managed = managed_oom_free(w->managed);
        assert_int_equal(managed_oom_new_for_user_at(&w->managed, w->event, getuid() + 1, w->address, AGE_USEC, world_on_managed,
                                                     w),
                         0);
        managed_oom_add(w->managed, 1, "a.service");
        world_run(w, SIZE_MAX, 3 * AGE_USEC);
        assert_int_equal(fake_systemd_n_gets(w->fake), 0);
        assert_string_equal(fake_systemd_calls(w->fake), "");

        w->managed = managed_oom_free(w->managed);
        assert_int_equal(managed_oom_new_for_user_at(&w->managed, w->event, getuid(),
                                                     "unix:path=/an/address/that/is/longer/than/any/that/a/user/can/have/there",
                                                     AGE_USEC, world_on_managed, w),
                         -ENAMETOOLONG);
}

#define TEST_USER(name) cmocka_unit_test_setup_teardown(name, set_up_user, world_tear_down)

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST_USER(test_user),
                TEST_USER(test_user_short_lives),
                TEST_USER(test_user_connection_lost),
                TEST_USER(test_user_connects_later),
                TEST_USER(test_user_of_another),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
