/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/stat.h>

#include "config-test.h"

#include "base/strv.h"
#include "ctl/config-files.h"

static const char good[] = "[Match]\nSlice=a.slice\n[Step]\nUsage=1G\nAction=log\n";

static void put(void **state, const char *name, const char *text) {
        (void) folder_write(state, name, text, strlen(text));
}

static void find(void **state, Config *config, ConfigErrors *errors, ConfigFiles *files) {
        assert_int_equal(config_load(*state, config, errors), 0);
        assert_int_equal(config_files_find(*state, config, errors, files), 0);
}

static void test_none(void **state) {
        _cleanup_(config_done) Config config = CONFIG_DEFAULT;
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(config_files_done) ConfigFiles files = { 0 };

        find(state, &config, &errors, &files);
        assert_int_equal(files.n_items, 0);
}

static void test_files(void **state) {
        static const struct {
                const char *path;
                FileState state;
                bool is_settings;
                size_t n_hides;
        } rows[] = {
                { "usr/lib/memstalld/memstalld.conf", FILE_IN_EFFECT, true, 0 },
                { "etc/memstalld/memstalld.conf.d/a.conf", FILE_LEFT_OUT, true, 1 },
                { "etc/memstalld/memstalld.conf.d/b.conf", FILE_MASKED, true, 0 },
                { "run/memstalld/policy.d/10.conf", FILE_IN_EFFECT, false, 2 },
                { "etc/memstalld/policy.d/20.conf", FILE_LEFT_OUT, false, 0 },
                { "etc/memstalld/policy.d/30.conf", FILE_MASKED, false, 1 },
        };
        _cleanup_(config_done) Config config = CONFIG_DEFAULT;
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(config_files_done) ConfigFiles files = { 0 };

        put(state, "usr/lib/memstalld/memstalld.conf", "[Daemon]\n");
        put(state, "etc/memstalld/memstalld.conf.d/a.conf", "[Demon]\n");
        put(state, "run/memstalld/memstalld.conf.d/a.conf", "[Daemon]\n");
        put(state, "etc/memstalld/memstalld.conf.d/b.conf", "");
        put(state, "run/memstalld/policy.d/10.conf", good);
        put(state, "usr/local/lib/memstalld/policy.d/10.conf", good);
        put(state, "usr/lib/memstalld/policy.d/10.conf", good);
        put(state, "etc/memstalld/policy.d/20.conf", "[Match]\n");
        put(state, "etc/memstalld/policy.d/30.conf", "");
        put(state, "run/memstalld/policy.d/30.conf", good);

        find(state, &config, &errors, &files);
        assert_int_equal(files.n_items, ELEMENTSOF(rows));
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const ConfigFile *file = files.items + i;

                assert_string_equal(file->path, folder_path(state, rows[i].path));
                assert_int_equal(file->state, rows[i].state);
                assert_int_equal(file->is_settings, rows[i].is_settings);
                assert_int_equal(strv_length(file->hides), rows[i].n_hides);
                assert_int_equal(!!file->policy, !file->is_settings && file->state == FILE_IN_EFFECT);
        }
        assert_string_equal(files.items[3].policy->name, "10");
        assert_string_equal(files.items[3].hides[1], folder_path(state, "usr/lib/memstalld/policy.d/10.conf"));
}

/* A file that only raises eyebrows counts. */
static void test_warning(void **state) {
        static const char over[] = "[Match]\nSlice=a.slice\n[Step]\nUsage=1G\nAction=log\n[Policy]\nExpires=2020-01-01\n";
        _cleanup_(config_done) Config config = CONFIG_DEFAULT;
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(config_files_done) ConfigFiles files = { 0 };

        put(state, "etc/memstalld/policy.d/a.conf", over);
        find(state, &config, &errors, &files);
        assert_int_equal(errors.n_items, 1);
        assert_int_equal(files.n_items, 1);
        assert_int_equal(files.items[0].state, FILE_IN_EFFECT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_none),
                folder_test(test_files),
                folder_test(test_warning),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
