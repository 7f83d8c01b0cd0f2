/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "fake-tree.h"
#include "sense/preference.h"

static void test_rows(void **state) {
        static const struct {
                const char *omit, *avoid; /* NULL: not set */
                Preference preference;
        } rows[] = {
                { NULL, NULL, PREFERENCE_NONE },   { "1", NULL, PREFERENCE_OMIT }, { NULL, "1", PREFERENCE_AVOID },
                { "1", "1", PREFERENCE_OMIT },     { "0", "1", PREFERENCE_AVOID }, { "yes", NULL, PREFERENCE_OMIT },
                { "true", NULL, PREFERENCE_OMIT }, { "0", "0", PREFERENCE_NONE },  { "", NULL, PREFERENCE_NONE },
                { "2", NULL, PREFERENCE_NONE },    { "11", NULL, PREFERENCE_NONE },
                { "1111111111111111111111111111111", NULL, PREFERENCE_NONE },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(fd_closep) int fd = -EBADF;
                char path[128];
                FakeTree t;
                bool can;

                fake_tree_new(&t);
                fake_tree_add_bare(&t, "x.service");
                can = fake_tree_set_xattr(&t, "x.service", "user.other", "1") &&
                      (!rows[i].omit || fake_tree_set_xattr(&t, "x.service", "user.oomd_omit", rows[i].omit)) &&
                      (!rows[i].avoid || fake_tree_set_xattr(&t, "x.service", "user.oomd_avoid", rows[i].avoid));
                (void) snprintf(path, sizeof(path), "%s/x.service", t.cgroup_root);
                fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (can && preference_read(fd) != rows[i].preference)
                        fail_msg("row %zu", i);
                fake_tree_done(&t);
        }
        assert_int_equal(preference_read(-EBADF), PREFERENCE_NONE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
