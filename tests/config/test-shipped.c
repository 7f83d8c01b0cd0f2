/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* conf/memstalld.conf, given as the only argument, says in comments what holds without it. Read without the comment
 * signs it must be the defaults, and name every key. */

#include <stdio.h>
#include <string.h>

#include "config-test.h"

#include "base/strv.h"
#include "config/settings-file.h"

static const char *shipped;

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
        static const char *const keys[] = { "DryRun", "Culprits", "CulpritStacks", "MaxActions", "Protect" };
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
        assert_int_equal(settings.max_actions, expected.max_actions);
        assert_int_equal(settings.max_actions_usec, expected.max_actions_usec);
        assert_null(settings.protect);

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                char line[32];

                (void) snprintf(line, sizeof(line), "\n%s=", keys[i]);
                assert_non_null(strstr(text, line));
        }
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_as_shipped),
                folder_test(test_uncommented),
        };

        if (argc != 2)
                return 2;
        shipped = argv[1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
