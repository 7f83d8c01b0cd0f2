/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "fake-units.h"
#include "sense/counters.h"

#define TEXT_MAX 4096U

/* What moved between two texts of /proc/vmstat. */
static size_t compare(const char *before, const char *after, char *buf, size_t size) {
        Counters a, b;

        memset(&a, 0xff, sizeof(a));
        memset(&b, 0xff, sizeof(b));
        counters_parse(before, a.values[COUNTERS_HOST]);
        counters_parse(after, b.values[COUNTERS_HOST]);
        return counters_lines(&a, &b, buf, size);
}

static void test_lines(void **state) {
        static const struct {
                const char *what, *before, *after, *lines;
        } rows[] = {
                { "nothing", "", "", "" },
                { "stands", "pgscan_direct 5\n", "pgscan_direct 5\n", "" },
                { "moves", "pgscan_direct 5\n", "pgscan_direct 48226\n", "pgscan_direct +48221" },
                { "those that say most first", "pswpin 1\npgscan_direct 5\noom_kill 0\n",
                  "pswpin 3\npgscan_direct 6\noom_kill 1\n", "oom_kill +1\npgscan_direct +1\npswpin +2" },
                { "others say nothing", "nr_free_pages 1\npgscan_direct 5\n", "nr_free_pages 9\npgscan_direct 6\n",
                  "pgscan_direct +1" },
                { "part of a name is another", "pgscan_direct_throttle 1\npgscan_dir 1\n",
                  "pgscan_direct_throttle 2\npgscan_dir 2\n", "pgscan_direct_throttle +1" },
                { "not there before", "", "pswpin 7\n", "" },
                { "nor after", "pswpin 7\n", "", "" },
                { "it runs back", "pswpin 7\n", "pswpin 6\n", "" },
                { "a line without end", "pswpin 7\n", "pswpin 8", "" },
                { "no number", "pswpin 7\npswpout 1\n", "pswpin x\npswpout 2\n", "pswpout +1" },
                { "no value", "pswpin 7\npswpout 1\n", "pswpin\npswpin \npswpout 2\n", "pswpout +1" },
                { "too long a number", "pswpin 7\npswpout 1\n",
                  "pswpin 11111111111111111111111111111111111\npswpout 2\n", "pswpout +1" },
                { "the greatest", "pswpin 0\n", "pswpin 18446744073709551614\n", "pswpin +18446744073709551614" },
        };
        char text[TEXT_MAX];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                (void) compare(rows[i].before, rows[i].after, text, sizeof(text));
                if (strcmp(text, rows[i].lines) != 0)
                        fail_msg("%s: \"%s\"", rows[i].what, text);
        }
}

/* Whole lines, as many as find room; all are counted. */
static void test_room(void **state) {
        static const char before[] = "oom_kill 0\npswpin 0\npgmajfault 0\n", after[] = "oom_kill 1\npswpin 2\npgmajfault 3\n";
        char text[TEXT_MAX];

        assert_int_equal(compare(before, after, text, sizeof(text)), 3);
        assert_string_equal(text, "oom_kill +1\npswpin +2\npgmajfault +3");
        assert_int_equal(compare(before, after, text, strlen("oom_kill +1\npswpin +2\npgmajfault +3")), 3);
        assert_string_equal(text, "oom_kill +1\npswpin +2");
        assert_int_equal(compare(before, after, text, 1), 3);
        assert_string_equal(text, "");
}

/* From the files themselves: the host's, then the watch's. */
static void test_read(void **state) {
        UnitsFixture *f = *state;
        const char *x = "batch.slice/batch-a.slice/x.service";
        const ArmedWatch *watch;
        Counters before, after, host;
        char text[TEXT_MAX];

        fake_tree_write_proc(&f->fake, "vmstat",
                             "nr_free_pages 100\nallocstall_dma32 3\nallocstall_movable 80\npgscan_direct 1000\n"
                             "pgsteal_direct 10\npswpin 5\npswpout 6\npgmajfault 7\n");
        fake_tree_write(&f->fake, x, "memory.stat", "anon 4096\npgscan 10\npgscan_direct 9\nworkingset_refault_anon 4\n");
        tree_free(f->tree); /* opens the host's files anew */
        assert_int_equal(tree_new(&f->tree, f->fake.cgroup_root, f->fake.proc_root), 0);
        assert_int_equal(tree_scan(f->tree, units_fixture_on_event, f), 0);
        assert_int_equal(watch_arm(f->tree, f->x, NULL, 0, 0, &watch), 0); /* without WANT_STAT */
        counters_read(f->tree, f->x, &before);

        fake_tree_write_proc(&f->fake, "vmstat",
                             "nr_free_pages 50\nallocstall_dma32 3\nallocstall_movable 1600\npgscan_direct 49221\n"
                             "pgsteal_direct 20\npswpin 5\npswpout 16\npgmajfault 8\n");
        fake_tree_write(&f->fake, x, "memory.stat", "anon 8192\npgscan 40\npgscan_direct 29\nworkingset_refault_anon 4\n");
        counters_read(f->tree, f->x, &after);
        assert_int_equal(counters_lines(&before, &after, text, sizeof(text)), 7);
        assert_string_equal(text, "allocstall_movable +1520\npgscan_direct +48221\npgsteal_direct +10\npswpout +10\n"
                                  "pgmajfault +1\nmemory.stat:pgscan_direct +20\nmemory.stat:pgscan +30");
        counters_brief(&before, &after, text, sizeof(text));
        assert_string_equal(text, "allocstall_movable +1520, pgscan_direct +48221, pgsteal_direct +10, pswpout +10");

        /* The host has no memory.stat, and what is gone none either. */
        counters_read(f->tree, f->host, &host);
        (void) counters_lines(&before, &host, text, sizeof(text));
        assert_null(strstr(text, "memory.stat"));
        assert_non_null(strstr(text, "pgscan_direct +48221"));
        counters_read(f->tree, 12345, &host);
        assert_int_equal(counters_lines(&before, &host, text, sizeof(text)), 5);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_room),
                cmocka_unit_test_setup_teardown(test_read, units_fixture_setup, units_fixture_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
