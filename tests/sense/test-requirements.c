/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fake-tree.h"
#include "sense/requirements.h"

/* Takes one thing away from a root that has all. */
static void take_controller(FakeTree *t) {
        fake_tree_write(t, ".", "cgroup.controllers", "cpuset cpu io pids\n");
}

static void take_word(FakeTree *t) {
        fake_tree_write(t, ".", "cgroup.controllers", "memoryx xmemory\n");
}

static void take_controllers_file(FakeTree *t) {
        fake_tree_remove(t, "cgroup.controllers");
}

static void take_pressure(FakeTree *t) {
        fake_tree_remove(t, "../proc/pressure");
}

static void take_cgroup_pressure(FakeTree *t) {
        fake_tree_remove(t, "memory.pressure");
}

static void take_root(FakeTree *t) {
        fake_tree_remove(t, "../cgroup");
}

static void take_nothing(FakeTree *t) {
}

static void only_word(FakeTree *t) {
        fake_tree_write(t, ".", "cgroup.controllers", "memory");
}

static void test_rows(void **state) {
        static const struct {
                void (*take)(FakeTree *t);
                int r;
                const char *word; /* in the sentence */
        } rows[] = {
                { take_nothing, 0, "" },
                { only_word, 0, "" },
                { take_controller, REQUIREMENTS_E_CONTROLLER, "cgroup_enable=memory" },
                { take_word, REQUIREMENTS_E_CONTROLLER, "memory controller" },
                { take_controllers_file, REQUIREMENTS_E_CGROUP, "systemd.unified_cgroup_hierarchy=1" },
                { take_root, REQUIREMENTS_E_CGROUP, "cgroup v2" },
                { take_pressure, REQUIREMENTS_E_PRESSURE, "psi=1" },
                { take_cgroup_pressure, REQUIREMENTS_E_PRESSURE_CGROUP, "cgroup_disable=pressure" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                RequirementsAt at;
                struct statfs fs;
                const char *text;
                FakeTree t;

                fake_tree_new(&t);
                assert_int_equal(statfs(t.cgroup_root, &fs), 0);
                at = (RequirementsAt){ t.cgroup_root, t.proc_root, (uint64_t) fs.f_type };
                rows[i].take(&t);
                if (requirements_check(&at) != rows[i].r)
                        fail_msg("row %zu", i);
                text = requirements_error_text(rows[i].r);
                assert_non_null(strstr(text, rows[i].word));
                assert_null(strchr(text, '\n'));
                assert_int_equal(text[strlen(text) - 1], '.');
                fake_tree_done(&t);
        }
}

/* An ordinary folder is no cgroup v2 mount, whatever is in it: the root of hybrid hosts is a tmpfs. */
static void test_magic(void **state) {
        RequirementsAt at;
        FakeTree t;

        fake_tree_new(&t);
        at = (RequirementsAt){ t.cgroup_root, t.proc_root, 0 };
        assert_int_equal(requirements_check(&at), REQUIREMENTS_E_CGROUP);
        fake_tree_done(&t);
}

static void test_leaves_nothing_open(void **state) {
        unsigned fds = fake_tree_count_fds();

        (void) requirements_check(NULL);
        assert_int_equal(fake_tree_count_fds(), fds);
        assert_string_equal(requirements_error_text(-1), "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows),
                cmocka_unit_test(test_magic),
                cmocka_unit_test(test_leaves_nothing_open),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
