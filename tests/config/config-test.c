/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config-test.h"

static char path_buffer[512], text_buffer[16384];

int folder_setup(void **state) {
        *state = strdup("/tmp/memstalld-test-XXXXXX");
        return *state && mkdtemp(*state) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
        return remove(path);
}

int folder_teardown(void **state) {
        int r = nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS);

        free(*state);
        return r;
}

const char *folder_path(void **state, const char *name) {
        assert_true((size_t) snprintf(path_buffer, sizeof(path_buffer), "%s/%s", (const char *) *state, name) <
                    sizeof(path_buffer));
        return path_buffer;
}

const char *folder_write(void **state, const char *name, const char *text, size_t size) {
        _cleanup_(fd_closep) int fd = -EBADF;

        (void) folder_path(state, name);
        for (char *slash = path_buffer + strlen(*state) + 1; (slash = strchr(slash, '/')); slash++) {
                *slash = '\0';
                assert_true(mkdir(path_buffer, 0755) == 0 || errno == EEXIST);
                *slash = '/';
        }
        fd = open(path_buffer, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, size), (ssize_t) size);
        return path_buffer;
}

const char *errors_text(const ConfigErrors *errors) {
        size_t used = 0;

        text_buffer[0] = '\0';
        for (size_t i = 0; i < errors->n_items; i++) {
                used += (size_t) snprintf(text_buffer + used, sizeof(text_buffer) - used, "%u: %s%s\n",
                                          errors->items[i].line, errors->items[i].warning ? "warning: " : "",
                                          errors->items[i].text);
                assert_true(used < sizeof(text_buffer));
        }
        return text_buffer;
}
