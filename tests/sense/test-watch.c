/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "core/wants.h"
#include "fake-units.h"

static const PressureLimit some_10_2s = { PRESSURE_SOME, 1000, UINT64_C(2000000) };

/* Each limit gets a descriptor of its own. One that cannot be had does not take the other away, nor the samples. */
static void test_triggers(void **state) {
        UnitsFixture *f = *state;
        const PressureLimit limits[] = { some_10_2s, { PRESSURE_SOME, 1000, UINT64_C(499999) }, some_10_2s };
        const ArmedWatch *watch;
        Sample s;

        assert_int_equal(watch_arm(f->tree, f->host, limits, 1, 0, &watch), 0);
        assert_int_equal(watch_arm(f->tree, f->x, limits, 3, 0, &watch), WATCH_E_WINDOW);
        assert_int_equal(watch->n_triggers, 3);
        assert_true(watch->triggers[0].fd >= 0 && watch->triggers[2].fd >= 0);
        assert_int_not_equal(watch->triggers[0].fd, watch->triggers[2].fd);
        assert_int_equal(watch->triggers[1].fd, -EBADF);
        assert_int_equal(watch->triggers[1].error, WATCH_E_WINDOW);
        for (size_t i = 0; i < 3; i++)
                assert_memory_equal(&watch->triggers[i].limit, &limits[i], sizeof(limits[i]));
        assert_int_equal(watch_sample(f->tree, f->x, &s), 0);
}

static void test_error_text(void **state) {
        for (int e = WATCH_E_GONE; e < _WATCH_E_MAX; e++)
                assert_true(strlen(watch_error_text(e)) > 20);
        assert_non_null(watch_error_text(4711));
        assert_non_null(watch_error_text(-EMFILE));
}

static void test_no_pressure_no_controller(void **state) {
        UnitsFixture *f = *state;
        const ArmedWatch *watch = NULL;
        unsigned fds = 0;
        uint64_t id;
        Sample s;

        id = fake_tree_add_bare(&f->fake, "bare.service");
        assert_int_equal(tree_dispatch(f->tree, units_fixture_on_event, f), 0);
        fds = fake_tree_count_fds();
        assert_int_equal(watch_arm(f->tree, id, &some_10_2s, 1, 0, &watch), WATCH_E_NO_CONTROLLER);
        assert_null(watch);
        assert_null(watch_find(f->tree, id));
        assert_int_equal(watch_sample(f->tree, id, &s), WATCH_E_GONE);
        assert_int_equal(fake_tree_count_fds(), fds);

        /* cgroup.pressure=0 hides the file: no trigger, but samples */
        fake_tree_remove(&f->fake, "other.service/memory.pressure");
        assert_int_equal(watch_arm(f->tree, f->other, &some_10_2s, 1, 0, &watch), WATCH_E_NO_PRESSURE);
        assert_int_equal(watch_sample(f->tree, f->other, &s), 0);
        assert_int_equal(s.usage_bytes, 50 * MIB);
        assert_int_equal(s.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME], 0);
}

/* Without a process it may be removed at any moment: it is looked at, and gets its trigger when there is one. */
static void test_empty(void **state) {
        UnitsFixture *f = *state;
        const ArmedWatch *watch = NULL;
        Sample s;

        fake_tree_write(&f->fake, "other.service", "cgroup.events", "populated 0\nfrozen 0\n");
        assert_int_equal(watch_arm(f->tree, f->other, &some_10_2s, 1, 0, &watch), WATCH_E_EMPTY);
        assert_non_null(watch);
        assert_int_equal(watch->triggers[0].fd, -EBADF);
        assert_int_equal(watch_sample(f->tree, f->other, &s), 0);

        fake_tree_write(&f->fake, "other.service", "cgroup.events", "populated 1\nfrozen 0\n");
        assert_int_equal(watch_arm(f->tree, f->other, &some_10_2s, 1, 0, &watch), 0);
        assert_true(watch->triggers[0].fd >= 0);
}

/* Its name belongs to another cgroup by now, which must not be watched in its place. */
static void test_arm_successor(void **state) {
        UnitsFixture *f = *state;
        const ArmedWatch *watch = NULL;

        fake_tree_add(&f->fake, "next");
        fake_tree_remove(&f->fake, "other.service");
        fake_tree_rename(&f->fake, "next", "other.service");
        assert_int_equal(watch_arm(f->tree, f->other, &some_10_2s, 1, 0, &watch), WATCH_E_GONE);
        assert_null(watch);
}

static void test_disarm(void **state) {
        UnitsFixture *f = *state;
        const PressureLimit limits[] = { some_10_2s, some_10_2s };
        const uint64_t ids[] = { f->host, f->batch, f->x, f->a, f->other };
        unsigned fds = fake_tree_count_fds();
        const ArmedWatch *watch;
        Sample s;

        for (size_t i = 0; i < ELEMENTSOF(ids); i++)
                assert_int_equal(watch_arm(f->tree, ids[i], limits, 2, 0, &watch), 0);
        assert_true(fake_tree_count_fds() > fds + 2 * ELEMENTSOF(ids));
        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                watch_disarm(f->tree, ids[i]);
                watch_disarm(f->tree, ids[i]);
                assert_null(watch_find(f->tree, ids[i]));
                assert_int_equal(watch_sample(f->tree, ids[i], &s), WATCH_E_GONE);
                /* who is left still sees all it needs */
                for (size_t k = i + 1; k < ELEMENTSOF(ids); k++)
                        assert_int_equal(watch_sample(f->tree, ids[k], &s), 0);
        }
        assert_int_equal(fake_tree_count_fds(), fds);
        watch_disarm(f->tree, 4711);
}

/* Each resource has its file, and the host's are those of /proc. What a kernel cannot do is told, and takes nothing else
 * away. */
static void test_resources(void **state) {
        UnitsFixture *f = *state;
        const char *x = "batch.slice/batch-a.slice/x.service";
        static const uint64_t window = UINT64_C(2000000);
        static const struct {
                bool host;
                PressureLimit limit;
                int r;
                const char *cgroup_file, *proc_file; /* where the trigger goes */
        } rows[] = {
                { false, { PRESSURE_SOME, 1000, window, RESOURCE_MEMORY }, 0, "memory.pressure", NULL },
                { false, { PRESSURE_SOME, 1000, window, RESOURCE_IO }, 0, "io.pressure", NULL },
                { false, { PRESSURE_SOME, 1000, window, RESOURCE_CPU }, 0, "cpu.pressure", NULL },
                { false, { PRESSURE_FULL, 1000, window, RESOURCE_CPU }, 0, "cpu.pressure", NULL },
                { false, { PRESSURE_FULL, 1000, window, RESOURCE_HOST_MEMORY }, 0, NULL, "pressure/memory" },
                { true, { PRESSURE_SOME, 1000, window, RESOURCE_MEMORY }, 0, NULL, "pressure/memory" },
                { true, { PRESSURE_SOME, 1000, window, RESOURCE_HOST_MEMORY }, 0, NULL, "pressure/memory" },
                { true, { PRESSURE_FULL, 1000, window, RESOURCE_IO }, 0, NULL, "pressure/io" },
                { true, { PRESSURE_SOME, 1000, window, RESOURCE_CPU }, 0, NULL, "pressure/cpu" },
                { true, { PRESSURE_FULL, 1000, window, RESOURCE_CPU }, WATCH_E_NO_FULL, NULL, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const PressureLimit limits[] = { rows[i].limit, some_10_2s };
                char path[256], expected[64], text[64] = "";
                const ArmedWatch *watch = NULL;
                FILE *file;

                units_fixture_teardown(state);
                units_fixture_setup(state);
                if (watch_arm(f->tree, rows[i].host ? f->host : f->x, limits, 2, 0, &watch) != rows[i].r)
                        fail_msg("row %zu", i);
                assert_int_equal(watch->triggers[0].error, rows[i].r);
                assert_int_equal(watch->triggers[0].fd >= 0, rows[i].r == 0);
                assert_int_equal(watch->triggers[1].error, 0);
                if (rows[i].r != 0)
                        continue;
                (void) snprintf(path, sizeof(path), "%s/%s/%s", rows[i].cgroup_file ? f->fake.cgroup_root : f->fake.proc_root,
                                rows[i].cgroup_file ? x : ".", rows[i].cgroup_file ?: rows[i].proc_file);
                (void) snprintf(expected, sizeof(expected), "%s 200000 2000000",
                                rows[i].limit.kind == PRESSURE_SOME || rows[i].limit.resource == RESOURCE_MEMORY ? "some" : "full");
                file = fopen(path, "re");
                assert_non_null(file);
                assert_non_null(fgets(text, sizeof(text), file));
                (void) fclose(file);
                if (strcmp(text, expected) != 0)
                        fail_msg("row %zu: %s", i, text);
        }
}

/* Only what is wanted is opened. */
static void test_wants(void **state) {
        UnitsFixture *f = *state;
        static const struct {
                unsigned wants;
                unsigned x, batch; /* descriptors more, for a unit and for a slice with two units */
        } rows[] = {
                { 0, 0, 0 },
                { WANT_EVENTS, 0, 0 },
                { WANT_STAT, 0, 0 }, /* memory.stat is there in any case, for sense/counters.h */
                { WANT_IO, 1, 1 },
                { WANT_CPU | WANT_DYING, 2, 2 },
                { WANT_CANDIDATE_SWAP, 1, 2 },
                { WANT_CANDIDATE_STAT, 0, 0 },
                { WANT_STAT | WANT_CANDIDATE_STAT, 0, 0 },
                { WANT_CANDIDATE_SLICES, 0, 3 }, /* the slice in it: usage, pressure, memory.stat */
                { WANT_CANDIDATE_SLICES | WANT_CANDIDATE_SWAP, 1, 7 },
        };
        const ArmedWatch *watch;
        unsigned fds = fake_tree_count_fds(), x_fds, batch_fds;

        assert_int_equal(watch_arm(f->tree, f->x, NULL, 0, 0, &watch), 0);
        x_fds = fake_tree_count_fds();
        watch_disarm(f->tree, f->x);
        assert_int_equal(watch_arm(f->tree, f->batch, NULL, 0, 0, &watch), 0);
        batch_fds = fake_tree_count_fds();
        watch_disarm(f->tree, f->batch);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                assert_int_equal(watch_arm(f->tree, f->x, NULL, 0, rows[i].wants, &watch), 0);
                if (fake_tree_count_fds() != x_fds + rows[i].x)
                        fail_msg("row %zu: unit %u", i, fake_tree_count_fds() - x_fds);
                watch_disarm(f->tree, f->x);
                assert_int_equal(watch_arm(f->tree, f->batch, NULL, 0, rows[i].wants, &watch), 0);
                if (fake_tree_count_fds() != batch_fds + rows[i].batch)
                        fail_msg("row %zu: slice %u", i, fake_tree_count_fds() - batch_fds);
                watch_disarm(f->tree, f->batch);
                assert_int_equal(fake_tree_count_fds(), fds);
        }
}

/* A throttled unit that nobody watches can be looked at. */
static void test_follow(void **state) {
        UnitsFixture *f = *state;
        unsigned fds = fake_tree_count_fds();
        const ArmedWatch *watch;
        Candidates survey;
        uint64_t bare;
        Sample s;

        fake_tree_write(&f->fake, "batch.slice/batch-a.slice/x.service", "memory.events.local", "high 3\n");
        assert_int_equal(watch_sample(f->tree, f->x, &s), WATCH_E_GONE);
        assert_int_equal(tree_follow(f->tree, f->x), 0);
        assert_int_equal(tree_follow(f->tree, f->x), 0);
        assert_int_equal(watch_sample(f->tree, f->x, &s), 0);
        assert_int_equal(s.usage_bytes, 30 * MIB);
        assert_int_equal(s.limit_bytes, 100 * MIB);
        assert_int_equal(s.events_high, 3);
        assert_int_equal(s.scanned, 20);
        assert_int_equal(watch_survey(f->tree, f->x, &survey), WATCH_E_GONE); /* it is no watch */
        assert_null(watch_find(f->tree, f->x));

        /* watched and followed: each for itself */
        assert_int_equal(watch_arm(f->tree, f->x, NULL, 0, 0, &watch), 0);
        assert_int_equal(watch_arm(f->tree, f->batch, NULL, 0, 0, &watch), 0);
        watch_disarm(f->tree, f->x);
        assert_int_equal(watch_sample(f->tree, f->x, &s), 0);
        assert_int_equal(s.scanned, 20);
        watch_disarm(f->tree, f->batch);
        assert_int_equal(watch_sample(f->tree, f->x, &s), 0);
        assert_int_equal(watch_arm(f->tree, f->x, NULL, 0, 0, &watch), 0);
        tree_unfollow(f->tree, f->x);
        assert_int_equal(watch_sample(f->tree, f->x, &s), 0);
        assert_int_equal(s.scanned, 20); /* somebody else follows it still */
        tree_unfollow(f->tree, f->x);
        tree_unfollow(f->tree, f->x);
        assert_int_equal(watch_sample(f->tree, f->x, &s), 0);
        assert_int_equal(s.scanned, 0);
        watch_disarm(f->tree, f->x);
        assert_int_equal(watch_sample(f->tree, f->x, &s), WATCH_E_GONE);
        assert_int_equal(fake_tree_count_fds(), fds);

        /* gone while it is followed: nothing is left, up to the slices above */
        assert_int_equal(tree_follow(f->tree, f->x), 0);
        fake_tree_remove(&f->fake, "batch.slice/batch-a.slice/x.service");
        assert_int_equal(tree_dispatch(f->tree, units_fixture_on_event, f), 0);
        assert_int_equal(watch_sample(f->tree, f->x, &s), WATCH_E_GONE);
        assert_int_equal(tree_follow(f->tree, f->x), WATCH_E_GONE);
        tree_unfollow(f->tree, f->x);
        assert_int_equal(fake_tree_count_fds(), fds);

        bare = fake_tree_add_bare(&f->fake, "bare.service");
        assert_int_equal(tree_dispatch(f->tree, units_fixture_on_event, f), 0);
        assert_int_equal(tree_follow(f->tree, bare), WATCH_E_NO_CONTROLLER);
        assert_int_equal(watch_sample(f->tree, bare, &s), WATCH_E_GONE);
        assert_int_equal(fake_tree_count_fds(), fds);
}

typedef struct GoneCheck {
        UnitsFixture *f;
        const ArmedWatch *watch;
        bool seen;
} GoneCheck;

/* While it is told, the watch's descriptors must still be open, so that event sources can be taken off them. */
static void on_gone(const Event *event, void *userdata) {
        GoneCheck *check = userdata;

        if (event->kind != EVENT_CGROUP_GONE || event->cgroup_id != check->f->x)
                return;
        assert_int_not_equal(fcntl(check->watch->triggers[0].fd, F_GETFD), -1);
        assert_int_not_equal(fcntl(check->watch->events_fd, F_GETFD), -1);
        assert_string_equal(event->cgroup.unit, "x.service");
        assert_null(watch_find(check->f->tree, check->f->x));
        watch_disarm(check->f->tree, check->f->x);
        watch_disarm(check->f->tree, check->f->batch); /* another one's may go on the way */
        check->seen = true;
}

static void test_gone(void **state) {
        UnitsFixture *f = *state;
        GoneCheck check = { .f = f };
        unsigned fds = fake_tree_count_fds();
        const ArmedWatch *batch;
        Sample s;

        assert_int_equal(watch_arm(f->tree, f->batch, &some_10_2s, 1, 0, &batch), 0);
        assert_int_equal(watch_arm(f->tree, f->x, &some_10_2s, 1, 0, &check.watch), 0);
        fake_tree_remove(&f->fake, "batch.slice/batch-a.slice/x.service");
        assert_int_equal(watch_arm(f->tree, f->x, &some_10_2s, 1, 0, &check.watch), WATCH_E_GONE); /* before it is told */
        fake_tree_remove(&f->fake, "batch.slice/batch-a.slice/y.service");

        f->x = fake_tree_add(&f->fake, "batch.slice/batch-a.slice/x.service");
        assert_int_equal(tree_dispatch(f->tree, units_fixture_on_event, f), 0);
        assert_int_equal(watch_arm(f->tree, f->x, &some_10_2s, 1, 0, &check.watch), 0);
        fake_tree_remove(&f->fake, "batch.slice/batch-a.slice");
        assert_int_equal(tree_dispatch(f->tree, on_gone, &check), 0);
        assert_true(check.seen);
        assert_int_equal(watch_sample(f->tree, f->x, &s), WATCH_E_GONE);
        assert_int_equal(watch_arm(f->tree, f->x, &some_10_2s, 1, 0, &check.watch), WATCH_E_GONE);
        assert_int_equal(fake_tree_count_fds(), fds - 1); /* batch-a.slice's own */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_triggers, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_empty, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_no_pressure_no_controller, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_arm_successor, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_disarm, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_gone, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_resources, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_wants, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_follow, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test(test_error_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
