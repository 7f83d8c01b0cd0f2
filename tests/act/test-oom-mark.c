/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* On a plain folder: exit status 77 where /tmp has no user.* attributes. What systemd makes of them is for
 * tests/act/live-systemd.c. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/oom-mark.h"

static char folder[] = "/tmp/test-oom-mark-XXXXXX", unit[64];

static const char *value(const char *name) {
        static char text[64];
        ssize_t n = lgetxattr(unit, name, text, sizeof(text) - 1);

        text[n < 0 ? 0 : n] = '\0';
        return text;
}

static void test_marks(void **state) {
        assert_int_equal(oom_mark_take_back("/a.service", 0), 0); /* there is none */
        assert_string_equal(value("user.oomd_ooms"), "");

        assert_int_equal(oom_mark_before("/a.service"), 0);
        assert_string_equal(value("user.oomd_ooms"), "1");
        assert_int_equal(oom_mark_after("/a.service", 0), 0);
        assert_string_equal(value("user.oomd_kill"), "");
        assert_int_equal(oom_mark_after("/a.service", 3), 0);
        assert_int_equal(oom_mark_before("/a.service"), 0);
        assert_int_equal(oom_mark_after("/a.service", 2), 0);
        assert_string_equal(value("user.oomd_ooms"), "2");
        assert_string_equal(value("user.oomd_kill"), "5");
        assert_int_equal(oom_mark_take_back("/a.service", 0), 0);
        assert_string_equal(value("user.oomd_ooms"), "1");
        assert_string_equal(value("user.oomd_kill"), "5");
}

/* What is no number counts from nothing. */
static void test_rubbish(void **state) {
        assert_int_equal(lsetxattr(unit, "user.oomd_ooms", "-1x", 3, 0), 0);
        assert_int_equal(oom_mark_before("/a.service"), 0);
        assert_string_equal(value("user.oomd_ooms"), "1");
        assert_int_equal(lsetxattr(unit, "user.oomd_ooms", "111111111111111111111111111111", 30, 0), 0);
        assert_int_equal(oom_mark_before("/a.service"), 0);
        assert_string_equal(value("user.oomd_ooms"), "1");
}

static void test_no_place(void **state) {
        char path[OOM_MARK_PATH_MAX + 2];

        assert_int_equal(oom_mark_before("/b.service"), -ENOENT);
        assert_int_equal(oom_mark_before("/"), -EOPNOTSUPP);
        assert_int_equal(oom_mark_before(""), -EOPNOTSUPP);
        memset(path, '/', sizeof(path));
        path[OOM_MARK_PATH_MAX] = '\0';
        assert_int_equal(oom_mark_before(path), -ENAMETOOLONG);
        path[OOM_MARK_PATH_MAX - 1] = '\0';
        assert_int_equal(oom_mark_before(path), 0); /* the folder itself */
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_marks),
                cmocka_unit_test(test_rubbish),
                cmocka_unit_test(test_no_place),
        };
        int r;

        if (!mkdtemp(folder))
                return EXIT_FAILURE;
        (void) snprintf(unit, sizeof(unit), "%s/a.service", folder);
        r = mkdir(unit, 0700) < 0 || (lsetxattr(unit, "user.probe", "1", 1, 0) < 0 && errno != EOPNOTSUPP) ? EXIT_FAILURE :
            lgetxattr(unit, "user.probe", NULL, 0) < 0 ? 77 : EXIT_SUCCESS;
        oom_mark_set_root(folder);
        if (r == EXIT_SUCCESS)
                r = cmocka_run_group_tests(tests, NULL, NULL);
        (void) rmdir(unit);
        (void) rmdir(folder);
        return r;
}
