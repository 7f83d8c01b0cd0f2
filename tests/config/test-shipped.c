/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* conf/memstalld.conf, the first argument, says in comments what holds without it: read without the comment signs it
 * must be the defaults, and name every key. The others are conf/examples/: what is shipped as an example is right as it
 * stands. */

#include <stdio.h>
#include <string.h>

#include "config-test.h"

#include "base/strv.h"
#include "config/load.h"
#include "config/settings-file.h"

static const char *shipped;
static char *const *examples;

/* The file's text with "#Key=" turned into "Key=". */
static char *read_uncommented(void) {
        FILE *f = fopen(shipped, "re");
        char *text, *out;
        size_t n;

        assert_non_null(f);
        text = calloc(1, 16384);
        assert_non_null(text);
        n = fread(text, 1, 16383, f);
        assert_true(n > 0 && n < 16383);
        (void) fclose(f);

        out = text;
        for (const char *in = text; *in; in++)
                if (!(*in == '#' && (in == text || in[-1] == '\n') && in[1] >= 'A' && in[1] <= 'Z'))
                        *out++ = *in;
        *out = '\0';
        return text;
}

static void test_as_shipped(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(settings_done) Settings settings = SETTINGS_DEFAULT;

        assert_int_equal(settings_read_file(shipped, &settings, &errors), 0);
        assert_string_equal(errors_text(&errors), "");
}

static void test_uncommented(void **state) {
        static const char *const keys[] = { "DryRun",     "Culprits",   "CulpritStacks",
                                            "MaxActions", "ManagedOOM", "LeaveToOomd",
                                            "Protect" };
        const Settings expected = SETTINGS_DEFAULT;
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(settings_done) Settings settings = {
                .dry_run = true, .max_actions = 1, .max_actions_usec = 1, /* all other than the defaults */
        };
        _cleanup_(freep) char *text = read_uncommented();
        const char *path = folder_write(state, "memstalld.conf", text, strlen(text));

        assert_int_equal(strv_push(&settings.protect, "x.service", 9), 0);
        assert_int_equal(settings_read_file(path, &settings, &errors), 0);
        assert_string_equal(errors_text(&errors), "");
        assert_int_equal(settings.dry_run, expected.dry_run);
        assert_int_equal(settings.culprits, expected.culprits);
        assert_int_equal(settings.culprit_stacks, expected.culprit_stacks);
        assert_int_equal(settings.managed_oom, expected.managed_oom);
        assert_int_equal(settings.max_actions, expected.max_actions);
        assert_int_equal(settings.max_actions_usec, expected.max_actions_usec);
        assert_null(settings.protect);

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                char line[32];

                (void) snprintf(line, sizeof(line), "\n%s=", keys[i]);
                assert_non_null(strstr(text, line));
        }
}

/* ---- Examples -------------------------------------------------------------------------------- */

static Policy *read_example(const char *path, Config *config) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        int r = config_load_file(path, config, &errors);

        if (r != 0 || errors.n_items > 0)
                fail_msg("%s:\n%s", path, errors_text(&errors));
        return config->policies.policies[config->policies.n_policies - 1];
}

/* Neither mistakes nor what can hardly be meant, and nothing that a calendar or a switch takes out of use. */
static void test_examples(void **state) {
        _cleanup_(config_done) Config config = CONFIG_DEFAULT;

        assert_non_null(*examples);
        for (char *const *path = examples; *path; path++) {
                const Policy *policy = read_example(*path, &config);

                if (!policy->description || policy->disabled || policy->expires_usec > 0)
                        fail_msg("%s: has no Description=, or is off", *path);
        }
}

/* How much an action takes away from its victim. */
static int harm(ActionKind action) {
        static const int harms[_ACTION_KIND_MAX] = {
                [ACTION_LOG] = 0,     [ACTION_PROTECT] = 1, [ACTION_RECLAIM] = 2, [ACTION_THROTTLE] = 3,
                [ACTION_FREEZE] = 4,  [ACTION_START] = 5,   [ACTION_RESTART] = 6, [ACTION_STOP] = 7,
                [ACTION_KILL] = 8,
        };

        return harms[action];
}

/* A ladder is climbed from its mild end, and what is killed at last may go down without notice. */
static void test_ladders(void **state) {
        _cleanup_(config_done) Config config = CONFIG_DEFAULT;

        for (char *const *path = examples; *path; path++) {
                const Policy *policy = read_example(*path, &config);

                for (size_t i = 1; i < policy->n_steps; i++)
                        if (harm(policy->steps[i].action) < harm(policy->steps[i - 1].action))
                                fail_msg("%s: step %s comes behind a harsher one", *path, policy->steps[i].name);
        }
}

/* Pressure on the host says nothing about whose it is and whether memory is short at all: whoever kills for it asks
 * for that as well. */
static void test_host_short(void **state) {
        _cleanup_(config_done) Config config = CONFIG_DEFAULT;

        for (char *const *path = examples; *path; path++) {
                const Policy *policy = read_example(*path, &config);

                for (size_t i = 0; i < policy->n_steps && policy->match.system; i++) {
                        const Step *step = policy->steps + i;
                        bool asks = harm(step->action) < harm(ACTION_THROTTLE) || step->dry_run;

                        for (size_t c = 0; c < step->n_conditions; c++)
                                asks = asks || step->conditions[c].kind == CONDITION_AVAILABLE;
                        if (!asks)
                                fail_msg("%s: step %s does not ask for Available=", *path, step->name);
                }
        }
}

/* Comments at the top say when to use it, what to change, and how to put it in place. */
static void test_words(void **state) {
        static const char *const words[] = { "# What to change: ", "# To use it: copy it to /etc/memstalld/policy.d/" };
        char text[8192];

        for (char *const *path = examples; *path; path++) {
                FILE *f = fopen(*path, "re");
                size_t n;

                assert_non_null(f);
                n = fread(text, 1, sizeof(text) - 1, f);
                assert_true(n > 0 && n < sizeof(text) - 1);
                (void) fclose(f);
                text[n] = '\0';
                for (size_t i = 0; i < ELEMENTSOF(words); i++)
                        if (!strstr(text, words[i]))
                                fail_msg("%s lacks \"%s\"", *path, words[i]);
        }
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_as_shipped),
                folder_test(test_uncommented),
                cmocka_unit_test(test_examples),
                cmocka_unit_test(test_ladders),
                cmocka_unit_test(test_host_short),
                cmocka_unit_test(test_words),
        };

        if (argc < 3)
                return 2;
        shipped = argv[1];
        examples = argv + 2;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
