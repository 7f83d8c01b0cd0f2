/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "fake-units.h"

static void test_sample_host(void **state) {
        UnitsFixture *f = *state;
        Sample s;

        fake_tree_write_proc(&f->fake, "pressure/memory",
                             "some avg10=0.00 avg60=0.00 avg300=0.00 total=7000\n"
                             "full avg10=0.00 avg60=0.00 avg300=0.00 total=5000\n");
        s = units_fixture_sample(f, f->host);
        assert_int_equal(s.host_total_bytes, 1000000 * KIB);
        assert_int_equal(s.host_available_bytes, 600000 * KIB);
        assert_int_equal(s.usage_bytes, 400000 * KIB);
        assert_int_equal(s.limit_bytes, 1000000 * KIB);
        assert_int_equal(s.room_bytes, 600000 * KIB);
        assert_int_equal(s.room_cgroup_id, f->host);
        assert_int_equal(s.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME], 7000);
        assert_int_equal(s.pressure_usec[RESOURCE_MEMORY][PRESSURE_FULL], 5000);
        assert_int_equal(watch_find(f->tree, f->host)->events_fd, -EBADF);

        /* a kernel that counts more as available than there is must not wrap around */
        fake_tree_write_proc(&f->fake, "meminfo", "MemTotal: 100 kB\nMemAvailable: 200 kB\n");
        assert_int_equal(watch_sample(f->tree, f->host, &s), 0);
        assert_int_equal(s.usage_bytes, 0);
}

static void test_sample_unit(void **state) {
        UnitsFixture *f = *state;
        const char *x = "batch.slice/batch-a.slice/x.service";
        Sample s;

        fake_tree_write(&f->fake, x, "memory.events.local", "low 0\nhigh 3\nmax 4\noom 2\noom_kill 1\n");
        fake_tree_write(&f->fake, x, "memory.pressure", "some total=12\nfull total=11\n");
        s = units_fixture_sample(f, f->x);
        assert_int_equal(s.usage_bytes, 30 * MIB);
        assert_int_equal(s.limit_bytes, 100 * MIB);
        assert_int_equal(s.room_cgroup_id, f->x);
        assert_int_equal(s.room_bytes, 70 * MIB);
        assert_int_equal(s.host_available_bytes, 600000 * KIB);
        assert_int_equal(s.events_high, 3);
        assert_int_equal(s.events_max, 4);
        assert_int_equal(s.events_oom_kill, 1);
        assert_int_equal(s.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME], 12);
        assert_int_equal(s.pressure_usec[RESOURCE_MEMORY][PRESSURE_FULL], 11);
        assert_true(watch_find(f->tree, f->x)->events_fd >= 0);

        /* what is seen is what is there now: the descriptors stay, the text is new */
        units_fixture_write_mib(f, x, "memory.current", 99);
        fake_tree_write(&f->fake, x, "memory.pressure", "garbage");
        assert_int_equal(watch_sample(f->tree, f->x, &s), 0);
        assert_int_equal(s.room_bytes, MIB);
        assert_int_equal(s.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME], 12); /* stands still */

        /* over its limit, as after memory.high was lowered: no room, rather than very much */
        units_fixture_write_mib(f, x, "memory.current", 120);
        assert_int_equal(watch_sample(f->tree, f->x, &s), 0);
        assert_int_equal(s.room_bytes, 0);
}

/* Each row sets limits and usages in MiB, 0 for no limit, and says what y.service sees. */
static void test_limits(void **state) {
        UnitsFixture *f = *state;
        const struct {
                uint64_t batch_max, batch_used, a_high, a_used, y_high, y_max, y_used, available;
                uint64_t owner, limit, room;
        } rows[] = {
                { 400, 300, 200, 120, 0, 0, 90, 500, f->a, 200, 80 },
                { 400, 300, 0, 120, 0, 0, 90, 500, f->batch, 400, 100 },
                { 0, 300, 0, 120, 0, 0, 90, 500, f->host, 900, 500 },
                { 0, 300, 0, 120, 100, 150, 90, 500, f->y, 100, 10 },
                { 0, 300, 0, 120, 150, 100, 90, 500, f->y, 100, 10 },
                /* the smallest limit is not where the least room is */
                { 400, 399, 200, 120, 100, 0, 20, 500, f->batch, 100, 1 },
                /* the host has less room than any limit leaves */
                { 400, 300, 200, 120, 0, 0, 90, 7, f->host, 200, 7 },
                /* a limit above all memory is none */
                { 0, 300, 0, 120, 0, 5000, 90, 500, f->host, 900, 500 },
        };
        char text[128];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const char *batch = "batch.slice", *a = "batch.slice/batch-a.slice";
                const char *y = "batch.slice/batch-a.slice/y.service";
                const struct {
                        const char *path, *file;
                        uint64_t mib;
                } files[] = {
                        { batch, "memory.max", rows[i].batch_max }, { a, "memory.high", rows[i].a_high },
                        { y, "memory.high", rows[i].y_high },       { y, "memory.max", rows[i].y_max },
                };
                Sample s;

                for (size_t k = 0; k < ELEMENTSOF(files); k++)
                        if (files[k].mib > 0)
                                units_fixture_write_mib(f, files[k].path, files[k].file, files[k].mib);
                        else
                                fake_tree_write(&f->fake, files[k].path, files[k].file, "max\n");
                units_fixture_write_mib(f, batch, "memory.current", rows[i].batch_used);
                units_fixture_write_mib(f, a, "memory.current", rows[i].a_used);
                units_fixture_write_mib(f, y, "memory.current", rows[i].y_used);
                (void) snprintf(text, sizeof(text), "MemTotal: %llu kB\nMemAvailable: %llu kB\n", 900ULL * 1024,
                                (unsigned long long) rows[i].available * 1024);
                fake_tree_write_proc(&f->fake, "meminfo", text);

                s = units_fixture_sample(f, f->y);
                if (s.room_cgroup_id != rows[i].owner || s.limit_bytes != rows[i].limit * MIB ||
                    s.room_bytes != rows[i].room * MIB)
                        fail_msg("row %zu: owner %llu limit %llu room %llu", i,
                                 (unsigned long long) s.room_cgroup_id, (unsigned long long) (s.limit_bytes / MIB),
                                 (unsigned long long) (s.room_bytes / MIB));
        }
}

static const Candidate *find(const Candidates *s, uint64_t id) {
        for (size_t i = 0; i < s->n_candidates; i++)
                if (s->candidates[i].cgroup_id == id)
                        return &s->candidates[i];
        fail_msg("no candidate %llu", (unsigned long long) id);
        return NULL;
}

static void test_survey(void **state) {
        UnitsFixture *f = *state;
        Candidates s;

        (void) units_fixture_sample(f, f->host);
        (void) units_fixture_sample(f, f->batch);
        (void) units_fixture_sample(f, f->x);
        fake_tree_write(&f->fake, "batch.slice/batch-a.slice/x.service", "memory.pressure",
                        "some total=12\nfull total=11\n");

        assert_int_equal(watch_survey(f->tree, f->host, &s), 0);
        assert_int_equal(s.n_candidates, 3);
        assert_int_equal(find(&s, f->other)->usage_bytes, 50 * MIB);
        assert_int_equal(find(&s, f->other)->protected_bytes, 45 * MIB);
        assert_int_equal(s.values.usage_bytes, 400000 * KIB);

        assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
        assert_int_equal(s.n_candidates, 2);
        assert_int_equal(find(&s, f->x)->usage_bytes, 30 * MIB);
        assert_int_equal(find(&s, f->x)->protected_bytes, 8 * MIB); /* the slice has no more to give */
        assert_int_equal(find(&s, f->x)->pressure_usec, 12);
        assert_int_equal(find(&s, f->y)->protected_bytes, 4 * MIB);
        assert_int_equal(s.values.usage_bytes, 300 * MIB);

        /* the slices above count for a watch that starts below them, too */
        assert_int_equal(watch_survey(f->tree, f->x, &s), 0);
        assert_int_equal(s.n_candidates, 1);
        assert_int_equal(s.candidates[0].cgroup_id, f->x);
        assert_int_equal(s.candidates[0].protected_bytes, 8 * MIB);

        /* protection of memory that is not used protects nothing */
        units_fixture_write_mib(f, "batch.slice/batch-a.slice", "memory.min", 50);
        units_fixture_write_mib(f, "batch.slice/batch-a.slice/x.service", "memory.current", 10);
        assert_int_equal(watch_survey(f->tree, f->x, &s), 0);
        assert_int_equal(s.candidates[0].protected_bytes, 10 * MIB);
}

/* A unit that starts below a watch is a candidate at once, and nothing is opened for the survey. */
static void test_survey_newcomer(void **state) {
        UnitsFixture *f = *state;
        unsigned fds;
        uint64_t id;
        Candidates s;

        (void) units_fixture_sample(f, f->batch);
        id = fake_tree_add(&f->fake, "batch.slice/late.service");
        (void) fake_tree_add_bare(&f->fake, "batch.slice/bare.service");
        assert_int_equal(tree_dispatch(f->tree, units_fixture_on_event, f), 0);
        fds = fake_tree_count_fds();
        assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
        assert_int_equal(fake_tree_count_fds(), fds);
        assert_int_equal(s.n_candidates, 3); /* not the one without a memory controller */
        assert_int_equal(find(&s, id)->usage_bytes, MIB);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_sample_host, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_sample_unit, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_limits, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_survey, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_survey_newcomer, units_fixture_setup, units_fixture_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
