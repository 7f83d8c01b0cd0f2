/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "config-test.h"

#include "ctl/where.h"

static const char text[] = "# a policy\n"
                           "[Match]\n"
                           "Unit=a.service\n"
                           "[Step]\n"
                           "Action=log\n"
                           "[Match]\n"
                           "Unit=b.service\n"
                           "\n"
                           "[Step]\n"
                           "Name=two\n"
                           "Action=kill\n"
                           "Action=freeze\n";

static void test_lines(void **state) {
        static const struct {
                const char *section;
                size_t nth;
                const char *key;
                unsigned line;
        } rows[] = {
                { "Step", 0, "Action", 5 },
                { "Step", 1, "Action", 12 }, /* the last one counts */
                { "Step", 1, "Name", 10 },
                { "Step", 0, "Name", 4 }, /* not given: the header */
                { "Step", 1, NULL, 9 },
                { "Step", 2, "Action", 1 },
                { "Match", SIZE_MAX, "Unit", 7 },
                { "Match", SIZE_MAX, "Slice", 2 },
                { "Victim", SIZE_MAX, "Rank", 1 },
        };
        const char *path = folder_write(state, "a.conf", text, strlen(text));
        unsigned line = 0;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_int_equal(where_key(path, rows[i].section, rows[i].nth, rows[i].key), rows[i].line);

        assert_true(where_find(path, "Step", 1, "Name", &line));
        assert_int_equal(line, 10);
        assert_false(where_find(path, "Step", 0, "Name", &line));
        assert_int_equal(line, 10); /* left alone */
        assert_int_equal(where_key(folder_path(state, "gone.conf"), "Step", 0, NULL), 1); /* gone */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_lines),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
