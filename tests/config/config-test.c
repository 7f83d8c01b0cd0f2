/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config-test.h"

#include "config/policy-file.h"

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

const char *value_error(const ValueType *type, const char *value, void *field) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        const Place place = { .errors = &errors, .file = "x", .line = 1, .key = "K" };

        assert_int_equal(type->parse(&place, value, field), 0);
        if (errors.n_items == 0)
                return "";
        assert_int_equal(errors.n_items, 1);
        assert_int_equal(strncmp(errors.items->text, "K=: ", 4), 0);
        (void) snprintf(text_buffer, sizeof(text_buffer), "%s", errors.items->text + 4);
        return text_buffer;
}

Policy *policy_read_text(void **state, const char *text, const char *expected) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        const char *path = folder_write(state, "a.conf", text, strlen(text));
        Policy *policy = NULL;
        int r;

        r = policy_read_file(path, &policy, &errors);
        assert_string_equal(errors_text(&errors), expected);
        assert_int_equal(r, config_errors_count(&errors) > 0 ? CONFIG_E_REFUSED : 0);
        assert_true(!policy == (r != 0));
        for (size_t i = 0; i < errors.n_items; i++)
                assert_string_equal(errors.items[i].file, path);
        return policy;
}
