/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "managed-world.h"

/* Each change once, however it is noticed; back to auto as well. */
static void test_changes(void **state) {
        World *w = *state;

        managed_oom_add(w->managed, 1, "a.service");
        world_run(w, 1, 2 * AGE_USEC);
        assert_int_equal(w->n_events, 0);

        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 1);
        fake_systemd_reload(w->fake);
        world_run(w, 1, 5 * AGE_USEC);
        assert_int_equal(w->n_events, 1);
        assert_event(&w->events[0], 1, false, 0, 0, true);

        managed_oom_rescan(w->managed);
        managed_oom_rescan(w->managed);
        world_run(w, 2, 2 * AGE_USEC);
        assert_int_equal(w->n_events, 1);

        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 0);
        managed_oom_rescan(w->managed);
        world_run(w, 2, 5 * AGE_USEC);
        assert_int_equal(w->n_events, 2);
        assert_event(&w->events[1], 1, false, 0, 0, false);
}

/* A rescan during an answer: what changed meanwhile is not missed. */
static void test_rescan_while_asking(void **state) {
        World *w = *state;

        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "Get", .property = "ManagedOOMSwap", .silent = true, .times = 1 });
        managed_oom_add(w->managed, 1, "a.service");
        world_run(w, 1, 2 * AGE_USEC);
        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 1);
        managed_oom_rescan(w->managed); /* the answer never comes; the connection goes */
        fake_systemd_hang_up(w->fake);
        world_run(w, 1, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_events, 1);
        assert_event(&w->events[0], 1, false, 0, 0, true);
}

/* systemd executes itself anew: the connection is lost, and all are asked about again. */
static void test_connection_lost(void **state) {
        World *w = *state;

        managed_oom_add(w->managed, 1, "a.service");
        world_run(w, 1, 2 * AGE_USEC);
        assert_int_equal(fake_systemd_n_gets(w->fake), 2);
        fake_systemd_hang_up(w->fake);
        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 1);
        world_run(w, 1, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_events, 1);
        assert_int_equal(fake_systemd_n_connections(w->fake), 2);
}

static void test_errors_are_tried_again(void **state) {
        World *w = *state;

        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 1);
        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "Get", .times = 3,
                                                   .error = "org.freedesktop.DBus.Error.ServiceUnknown" });
        managed_oom_add(w->managed, 1, "a.service");
        world_run(w, 1, 10 * AGE_USEC);
        assert_int_equal(w->n_events, 1);
        assert_int_equal(fake_systemd_n_gets(w->fake), 6);

        /* But not for ever. */
        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "Get", .error = "org.freedesktop.DBus.Error.ServiceUnknown" });
        managed_oom_rescan(w->managed);
        world_run(w, 2, 12 * AGE_USEC);
        assert_int_equal(w->n_events, 1); /* what it said last holds */
        assert_int_equal(fake_systemd_n_gets(w->fake), 6 + 16);
}

/* Nobody listens at first. */
static void test_connects_later(void **state) {
        World *w = *state;

        w->managed = managed_oom_free(w->managed);
        w->fake = fake_systemd_free(w->fake);
        assert_int_equal(managed_oom_new_with_peers(&w->managed, w->event, &w->peer, 1, AGE_USEC, world_on_managed, w), 0);
        managed_oom_add(w->managed, 1, "a.service");
        world_run(w, 1, 2 * AGE_USEC);
        w->fake = fake_systemd_new(w->event, w->path);
        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 1);
        world_run(w, 1, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_events, 1);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_changes),
                TEST(test_rescan_while_asking),
                TEST(test_connection_lost),
                TEST(test_errors_are_tried_again),
                TEST(test_connects_later),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
