/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"
#include "sense/registry.h"
#include "sense/watch.h"

#define MIB (UINT64_C(1) << 20)
#define KIB (UINT64_C(1) << 10)

static const PressureLimit some_10_2s = { PRESSURE_SOME, 1000, UINT64_C(2000000) };

/* A host of 1000000 kB, 600000 kB available, with
 *
 *     batch.slice             max 400M, uses 300M, low 64M
 *       batch-a.slice         high 200M, uses 120M, min 8M
 *         x.service           max 100M, uses 30M, low 16M
 *         y.service           no limit, uses 90M, low 4M
 *     other.service           uses 50M, min 40M, low 45M
 */
typedef struct Fixture {
        FakeTree fake;
        Tree *tree;
        unsigned n_told;
        uint64_t host, batch, a, x, y, other;
} Fixture;

static void on_event(const Event *event, void *userdata) {
        Fixture *f = userdata;

        f->n_told++;
}

static void write_mib(Fixture *f, const char *path, const char *file, uint64_t mib) {
        char text[32];

        (void) snprintf(text, sizeof(text), "%llu\n", (unsigned long long) (mib * MIB));
        fake_tree_write(&f->fake, path, file, text);
}

static int setup(void **state) {
        static Fixture f;

        f = (Fixture){ 0 };
        fake_tree_new(&f.fake);
        f.batch = fake_tree_add(&f.fake, "batch.slice");
        f.a = fake_tree_add(&f.fake, "batch.slice/batch-a.slice");
        f.x = fake_tree_add(&f.fake, "batch.slice/batch-a.slice/x.service");
        f.y = fake_tree_add(&f.fake, "batch.slice/batch-a.slice/y.service");
        f.other = fake_tree_add(&f.fake, "other.service");
        write_mib(&f, "batch.slice", "memory.max", 400);
        write_mib(&f, "batch.slice", "memory.current", 300);
        write_mib(&f, "batch.slice", "memory.low", 64);
        write_mib(&f, "batch.slice/batch-a.slice", "memory.high", 200);
        write_mib(&f, "batch.slice/batch-a.slice", "memory.current", 120);
        write_mib(&f, "batch.slice/batch-a.slice", "memory.min", 8);
        write_mib(&f, "batch.slice/batch-a.slice/x.service", "memory.max", 100);
        write_mib(&f, "batch.slice/batch-a.slice/x.service", "memory.current", 30);
        write_mib(&f, "batch.slice/batch-a.slice/x.service", "memory.low", 16);
        write_mib(&f, "batch.slice/batch-a.slice/y.service", "memory.current", 90);
        write_mib(&f, "batch.slice/batch-a.slice/y.service", "memory.low", 4);
        write_mib(&f, "other.service", "memory.current", 50);
        write_mib(&f, "other.service", "memory.min", 40);
        write_mib(&f, "other.service", "memory.low", 45);
        assert_int_equal(tree_new(&f.tree, f.fake.cgroup_root, f.fake.proc_root), 0);
        assert_int_equal(tree_scan(f.tree, on_event, &f), 0);
        assert_int_equal(f.n_told, 6);
        f.host = tree_host_id(f.tree);
        *state = &f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        f->tree = tree_free(f->tree);
        fake_tree_done(&f->fake);
        return 0;
}

static Sample arm_and_sample(Fixture *f, uint64_t id) {
        const Watch *watch = NULL;
        Sample s;

        assert_int_equal(watch_arm(f->tree, id, NULL, 0, &watch), 0);
        assert_int_equal(watch->cgroup_id, id);
        assert_ptr_equal(watch_find(f->tree, id), watch);
        assert_int_equal(watch_sample(f->tree, id, &s), 0);
        return s;
}

static void test_sample_host(void **state) {
        Fixture *f = *state;
        Sample s;

        fake_tree_write_proc(&f->fake, "pressure/memory",
                             "some avg10=0.00 avg60=0.00 avg300=0.00 total=7000\n"
                             "full avg10=0.00 avg60=0.00 avg300=0.00 total=5000\n");
        s = arm_and_sample(f, f->host);
        assert_int_equal(s.host_total_bytes, 1000000 * KIB);
        assert_int_equal(s.host_available_bytes, 600000 * KIB);
        assert_int_equal(s.usage_bytes, 400000 * KIB);
        assert_int_equal(s.limit_bytes, 1000000 * KIB);
        assert_int_equal(s.room_bytes, 600000 * KIB);
        assert_int_equal(s.limit_cgroup_id, f->host);
        assert_int_equal(s.pressure_usec[PRESSURE_SOME], 7000);
        assert_int_equal(s.pressure_usec[PRESSURE_FULL], 5000);
        assert_int_equal(watch_find(f->tree, f->host)->events_fd, -EBADF);

        /* a kernel that counts more as available than there is must not wrap around */
        fake_tree_write_proc(&f->fake, "meminfo", "MemTotal: 100 kB\nMemAvailable: 200 kB\n");
        assert_int_equal(watch_sample(f->tree, f->host, &s), 0);
        assert_int_equal(s.usage_bytes, 0);
}

static void test_sample_unit(void **state) {
        Fixture *f = *state;
        const char *x = "batch.slice/batch-a.slice/x.service";
        Sample s;

        fake_tree_write(&f->fake, x, "memory.events.local", "low 0\nhigh 3\nmax 4\noom 2\noom_kill 1\n");
        fake_tree_write(&f->fake, x, "memory.pressure", "some total=12\nfull total=11\n");
        s = arm_and_sample(f, f->x);
        assert_int_equal(s.usage_bytes, 30 * MIB);
        assert_int_equal(s.limit_bytes, 100 * MIB);
        assert_int_equal(s.limit_cgroup_id, f->x);
        assert_int_equal(s.room_bytes, 70 * MIB);
        assert_int_equal(s.host_available_bytes, 600000 * KIB);
        assert_int_equal(s.events_high, 3);
        assert_int_equal(s.events_max, 4);
        assert_int_equal(s.events_oom_kill, 1);
        assert_int_equal(s.pressure_usec[PRESSURE_SOME], 12);
        assert_int_equal(s.pressure_usec[PRESSURE_FULL], 11);
        assert_true(watch_find(f->tree, f->x)->events_fd >= 0);

        /* what is seen is what is there now: the descriptors stay, the text is new */
        write_mib(f, x, "memory.current", 99);
        fake_tree_write(&f->fake, x, "memory.pressure", "garbage");
        assert_int_equal(watch_sample(f->tree, f->x, &s), 0);
        assert_int_equal(s.room_bytes, MIB);
        assert_int_equal(s.pressure_usec[PRESSURE_SOME], 12); /* stands still */

        /* over its limit, as after memory.high was lowered: no room, rather than very much */
        write_mib(f, x, "memory.current", 120);
        assert_int_equal(watch_sample(f->tree, f->x, &s), 0);
        assert_int_equal(s.room_bytes, 0);
}

/* Each row sets limits and usages in MiB, 0 for no limit, and says what y.service sees. */
static void test_limits(void **state) {
        Fixture *f = *state;
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
                { 400, 399, 200, 120, 100, 0, 20, 500, f->y, 100, 1 },
                /* the host has less room than any limit leaves */
                { 400, 300, 200, 120, 0, 0, 90, 7, f->a, 200, 7 },
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
                                write_mib(f, files[k].path, files[k].file, files[k].mib);
                        else
                                fake_tree_write(&f->fake, files[k].path, files[k].file, "max\n");
                write_mib(f, batch, "memory.current", rows[i].batch_used);
                write_mib(f, a, "memory.current", rows[i].a_used);
                write_mib(f, y, "memory.current", rows[i].y_used);
                (void) snprintf(text, sizeof(text), "MemTotal: %llu kB\nMemAvailable: %llu kB\n", 900ULL * 1024,
                                (unsigned long long) rows[i].available * 1024);
                fake_tree_write_proc(&f->fake, "meminfo", text);

                s = arm_and_sample(f, f->y);
                if (s.limit_cgroup_id != rows[i].owner || s.limit_bytes != rows[i].limit * MIB ||
                    s.room_bytes != rows[i].room * MIB)
                        fail_msg("row %zu: owner %llu limit %llu room %llu", i,
                                 (unsigned long long) s.limit_cgroup_id, (unsigned long long) (s.limit_bytes / MIB),
                                 (unsigned long long) (s.room_bytes / MIB));
        }
}

static const Candidate *find(const Survey *s, uint64_t id) {
        for (size_t i = 0; i < s->n_candidates; i++)
                if (s->candidates[i].cgroup_id == id)
                        return &s->candidates[i];
        fail_msg("no candidate %llu", (unsigned long long) id);
        return NULL;
}

static void test_survey(void **state) {
        Fixture *f = *state;
        Survey s;

        (void) arm_and_sample(f, f->host);
        (void) arm_and_sample(f, f->batch);
        (void) arm_and_sample(f, f->x);
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
        write_mib(f, "batch.slice/batch-a.slice", "memory.min", 50);
        write_mib(f, "batch.slice/batch-a.slice/x.service", "memory.current", 10);
        assert_int_equal(watch_survey(f->tree, f->x, &s), 0);
        assert_int_equal(s.candidates[0].protected_bytes, 10 * MIB);
}

/* A unit that starts below a watch is a candidate at once, and nothing is opened for the survey. */
static void test_survey_newcomer(void **state) {
        Fixture *f = *state;
        unsigned fds;
        uint64_t id;
        Survey s;

        (void) arm_and_sample(f, f->batch);
        id = fake_tree_add(&f->fake, "batch.slice/late.service");
        (void) fake_tree_add_bare(&f->fake, "batch.slice/bare.service");
        assert_int_equal(tree_dispatch(f->tree, on_event, f), 0);
        fds = fake_tree_count_fds();
        assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
        assert_int_equal(fake_tree_count_fds(), fds);
        assert_int_equal(s.n_candidates, 3); /* not the one without a memory controller */
        assert_int_equal(find(&s, id)->usage_bytes, MIB);
}

static void test_trigger(void **state) {
        Fixture *f = *state;
        const PressureLimit limits[] = {
                some_10_2s,
                { PRESSURE_FULL, 250, UINT64_C(500000) },
                { PRESSURE_SOME, 10000, UINT64_C(10000000) },
        };
        static const char *const texts[] = { "some 200000 2000000", "full 12500 500000", "some 10000000 10000000" };
        const Watch *watch;
        char text[64];

        for (size_t i = 0; i < ELEMENTSOF(limits); i++) {
                assert_int_equal(watch_arm(f->tree, f->x, &limits[i], 1, &watch), 0);
                assert_int_equal(watch->n_triggers, 1);
                assert_int_equal(watch->triggers[0].error, 0);
                assert_memory_equal(&watch->triggers[0].limit, &limits[i], sizeof(limits[i]));
                assert_true(pread(watch->triggers[0].fd, text, sizeof(text), 0) > (ssize_t) strlen(texts[i]));
                assert_string_equal(text, texts[i]); /* its NUL is written, too */
        }
        assert_int_equal(watch_arm(f->tree, f->host, limits, 2, &watch), 0);
        assert_int_equal(watch->n_triggers, 2);
        assert_int_not_equal(watch->triggers[0].fd, watch->triggers[1].fd);
}

static void test_trigger_refused(void **state) {
        Fixture *f = *state;
        const struct {
                PressureLimit limit;
                int r;
        } rows[] = {
                { { PRESSURE_SOME, 1000, UINT64_C(499999) }, WATCH_E_WINDOW },
                { { PRESSURE_SOME, 1000, UINT64_C(10000001) }, WATCH_E_WINDOW },
                { { PRESSURE_SOME, 0, UINT64_C(2000000) }, WATCH_E_WINDOW },
                { { PRESSURE_SOME, 10001, UINT64_C(2000000) }, WATCH_E_WINDOW },
                { { PRESSURE_SOME, 1, UINT64_C(500000) }, 0 },
        };
        PressureLimit both[2];
        const Watch *watch;
        Sample s;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                assert_int_equal(watch_arm(f->tree, f->x, &rows[i].limit, 1, &watch), rows[i].r);
                assert_int_equal(watch->triggers[0].error, rows[i].r);
                assert_int_equal(watch->triggers[0].fd >= 0, rows[i].r == 0);
        }

        /* one that cannot be had does not take the other away, nor the samples */
        both[0] = rows[0].limit;
        both[1] = some_10_2s;
        assert_int_equal(watch_arm(f->tree, f->x, both, 2, &watch), WATCH_E_WINDOW);
        assert_int_equal(watch->triggers[0].fd, -EBADF);
        assert_true(watch->triggers[1].fd >= 0);
        assert_int_equal(watch_sample(f->tree, f->x, &s), 0);
        for (int e = WATCH_E_GONE; e < _WATCH_E_MAX; e++)
                assert_true(strlen(watch_error_text(e)) > 20);
        assert_non_null(watch_error_text(4711));
}

static void test_no_pressure_no_controller(void **state) {
        Fixture *f = *state;
        const Watch *watch = NULL;
        unsigned fds = 0;
        uint64_t id;
        Sample s;

        id = fake_tree_add_bare(&f->fake, "bare.service");
        assert_int_equal(tree_dispatch(f->tree, on_event, f), 0);
        fds = fake_tree_count_fds();
        assert_int_equal(watch_arm(f->tree, id, &some_10_2s, 1, &watch), WATCH_E_NO_CONTROLLER);
        assert_null(watch);
        assert_null(watch_find(f->tree, id));
        assert_int_equal(watch_sample(f->tree, id, &s), WATCH_E_GONE);
        assert_int_equal(fake_tree_count_fds(), fds);

        /* cgroup.pressure=0 hides the file: no trigger, but samples */
        fake_tree_remove(&f->fake, "other.service/memory.pressure");
        assert_int_equal(watch_arm(f->tree, f->other, &some_10_2s, 1, &watch), WATCH_E_NO_PRESSURE);
        assert_int_equal(watch_sample(f->tree, f->other, &s), 0);
        assert_int_equal(s.usage_bytes, 50 * MIB);
        assert_int_equal(s.pressure_usec[PRESSURE_SOME], 0);
}

/* Its name belongs to another cgroup by now, which must not be watched in its place. */
static void test_arm_successor(void **state) {
        Fixture *f = *state;
        const Watch *watch = NULL;

        fake_tree_add(&f->fake, "next");
        fake_tree_remove(&f->fake, "other.service");
        fake_tree_rename(&f->fake, "next", "other.service");
        assert_int_equal(watch_arm(f->tree, f->other, &some_10_2s, 1, &watch), WATCH_E_GONE);
        assert_null(watch);
}

static void test_disarm(void **state) {
        Fixture *f = *state;
        const PressureLimit limits[] = { some_10_2s, some_10_2s };
        const uint64_t ids[] = { f->host, f->batch, f->x, f->a, f->other };
        unsigned fds = fake_tree_count_fds();
        const Watch *watch;
        Sample s;

        for (size_t i = 0; i < ELEMENTSOF(ids); i++)
                assert_int_equal(watch_arm(f->tree, ids[i], limits, 2, &watch), 0);
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

typedef struct GoneCheck {
        Fixture *f;
        const Watch *watch;
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
        Fixture *f = *state;
        GoneCheck check = { .f = f };
        unsigned fds = fake_tree_count_fds();
        const Watch *batch;
        Sample s;

        assert_int_equal(watch_arm(f->tree, f->batch, &some_10_2s, 1, &batch), 0);
        assert_int_equal(watch_arm(f->tree, f->x, &some_10_2s, 1, &check.watch), 0);
        fake_tree_remove(&f->fake, "batch.slice/batch-a.slice/x.service");
        assert_int_equal(watch_arm(f->tree, f->x, &some_10_2s, 1, &check.watch), WATCH_E_GONE); /* before it is told */
        fake_tree_remove(&f->fake, "batch.slice/batch-a.slice/y.service");

        f->x = fake_tree_add(&f->fake, "batch.slice/batch-a.slice/x.service");
        assert_int_equal(tree_dispatch(f->tree, on_event, f), 0);
        assert_int_equal(watch_arm(f->tree, f->x, &some_10_2s, 1, &check.watch), 0);
        fake_tree_remove(&f->fake, "batch.slice/batch-a.slice");
        assert_int_equal(tree_dispatch(f->tree, on_gone, &check), 0);
        assert_true(check.seen);
        assert_int_equal(watch_sample(f->tree, f->x, &s), WATCH_E_GONE);
        assert_int_equal(watch_arm(f->tree, f->x, &some_10_2s, 1, &check.watch), WATCH_E_GONE);
        assert_int_equal(fake_tree_count_fds(), fds - 1); /* batch-a.slice's own */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_sample_host, setup, teardown),
                cmocka_unit_test_setup_teardown(test_sample_unit, setup, teardown),
                cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
                cmocka_unit_test_setup_teardown(test_survey, setup, teardown),
                cmocka_unit_test_setup_teardown(test_survey_newcomer, setup, teardown),
                cmocka_unit_test_setup_teardown(test_trigger, setup, teardown),
                cmocka_unit_test_setup_teardown(test_trigger_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_pressure_no_controller, setup, teardown),
                cmocka_unit_test_setup_teardown(test_arm_successor, setup, teardown),
                cmocka_unit_test_setup_teardown(test_disarm, setup, teardown),
                cmocka_unit_test_setup_teardown(test_gone, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
