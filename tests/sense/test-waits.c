/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bpf/memstall.h"
#include "core/wants.h"
#include "fake-units.h"
#include "sense/waits.h"

static void watch(UnitsFixture *f, uint64_t id, unsigned wants) {
        const ArmedWatch *armed;

        assert_int_equal(watch_arm(f->tree, id, NULL, 0, wants, &armed), 0);
}

static uint64_t seen(UnitsFixture *f, uint64_t id) {
        Sample s;

        assert_int_equal(watch_sample(f->tree, id, &s), 0);
        return s.wait_usec;
}

#define TAKE_IN(...) waits_take(w, f->tree, (const WaitEntry[]){ __VA_ARGS__ }, \
                                sizeof((WaitEntry[]){ __VA_ARGS__ }) / sizeof(WaitEntry))

/* A watch sees what all tasks beneath it waited, if it wants to. */
static void test_sums(void **state) {
        UnitsFixture *f = *state;
        _cleanup_(waits_freep) Waits *w = NULL;

        assert_int_equal(waits_new(&w), 0);
        watch(f, f->host, WANT_WAITS);
        watch(f, f->batch, WANT_WAITS);
        watch(f, f->x, WANT_WAITS);
        watch(f, f->other, 0);
        assert_int_equal(seen(f, f->x), 0);

        TAKE_IN({ f->x, 100 }, { f->y, 10 }, { f->other, 1 }, { 0, 5000 });
        assert_int_equal(seen(f, f->x), 100);
        assert_int_equal(seen(f, f->batch), 110);
        assert_int_equal(seen(f, f->host), 111);
        assert_int_equal(seen(f, f->other), 0);

        /* Only what is new is added, in whatever order it is told. */
        TAKE_IN({ f->other, 1 }, { f->y, 20 }, { f->x, 100 });
        assert_int_equal(seen(f, f->x), 100);
        assert_int_equal(seen(f, f->batch), 120);
        assert_int_equal(seen(f, f->host), 121);
}

/* The sums never shrink, and never jump by what was counted before. */
static void test_monotone(void **state) {
        UnitsFixture *f = *state;
        _cleanup_(waits_freep) Waits *w = NULL;

        assert_int_equal(waits_new(&w), 0);
        watch(f, f->batch, WANT_WAITS);
        TAKE_IN({ f->x, 1000 }, { f->y, 500 });
        assert_int_equal(seen(f, f->batch), 1500);

        /* y is told no more, for it was forgotten; then it begins again. */
        TAKE_IN({ f->x, 1001 });
        assert_int_equal(seen(f, f->batch), 1501);
        TAKE_IN({ f->x, 1001 }, { f->y, 7 });
        assert_int_equal(seen(f, f->batch), 1508);
        /* or it began again between two readings */
        TAKE_IN({ f->x, 4 }, { f->y, 7 });
        assert_int_equal(seen(f, f->batch), 1512);

        /* The cgroup of a unit that is gone is nobody's: its sum stays with the slice. */
        fake_tree_remove(&f->fake, "batch.slice/batch-a.slice/x.service");
        assert_int_equal(tree_dispatch(f->tree, units_fixture_on_event, f), 0);
        TAKE_IN({ f->x, 4 }, { f->y, 7 });
        assert_int_equal(seen(f, f->batch), 1512);
        TAKE_IN({ f->y, 8 });
        assert_int_equal(seen(f, f->batch), 1513);
}

/* As many as there can be, most of them of cgroups that nobody knows; and one more than that. */
static void test_many(void **state) {
        UnitsFixture *f = *state;
        _cleanup_(waits_freep) Waits *w = NULL;
        static WaitEntry entries[MEMSTALL_WAITS_MAX + 1];

        assert_int_equal(waits_new(&w), 0);
        watch(f, f->y, WANT_WAITS);
        for (size_t round = 1; round <= 3; round++) {
                for (size_t i = 0; i < MEMSTALL_WAITS_MAX; i++)
                        entries[i] = (WaitEntry){ UINT64_C(1) << 40 | i * 8192, round };
                entries[MEMSTALL_WAITS_MAX - 1] = (WaitEntry){ f->y, round * 100 };
                entries[MEMSTALL_WAITS_MAX] = (WaitEntry){ f->y, round * 1000 };
                waits_take(w, f->tree, entries, MEMSTALL_WAITS_MAX + 1);
                assert_int_equal(seen(f, f->y), round * 100);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_sums, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_monotone, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_many, units_fixture_setup, units_fixture_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
