/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>

#include "../sense/fake-tree.h"
#include "agent/baselines.h"
#include "base/usec.h"

#define SEC USEC_PER_SEC
#define MSEC USEC_PER_MSEC

static FakeTree fake;
static Tree *tree;
static uint64_t n_swapped;
static Baselines b;
static const Id128 one = { 1, 1 }, two = { 1, 2 };

static void on_event(const Event *event, void *userdata) {
}

/* So many pages more were read from swap. */
static void swap_in(uint64_t n) {
        char text[64];

        n_swapped += n;
        (void) snprintf(text, sizeof(text), "pswpin %" PRIu64 "\n", n_swapped);
        fake_tree_write_proc(&fake, "vmstat", text);
}

static int setup(void **state) {
        fake = (FakeTree){ 0 };
        b = (Baselines){ 0 };
        fake_tree_new(&fake);
        swap_in(1);
        assert_int_equal(tree_new(&tree, fake.cgroup_root, fake.proc_root), 0);
        assert_int_equal(tree_scan(tree, on_event, NULL), 0);
        return 0;
}

static int teardown(void **state) {
        tree = tree_free(tree);
        fake_tree_done(&fake);
        return 0;
}

static void expect(uint64_t id, Id128 incident, uint64_t now_usec, const char *lines, uint64_t span_usec) {
        const JournalCounters *c = baselines_compare(&b, tree, id, incident, now_usec);

        if (!lines) {
                assert_null(c);
                return;
        }
        assert_non_null(c);
        assert_string_equal(c->lines, lines);
        assert_string_equal(c->brief, lines);
        assert_int_equal(c->span_usec, span_usec);
}

/* From what woke the watch to the decision, and on to what became of it, however long it takes. */
static void test_incident(void **state) {
        baselines_note(&b, tree, 7, 100 * SEC);
        swap_in(10);
        expect(7, one, 102 * SEC, "pswpin +10", 2 * SEC);
        swap_in(5);
        expect(7, one, 400 * SEC, "pswpin +15", 300 * SEC);
        expect(8, one, 400 * SEC, NULL, 0); /* another watch, another matter */
}

/* The step acts with the look that the incident began with. */
static void test_at_once(void **state) {
        baselines_note(&b, tree, 7, 100 * SEC);
        swap_in(10);
        baselines_note(&b, tree, 7, 130 * SEC);
        expect(7, one, 130 * SEC + 99 * MSEC, "pswpin +10", 30 * SEC + 99 * MSEC);
        swap_in(3);
        expect(7, one, 132 * SEC, "pswpin +3", 2 * SEC); /* its effect: since it began */

        /* What was long ago says nothing. */
        baselines_note(&b, tree, 7, 300 * SEC);
        swap_in(1);
        expect(7, two, 300 * SEC, NULL, 0);
        expect(7, two, 301 * SEC, "pswpin +1", SEC);
}

/* Nothing woke it, but a look at its time: then the incident begins with its first decision. */
static void test_without(void **state) {
        expect(7, one, 100 * SEC, NULL, 0);
        swap_in(4);
        expect(7, one, 102 * SEC, "pswpin +4", 2 * SEC);

        /* the next one, hours later */
        swap_in(100);
        expect(7, two, 9000 * SEC, NULL, 0);
        swap_in(5);
        expect(7, two, 9002 * SEC, "pswpin +5", 2 * SEC);
        expect(7, two, 9100 * SEC, "pswpin +5", 100 * SEC);
}

/* Wake-ups in a row are one. */
static void test_in_a_row(void **state) {
        baselines_note(&b, tree, 7, 100 * SEC);
        swap_in(2);
        baselines_note(&b, tree, 7, 100 * SEC + 499 * MSEC);
        expect(7, one, 101 * SEC, "pswpin +2", SEC);
        baselines_note(&b, tree, 7, 110 * SEC);
        expect(7, two, 111 * SEC, NULL, 0); /* nothing moved since */
}

/* More watches than can be kept: the one that was read longest ago goes. */
static void test_many(void **state) {
        for (uint64_t id = 1; id <= BASELINES_MAX + 1; id++)
                baselines_note(&b, tree, id, 100 * SEC + id * MSEC);
        swap_in(1);
        expect(2, one, 102 * SEC, "pswpin +1", 2 * SEC - 2 * MSEC);
        expect(BASELINES_MAX + 1, one, 102 * SEC, "pswpin +1", 2 * SEC - (BASELINES_MAX + 1) * MSEC);
        expect(1, one, 102 * SEC, NULL, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_incident, setup, teardown),
                cmocka_unit_test_setup_teardown(test_at_once, setup, teardown),
                cmocka_unit_test_setup_teardown(test_without, setup, teardown),
                cmocka_unit_test_setup_teardown(test_in_a_row, setup, teardown),
                cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
