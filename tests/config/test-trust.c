/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config-test.h"

#include "config/trust.h"

#define NAME "etc/memstalld/policy.d/a.conf"

static void expect(void **state, const char *name, int result, const char *text) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };

        assert_int_equal(trust_check(folder_path(state, name), "memstalld", &errors), result);
        if (result == 0)
                assert_int_equal(errors.n_items, 0);
        else {
                assert_int_equal(errors.n_items, 1);
                if (!strstr(errors.items[0].text, text))
                        fail_msg("no '%s' in: %s", text, errors.items[0].text);
                assert_int_equal(errors.items[0].line, 1);
        }
}

/* What is wrong with one file or folder, and that all is well before and after it. */
static void test_rows(void **state) {
        static const struct {
                const char *name;
                mode_t mode;
                uid_t uid;
                gid_t gid;
                const char *text; /* NULL: nothing is wrong */
        } rows[] = {
                { NAME, 0644, 0, 0, NULL },
                { NAME, 0664, 0, 0, NULL },
                { NAME, 0600, 0, 4, NULL },
                { NAME, 0664, 0, 4, "it can be written by others than root: chmod go-w /" },
                { NAME, 0646, 0, 0, "it can be written by others than root: chmod go-w /" },
                { NAME, 0444, 12, 0, "it belongs to uid 12, but only root may say" },
                { "etc/memstalld/policy.d", 0755, 12, 0, "policy.d belongs to uid 12, " },
                { "etc/memstalld/policy.d", 01777, 0, 0, "policy.d can be written by others" },
                { "etc/memstalld", 0757, 0, 0, "the folder /" },
                { "etc/memstalld", 0755, 12, 0, "chown root:root /" },
                { "etc", 0777, 12, 12, NULL }, /* the system's own affair */
        };

        if (geteuid() != 0)
                skip();
        (void) folder_write(state, NAME, "x", 1);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                char path[4096];
                struct stat before;

                (void) snprintf(path, sizeof(path), "%s", folder_path(state, rows[i].name));
                assert_int_equal(stat(path, &before), 0);
                assert_int_equal(chown(path, rows[i].uid, rows[i].gid), 0);
                assert_int_equal(chmod(path, rows[i].mode), 0);
                expect(state, NAME, rows[i].text ? CONFIG_E_REFUSED : 0, rows[i].text);
                assert_int_equal(chown(path, before.st_uid, before.st_gid), 0);
                assert_int_equal(chmod(path, before.st_mode & 07777), 0);
                expect(state, NAME, 0, NULL);
        }
}

/* A link is root's, as its folder is; what it leads to counts. */
static void test_link(void **state) {
        char target[4096], folder[4096];

        if (geteuid() != 0)
                skip();
        (void) folder_write(state, "etc/memstalld/policy.d/b.conf", "x", 1);
        (void) snprintf(target, sizeof(target), "%s", folder_write(state, "home/a.conf", "x", 1));
        (void) snprintf(folder, sizeof(folder), "%s", folder_path(state, "home"));
        assert_int_equal(symlink(target, folder_path(state, NAME)), 0);
        expect(state, NAME, 0, NULL);
        assert_int_equal(chown(target, 12, 12), 0);
        expect(state, NAME, CONFIG_E_REFUSED, "it belongs to uid 12, ");
        assert_int_equal(chown(target, 0, 0), 0);
        assert_int_equal(chown(folder, 12, 12), 0);
        expect(state, NAME, CONFIG_E_REFUSED, "home belongs to uid 12, ");
        assert_int_equal(unlink(target), 0);
        expect(state, NAME, 0, NULL); /* to nothing: whoever reads it says so */
        assert_int_equal(unlink(folder_path(state, NAME)), 0);
        assert_int_equal(symlink("/dev/null", folder_path(state, NAME)), 0);
        expect(state, NAME, 0, NULL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_rows),
                folder_test(test_link),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
