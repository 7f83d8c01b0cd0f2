/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <unistd.h>

#include "fuzz.h"

char *fuzz_text(const uint8_t *data, size_t size) {
        static char *text;

        free(text); /* a block of its very size: reading past its end is seen */
        text = malloc(size + 1);
        FUZZ_CHECK(text);
        if (size > 0)
                memcpy(text, data, size);
        text[size] = '\0';
        return text;
}

static char input_path[64];

static void remove_input(void) {
        (void) unlink(input_path);
}

const char *fuzz_file(const uint8_t *data, size_t size) {
        static int fd = -1;

        if (fd < 0) {
                (void) snprintf(input_path, sizeof(input_path), "%s/fuzz-XXXXXX",
                                access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
                fd = mkstemp(input_path);
                FUZZ_CHECK(fd >= 0);
                FUZZ_CHECK(atexit(remove_input) == 0);
        }
        FUZZ_CHECK(ftruncate(fd, 0) == 0);
        FUZZ_CHECK(pwrite(fd, data, size, 0) == (ssize_t) size);
        return input_path;
}
