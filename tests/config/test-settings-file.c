/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "config-test.h"

#include "base/strv.h"
#include "base/usec.h"
#include "config/settings-file.h"
#include "config/value.h"
#include "core/budget.h"

/* Reads the text on top of `settings`. */
static void read_settings(void **state, const char *text, Settings *settings, int result, const char *expected) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        const char *path = folder_write(state, "memstalld.conf", text, strlen(text));

        assert_int_equal(settings_read_file(path, settings, &errors), result);
        assert_string_equal(errors_text(&errors), expected);
}

static void test_defaults(void **state) {
        _cleanup_(settings_done) Settings settings = SETTINGS_DEFAULT;

        read_settings(state, "", &settings, CONFIG_E_MASKED, "");
        read_settings(state, "# nothing\n[Daemon]\n", &settings, 0, "");
        assert_false(settings.dry_run);
        assert_true(settings.culprits);
        assert_true(settings.culprit_stacks);
        assert_true(settings.managed_oom);
        assert_int_equal(settings.max_actions, 30);
        assert_int_equal(settings.max_actions_usec, 10 * USEC_PER_MINUTE);
        assert_null(settings.protect);
}

static void test_values(void **state) {
        _cleanup_(settings_done) Settings settings = SETTINGS_DEFAULT;

        read_settings(state,
                      "[Daemon]\nDryRun=yes\nCulprits=no\nCulpritStacks=off\nMaxActions=5 1h 30min\nManagedOOM=no\n"
                      "LeaveToOomd=no\nProtect=a.service b-*.scope\n",
                      &settings, 0, "");
        assert_true(settings.dry_run);
        assert_false(settings.culprits);
        assert_false(settings.culprit_stacks);
        assert_false(settings.managed_oom);
        assert_false(settings.leave_to_oomd);
        assert_int_equal(settings.max_actions, 5);
        assert_int_equal(settings.max_actions_usec, 90 * USEC_PER_MINUTE);
        assert_int_equal(strv_length(settings.protect), 2);

        /* A drop-in adds to lists, and sets back by an empty assignment. */
        read_settings(state, "[Daemon]\nProtect=c.service\nMaxActions=\nDryRun=\nCulprits=\n", &settings, 0, "");
        assert_int_equal(strv_length(settings.protect), 3);
        assert_string_equal(settings.protect[2], "c.service");
        assert_int_equal(settings.max_actions, 30);
        assert_int_equal(settings.max_actions_usec, 10 * USEC_PER_MINUTE);
        assert_false(settings.dry_run);
        assert_true(settings.culprits);
        read_settings(state, "[Daemon]\nProtect=\nProtect=d.service\n", &settings, 0, "");
        assert_int_equal(strv_length(settings.protect), 1);
}

/* One mistake, and nothing of the file counts. */
static void test_refused(void **state) {
        _cleanup_(settings_done) Settings settings = SETTINGS_DEFAULT;

        read_settings(state, "[Daemon]\nProtect=a.service\n", &settings, 0, "");
        read_settings(state, "[Daemon]\nDryRun=yes\nProtect=b.service\nCulprits=perhaps\nMaxActions=5 1h\n", &settings,
                      CONFIG_E_REFUSED, "4: Culprits=: \"perhaps\" is no boolean, write yes or no\n");
        assert_false(settings.dry_run);
        assert_int_equal(settings.max_actions, 30);
        assert_int_equal(strv_length(settings.protect), 1);
}

#define NO_BUDGET(s) "2: MaxActions=: \"" s "\" is no number and time, write for example 30 10min\n"
#define BAD_COUNT "2: MaxActions=: the number of actions must be from 1 to 1000, write for example 30 10min\n"
#define BAD_TIME "2: MaxActions=: the time must be more than 0 and less than infinity, write for example 30 10min\n"

static void test_errors(void **state) {
        static const struct {
                const char *text, *errors;
        } rows[] = {
                { "[Daemon]\nMaxActions=30", NO_BUDGET("30") },
                { "[Daemon]\nMaxActions=10min", NO_BUDGET("10min") },
                { "[Daemon]\nMaxActions=-3 10min", NO_BUDGET("-3 10min") },
                { "[Daemon]\nMaxActions=30 soon", NO_BUDGET("30 soon") },
                { "[Daemon]\nMaxActions=11111111111111111111 10min", BAD_COUNT },
                { "[Daemon]\nMaxActions=99999999999999999999 10min", NO_BUDGET("99999999999999999999 10min") },
                { "[Daemon]\nMaxActions=0 10min", BAD_COUNT },
                { "[Daemon]\nMaxActions=1001 10min", BAD_COUNT },
                { "[Daemon]\nMaxActions=4294967297 10min", BAD_COUNT },
                { "[Daemon]\nMaxActions=30 0", BAD_TIME },
                { "[Daemon]\nMaxActions=30 infinity", BAD_TIME },
                { "[Daemon]\nPolicies=yes", "2: Policies=: unknown key in [Daemon], remove it\n" },
                { "[Daemon]\nDryrun=yes", "2: Dryrun=: unknown key in [Daemon], did you mean DryRun=?\n" },
                { "[Daemon]\nProtect=a.slice",
                  "2: Protect=: \"a.slice\" is a slice, name the services and scopes in it\n" },
                { "[Match]\nUnit=a.service", "1: [Match]: unknown section, write [Daemon]\n" },
                { "[Daemons]\nDryRun=x", "1: [Daemons]: unknown section, did you mean [Daemon]?\n"
                                        "2: DryRun=: \"x\" is no boolean, write yes or no\n" },
                { "DryRun=yes", "1: DryRun=: stands above the first section, write [Daemon] before it\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(settings_done) Settings settings = SETTINGS_DEFAULT;

                read_settings(state, rows[i].text, &settings, CONFIG_E_REFUSED, rows[i].errors);
        }
}

/* What is allowed here the core must be able to keep. */
static void test_bound(void **state) {
        assert_true(MAX_ACTIONS_MAX <= BUDGET_ACTIONS_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_defaults), folder_test(test_values), folder_test(test_refused),
                folder_test(test_errors),   cmocka_unit_test(test_bound),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
