/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The screens as they are drawn, what keys do to them, and what programs get of the same data. */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/usec.h"
#include "ctl/top-keys.h"
#include "ctl/top-print.h"

#define SEC USEC_PER_SEC
#define MSEC USEC_PER_MSEC

static const TopHost host = { .some = 4210, .full = 505, .rung = "fentry, all classes" };

static void add(TopReading *r, uint64_t key, const char *unit, const char *comm, StallClass class, uint64_t stall_usec,
                const char *limit) {
        const TopRow row = {
                .unit = (char *) unit, .cgroup = (char *) "/x", .limit = (char *) limit, .comm = (char *) comm,
                .stack = (char *) "io_schedule\nfolio_wait_bit_common\n__folio_lock_or_retry\ndo_swap_page\nhandle_mm_fault",
                .pid = 4711, .key = key, .class = class, .stall_usec = stall_usec, .count = 12,
        };

        assert_int_equal(top_reading_add(r, &row), 0);
}

/* Three samples of two units. */
static void make(TopData *d) {
        TopReading r = { .now_usec = 100 * SEC };

        assert_int_equal(top_data_add(d, &r), 0);
        for (unsigned i = 1; i <= 3; i++) {
                top_data_begin(d);
                r.now_usec = (100 + i) * SEC;
                add(&r, 1, "hog.service", "perl", STALL_MEMCG_MAX, i * i * 100 * MSEC, "/hog.service");
                add(&r, 2, "hog.service", "perl", STALL_SWAP_WAIT, i * 12345, "");
                add(&r, 3, "a-unit-with-a-very-long-name-that-does-not-fit.service", "evil\033[2J;x", STALL_REFAULT,
                    i * 50 * MSEC, "");
                assert_int_equal(top_data_add(d, &r), 0);
        }
        top_data_sort(d);
}

static char *draw(TopView *v, TopData *d, bool all) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        top_screen_list(v, d, all);
        (void) top_screen_follow(v);
        top_screen_draw(f, v, d, &host);
        assert_int_equal(fclose(f), 0);
        return text;
}

static void assert_draws(TopView *v, TopData *d, bool all, const char *expected) {
        _cleanup_(freep) char *text = draw(v, d, all);

        if (strcmp(text, expected) != 0)
                fprintf(stderr, "%s", text);
        assert_string_equal(text, expected);
}

static TopView view = { 0 }; /* large */

static TopView *reset(unsigned width, unsigned height, bool live) {
        view.width = width;
        view.height = height;
        view.live = live;
        view.colors = view.paused = view.help = false;
        view.ascii = true;
        view.cursor = NULL;
        view.top = 0;
        return &view;
}

static void test_once(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };

        make(&d);
        assert_draws(reset(80, 0, false), &d, true,
#include "top-once.inc"
        );
}

static void test_80x24(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };

        make(&d);
        d.host.children->open = true;
        d.host.children->children->open = true;
        assert_draws(reset(80, 24, true), &d, false,
#include "top-80x24.inc"
        );
}

static void test_120x40(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopView *v = reset(120, 40, true);

        make(&d);
        for (TopNode *n = d.host.children; n; n = n->children)
                n->open = true;
        v->ascii = false;
        assert_draws(v, &d, false,
#include "top-120x40.inc"
        );
}

/* Whatever the size: as many lines as there are, none wider, and nothing that steers the terminal but what is ours. */
static void test_sizes(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };

        make(&d);
        for (TopNode *n = d.host.children; n; n = n->children)
                n->open = true;
        for (unsigned height = 6; height < 30; height++)
                for (unsigned width = 50; width < 130; width += 7) {
                        _cleanup_(freep) char *text = draw(reset(width, height, true), &d, false);
                        unsigned lines = 0;

                        for (char *s = text; s; lines++) {
                                char *end = strstr(s, "\033[K");

                                assert_non_null(end);
                                assert_true((size_t) (end - s) <= width);
                                for (const char *c = s; c < end; c++)
                                        assert_true(*c >= ' ' && *c < 0x7f);
                                s = end[3] == '\n' ? end + 4 : NULL;
                        }
                        assert_int_equal(lines, height);
                }
}

static void test_help_and_nothing(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopView *v = reset(80, 24, true);
        _cleanup_(freep) char *text = draw(v, &d, false), *told = NULL;

        assert_non_null(strstr(text, "Reading..."));
        v->help = true;
        told = draw(v, &d, false);
        assert_non_null(strstr(told, "sort: stall, cause, name"));
}

static void press(TopView *v, TopData *d, const char *keys, bool expected) {
        bool on = true;

        for (size_t n = strlen(keys), used; n > 0; keys += used, n -= used) {
                top_screen_list(v, d, false);
                on = top_key_apply(top_key_parse(keys, n, &used), v, d);
                top_data_sort(d);
        }
        assert_int_equal(on, expected);
        top_screen_list(v, d, false);
        (void) top_screen_follow(v);
}

static void test_keys(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        TopView *v = reset(80, 24, true);

        make(&d);
        press(v, &d, "\033[1;5Xz\033", true); /* nothing that is known */
        assert_int_equal(v->n_lines, 2);
        press(v, &d, "\033[C\033[B", true);
        assert_int_equal(v->n_lines, 3);
        assert_int_equal(v->cursor->level, TOP_PROCESS);
        press(v, &d, "\r\033OB j", true);
        assert_int_equal(v->cursor->level, TOP_STACK);
        assert_string_equal(v->cursor->parent->name, "memcg-max");
        press(v, &d, " ", true);
        assert_int_equal(v->n_lines, 2 + 1 + 2 + 1 + 5);
        press(v, &d, "\033[B", true); /* past the functions */
        assert_string_equal(v->cursor->name, "swap-wait");
        press(v, &d, "\033[D", true);
        assert_int_equal(v->cursor->level, TOP_PROCESS);
        press(v, &d, "f", true);
        assert_int_equal(v->n_lines, 2);
        assert_string_equal(v->cursor->name, "hog.service");
        press(v, &d, "\033[F", true);
        assert_ptr_equal(v->cursor, v->lines[1].node);
        press(v, &d, "\033[H", true);
        assert_ptr_equal(v->cursor, v->lines[0].node);
        press(v, &d, "ssp", true);
        assert_int_equal(d.sort, TOP_SORT_NAME);
        assert_true(v->paused);
        press(v, &d, "?x", true);
        assert_false(v->help);
        press(v, &d, "q", false);
}

static void test_folded(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        _cleanup_(freep) char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        make(&d);
        top_print_folded(f, &d);
        assert_int_equal(fclose(f), 0);
#define OUTWARDS ";handle_mm_fault;do_swap_page;__folio_lock_or_retry;folio_wait_bit_common;io_schedule "
        assert_string_equal(text, "hog.service;perl;memcg-max" OUTWARDS "500000\n"
                                  "hog.service;perl;swap-wait" OUTWARDS "12345\n"
                                  "a-unit-with-a-very-long-name-that-does-not-fit.service;evil_[2J_x;refault" OUTWARDS
                                  "50000\n");
}

static void test_json(void **state) {
        _cleanup_(top_data_done) TopData d = { 0 };
        _cleanup_(freep) char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        make(&d);
        top_print_json(f, &d, &host);
        assert_int_equal(fclose(f), 0);
        assert_non_null(strstr(text, "\"span_usec\":1000000,\n\"pressure_some\":4210,"));
        assert_non_null(strstr(text, "{\"unit\":\"hog.service\",\"cgroup\":\"/x\",\"cause_usec\":500000,"));
        assert_non_null(strstr(text, "{\"class\":\"swap-wait\",\"counted\":false,\"stall_usec\":0,\"wait_usec\":12345,"));
        assert_non_null(strstr(text, "{\"functions\":[\"io_schedule\",\"folio_wait_bit_common\","));
        f = getenv("TOP_JSON") ? fopen(getenv("TOP_JSON"), "we") : NULL;
        if (f) {
                fputs(text, f);
                assert_int_equal(fclose(f), 0);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_once),
                cmocka_unit_test(test_80x24),
                cmocka_unit_test(test_120x40),
                cmocka_unit_test(test_sizes),
                cmocka_unit_test(test_help_and_nothing),
                cmocka_unit_test(test_keys),
                cmocka_unit_test(test_folded),
                cmocka_unit_test(test_json),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
