/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/stat.h>

#include "config-test.h"

#include "config/load.h"

#define POLICY(glob) "[Match]\nUnit=" glob "\n[Step]\nPressure=some 10% 2s\nAction=log\n"

static void write_file(void **state, const char *name, const char *text) {
        (void) folder_write(state, name, text, strlen(text));
}

static void test_nothing(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(config_done) Config config = { 0 };

        assert_int_equal(config_load(*state, &config, &errors), 0);
        assert_int_equal(errors.n_items, 0);
        assert_true(config.settings.culprits);
        assert_int_equal(config.settings.max_actions, 30);
        assert_int_equal(config.policies.n_policies, 0);
        assert_null(config.files);
}

static void test_all(void **state) {
        static const char *const files[] = {
                "run/memstalld/memstalld.conf",
                "etc/memstalld/memstalld.conf.d/10-a.conf",
                "usr/lib/memstalld/memstalld.conf.d/20-b.conf",
                "usr/lib/memstalld/policy.d/10-a.conf",
                "etc/memstalld/policy.d/20-b.conf",
                "run/memstalld/policy.d/30-c.conf",
        };
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(config_done) Config config = { 0 };

        write_file(state, "usr/lib/memstalld/memstalld.conf", "[Daemon]\nCulprits=no\n");
        write_file(state, "run/memstalld/memstalld.conf", "[Daemon]\nMaxActions=5 1min\nDryRun=yes\n");
        write_file(state, "etc/memstalld/memstalld.conf.d/10-a.conf", "[Daemon]\nMaxActions=6 1min\n");
        write_file(state, "usr/lib/memstalld/memstalld.conf.d/10-a.conf", "[Daemon]\nMaxActions=7 1min\n");
        write_file(state, "usr/lib/memstalld/memstalld.conf.d/20-b.conf", "[Daemon]\nProtect=a.service\n");
        write_file(state, "usr/lib/memstalld/policy.d/10-a.conf", POLICY("a.service"));
        write_file(state, "usr/lib/memstalld/policy.d/20-b.conf", "this is hidden");
        write_file(state, "etc/memstalld/policy.d/20-b.conf", POLICY("b.service"));
        write_file(state, "run/memstalld/policy.d/30-c.conf", POLICY("c.service"));

        assert_int_equal(config_load(*state, &config, &errors), 0);
        assert_string_equal(errors_text(&errors), "");
        assert_true(config.settings.dry_run);
        assert_true(config.settings.culprits);
        assert_int_equal(config.settings.max_actions, 6);
        assert_string_equal(config.settings.protect[0], "a.service");
        assert_int_equal(config.policies.n_policies, 3);
        assert_string_equal(config.policies.policies[0]->name, "10-a");
        assert_string_equal(config.policies.policies[1]->match.units[0], "b.service");
        assert_string_equal(config.policies.policies[2]->name, "30-c");
        assert_int_equal(strv_length(config.files), ELEMENTSOF(files));
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                assert_string_equal(config.files[i], folder_path(state, files[i]));
}

/* Masked in an earlier folder: by /dev/null, and by an empty file. */
static void test_masked(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(config_done) Config config = { 0 };

        write_file(state, "usr/lib/memstalld/memstalld.conf", "[Daemon]\nDryRun=yes\n");
        write_file(state, "run/memstalld/memstalld.conf", "");
        write_file(state, "usr/lib/memstalld/policy.d/10-a.conf", POLICY("a.service"));
        write_file(state, "usr/lib/memstalld/policy.d/20-b.conf", POLICY("b.service"));
        write_file(state, "usr/lib/memstalld/policy.d/30-c.conf", POLICY("c.service"));
        write_file(state, "etc/memstalld/policy.d/20-b.conf", "");
        assert_int_equal(symlink("/dev/null", folder_path(state, "etc/memstalld/policy.d/30-c.conf")), 0);

        assert_int_equal(config_load(*state, &config, &errors), 0);
        assert_string_equal(errors_text(&errors), "");
        assert_false(config.settings.dry_run);
        assert_int_equal(config.policies.n_policies, 1);
        assert_int_equal(strv_length(config.files), 1);
}

/* A file with a mistake is left out, and hides the one behind it all the same; the rest counts. */
static void test_wrong(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(config_done) Config config = { 0 };

        write_file(state, "etc/memstalld/memstalld.conf", "[Daemon]\nDryRun=yes\nCulprits=x\n");
        write_file(state, "etc/memstalld/memstalld.conf.d/a.conf", "[Daemon]\nCulpritStacks=no\n");
        write_file(state, "etc/memstalld/policy.d/10-a.conf", POLICY("a"));
        write_file(state, "usr/lib/memstalld/policy.d/10-a.conf", POLICY("a.service"));
        write_file(state, "etc/memstalld/policy.d/20-b.conf", POLICY("b.service"));
        assert_int_equal(mkdir(folder_path(state, "etc/memstalld/policy.d/30-c.conf"), 0755), 0);

        assert_int_equal(config_load(*state, &config, &errors), 0);
        assert_string_equal(errors_text(&errors),
                            "3: Culprits=: \"x\" is no boolean, write yes or no\n"
                            "2: Unit=: \"a\" does not end in .service or .scope, write the whole name\n"
                            "1: is a directory, put a text file in its place\n");
        assert_string_equal(errors.items[0].file, folder_path(state, "etc/memstalld/memstalld.conf"));
        assert_string_equal(errors.items[2].file, folder_path(state, "etc/memstalld/policy.d/30-c.conf"));
        assert_false(config.settings.dry_run);
        assert_false(config.settings.culprit_stacks);
        assert_int_equal(config.policies.n_policies, 1);
        assert_string_equal(config.policies.policies[0]->name, "20-b");
        assert_int_equal(strv_length(config.files), 2);
}

/* A file alone is settings or a policy by where it lies. */
static void test_file_kind(void **state) {
        static const struct {
                const char *name;
                bool settings;
        } rows[] = {
                { "memstalld.conf", true },       { "memstalld.conf.d/a.conf", true }, { "a.conf", false },
                { "policy.d/a.conf", false },     { "my-memstalld.conf", false },      { "xmemstalld.conf.d/a", false },
                { "policy.d/memstalld.conf", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
                _cleanup_(config_done) Config config = CONFIG_DEFAULT;

                write_file(state, rows[i].name, rows[i].settings ? "[Daemon]\nDryRun=yes\n" : POLICY("a.service"));
                assert_int_equal(config_load_file(folder_path(state, rows[i].name), &config, &errors), 0);
                assert_int_equal(config.settings.dry_run, rows[i].settings);
                assert_int_equal(config.policies.n_policies, !rows[i].settings);
                assert_string_equal(config.files[0], folder_path(state, rows[i].name));
        }
}

/* The same, when the path starts with the folder. */
static void test_relative_path(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(config_done) Config config = CONFIG_DEFAULT;
        _cleanup_(freep) char *before = getcwd(NULL, 0);

        write_file(state, "memstalld.conf.d/a.conf", "[Daemon]\nDryRun=yes\n");
        assert_int_equal(chdir(*state), 0);
        assert_int_equal(config_load_file("memstalld.conf.d/a.conf", &config, &errors), 0);
        assert_int_equal(config_load_file("a.conf", &config, &errors), CONFIG_E_REFUSED);
        assert_int_equal(chdir(before), 0);
        assert_true(config.settings.dry_run);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_nothing), folder_test(test_all),       folder_test(test_masked),
                folder_test(test_wrong),   folder_test(test_file_kind), folder_test(test_relative_path),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
