/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "config-test.h"

#include "ctl/check-order.h"

#define STEP "\n[Step]\nUsage=1G\nAction=log\n"
#define W "warning: "

/* Two policies, and what is said of the second. */
static void test_pairs(void **state) {
        static const struct {
                const char *first, *second, *expect;
        } rows[] = {
                { "System=yes", "System=yes", "2: " W "System=: the host is watched by 10, which comes first\n" },
                { "System=no\nSlice=a.slice", "System=yes", "" },
                { "System=yes", "Slice=a.slice", "" },
                { "Slice=*.slice", "Slice=a.slice b.slice",
                  "2: " W "Slice=: what matches \"a.slice\" is watched by 10, which comes first\n"
                  "2: " W "Slice=: what matches \"b.slice\" is watched by 10, which comes first\n" },
                { "Slice=a.slice", "Slice=*.slice", "" },
                { "Unit=a*.service", "Unit=b.service\nUnit=ab.service",
                  "3: " W "Unit=: what matches \"ab.service\" is watched by 10, which comes first\n" },
                { "Unit=a*.service\nExcept=ab.service", "Unit=ab.service", "" },
                { "CGroup=/docker/*", "CGroup=/docker/x",
                  "2: " W "CGroup=: what matches \"/docker/x\" is watched by 10, which comes first\n" },
                { "System=yes\n[Policy]\nEnabled=no", "System=yes", "" },
                { "System=yes\n[Policy]\nExpires=2099-01-01", "System=yes", "" },
                { "System=yes", "System=yes\n[Policy]\nEnabled=no", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(config_done) Config config = CONFIG_DEFAULT;
                _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
                char text[256];

                (void) snprintf(text, sizeof(text), "[Match]\n%s" STEP, rows[i].first);
                assert_int_equal(config_load_file(folder_write(state, "10.conf", text, strlen(text)), &config, &errors), 0);
                (void) snprintf(text, sizeof(text), "[Match]\n%s" STEP, rows[i].second);
                assert_int_equal(config_load_file(folder_write(state, "20.conf", text, strlen(text)), &config, &errors), 0);
                assert_int_equal(errors.n_items, 0);
                assert_int_equal(check_order(&config, &errors), 0);
                assert_string_equal(errors_text(&errors), rows[i].expect);
        }
}

/* Of several that come first, the one that watches is named. */
static void test_first(void **state) {
        static const char *const names[] = { "10.conf", "20.conf", "30.conf" };
        static const char text[] = "[Match]\nSystem=yes" STEP;
        _cleanup_(config_done) Config config = CONFIG_DEFAULT;
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                assert_int_equal(config_load_file(folder_write(state, names[i], text, strlen(text)), &config, &errors), 0);
        assert_int_equal(check_order(&config, &errors), 0);
        assert_string_equal(errors_text(&errors), "2: " W "System=: the host is watched by 10, which comes first\n"
                                                  "2: " W "System=: the host is watched by 10, which comes first\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_pairs),
                folder_test(test_first),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
