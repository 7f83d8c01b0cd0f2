/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "fixture.h"

#include "core/start-name.h"

static void test_specifiers(void **state) {
        static const CgroupName unit = { .id = 7, .kind = CGROUP_UNIT, .path = "/s.slice/a.service", .unit = "a\\x2db.service" };
        static const CgroupName group = { .id = 8, .kind = CGROUP_GROUP, .path = "/s.slice/c-1.scope/g h",
                                          .unit = "/s.slice/c-1.scope/g h" };
        static const CgroupName dots = { .id = 9, .kind = CGROUP_GROUP, .path = "/.AZaz09:_.x/{@[`/:", .unit = "" };
        static const CgroupName nobody = { .path = "", .unit = "" };
        static const struct {
                const char *text;
                const CgroupName *victim;
                int r;
                const char *name;
        } rows[] = {
                { "dump.service", &unit, 0, "dump.service" },
                { "dump.service", &nobody, 0, "dump.service" },
                { "dump@%n", &unit, 0, "dump@a\\x2db.service" },
                { "dump@%n.service", &unit, 0, "dump@a\\x2db.service.service" },
                { "%n%n", &unit, 0, "a\\x2db.servicea\\x2db.service" },
                { "dump@%n.service", &group, 0, "dump@s.slice-c\\x2d1.scope-g\\x20h.service" },
                { "%n", &dots, 0, "\\x2eAZaz09:_.x-\\x7b\\x40\\x5b\\x60-:" },
                { "dump@%n.service", &nobody, START_NAME_E_NOBODY, NULL },
                { "dump@%i.service", &nobody, 0, "dump@00000000000000ab00000000000000cd.service" },
                { "100%%.service", &unit, 0, "100%.service" },
                { "%%n", &unit, 0, "%n" },
                { "%x.service", &unit, START_NAME_E_BAD, NULL },
                { "%", &unit, START_NAME_E_BAD, NULL },
                { "", &unit, START_NAME_E_BAD, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                char name[UNIT_NAME_MAX];
                int r = start_name(name, rows[i].text, rows[i].victim, (Id128){ 0xab, 0xcd });

                if (r != rows[i].r || (r == 0 && strcmp(name, rows[i].name) != 0))
                        fail_msg("\"%s\": %d, %s", rows[i].text, r, r == 0 ? name : "");
        }
}

/* As long as a unit's name may be, and not a byte longer, whatever fills it. */
static void test_length(void **state) {
        static const char *const ends[] = { "%n", "%i", "%%", "x" };
        static const size_t lengths[] = { 9, 32, 1, 1 };
        const CgroupName victim = { .id = 7, .kind = CGROUP_UNIT, .path = "/a.service", .unit = "a.service" };

        for (size_t i = 0; i < ELEMENTSOF(ends); i++)
                for (size_t more = 0; more < 2; more++) {
                        size_t n = UNIT_NAME_MAX - 1 - lengths[i] + more;
                        char text[UNIT_NAME_MAX + 4], name[UNIT_NAME_MAX + 1];

                        memset(text, 'y', n);
                        strcpy(text + n, ends[i]);
                        name[UNIT_NAME_MAX] = '#';
                        assert_int_equal(start_name(name, text, &victim, (Id128){ 0 }), more ? START_NAME_E_BAD : 0);
                        assert_int_equal(name[UNIT_NAME_MAX], '#');
                        if (!more)
                                assert_int_equal(strlen(name), UNIT_NAME_MAX - 1);
                        strcat(text, "z"); /* what comes after what did not fit does not fit either */
                        assert_int_equal(start_name(name, text, &victim, (Id128){ 0 }), START_NAME_E_BAD);
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_specifiers),
                cmocka_unit_test(test_length),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
