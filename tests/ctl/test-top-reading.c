/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Differences of readings, as memstalld gives them. */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/usec.h"
#include "ctl/top-reading.h"

#define ROWS_MAX 3U

typedef struct Row {
        uint64_t key, msec;
        StallClass class;
        bool running;
} Row;

/* Two readings, one after the other, and how much of each class came between. */
typedef struct Case {
        const char *title;
        Row last[ROWS_MAX], now[ROWS_MAX];
        uint64_t left_out_msec; /* of the first */
        uint64_t msec[_STALL_CLASS_MAX], count[_STALL_CLASS_MAX];
} Case;

static const Case cases[] = {
        { "grows, and what is new is all new",
          .last = { { 1, 5000, STALL_MEMCG_MAX } },
          .now = { { 1, 5100, STALL_MEMCG_MAX }, { 2, 300, STALL_MEMCG_MAX } },
          .msec[STALL_MEMCG_MAX] = 400, .count[STALL_MEMCG_MAX] = 400 },
        { "a sum that leaves the map is no decrease",
          .last = { { 1, 5100, STALL_MEMCG_MAX }, { 2, 300, STALL_MEMCG_MAX } },
          .now = { { 2, 350, STALL_MEMCG_MAX } },
          .msec[STALL_MEMCG_MAX] = 50, .count[STALL_MEMCG_MAX] = 50 },
        { "goes on",
          .last = { { 9, 3000, STALL_MEMCG_MAX, true } },
          .now = { { 9, 4000, STALL_MEMCG_MAX, true } },
          .msec[STALL_MEMCG_MAX] = 1000 },
        { "ends half a second later, and all of it is in a sum",
          .last = { { 9, 4000, STALL_MEMCG_MAX, true } },
          .now = { { 1, 4500, STALL_MEMCG_MAX } },
          .msec[STALL_MEMCG_MAX] = 500, .count[STALL_MEMCG_MAX] = 4500 },
        { "begins",
          .last = { { 1, 4500, STALL_MEMCG_MAX } },
          .now = { { 1, 4500, STALL_MEMCG_MAX }, { 9, 200, STALL_MEMCG_MAX, true } },
          .msec[STALL_MEMCG_MAX] = 200 },
        { "nobody knew what it was while it ran",
          .last = { { 9, 3000, STALL_OTHER, true }, { 1, 1000, STALL_MEMCG_MAX } },
          .now = { { 2, 3400, STALL_REFAULT }, { 1, 1000, STALL_MEMCG_MAX } },
          .msec[STALL_REFAULT] = 400, .count[STALL_REFAULT] = 3400 },
        { "what fell goes against the same class before it goes against others",
          .last = { { 9, 3000, STALL_MEMCG_MAX, true } },
          .now = { { 2, 700, STALL_REFAULT }, { 1, 3100, STALL_MEMCG_MAX } },
          .msec[STALL_REFAULT] = 700, .msec[STALL_MEMCG_MAX] = 100,
          .count[STALL_REFAULT] = 700, .count[STALL_MEMCG_MAX] = 3100 },
        { "longer than a sum reaches back: less is added than ran",
          .last = { { 9, 60000, STALL_MEMCG_MAX, true } },
          .now = { { 1, 12000, STALL_MEMCG_MAX } } },
        { "of what was too small to be told, some may be older",
          .left_out_msec = 80,
          .now = { { 1, 100, STALL_MEMCG_MAX } },
          .msec[STALL_MEMCG_MAX] = 20, .count[STALL_MEMCG_MAX] = 100 },
};

static void add(TopReading *r, const Row *row, const char *unit, uint32_t pid) {
        const TopRow x = {
                .unit = (char *) unit, .cgroup = (char *) "/hog.service", .limit = (char *) "", .comm = (char *) "perl",
                .stack = (char *) "inner\nouter", .pid = pid, .class = row->class, .running = row->running,
                .key = row->key, .stall_usec = row->msec * USEC_PER_MSEC, .count = row->msec,
        };

        assert_int_equal(top_reading_add(r, &x), 0);
}

static void add_all(TopReading *r, const Row *rows) {
        for (size_t i = 0; i < ROWS_MAX && rows[i].key; i++)
                add(r, rows + i, "hog.service", 7);
}

static void test_differences(void **state) {
        for (const Case *c = cases; c < cases + ELEMENTSOF(cases); c++) {
                _cleanup_(top_reading_done) TopReading last = { .left_out_usec = c->left_out_msec * USEC_PER_MSEC };
                _cleanup_(top_reading_done) TopReading now = { 0 };
                _cleanup_(freep) TopDelta *deltas = NULL;
                uint64_t usec[_STALL_CLASS_MAX] = { 0 }, count[_STALL_CLASS_MAX] = { 0 };
                size_t n;

                print_message("%s\n", c->title);
                add_all(&last, c->last);
                add_all(&now, c->now);
                assert_int_equal(top_reading_compare(&last, &now, &deltas, &n), 0);
                for (size_t i = 0; i < n; i++) {
                        assert_true(deltas[i].usec > 0);
                        usec[deltas[i].row->class] += (uint64_t) deltas[i].usec;
                        count[deltas[i].row->class] += deltas[i].count;
                }
                for (size_t i = 0; i < _STALL_CLASS_MAX; i++) {
                        assert_int_equal(usec[i], c->msec[i] * USEC_PER_MSEC);
                        assert_int_equal(count[i], c->count[i]);
                }
        }
}

/* What another process ran is not taken from this one's. */
static void test_other_process(void **state) {
        _cleanup_(top_reading_done) TopReading last = { 0 }, now = { 0 };
        _cleanup_(freep) TopDelta *deltas = NULL;
        size_t n;

        add(&last, &(Row){ 9, 3000, STALL_MEMCG_MAX, true }, "hog.service", 8);
        add(&now, &(Row){ 1, 400, STALL_MEMCG_MAX, false }, "hog.service", 7);
        assert_int_equal(top_reading_compare(&last, &now, &deltas, &n), 0);
        assert_int_equal(n, 1);
        assert_int_equal(deltas[0].usec, 400 * USEC_PER_MSEC);
}

static void test_gone_keeps_its_name(void **state) {
        _cleanup_(top_reading_done) TopReading last = { 0 }, now = { 0 };
        _cleanup_(freep) TopDelta *deltas = NULL;
        size_t n;

        add(&last, &(Row){ 1, 50, STALL_MEMCG_MAX, false }, "hog.service", 7);
        add(&now, &(Row){ 1, 100, STALL_MEMCG_MAX, false }, "", 7);
        assert_int_equal(top_reading_compare(&last, &now, &deltas, &n), 0);
        assert_int_equal(n, 1);
        assert_int_equal(deltas[0].usec, 50 * USEC_PER_MSEC);
        assert_string_equal(deltas[0].row->unit, "hog.service");
}

static void test_nothing(void **state) {
        const TopReading none = { 0 };
        _cleanup_(freep) TopDelta *deltas = NULL;
        size_t n = 1;

        assert_int_equal(top_reading_compare(&none, &none, &deltas, &n), 0);
        assert_int_equal(n, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_differences),
                cmocka_unit_test(test_other_process),
                cmocka_unit_test(test_gone_keeps_its_name),
                cmocka_unit_test(test_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
