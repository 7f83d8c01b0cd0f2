/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "sense/text.h"

#define SOME "some avg10=1.53 avg60=0.87 avg300=0.29 total=5573821\n"
#define FULL "full avg10=0.00 avg60=0.10 avg300=0.05 total=4110334\n"

static void test_pressure(void **state) {
        static const struct {
                const char *text;
                int r;
                uint64_t some, full;
        } rows[] = {
                /* captured: 6.1, 6.12, 7.2 */
                { SOME FULL, 0, 5573821, 4110334 },
                { FULL SOME, 0, 5573821, 4110334 },
                { "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
                  "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", 0, 0, 0 },
                /* doubled: the first counts */
                { SOME SOME FULL "full total=1\n", 0, 5573821, 4110334 },
                { "full total=2\nsome total=1\nsome garbage\n", 0, 1, 2 },
                /* fields and lines of later kernels */
                { "irq avg10=0.00 total=9\n" SOME FULL, 0, 5573821, 4110334 },
                { "some avg10=0.00 avg900=1.00 total=18446744073709551615\nfull new=1 total=7\n", 0, UINT64_MAX, 7 },
                /* missing */
                { "", -EBADMSG, 0, 0 },
                { SOME, -EBADMSG, 0, 0 },
                { FULL, -EBADMSG, 0, 0 },
                { "\n\n\n", -EBADMSG, 0, 0 },
                { "some avg10=0.00\n" FULL, -EBADMSG, 0, 0 }, /* not the total of the next line */
                { "sometimes total=1\n" FULL, -EBADMSG, 0, 0 },
                /* cut */
                { SOME "full avg10=0.00 avg60=0.10 avg300=0.05 total=411", -EBADMSG, 0, 0 },
                { SOME "full avg10=0.00 avg60", -EBADMSG, 0, 0 },
                /* no numbers */
                { "some total=\n" FULL, -EBADMSG, 0, 0 },
                { "some total=-1\n" FULL, -EBADMSG, 0, 0 },
                { "some total=0x10\n" FULL, -EBADMSG, 0, 0 },
                { "some total=18446744073709551616\n" FULL, -EBADMSG, 0, 0 },
                { "some total=99999999999999999999999999999999999999999999999999999\n" FULL, -EBADMSG, 0, 0 },
                { "some total=1 \n" FULL, -EBADMSG, 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t totals[_PRESSURE_KIND_MAX] = { 77, 78 };

                if (text_parse_pressure(rows[i].text, totals) != rows[i].r)
                        fail_msg("row %zu: %s", i, rows[i].text);
                assert_int_equal(totals[PRESSURE_SOME], rows[i].r == 0 ? rows[i].some : 77);
                assert_int_equal(totals[PRESSURE_FULL], rows[i].r == 0 ? rows[i].full : 78);
        }
}

static void test_events(void **state) {
        static const struct {
                const char *text;
                int r;
                uint64_t high, max, oom_kill;
        } rows[] = {
                { "low 0\nhigh 12\nmax 345\noom 2\noom_kill 1\noom_group_kill 0\nsock_throttled 0\n", 0, 12, 345, 1 },
                { "low 1\nhigh 2\nmax 3\noom 4\n", 0, 2, 3, 0 },
                { "", 0, 0, 0, 0 },
                { "highest 5\nhigh 6\nhigh 7\n", 0, 6, 0, 0 },
                { "high x\nmax 1\n", -EBADMSG, 0, 0, 0 },
                { "high 1\nmax 18446744073709551616\n", -EBADMSG, 0, 0, 0 },
                { "high 1\nmax ", -EBADMSG, 0, 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Sample s = { .events_high = 91, .events_max = 92, .events_oom_kill = 93 };

                if (text_parse_events(rows[i].text, &s) != rows[i].r)
                        fail_msg("row %zu: %s", i, rows[i].text);
                assert_int_equal(s.events_high, rows[i].r == 0 ? rows[i].high : 91);
                assert_int_equal(s.events_max, rows[i].r == 0 ? rows[i].max : 92);
                assert_int_equal(s.events_oom_kill, rows[i].r == 0 ? rows[i].oom_kill : 93);
        }
}

static void test_meminfo(void **state) {
        static const struct {
                const char *text;
                int r;
                uint64_t total, available;
        } rows[] = {
                { "MemTotal:        8131240 kB\nMemFree:         5231128 kB\n"
                  "MemAvailable:    7361300 kB\nBuffers: 1 kB\n", 0, UINT64_C(8326389760), UINT64_C(7537971200) },
                { "MemAvailable: 1 kB\nMemTotal: 2 kB\nMemTotal: 3 kB\n", 0, 2048, 1024 },
                { "MemTotal:        8131240 kB\n", -EBADMSG, 0, 0 },
                { "XMemTotal: 1 kB\nMemAvailable: 1 kB\n", -EBADMSG, 0, 0 },
                { "MemTotal:\nMemAvailable: 1 kB\n", -EBADMSG, 0, 0 },
                { "MemTotal: 18446744073709551615 kB\nMemAvailable: 1 kB\n", -EBADMSG, 0, 0 },
                { "MemTotal: 1 kB\nMemAvailable: -5 kB\n", -EBADMSG, 0, 0 },
                { "", -EBADMSG, 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t total = 1, available = 2;

                if (text_parse_meminfo(rows[i].text, &total, &available) != rows[i].r)
                        fail_msg("row %zu: %s", i, rows[i].text);
                assert_int_equal(total, rows[i].r == 0 ? rows[i].total : 1);
                assert_int_equal(available, rows[i].r == 0 ? rows[i].available : 2);
        }
}

static void test_unit(void **state) {
        static const struct {
                const char *name;
                const char *unit; /* NULL: it is none */
                CgroupKind kind;
        } rows[] = {
                { "system.slice", "system.slice", CGROUP_SLICE },
                { "init.scope", "init.scope", CGROUP_UNIT },
                { "user@1000.service", "user@1000.service", CGROUP_UNIT },
                { "system-getty.slice", "system-getty.slice", CGROUP_SLICE },
                { "app-gnome\\x2dterminal-42.scope", "app-gnome\\x2dterminal-42.scope", CGROUP_UNIT },
                { "_memory.service", "memory.service", CGROUP_UNIT },
                { "__x.service", "_x.service", CGROUP_UNIT },
                { "a.slice.service", "a.slice.service", CGROUP_UNIT },
                { "", NULL, 0 },
                { "_", NULL, 0 },
                { ".", NULL, 0 },
                { "..", NULL, 0 },
                { ".service", NULL, 0 },
                { "_.service", NULL, 0 },
                { "service", NULL, 0 },
                { "dev-hugepages.mount", NULL, 0 },
                { "docker", NULL, 0 },
                { "x.services", NULL, 0 },
                { "x.service ", NULL, 0 },
                { "x\nMESSAGE=forged.service", NULL, 0 },
                { "x y.service", NULL, 0 },
                { "x/y.service", NULL, 0 },
                { "\xff.service", NULL, 0 },
        };
        char longest[NAME_MAX + 16];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const char *unit = NULL;
                CgroupKind kind = _CGROUP_KIND_MAX;

                if (text_parse_unit(rows[i].name, &kind, &unit) != (rows[i].unit != NULL))
                        fail_msg("row %zu: %s", i, rows[i].name);
                if (!rows[i].unit)
                        continue;
                assert_string_equal(unit, rows[i].unit);
                assert_int_equal(kind, rows[i].kind);
        }

        memset(longest, 'x', sizeof(longest));
        strcpy(longest + sizeof(longest) - sizeof(".service"), ".service");
        assert_false(text_parse_unit(longest, &(CgroupKind){ 0 }, &(const char *){ NULL }));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pressure),
                cmocka_unit_test(test_events),
                cmocka_unit_test(test_meminfo),
                cmocka_unit_test(test_unit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
