/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "sense/prekill.h"

#define NOTIFY "\"method\":\"io.systemd.oom.Prekill.Notify\""

static PrekillCall call;

static int parse(const char *text) {
        memset(&call, 'x', sizeof(call));
        return prekill_parse(text, strlen(text), &call);
}

static void test_calls(void **state) {
        static const struct {
                const char *text, *cgroup;
                bool oneway;
        } rows[] = {
                { "{" NOTIFY ",\"parameters\":{\"cgroup\":\"/system.slice/a.service\"}}", "/system.slice/a.service", false },
                { "{\"method\":\"io.systemd.oom.PreKill.Notify\",\"parameters\":{\"cgroup\":\"/a\"}}", "/a", false },
                { " {\n\t\"parameters\" : { \"more\" : [ 1, -2.5e+3, {} , [], \"\\u00e4\" ], \"cgroup\" : \"/a\" } , " NOTIFY " }\r\n", "/a",
                  false },
                { "{" NOTIFY ",\"more\":false,\"oneway\":true,\"parameters\":{\"cgroup\":\"/a\"}}", "/a", true },
                { "{" NOTIFY ",\"oneway\":false,\"parameters\":{\"cgroup\":\"/a\\\\x2db\\/\\\"\\b\\f\\n\\r\\t\"}}",
                  "/a\\x2db/\"\b\f\n\r\t", false },
                { "{" NOTIFY ",\"parameters\":{\"cgroup\":\"/\\u0041\\u00e4\\u20AC\\ud83d\\ude00\xc3\xa4\"}}",
                  "/A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xa4", false },
                { "{" NOTIFY ",\"parameters\":{\"cgroup\":null,\"cgroup\":\"/a\"}}", "/a", false },
                { "{" NOTIFY ",\"x\":null,\"y\":0,\"z\":-0.1,\"a\":1e9,\"parameters\":{\"cgroup\":\"/a\"}}", "/a", false },
                { "{" NOTIFY ",\"x\":[[[[[[[]]]]]]],\"parameters\":{\"cgroup\":\"/a\"}}", "/a", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                if (parse(rows[i].text) != 0)
                        fail_msg("%s", rows[i].text);
                assert_string_equal(call.cgroup, rows[i].cgroup);
                assert_int_equal(call.oneway, rows[i].oneway);
        }
}

static void test_not_ours(void **state) {
        assert_int_equal(parse("{\"method\":\"org.varlink.service.GetInfo\"}"), PREKILL_E_METHOD);
        assert_int_equal(parse("{\"method\":\"\"}"), PREKILL_E_METHOD);
        assert_int_equal(parse("{\"method\":\"io.systemd.oom.Prekill.NotifyNotifyNotifyNotifyNotifyNotifyNotifyNotify\"}"),
                         PREKILL_E_METHOD);
        assert_int_equal(strlen(call.method), sizeof(call.method) - 1);
        assert_int_equal(parse("{" NOTIFY "}"), PREKILL_E_PARAMETER);
        assert_int_equal(parse("{" NOTIFY ",\"parameters\":null}"), PREKILL_E_PARAMETER);
        assert_int_equal(parse("{" NOTIFY ",\"parameters\":{\"cgroup\":7}}"), PREKILL_E_PARAMETER);
        assert_int_equal(parse("{" NOTIFY ",\"parameters\":{\"cgroup\":\"a\"}}"), PREKILL_E_PARAMETER);
        assert_int_equal(parse("{" NOTIFY ",\"parameters\":{\"cgroups\":\"/a\"}}"), PREKILL_E_PARAMETER);
        assert_int_equal(parse("{" NOTIFY ",\"parameters\":{\"x\":{\"cgroup\":\"/a\"}}}"), PREKILL_E_PARAMETER);
        assert_int_equal(parse("{" NOTIFY ",\"parameters\":{\"12345678901234567890123456789012cgroup\":\"/a\"}}"),
                         PREKILL_E_PARAMETER);
}

static void test_no_json(void **state) {
        static const char *const rows[] = {
                "", " ", "{", "}", "[]", "null", "\"x\"", "{}", "{,}", "{" NOTIFY "}}", "{" NOTIFY "} x", "{" NOTIFY ",}",
                "{" NOTIFY " " NOTIFY "}", "{" NOTIFY "," NOTIFY "}", "{method:1}", "{\"method\"}", "{\"method\":}",
                "{\"method\":1}", "{\"method\":\"x}", "{\"method\":\"\\x\"}", "{\"method\":\"\\", "{\"method\":\"a\nb\"}",
                "{\"method\":\"\\u12\"}", "{\"method\":\"\\u00g0\"}", "{\"method\":\"\\u0000\"}", "{\"method\":\"\\ud800\"}",
                "{\"method\":\"\\ud800\\u0041\"}", "{\"method\":\"\\udc00\"}", "{\"method\":\"\\ud800x\"}",
                "{" NOTIFY ",\"a\":tru}", "{" NOTIFY ",\"a\":nul}", "{" NOTIFY ",\"a\":fals}", "{" NOTIFY ",\"a\":01}",
                "{" NOTIFY ",\"a\":-}", "{" NOTIFY ",\"a\":1.}", "{" NOTIFY ",\"a\":1e}", "{" NOTIFY ",\"a\":+1}",
                "{" NOTIFY ",\"a\":[1,]}", "{" NOTIFY ",\"a\":[1 2]}", "{" NOTIFY ",\"a\":[1}",
                "{" NOTIFY ",\"oneway\":1}", "{" NOTIFY ",\"oneway\":true,\"oneway\":false}", "{" NOTIFY ",\"oneway\":truth}",
                "{" NOTIFY ",\"parameters\":[]}", "{" NOTIFY ",\"parameters\":{},\"parameters\":{}}",
                "{" NOTIFY ",\"parameters\":{\"cgroup\":\"/a\",\"cgroup\":\"/b\"}}",
                "{" NOTIFY ",\"x\":[[[[[[[[]]]]]]]]}",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (parse(rows[i]) != -EBADMSG)
                        fail_msg("%s", rows[i]);
        assert_int_equal(prekill_parse("{" NOTIFY "}\0", strlen("{" NOTIFY "}") + 1, &call), -EBADMSG);
        assert_int_equal(prekill_parse("{" NOTIFY "}\0x", strlen("{" NOTIFY "}") + 2, &call), -EBADMSG);
}

/* Each beginning of a call is none, and is read no further than it goes. */
static void test_cut(void **state) {
        static const char text[] = "{" NOTIFY ",\"oneway\":true,\"a\":[null,-1.5e-3,\"\\ud83d\\ude00\"],\"parameters\":{\"cgroup\":\"/a\"}}";

        for (size_t n = 0; n < strlen(text); n++) {
                char *copy = malloc(n + 1);

                memcpy(copy, text, n);
                copy = realloc(copy, n > 0 ? n : 1);
                assert_int_equal(prekill_parse(copy, n, &call), -EBADMSG);
                free(copy);
        }
        assert_int_equal(parse(text), 0);
}

/* What is longer than any cgroup is cut, a character whole or not at all. */
static void test_long(void **state) {
        static char text[3 * PREKILL_CGROUP_MAX];
        int used = snprintf(text, sizeof(text), "{" NOTIFY ",\"parameters\":{\"cgroup\":\"/");

        memset(text + used, 'p', PREKILL_CGROUP_MAX - 4);
        strcpy(text + used + PREKILL_CGROUP_MAX - 4, "\\ud83d\\ude00q\"}}");
        assert_int_equal(parse(text), 0);
        assert_int_equal(strlen(call.cgroup), PREKILL_CGROUP_MAX - 3);
        assert_int_equal(call.cgroup[PREKILL_CGROUP_MAX - 4], 'p');
        text[used + 10] = '\0';
}

static void test_answers(void **state) {
        size_t n;

        assert_string_equal(prekill_answer(0, &n), "{\"parameters\":{}}");
        assert_int_equal(n, sizeof("{\"parameters\":{}}"));
        assert_non_null(strstr(prekill_answer(PREKILL_E_METHOD, &n), "org.varlink.service.MethodNotFound"));
        assert_int_equal(n, strlen(prekill_answer(PREKILL_E_METHOD, &n)) + 1);
        assert_non_null(strstr(prekill_answer(PREKILL_E_PARAMETER, &n), "\"parameter\":\"cgroup\""));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_calls), cmocka_unit_test(test_not_ours), cmocka_unit_test(test_no_json),
                cmocka_unit_test(test_cut),   cmocka_unit_test(test_long),     cmocka_unit_test(test_answers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
