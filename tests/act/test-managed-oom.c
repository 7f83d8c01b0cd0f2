/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asking a systemd that is not one what its units' ManagedOOM… say. */

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/managed-oom.h"
#include "base/clock.h"
#include "fake-systemd.h"

#define AGE_USEC (200 * USEC_PER_MSEC)
#define EVENTS_MAX 256U

typedef struct World {
        char folder[32], path[64], address[96];
        sd_event *event;
        FakeSystemd *fake;
        ManagedOom *managed;
        SystemdPeer peer;
        Event events[EVENTS_MAX];
        size_t n_events;
        uint64_t remove; /* from within the handler */
        unsigned n_connected; /* before the test began */
} World;

static void on_managed(void *userdata, const Event *event) {
        World *w = userdata;

        assert_true(w->n_events < EVENTS_MAX);
        assert_int_equal(event->kind, EVENT_MANAGED);
        assert_in_range(event->now_usec, 1, clock_usec());
        w->events[w->n_events++] = *event;
        if (w->remove == event->cgroup_id)
                managed_oom_remove(w->managed, w->remove);
}

static int set_up(void **state) {
        static World world;
        World *w = &world;

        memset(w, 0, sizeof(*w));
        strcpy(w->folder, "/tmp/test-managed-XXXXXX");
        assert_non_null(mkdtemp(w->folder));
        (void) snprintf(w->path, sizeof(w->path), "%s/private", w->folder);
        (void) snprintf(w->address, sizeof(w->address), "unix:path=%s/private", w->folder);
        assert_true(sd_event_new(&w->event) >= 0);
        w->fake = fake_systemd_new(w->event, w->path);
        w->peer.address = w->address;
        w->peer.is_bus = true;
        assert_int_equal(managed_oom_new_with_peers(&w->managed, w->event, &w->peer, 1, AGE_USEC, on_managed, w), 0);
        *state = w;
        return 0;
}

static int tear_down(void **state) {
        World *w = *state;

        w->managed = managed_oom_free(w->managed);
        w->fake = fake_systemd_free(w->fake);
        sd_event_unref(w->event);
        (void) rmdir(w->folder);
        return 0;
}

/* Runs the loop until `n` events have come, or the time is over. Returns how often it woke. */
static unsigned run(World *w, size_t n, uint64_t usec) {
        uint64_t end = clock_usec() + usec, now;
        unsigned n_woken = 0;

        while (w->n_events < n && (now = clock_usec()) < end) {
                int r = sd_event_run(w->event, end - now);

                assert_true(r >= 0);
                n_woken += r > 0;
        }
        return n_woken;
}

static void assert_event(const Event *e, uint64_t id, bool pressure, uint32_t share, uint64_t duration_usec, bool swap) {
        assert_int_equal(e->cgroup_id, id);
        assert_int_equal(e->managed.pressure, pressure);
        assert_int_equal(e->managed.share, share);
        assert_int_equal(e->managed.duration_usec, duration_usec);
        assert_int_equal(e->managed.swap, swap);
}

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
        run(w, ELEMENTSOF(rows), 2 * AGE_USEC);
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
        run(w, 1, 5 * AGE_USEC);
        assert_int_equal(w->n_events, 1);
        assert_event(&w->events[0], 1, true, 0, 0, false);

        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "Get", .error = "org.freedesktop.DBus.Error.UnknownProperty" });
        managed_oom_rescan(w->managed);
        run(w, 2, 5 * AGE_USEC);
        assert_int_equal(w->n_events, 2);
        assert_event(&w->events[1], 1, false, 0, 0, false);
}

/* Each change once, however it is noticed; back to auto as well. */
static void test_changes(void **state) {
        World *w = *state;

        managed_oom_add(w->managed, 1, "a.service");
        run(w, 1, 2 * AGE_USEC);
        assert_int_equal(w->n_events, 0);

        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 1);
        fake_systemd_reload(w->fake);
        run(w, 1, 5 * AGE_USEC);
        assert_int_equal(w->n_events, 1);
        assert_event(&w->events[0], 1, false, 0, 0, true);

        managed_oom_rescan(w->managed);
        managed_oom_rescan(w->managed);
        run(w, 2, 2 * AGE_USEC);
        assert_int_equal(w->n_events, 1);

        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 0);
        managed_oom_rescan(w->managed);
        run(w, 2, 5 * AGE_USEC);
        assert_int_equal(w->n_events, 2);
        assert_event(&w->events[1], 1, false, 0, 0, false);
}

/* A rescan during an answer: what changed meanwhile is not missed. */
static void test_rescan_while_asking(void **state) {
        World *w = *state;

        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "Get", .property = "ManagedOOMSwap", .silent = true, .times = 1 });
        managed_oom_add(w->managed, 1, "a.service");
        run(w, 1, 2 * AGE_USEC);
        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 1);
        managed_oom_rescan(w->managed); /* the answer never comes; the connection goes */
        fake_systemd_hang_up(w->fake);
        run(w, 1, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_events, 1);
        assert_event(&w->events[0], 1, false, 0, 0, true);
}

/* systemd executes itself anew: the connection is lost, and all are asked about again. */
static void test_connection_lost(void **state) {
        World *w = *state;

        managed_oom_add(w->managed, 1, "a.service");
        run(w, 1, 2 * AGE_USEC);
        assert_int_equal(fake_systemd_n_gets(w->fake), 2);
        fake_systemd_hang_up(w->fake);
        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 1);
        run(w, 1, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_events, 1);
        assert_int_equal(fake_systemd_n_connections(w->fake), 2);
}

static void test_errors_are_tried_again(void **state) {
        World *w = *state;

        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 1);
        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "Get", .times = 3,
                                                   .error = "org.freedesktop.DBus.Error.ServiceUnknown" });
        managed_oom_add(w->managed, 1, "a.service");
        run(w, 1, 10 * AGE_USEC);
        assert_int_equal(w->n_events, 1);
        assert_int_equal(fake_systemd_n_gets(w->fake), 6);

        /* But not for ever. */
        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "Get", .error = "org.freedesktop.DBus.Error.ServiceUnknown" });
        managed_oom_rescan(w->managed);
        run(w, 2, 12 * AGE_USEC);
        assert_int_equal(w->n_events, 1); /* what it said last holds */
        assert_int_equal(fake_systemd_n_gets(w->fake), 6 + 16);
}

/* Units that come and go cost no call, and nothing wakes when none is left. */
static void test_short_lives(void **state) {
        World *w = *state;

        run(w, 1, AGE_USEC); /* connects */
        for (uint64_t id = 1; id <= 5000; id++)
                managed_oom_add(w->managed, id, "short.service");
        for (uint64_t id = 1; id <= 5000; id++)
                managed_oom_remove(w->managed, id % 2 == 0 ? id : 5000 - id);
        managed_oom_remove(w->managed, 12345);
        for (uint64_t id = 1; id <= 5000; id++)
                managed_oom_remove(w->managed, id);
        assert_int_equal(managed_oom_n_units(w->managed), 0);
        assert_int_equal(run(w, 1, 3 * AGE_USEC), 0);
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
                run(w, 1, 10 * USEC_PER_MSEC);
        assert_int_equal(fake_systemd_n_gets(w->fake), 60);
        assert_in_range(clock_usec() - start, AGE_USEC + 200 * USEC_PER_MSEC, 5 * USEC_PER_SEC);

        /* A systemd that does not answer gets no more than the limit. */
        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "Get", .silent = true });
        managed_oom_rescan(w->managed);
        run(w, 1, 5 * AGE_USEC);
        assert_int_equal(fake_systemd_n_gets(w->fake), 60 + MANAGED_OOM_CALLS_MAX);
        assert_int_equal(run(w, 1, AGE_USEC), 0);

        /* Those that go make room for others. */
        fake_systemd_answer(w->fake, (FakeAnswer){ 0 });
        for (uint64_t id = 1; id <= 16; id++)
                managed_oom_remove(w->managed, id);
        run(w, 1, 5 * AGE_USEC);
        assert_int_equal(fake_systemd_n_gets(w->fake), 60 + MANAGED_OOM_CALLS_MAX + 2 * 14);
}

static void test_remove_in_handler(void **state) {
        World *w = *state;

        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 1);
        w->remove = 1;
        managed_oom_add(w->managed, 1, "a.service");
        run(w, 1, 5 * AGE_USEC);
        assert_int_equal(managed_oom_n_units(w->managed), 0);
        fake_systemd_reload(w->fake);
        run(w, 2, AGE_USEC);
        assert_int_equal(w->n_events, 1);
}

/* Nobody listens at first. */
static void test_connects_later(void **state) {
        World *w = *state;

        w->managed = managed_oom_free(w->managed);
        w->fake = fake_systemd_free(w->fake);
        assert_int_equal(managed_oom_new_with_peers(&w->managed, w->event, &w->peer, 1, AGE_USEC, on_managed, w), 0);
        managed_oom_add(w->managed, 1, "a.service");
        run(w, 1, 2 * AGE_USEC);
        w->fake = fake_systemd_new(w->event, w->path);
        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 1);
        run(w, 1, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_events, 1);
}

/* ---- A user's manager ------------------------------------------------------------------------ */

static int set_up_user(void **state) {
        World *w;

        assert_int_equal(set_up(state), 0);
        w = *state;
        w->managed = managed_oom_free(w->managed);
        run(w, SIZE_MAX, 20 * USEC_PER_MSEC);
        fake_systemd_forget(w->fake);
        w->n_connected = fake_systemd_n_connections(w->fake);
        assert_int_equal(managed_oom_new_for_user_at(&w->managed, w->event, getuid(), w->address, AGE_USEC, on_managed, w), 0);
        return 0;
}

static unsigned n_connected(const World *w) {
        return fake_systemd_n_connections(w->fake) - w->n_connected;
}

static void run_until_asked(World *w, unsigned n_gets) {
        for (unsigned i = 0; i < 500 && fake_systemd_n_gets(w->fake) < n_gets; i++)
                run(w, SIZE_MAX, 10 * USEC_PER_MSEC);
        assert_int_equal(fake_systemd_n_gets(w->fake), n_gets);
}

/* The private socket would tell of each change of each unit. */
static void assert_hung_up(World *w) {
        for (unsigned i = 0; i < 500 && fake_systemd_n_open(w->fake) > 0; i++)
                run(w, SIZE_MAX, 10 * USEC_PER_MSEC);
        assert_int_equal(fake_systemd_n_open(w->fake), 0);
        assert_int_equal(run(w, SIZE_MAX, 2 * AGE_USEC), 0);
}

/* It connects when there is something to ask, and is gone when all is answered. */
static void test_user(void **state) {
        World *w = *state;

        assert_int_equal(run(w, SIZE_MAX, 2 * AGE_USEC), 0);
        assert_int_equal(n_connected(w), 0);

        fake_systemd_put(w->fake, "a.slice", "ManagedOOMMemoryPressure", 1);
        fake_systemd_put(w->fake, "b.service", "ManagedOOMSwap", 1);
        managed_oom_add(w->managed, 1, "a.slice");
        managed_oom_add(w->managed, 2, "b.service");
        managed_oom_add(w->managed, 3, "c.scope");
        run(w, SIZE_MAX, AGE_USEC / 2);
        assert_int_equal(n_connected(w), 0); /* too young to be asked */
        run(w, 2, 5 * USEC_PER_SEC);
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
        run(w, 3, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_events, 3);
        assert_event(&w->events[2], 4, false, 0, 0, true);
        assert_hung_up(w);
        assert_int_equal(n_connected(w), 2);
        assert_int_equal(fake_systemd_n_gets(w->fake), 10);
        assert_null(strstr(fake_systemd_calls(w->fake), "a.slice"));

        /* All of them again. */
        fake_systemd_put(w->fake, "a.slice", "ManagedOOMMemoryPressure", 0);
        managed_oom_rescan(w->managed);
        run(w, 4, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_events, 4);
        assert_event(&w->events[3], 1, false, 0, 0, false);
        assert_int_equal(n_connected(w), 3);
}

/* What it is asked about goes away before it has answered, or before it is asked. */
static void test_user_short_lives(void **state) {
        World *w = *state;

        managed_oom_add(w->managed, 1, "a.service");
        run(w, SIZE_MAX, AGE_USEC / 2);
        managed_oom_remove(w->managed, 1);
        assert_int_equal(run(w, SIZE_MAX, 2 * AGE_USEC), 0);
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
        run(w, 1, 5 * USEC_PER_SEC);
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
        run(w, SIZE_MAX, 2 * AGE_USEC);
        w->fake = fake_systemd_new(w->event, w->path);
        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 1);
        run(w, 1, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_events, 1);

        assert_hung_up(w);
        w->fake = fake_systemd_free(w->fake);
        managed_oom_add(w->managed, 2, "a.service");
        assert_in_range(run(w, SIZE_MAX, 36 * AGE_USEC), 6, 6); /* one more would be in it */

        w->fake = fake_systemd_new(w->event, w->path);
        fake_systemd_put(w->fake, "a.service", "ManagedOOMSwap", 1);
        managed_oom_add(w->managed, 3, "a.service");
        run(w, 2, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_events, 2);
        assert_int_equal(w->events[1].cgroup_id, 3);
}

/* What others listen on where the user's manager should: not a word to it. */
static void test_user_of_another(void **state) {
        World *w = *state;

        w->managed = managed_oom_free(w->managed);
        assert_int_equal(managed_oom_new_for_user_at(&w->managed, w->event, getuid() + 1, w->address, AGE_USEC, on_managed,
                                                     w),
                         0);
        managed_oom_add(w->managed, 1, "a.service");
        run(w, SIZE_MAX, 3 * AGE_USEC);
        assert_int_equal(fake_systemd_n_gets(w->fake), 0);
        assert_string_equal(fake_systemd_calls(w->fake), "");

        w->managed = managed_oom_free(w->managed);
        assert_int_equal(managed_oom_new_for_user_at(&w->managed, w->event, getuid(),
                                                     "unix:path=/an/address/that/is/longer/than/any/that/a/user/can/have/there",
                                                     AGE_USEC, on_managed, w),
                         -ENAMETOOLONG);
}

#define TEST_USER(name) cmocka_unit_test_setup_teardown(name, set_up_user, tear_down)
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_values),
                TEST(test_unknown_properties),
                TEST(test_changes),
                TEST(test_rescan_while_asking),
                TEST(test_connection_lost),
                TEST(test_errors_are_tried_again),
                TEST(test_short_lives),
                TEST(test_bounds),
                TEST(test_remove_in_handler),
                TEST(test_connects_later),
                TEST_USER(test_user),
                TEST_USER(test_user_short_lives),
                TEST_USER(test_user_connection_lost),
                TEST_USER(test_user_connects_later),
                TEST_USER(test_user_of_another),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
