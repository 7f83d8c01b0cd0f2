/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* memstalld.conf. What is read is printed so that it reads the same. */

#include <string.h>

#include "config/print.h"
#include "config/settings-file.h"
#include "fuzz.h"

static char *print(const Settings *settings, size_t *ret_size) {
        char *text = NULL;
        FILE *file = open_memstream(&text, ret_size);

        FUZZ_CHECK(file);
        config_print_settings(file, settings);
        FUZZ_CHECK(fclose(file) == 0);
        return text;
}

static void print_round(const Settings *settings) {
        Settings again = SETTINGS_DEFAULT;
        ConfigErrors errors = { 0 };
        size_t size, size_again;
        char *text = print(settings, &size), *text_again;

        FUZZ_CHECK(settings_read_file(fuzz_file((const uint8_t *) text, size), &again, &errors) == 0);
        text_again = print(&again, &size_again);
        FUZZ_CHECK(strcmp(text, text_again) == 0);
        free(text);
        free(text_again);
        settings_done(&again);
        config_errors_done(&errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        ConfigErrors errors = { 0 };
        Settings settings = SETTINGS_DEFAULT;
        int r;

        r = settings_read_file(fuzz_file(data, size), &settings, &errors);
        FUZZ_CHECK(r >= 0);
        FUZZ_CHECK((r == CONFIG_E_REFUSED) == (config_errors_count(&errors) > 0));
        if (r == 0)
                print_round(&settings);
        settings_done(&settings);
        config_errors_done(&errors);
        return 0;
}
