/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "config-test.h"

#include "config/load.h"

#define STEP "[Step]\nPressure=some 10% 2s\nAction=log\n"

static void write_policy(void **state, const char *name, const char *match) {
        char path[64], text[512];

        (void) snprintf(path, sizeof(path), "etc/memstalld/policy.d/%s.conf", name);
        (void) snprintf(text, sizeof(text), "[Match]\n%s\n%s", match, STEP);
        (void) folder_write(state, path, text, strlen(text));
}

#define TAKEN                                                                                                 \
        "1: warning: watches nothing, since the policy 10-a comes first and takes all that [Match] names: give this " \
        "file a name before it\n"

static void test_order(void **state) {
        static const struct {
                const char *first, *second;
                bool taken;
        } rows[] = {
                { "Unit=*.service", "Unit=a.service b-*.service", true },
                { "Unit=a.service b.service", "Unit=b.service", true },
                { "Unit=*.service", "Unit=a.service b.scope", false },
                { "Unit=a.service", "Unit=*.service", false },
                { "Unit=*.service\nExcept=c.service", "Unit=a.service", false },
                { "Unit=*", "Slice=a.slice", false },
                { "Slice=*", "Slice=a.slice", true },
                { "CGroup=/a/*", "CGroup=/a/b", true },
                { "CGroup=/a/b", "CGroup=/a/*", false },
                { "System=yes", "System=yes", true },
                { "System=yes", "System=yes\nUnit=a.service", false },
                { "Unit=a.service", "System=yes", false },
                { "Unit=a.service\nSystem=yes", "System=yes", true },
                { "Unit=*\n[Policy]\nEnabled=no", "Unit=a.service", false },
                { "Unit=*\n[Policy]\nExpires=9999-12-31", "Unit=a.service", false },
                { "Unit=*", "Unit=a.service\n[Policy]\nEnabled=no", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
                _cleanup_(config_done) Config config = { 0 };

                write_policy(state, "10-a", rows[i].first);
                write_policy(state, "20-b", rows[i].second);
                assert_int_equal(config_load(*state, &config, &errors), 0);
                assert_string_equal(errors_text(&errors), rows[i].taken ? TAKEN : "");
                if (rows[i].taken)
                        assert_string_equal(errors.items->file, folder_path(state, "etc/memstalld/policy.d/20-b.conf"));
                assert_int_equal(config.policies.n_policies, 2);
        }
}

/* Each is told once, of the first that takes it. */
static void test_three(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(config_done) Config config = { 0 };

        write_policy(state, "10-a", "Unit=*");
        write_policy(state, "20-b", "Unit=*");
        write_policy(state, "30-c", "Unit=a.service");
        assert_int_equal(config_load(*state, &config, &errors), 0);
        assert_string_equal(errors_text(&errors), TAKEN TAKEN);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_order),
                folder_test(test_three),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
