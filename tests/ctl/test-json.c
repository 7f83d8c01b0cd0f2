/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "ctl/json.h"

/* Where a test writes to, and what it wrote. */
typedef struct Text {
        Json j;
        char *printed;
        size_t size;
} Text;

static void text_done(Text *t) {
        free(t->printed);
}

static void text_open(Text *t) {
        t->j.f = open_memstream(&t->printed, &t->size);
        assert_non_null(t->j.f);
}

static const char *text_close(Text *t) {
        assert_int_equal(t->j.depth, 0);
        assert_int_equal(fclose(t->j.f), 0);
        return t->printed;
}

static void test_strings(void **state) {
        static const struct {
                const char *value, *written;
        } rows[] = {
                { "", "\"\"" },
                { "hog.service", "\"hog.service\"" },
                { NULL, "null" },
                { "a\"b\\c/d", "\"a\\\"b\\\\c/d\"" },
                { "a\nb\tc\rd\x01\x1f\x7f", "\"a\\u000ab\\u0009c\\u000dd\\u0001\\u001f\\u007f\"" },
                { "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
                { "a\xff" "b", "\"a\\ufffdb\"" },              /* never UTF-8 */
                { "\xc3", "\"\\ufffd\"" },                     /* cut */
                { "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" }, /* a surrogate */
                { "\xc3\nx", "\"\\ufffd\\u000ax\"" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(text_done) Text t = { 0 };

                text_open(&t);
                json_string(&t.j, NULL, rows[i].value);
                assert_string_equal(text_close(&t), rows[i].written);
        }
}

static void test_containers(void **state) {
        static const char *const names[] = { "a", "b", NULL };
        _cleanup_(text_done) Text t = { 0 };

        text_open(&t);
        json_list(&t.j, NULL);
        json_object(&t.j, NULL);
        json_string(&t.j, "file", "x");
        json_uint(&t.j, "line", UINT64_MAX);
        json_boolean(&t.j, "good", true);
        json_boolean(&t.j, "bad", false);
        json_null(&t.j, "nothing");
        json_strv(&t.j, "names", (char *const *) names);
        json_strv(&t.j, "none", NULL);
        json_object(&t.j, "inner");
        json_end(&t.j);
        json_end(&t.j);
        json_object(&t.j, NULL);
        json_end(&t.j);
        json_list(&t.j, NULL);
        json_uint(&t.j, NULL, 0);
        json_uint(&t.j, NULL, 1);
        json_end(&t.j);
        json_end(&t.j);
        assert_string_equal(text_close(&t),
                            "[\n"
                            "{\"file\":\"x\",\"line\":18446744073709551615,\"good\":true,\"bad\":false,\"nothing\":null,"
                            "\"names\":[\"a\",\"b\"],\"none\":[],\"inner\":{}},\n"
                            "{},\n"
                            "[0,1]\n"
                            "]\n");
}

static void test_empty(void **state) {
        _cleanup_(text_done) Text t = { 0 };

        text_open(&t);
        json_object(&t.j, NULL);
        json_end(&t.j);
        assert_string_equal(text_close(&t), "{}\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_strings),
                cmocka_unit_test(test_containers),
                cmocka_unit_test(test_empty),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
