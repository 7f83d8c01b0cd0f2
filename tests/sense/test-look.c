/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "core/wants.h"
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
        assert_int_equal(s.events_oom, 2);
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

/* io, cpu and the host's memory are seen by those who want them, and nobody else. */
static void test_resources(void **state) {
        UnitsFixture *f = *state;
        const char *x = "batch.slice/batch-a.slice/x.service";
        static const PressureLimit host_limit = { PRESSURE_SOME, 1000, UINT64_C(2000000), RESOURCE_HOST_MEMORY };
        static const struct {
                bool host;
                unsigned wants;
                bool limit;
                uint64_t memory, host_memory, io, cpu;
        } rows[] = {
                { false, 0, false, 11, 0, 0, 0 },
                { false, WANT_IO, false, 11, 0, 12, 0 },
                { false, WANT_CPU, false, 11, 0, 0, 13 },
                { false, WANT_IO | WANT_CPU, true, 11, 21, 12, 13 },
                { true, 0, false, 21, 21, 0, 0 },
                { true, WANT_IO, false, 21, 21, 22, 0 },
                { true, WANT_CPU | WANT_IO, false, 21, 21, 22, 23 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const ArmedWatch *watch;
                uint64_t id;
                Sample s;

                /* another watch each time: what was seen once stands still */
                units_fixture_teardown(state);
                units_fixture_setup(state);
                fake_tree_write(&f->fake, x, "memory.pressure", "some total=11\nfull total=1\n");
                fake_tree_write(&f->fake, x, "io.pressure", "some total=12\nfull total=2\n");
                fake_tree_write(&f->fake, x, "cpu.pressure", "some total=13\n");
                id = rows[i].host ? f->host : f->x;
                assert_int_equal(watch_arm(f->tree, id, &host_limit, rows[i].limit, rows[i].wants, &watch), 0);
                fake_tree_write_proc(&f->fake, "pressure/memory", "some total=21\nfull total=3\n");
                fake_tree_write_proc(&f->fake, "pressure/io", "some total=22\nfull total=4\n");
                fake_tree_write_proc(&f->fake, "pressure/cpu", "some total=23\nfull total=0\n");
                assert_int_equal(watch_sample(f->tree, id, &s), 0);
                if (s.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME] != rows[i].memory ||
                    s.pressure_usec[RESOURCE_HOST_MEMORY][PRESSURE_SOME] != rows[i].host_memory ||
                    s.pressure_usec[RESOURCE_IO][PRESSURE_SOME] != rows[i].io ||
                    s.pressure_usec[RESOURCE_CPU][PRESSURE_SOME] != rows[i].cpu)
                        fail_msg("row %zu", i);
                assert_int_equal(s.pressure_usec[RESOURCE_IO][PRESSURE_FULL], rows[i].io ? (rows[i].host ? 4 : 2) : 0);
        }
}

/* A limit wants to see what it is of. */
static void test_limits_want(void **state) {
        static const PressureLimit limits[] = {
                { PRESSURE_SOME, 1000, UINT64_C(2000000), RESOURCE_IO },
                { PRESSURE_SOME, 1000, UINT64_C(2000000), RESOURCE_CPU },
        };
        const char *x = "batch.slice/batch-a.slice/x.service";
        UnitsFixture *f = *state;
        const ArmedWatch *watch;
        Sample s;

        assert_int_equal(watch_arm(f->tree, f->x, limits, 2, 0, &watch), 0);
        fake_tree_write(&f->fake, x, "io.pressure", "some total=12\nfull total=2\n");
        fake_tree_write(&f->fake, x, "cpu.pressure", "some total=13\nfull total=3\n");
        assert_int_equal(watch_sample(f->tree, f->x, &s), 0);
        assert_int_equal(s.pressure_usec[RESOURCE_IO][PRESSURE_SOME], 12);
        assert_int_equal(s.pressure_usec[RESOURCE_CPU][PRESSURE_FULL], 3);
}

/* Counters of reclaim, and of cgroups that linger: for those who want them. */
static void test_wanted(void **state) {
        UnitsFixture *f = *state;
        const char *x = "batch.slice/batch-a.slice/x.service";
        const ArmedWatch *watch;
        Sample s;

        fake_tree_write(&f->fake, x, "cgroup.stat", "nr_descendants 7\nnr_dying_descendants 8\n");
        s = units_fixture_sample(f, f->x);
        assert_int_equal(s.refaults + s.scanned + s.reclaimed + s.dying, 0);
        assert_int_equal(s.swap_total_bytes, 200000 * KIB);
        assert_int_equal(s.swap_free_bytes, 150000 * KIB);

        assert_int_equal(watch_arm(f->tree, f->x, NULL, 0, WANT_STAT | WANT_DYING, &watch), 0);
        assert_int_equal(watch_sample(f->tree, f->x, &s), 0);
        assert_int_equal(s.refaults, 3);
        assert_int_equal(s.scanned, 20);
        assert_int_equal(s.reclaimed, 10);
        assert_int_equal(s.dying, 8);

        assert_int_equal(watch_arm(f->tree, f->host, NULL, 0, WANT_STAT | WANT_DYING, &watch), 0);
        assert_int_equal(watch_sample(f->tree, f->host, &s), 0);
        assert_int_equal(s.refaults, 300);
        assert_int_equal(s.scanned, 1100);
        assert_int_equal(s.reclaimed, 700);
        assert_int_equal(s.dying, 5);

        /* files that a kernel does not have count nothing */
        watch_disarm(f->tree, f->host); /* whose candidates' are open */
        fake_tree_remove(&f->fake, "other.service/memory.stat");
        fake_tree_remove(&f->fake, "other.service/cgroup.stat");
        assert_int_equal(watch_arm(f->tree, f->other, NULL, 0, WANT_STAT | WANT_DYING, &watch), 0);
        assert_int_equal(watch_sample(f->tree, f->other, &s), 0);
        assert_int_equal(s.refaults + s.scanned + s.reclaimed + s.dying, 0);
}

/* memory.stat and /proc/vmstat are longer than any other file, and what is read is at their end. */
static void test_long_file(void **state) {
        UnitsFixture *f = *state;
        static char text[12000];
        const ArmedWatch *watch;
        size_t n = 0;
        Sample s;

        while (n < sizeof(text) - 100)
                n += (size_t) snprintf(text + n, sizeof(text) - n, "some_counter_%zu 18446744073709551615\n", n);
        (void) snprintf(text + n, sizeof(text) - n, "pgscan_kswapd 77\n");
        fake_tree_write_proc(&f->fake, "vmstat", text);
        assert_int_equal(watch_arm(f->tree, f->host, NULL, 0, WANT_STAT, &watch), 0);
        assert_int_equal(watch_sample(f->tree, f->host, &s), 0);
        assert_int_equal(s.scanned, 77);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_sample_host, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_sample_unit, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_limits, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_resources, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_limits_want, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_wanted, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_long_file, units_fixture_setup, units_fixture_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
