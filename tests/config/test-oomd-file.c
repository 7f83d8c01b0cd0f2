/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "config-test.h"

#include "base/usec.h"
#include "config/load.h"
#include "config/oomd-file.h"

static void write_file(void **state, const char *name, const char *text) {
        (void) folder_write(state, name, text, strlen(text));
}

static void check(void **state, uint32_t pressure, uint64_t usec, uint32_t swap) {
        Settings settings = SETTINGS_DEFAULT;

        assert_int_equal(oomd_files_read(*state, &settings), 0);
        assert_int_equal(settings.managed.pressure_share, pressure);
        assert_int_equal(settings.managed.duration_usec, usec);
        assert_int_equal(settings.managed.swap_used_share, swap);
}

static void test_nothing(void **state) {
        check(state, 6000, 30 * USEC_PER_SEC, 9000);
}

static void test_files(void **state) {
        write_file(state, "usr/lib/systemd/oomd.conf", "[OOM]\nSwapUsedLimit=10%\n");
        write_file(state, "etc/systemd/oomd.conf", "[OOM]\n#SwapUsedLimit=90%\nDefaultMemoryPressureLimit=50%\n"
                                                   "DefaultMemoryPressureDurationSec=20s\n");
        check(state, 5000, 20 * USEC_PER_SEC, 9000);
        write_file(state, "usr/lib/systemd/oomd.conf.d/20-b.conf", "[OOM]\nSwapUsedLimit=80%\n");
        write_file(state, "run/systemd/oomd.conf.d/10-a.conf", "[OOM]\nSwapUsedLimit=70%\n"
                                                               "DefaultMemoryPressureDurationSec=1min 10s\n");
        check(state, 5000, 70 * USEC_PER_SEC, 8000);
        /* Masked, and emptied. */
        write_file(state, "etc/systemd/oomd.conf.d/20-b.conf", "");
        write_file(state, "etc/systemd/oomd.conf.d/30-c.conf", "[OOM]\nDefaultMemoryPressureLimit=\n");
        check(state, 6000, 70 * USEC_PER_SEC, 7000);
}

/* What is wrong is not ours to tell, and nothing follows from it. */
static void test_wrong(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(config_done) Config config = { 0 };

        write_file(state, "etc/systemd/oomd.conf", "SwapUsedLimit=1%\n[Oom]\nnonsense\n[OOM]\nPrekillHookTimeoutSec=5s\n"
                                                   "SwapUsedLimit=lots\nSwapUsedLimit=101%\nSwapUsedLimit=0%\n"
                                                   "DefaultMemoryPressureLimit=0%\n"
                                                   "DefaultMemoryPressureDurationSec=999ms\n"
                                                   "DefaultMemoryPressureDurationSec=infinity\n");
        write_file(state, "etc/systemd/oomd.conf.d/a.conf", "\x01");
        write_file(state, "etc/systemd/oomd.conf.d/b.conf/c", "a folder");
        check(state, 6000, 30 * USEC_PER_SEC, 9000);
        write_file(state, "etc/systemd/oomd.conf.d/c.conf", "[OOM]\nSwapUsedLimit=85%\nnonsense\n");
        check(state, 6000, 30 * USEC_PER_SEC, 8500);

        assert_int_equal(config_load(*state, &config, &errors), 0);
        assert_int_equal(errors.n_items, 0);
        assert_int_equal(config.settings.managed.swap_used_share, 8500);
        assert_null(config.files);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_nothing),
                folder_test(test_files),
                folder_test(test_wrong),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
