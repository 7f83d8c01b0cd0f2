/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Differences of readings, as memstalld gives them, and the tree that they go into. */

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

static void add(TopReading *r, uint64_t key, StallClass class, uint64_t stall_usec, bool running) {
        TopRow x = row(key, class, stall_usec);

        x.running = running;
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

static void test_first(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopReading r = reading(100 * SEC);

        top_data_begin(&d);
        add(&r, 1, STALL_MEMCG_MAX, 5 * SEC, false);
        feed(&d, &r);
        assert_null(d.host.children);
        assert_int_equal(top_data_rate(&d, d.host.stall_usec), 0);
}

static void test_epochs(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopReading r = reading(100 * SEC);

        add(&r, 1, STALL_MEMCG_MAX, 5 * SEC, false);
        feed(&d, &r);

        top_data_begin(&d);
        r = reading(102 * SEC);
        add(&r, 1, STALL_MEMCG_MAX, 5 * SEC + 100 * MSEC, false);
        add(&r, 2, STALL_MEMCG_MAX, 300 * MSEC, false); /* the next epoch */
        feed(&d, &r);
        assert_int_equal(class_usec(&d, STALL_MEMCG_MAX, "memcg-max"), 400 * MSEC);
        assert_int_equal(d.host.stall_usec[0], 400 * MSEC);
        assert_int_equal(d.host.count, 400);
        assert_int_equal(top_data_rate(&d, d.host.stall_usec), 200 * MSEC);

        /* The old one leaves the map: that is no decrease. */
        top_data_begin(&d);
        r = reading(103 * SEC);
        add(&r, 2, STALL_MEMCG_MAX, 350 * MSEC, false);
        feed(&d, &r);
        assert_int_equal(d.host.stall_usec[0], 50 * MSEC);
        assert_int_equal(d.host.stall_usec[1], 400 * MSEC);
}

static void test_running_to_total(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopReading r = reading(100 * SEC);

        add(&r, 9, STALL_MEMCG_MAX, 3 * SEC, true);
        feed(&d, &r);

        /* It goes on. */
        top_data_begin(&d);
        r = reading(101 * SEC);
        add(&r, 9, STALL_MEMCG_MAX, 4 * SEC, true);
        feed(&d, &r);
        assert_int_equal(d.host.stall_usec[0], SEC);

        /* It ends, half a second later, and all of it is in a sum. */
        top_data_begin(&d);
        r = reading(102 * SEC);
        add(&r, 1, STALL_MEMCG_MAX, 4 * SEC + 500 * MSEC, false);
        feed(&d, &r);
        assert_int_equal(d.host.stall_usec[0], 500 * MSEC);

        /* One that began since. */
        top_data_begin(&d);
        r = reading(103 * SEC);
        add(&r, 1, STALL_MEMCG_MAX, 4 * SEC + 500 * MSEC, false);
        add(&r, 9, STALL_MEMCG_MAX, 200 * MSEC, true);
        feed(&d, &r);
        assert_int_equal(d.host.stall_usec[0], 200 * MSEC);
}

/* Nobody knew what it was while it ran. */
static void test_other_class_at_the_end(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopReading r = reading(100 * SEC);

        add(&r, 9, STALL_OTHER, 3 * SEC, true);
        add(&r, 1, STALL_MEMCG_MAX, SEC, false);
        feed(&d, &r);

        top_data_begin(&d);
        r = reading(101 * SEC);
        add(&r, 2, STALL_REFAULT, 3 * SEC + 400 * MSEC, false);
        add(&r, 1, STALL_MEMCG_MAX, SEC, false);
        feed(&d, &r);
        assert_int_equal(class_usec(&d, STALL_REFAULT, "refault"), 400 * MSEC);
        assert_int_equal(d.host.stall_usec[0], 400 * MSEC);
}

/* What fell goes against the same class before it goes against others. */
static void test_same_class_first(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopReading r = reading(100 * SEC);

        add(&r, 9, STALL_MEMCG_MAX, 3 * SEC, true);
        feed(&d, &r);

        top_data_begin(&d);
        r = reading(101 * SEC);
        add(&r, 2, STALL_REFAULT, 700 * MSEC, false);
        add(&r, 1, STALL_MEMCG_MAX, 3 * SEC + 100 * MSEC, false);
        feed(&d, &r);
        assert_int_equal(class_usec(&d, STALL_REFAULT, "refault"), 700 * MSEC);
        assert_int_equal(class_usec(&d, STALL_MEMCG_MAX, "memcg-max"), 100 * MSEC);
}

/* Longer than a sum reaches back: less is added than ran. */
static void test_never_below_zero(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopReading r = reading(100 * SEC);

        add(&r, 9, STALL_MEMCG_MAX, 60 * SEC, true);
        feed(&d, &r);
        top_data_begin(&d);
        r = reading(101 * SEC);
        add(&r, 1, STALL_MEMCG_MAX, 12 * SEC, false);
        feed(&d, &r);
        assert_int_equal(d.host.stall_usec[0], 0);
}

static void test_left_out(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopReading r = reading(100 * SEC);

        r.left_out_usec = 80 * MSEC;
        feed(&d, &r);
        top_data_begin(&d);
        r = reading(101 * SEC);
        add(&r, 1, STALL_MEMCG_MAX, 100 * MSEC, false); /* up to 80 of it may be older */
        feed(&d, &r);
        assert_int_equal(d.host.stall_usec[0], 20 * MSEC);
}

static void test_waits_apart(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopReading r = reading(100 * SEC);

        feed(&d, &r);
        top_data_begin(&d);
        r = reading(101 * SEC);
        add(&r, 1, STALL_SWAP_IN, 100 * MSEC, false);
        add(&r, 2, STALL_SWAP_WAIT, 30 * MSEC, false);
        feed(&d, &r);
        assert_int_equal(d.host.stall_usec[0], 100 * MSEC);
        assert_int_equal(d.host.wait_usec[0], 30 * MSEC);
        assert_int_equal(find(&d.host, "hog.service")->wait_usec[0], 30 * MSEC);
}

static void test_gone_keeps_its_name(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopReading r = reading(100 * SEC);
        TopRow gone = row(1, STALL_MEMCG_MAX, 100 * MSEC);

        add(&r, 1, STALL_MEMCG_MAX, 50 * MSEC, false);
        feed(&d, &r);
        top_data_begin(&d);
        r = reading(101 * SEC);
        gone.unit = gone.cgroup = (char *) "";
        assert_int_equal(top_reading_add(&r, &gone), 0);
        feed(&d, &r);
        assert_int_equal(find(&d.host, "hog.service")->stall_usec[0], 50 * MSEC);
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
                TopReading r = reading(100 * SEC);
                TopRow x = row(1, rows[i].class, 100 * MSEC);

                feed(&d, &r);
                top_data_begin(&d);
                r = reading(101 * SEC);
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
        TopReading r = reading(100 * SEC);

        feed(&d, &r);
        top_data_begin(&d);
        r = reading(101 * SEC);
        add(&r, 1, STALL_MEMCG_MAX, 100 * MSEC, false);
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
        TopReading r = reading(100 * SEC);
        TopRow x;

        feed(&d, &r);
        top_data_begin(&d);
        r = reading(101 * SEC);
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
                cmocka_unit_test(test_running_to_total),
                cmocka_unit_test(test_other_class_at_the_end),
                cmocka_unit_test(test_same_class_first),
                cmocka_unit_test(test_never_below_zero),
                cmocka_unit_test(test_left_out),
                cmocka_unit_test(test_waits_apart),
                cmocka_unit_test(test_gone_keeps_its_name),
                cmocka_unit_test(test_cause),
                cmocka_unit_test(test_forgets),
                cmocka_unit_test(test_order),
                cmocka_unit_test(test_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
