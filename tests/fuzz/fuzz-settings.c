/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* memstalld.conf. */

#include "config/settings-file.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        ConfigErrors errors = { 0 };
        Settings settings = SETTINGS_DEFAULT;
        int r;

        r = settings_read_file(fuzz_file(data, size), &settings, &errors);
        FUZZ_CHECK(r >= 0);
        FUZZ_CHECK((r == CONFIG_E_REFUSED) == (config_errors_count(&errors) > 0));
        settings_done(&settings);
        config_errors_done(&errors);
        return 0;
}
