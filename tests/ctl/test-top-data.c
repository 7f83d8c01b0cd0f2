/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tree that differences of readings go into. */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/usec.h"
#include "ctl/top-data.h"

#define SEC USEC_PER_SEC
#define MSEC USEC_PER_MSEC

static TopReading reading(uint64_t now_usec) {
        return (TopReading){ .now_usec = now_usec };
}

static TopRow row(uint64_t key, StallClass class, uint64_t stall_usec) {
        return (TopRow){
                .unit = (char *) "hog.service", .cgroup = (char *) "/hog.service", .limit = (char *) "",
                .comm = (char *) "perl", .stack = (char *) "inner\nouter", .pid = 7,
                .key = key, .class = class, .stall_usec = stall_usec, .count = stall_usec / MSEC,
        };
}

static void add(TopReading *r, uint64_t key, StallClass class, uint64_t stall_usec) {
        const TopRow x = row(key, class, stall_usec);

        assert_int_equal(top_reading_add(r, &x), 0);
}

static TopNode *find(TopNode *n, const char *name) {
        for (n = n ? n->children : NULL; n; n = n->next)
                if (strcmp(n->name, name) == 0)
                        return n;
        return NULL;
}

static uint64_t class_usec(TopData *d, StallClass class, const char *name) {
        TopNode *n = find(find(find(&d->host, "hog.service"), "perl[7]"), name);

        assert_true(!n || n->class == class);
        return !n ? 0 : n->stall_usec[0] + n->wait_usec[0];
}

static void feed(TopData *d, TopReading *r) {
        assert_int_equal(top_data_add(d, r), 0);
        assert_int_equal(r->n_rows, 0); /* taken over */
}

/* A sample has begun, with nothing before it. */
static TopReading second_reading(TopData *d) {
        TopReading r = reading(100 * SEC);

        feed(d, &r);
        top_data_begin(d);
        return reading(101 * SEC);
}

static void test_first(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopReading r = reading(100 * SEC);

        top_data_begin(&d);
        add(&r, 1, STALL_MEMCG_MAX, 5 * SEC);
        feed(&d, &r);
        assert_null(d.host.children);
        assert_int_equal(top_data_rate(&d, d.host.stall_usec), 0);
}

static void test_epochs(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopReading r = reading(100 * SEC);

        add(&r, 1, STALL_MEMCG_MAX, 5 * SEC);
        feed(&d, &r);

        top_data_begin(&d);
        r = reading(102 * SEC);
        add(&r, 1, STALL_MEMCG_MAX, 5 * SEC + 100 * MSEC);
        add(&r, 2, STALL_MEMCG_MAX, 300 * MSEC); /* the next epoch */
        feed(&d, &r);
        assert_int_equal(class_usec(&d, STALL_MEMCG_MAX, "memcg-max"), 400 * MSEC);
        assert_int_equal(d.host.stall_usec[0], 400 * MSEC);
        assert_int_equal(d.host.count, 400);
        assert_int_equal(top_data_rate(&d, d.host.stall_usec), 200 * MSEC);

        /* The old one leaves the map: that is no decrease. */
        top_data_begin(&d);
        r = reading(103 * SEC);
        add(&r, 2, STALL_MEMCG_MAX, 350 * MSEC);
        feed(&d, &r);
        assert_int_equal(d.host.stall_usec[0], 50 * MSEC);
        assert_int_equal(d.host.stall_usec[1], 400 * MSEC);
}

static void test_waits_apart(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopReading r = second_reading(&d);

        add(&r, 1, STALL_SWAP_IN, 100 * MSEC);
        add(&r, 2, STALL_SWAP_WAIT, 30 * MSEC);
        feed(&d, &r);
        assert_int_equal(d.host.stall_usec[0], 100 * MSEC);
        assert_int_equal(d.host.wait_usec[0], 30 * MSEC);
        assert_int_equal(find(&d.host, "hog.service")->wait_usec[0], 30 * MSEC);
}

static void test_cause(void **state) {
        static const struct {
                StallClass class;
                const char *limit, *unit;
        } rows[] = {
                { STALL_MEMCG_MAX, "/hog.service", "hog.service" },
                { STALL_MEMCG_MAX, "/a.slice/other.service", "other.service" }, /* khugepaged, for another's limit */
                { STALL_MEMCG_MAX, "/a.slice", NULL },
                { STALL_DIRECT_RECLAIM, "", NULL },
                { STALL_MEMCG_MAX, "/", NULL },
                { STALL_COMPACTION, "", "hog.service" },
                { STALL_HIGH_THROTTLE, "/a.slice", NULL },
                { STALL_HIGH_THROTTLE, "", "hog.service" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(top_data_done) TopData d = { 0 };
                TopReading r = second_reading(&d);
                TopRow x = row(1, rows[i].class, 100 * MSEC);

                x.limit = (char *) rows[i].limit;
                assert_int_equal(top_reading_add(&r, &x), 0);
                x = row(2, STALL_REFAULT, 300 * MSEC);
                assert_int_equal(top_reading_add(&r, &x), 0);
                feed(&d, &r);
                for (TopNode *n = d.host.children; n; n = n->next)
                        assert_int_equal(top_data_cause(&d, n),
                                         rows[i].unit && strcmp(n->name, rows[i].unit) == 0 ? 2500 : 0);
                assert_true(!rows[i].unit || find(&d.host, rows[i].unit));
        }
}

static void test_forgets(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopReading r = second_reading(&d);

        add(&r, 1, STALL_MEMCG_MAX, 100 * MSEC);
        feed(&d, &r);
        for (size_t i = 1; i < TOP_HISTORY; i++) {
                top_data_begin(&d);
                assert_non_null(find(&d.host, "hog.service"));
                assert_int_equal(find(&d.host, "hog.service")->stall_usec[i], 100 * MSEC);
        }
        top_data_begin(&d);
        assert_null(d.host.children);
}

static void test_order(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopReading r = second_reading(&d);
        TopRow x;

        for (unsigned i = 0; i < 3; i++) {
                static const char *const units[] = { "b.service", "a.service", "c.service" };

                x = row(i + 1, STALL_MEMCG_MAX, (i + 1) * 100 * MSEC);
                x.unit = (char *) units[i];
                x.limit = (char *) (i == 0 ? "/b.service" : "");
                assert_int_equal(top_reading_add(&r, &x), 0);
        }
        feed(&d, &r);
        top_data_sort(&d);
        assert_string_equal(d.host.children->name, "c.service");
        d.sort = TOP_SORT_CAUSE;
        top_data_sort(&d);
        assert_string_equal(d.host.children->name, "b.service");
        d.sort = TOP_SORT_NAME;
        top_data_sort(&d);
        assert_string_equal(d.host.children->name, "a.service");
        assert_string_equal(d.host.children->next->next->name, "c.service");
}

static uint64_t recent_usec(const TopNode *n) {
        return n->stall_usec[0] + n->stall_usec[1] + n->stall_usec[2] + n->stall_usec[3] + n->stall_usec[4];
}

/* As many processes as there may be. */
static void test_many(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopReading r = reading(100 * SEC);
        TopNode *unit;
        unsigned n = 0;

        feed(&d, &r);
        for (unsigned i = 0; i < 10; i++) {
                top_data_begin(&d);
                r = reading((101 + i) * SEC);
                for (unsigned j = 0; j < 300; j++) {
                        TopRow x = row(i * 1000 + j, STALL_MEMCG_MAX, (j * 7919 % 1009 + 1) * MSEC);

                        x.pid = i * 1000 + j;
                        assert_int_equal(top_reading_add(&r, &x), 0);
                }
                feed(&d, &r);
        }
        top_data_sort(&d);
        unit = find(&d.host, "hog.service");
        for (TopNode *p = unit->children; p; p = p->next, n++)
                assert_true(!p->next || recent_usec(p) >= recent_usec(p->next));
        assert_int_equal(n, 3000);
        d.sort = TOP_SORT_NAME;
        top_data_sort(&d);
        for (TopNode *p = unit->children; p->next; p = p->next)
                assert_true(strcmp(p->name, p->next->name) < 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_first),
                cmocka_unit_test(test_epochs),
                cmocka_unit_test(test_waits_apart),
                cmocka_unit_test(test_cause),
                cmocka_unit_test(test_forgets),
                cmocka_unit_test(test_order),
                cmocka_unit_test(test_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
