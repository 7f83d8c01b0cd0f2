/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/stat.h>

#include "config-test.h"

#include "config/source.h"

static void check(const char *path, int result, const char *expected) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(source_done) Source source = { 0 };

        assert_int_equal(source_read(path, &source, &errors), result);
        if (result == 0) {
                assert_int_equal(errors.n_items, 0);
                assert_string_equal(source.path, path);
                assert_int_equal(source.size, strlen(expected));
                assert_memory_equal(source.text, expected, source.size);
        } else {
                assert_null(source.text);
                assert_string_equal(errors_text(&errors), expected);
                if (errors.n_items > 0)
                        assert_string_equal(errors.items[0].file, path);
        }
}

#define NO_TEXT "holds bytes that are no text, write the file in UTF-8 without control characters\n"

static void test_content(void **state) {
        static const struct {
                const char *text;
                size_t size;
                int result;
                const char *expected;
        } rows[] = {
                { "a=b\nc", 5, 0, "a=b\nc" },
                { "\xef\xbb\xbf[Match]\n", 11, 0, "[Match]\n" },
                { "\xef\xbb\xbf", 3, 0, "" },
                { "", 0, CONFIG_E_MASKED, "" },
                { "a\n\nb\0c\n", 7, CONFIG_E_REFUSED, "3: " NO_TEXT },
                { "\x7f" "ELF", 4, CONFIG_E_REFUSED, "1: " NO_TEXT },
                { "\0", 1, CONFIG_E_REFUSED, "1: " NO_TEXT },
                { "\xff\xfe[\0M\0", 6, CONFIG_E_REFUSED, "1: " NO_TEXT }, /* UTF-16 */
                { "a\nK\xe4se", 6, CONFIG_E_REFUSED, "2: " NO_TEXT },     /* Latin-1 */
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                check(folder_write(state, "a.conf", rows[i].text, rows[i].size), rows[i].result, rows[i].expected);
}

static void test_kinds(void **state) {
        _cleanup_(freep) char *file = strdup(folder_write(state, "file", "a=b", 3));
        const char *path;

        check("/dev/null", CONFIG_E_MASKED, "");
        check("/dev/zero", CONFIG_E_REFUSED, "1: is a device, put a text file in its place\n");
        check(*state, CONFIG_E_REFUSED, "1: is a directory, put a text file in its place\n");
        check(folder_path(state, "gone"), CONFIG_E_REFUSED, "1: cannot be read: No such file or directory\n");

        path = folder_path(state, "fifo");
        assert_int_equal(mkfifo(path, 0600), 0);
        check(path, CONFIG_E_REFUSED, "1: is a FIFO, put a text file in its place\n");

        path = folder_path(state, "link");
        assert_int_equal(symlink(file, path), 0);
        check(path, 0, "a=b");
        path = folder_path(state, "mask");
        assert_int_equal(symlink("/dev/null", path), 0);
        check(path, CONFIG_E_MASKED, "");
        path = folder_path(state, "loop");
        assert_int_equal(symlink("loop", path), 0);
        check(path, CONFIG_E_REFUSED, "1: cannot be read: Too many levels of symbolic links\n");
}

static void test_size(void **state) {
        const size_t size = SOURCE_SIZE_MAX + 1;
        _cleanup_(freep) char *text = malloc(size + 1);
        const char *path;

        assert_non_null(text);
        memset(text, '\n', size);
        text[size] = '\0';
        path = folder_write(state, "large", text, size);
        check(path, CONFIG_E_REFUSED, "1: is larger than 1M, put a configuration file in its place\n");
        text[size - 1] = '\0';
        path = folder_write(state, "large", text, size - 1);
        check(path, 0, text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_content),
                folder_test(test_kinds),
                folder_test(test_size),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
