/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
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
                /* cpu.pressure before 5.13 */
                { SOME, 0, 5573821, 0 },
                /* missing */
                { "", -EBADMSG, 0, 0 },
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
                uint64_t high, max, oom, oom_kill;
        } rows[] = {
                { "low 0\nhigh 12\nmax 345\noom 2\noom_kill 1\noom_group_kill 0\nsock_throttled 0\n", 0, 12, 345, 2, 1 },
                { "low 1\nhigh 2\nmax 3\noom 4\n", 0, 2, 3, 4, 0 },
                { "", 0, 0, 0, 0, 0 },
                { "highest 5\nhigh 6\nhigh 7\noom_kill 3\n", 0, 6, 0, 0, 3 },
                { "high x\nmax 1\n", -EBADMSG, 0, 0, 0, 0 },
                { "high 1\nmax 18446744073709551616\n", -EBADMSG, 0, 0, 0, 0 },
                { "high 1\nmax ", -EBADMSG, 0, 0, 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Sample s = { .events_high = 91, .events_max = 92, .events_oom_kill = 93, .events_oom = 94 };

                if (text_parse_events(rows[i].text, &s) != rows[i].r)
                        fail_msg("row %zu: %s", i, rows[i].text);
                assert_int_equal(s.events_high, rows[i].r == 0 ? rows[i].high : 91);
                assert_int_equal(s.events_max, rows[i].r == 0 ? rows[i].max : 92);
                assert_int_equal(s.events_oom, rows[i].r == 0 ? rows[i].oom : 94);
                assert_int_equal(s.events_oom_kill, rows[i].r == 0 ? rows[i].oom_kill : 93);
        }
}

static void test_meminfo(void **state) {
        static const struct {
                const char *text;
                int r;
                uint64_t total_kib, available_kib, swap_total_kib, swap_free_kib;
        } rows[] = {
                { "MemTotal:        8131240 kB\nMemFree:         5231128 kB\n"
                  "MemAvailable:    7361300 kB\nBuffers: 1 kB\nSwapCached:            7 kB\n"
                  "SwapTotal:       2097148 kB\nSwapFree:        1048572 kB\n", 0, 8131240, 7361300, 2097148, 1048572 },
                { "MemAvailable: 1 kB\nMemTotal: 2 kB\nMemTotal: 3 kB\n", 0, 2, 1, 0, 0 },
                { "MemAvailable: 1 kB\nMemTotal: 2 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n", 0, 2, 1, 0, 0 },
                { "MemAvailable: 1 kB\nMemTotal: 2 kB\nSwapTotal: 5 kB\nSwapFree: x kB\n", -EBADMSG, 0, 0, 0, 0 },
                { "MemAvailable: 1 kB\nMemTotal: 2 kB\nSwapTotal: \n", -EBADMSG, 0, 0, 0, 0 },
                { "MemTotal:        8131240 kB\n", -EBADMSG, 0, 0, 0, 0 },
                { "XMemTotal: 1 kB\nMemAvailable: 1 kB\n", -EBADMSG, 0, 0, 0, 0 },
                { "MemTotal:\nMemAvailable: 1 kB\n", -EBADMSG, 0, 0, 0, 0 },
                { "MemTotal: 18446744073709551615 kB\nMemAvailable: 1 kB\n", -EBADMSG, 0, 0, 0, 0 },
                { "MemTotal: 1 kB\nMemAvailable: -5 kB\n", -EBADMSG, 0, 0, 0, 0 },
                { "", -EBADMSG, 0, 0, 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                HostMemory m = { .total_bytes = 1, .available_bytes = 2, .swap_total_bytes = 3, .swap_free_bytes = 4, .free_bytes = 5 };
                bool ok = rows[i].r == 0;

                if (text_parse_meminfo(rows[i].text, &m) != rows[i].r)
                        fail_msg("row %zu: %s", i, rows[i].text);
                assert_int_equal(m.total_bytes, ok ? rows[i].total_kib * 1024 : 1);
                assert_int_equal(m.available_bytes, ok ? rows[i].available_kib * 1024 : 2);
                assert_int_equal(m.swap_total_bytes, ok ? rows[i].swap_total_kib * 1024 : 3);
                assert_int_equal(m.swap_free_bytes, ok ? rows[i].swap_free_kib * 1024 : 4);
                if (!ok)
                        assert_int_equal(m.free_bytes, 5);
        }
}

/* MemFree may be more than what is available; where it is missing all of that may be free. */
static void test_meminfo_free(void **state) {
        HostMemory m;

        assert_int_equal(text_parse_meminfo("MemTotal: 9 kB\nMemFree: 7 kB\nMemAvailable: 5 kB\n", &m), 0);
        assert_int_equal(m.free_bytes, 7 * 1024);
        assert_int_equal(text_parse_meminfo("MemTotal: 9 kB\nMemAvailable: 5 kB\n", &m), 0);
        assert_int_equal(m.free_bytes, 5 * 1024);
        assert_int_equal(text_parse_meminfo("MemTotal: 9 kB\nMemFree: x kB\nMemAvailable: 5 kB\n", &m), -EBADMSG);
}

static void test_reclaim(void **state) {
        static const struct {
                const char *text;
                int r;
                uint64_t refaults, scanned, reclaimed;
        } rows[] = {
                /* memory.stat: 6.12; the parts are in pgscan already */
                { "anon 4096\nworkingset_refault_anon 3\nworkingset_refault_file 40\nworkingset_activate_anon 1\n"
                  "pgscan 100\npgsteal 60\npgscan_kswapd 70\npgscan_direct 30\npgscan_khugepaged 0\n"
                  "pgsteal_kswapd 50\npgsteal_direct 10\npgsteal_khugepaged 0\npgfault 5\n", 0, 43, 100, 60 },
                /* 5.4 */
                { "workingset_refault 8\nworkingset_activate 2\npgscan 10\npgsteal 9\n", 0, 8, 10, 9 },
                /* /proc/vmstat: 6.12; the same pages by kind, and what counts no pages, do not add up */
                { "nr_free_pages 1\nworkingset_refault_anon 1\nworkingset_refault_file 2\npgsteal_kswapd 1\n"
                  "pgsteal_direct 2\npgsteal_khugepaged 4\npgscan_kswapd 10\npgscan_direct 20\npgscan_khugepaged 40\n"
                  "pgscan_direct_throttle 1000\npgscan_anon 35\npgscan_file 35\npgsteal_anon 3\npgsteal_file 4\n",
                  0, 3, 70, 7 },
                /* 6.16 and later */
                { "pgsteal_kswapd 1\npgsteal_proactive 8\npgscan_kswapd 2\npgscan_proactive 16\n", 0, 0, 18, 9 },
                { "", 0, 0, 0, 0 },
                { "pgscan2 7\nxpgscan 7\npgsca 7\nworkingset_refault_ 7\npgscan_ 7\n", 0, 0, 0, 0 },
                { "pgscan 18446744073709551615\npgsteal 0\n", 0, 0, UINT64_MAX, 0 },
                /* cut: the number may be longer */
                { "pgscan 10\npgsteal 9", 0, 0, 10, 0 },
                { "pgscan", 0, 0, 0, 0 },
                /* no numbers */
                { "pgscan\n", -EBADMSG, 0, 0, 0 },
                { "pgscan \n", -EBADMSG, 0, 0, 0 },
                { "pgscan x\n", -EBADMSG, 0, 0, 0 },
                { "pgscan 1 2\n", -EBADMSG, 0, 0, 0 },
                { "pgscan 18446744073709551616\n", -EBADMSG, 0, 0, 0 },
                { "pgscan_kswapd 18446744073709551615\npgscan_direct 1\n", -EBADMSG, 0, 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                ReclaimCounts c = { 91, 92, 93 };

                if (text_parse_reclaim(rows[i].text, &c) != rows[i].r)
                        fail_msg("row %zu: %s", i, rows[i].text);
                if (c.refaults != (rows[i].r == 0 ? rows[i].refaults : 91) ||
                    c.scanned != (rows[i].r == 0 ? rows[i].scanned : 92) ||
                    c.reclaimed != (rows[i].r == 0 ? rows[i].reclaimed : 93))
                        fail_msg("row %zu: %llu %llu %llu", i, (unsigned long long) c.refaults,
                                 (unsigned long long) c.scanned, (unsigned long long) c.reclaimed);
        }
}

static void test_dying(void **state) {
        static const struct {
                const char *text;
                int r;
                uint64_t n;
        } rows[] = {
                { "nr_descendants 12\nnr_dying_descendants 34\n", 0, 34 },
                { "nr_descendants 12\nnr_subsys_cpu 1\nnr_dying_descendants 5\nnr_dying_subsys_memory 9\n", 0, 5 },
                { "nr_descendants 12\n", 0, 0 },
                { "", 0, 0 },
                { "nr_dying_descendants max\n", -EBADMSG, 99 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t n = 99;

                if (text_parse_dying(rows[i].text, &n) != rows[i].r || n != rows[i].n)
                        fail_msg("row %zu: %s", i, rows[i].text);
        }
}

static void test_user_manager(void **state) {
        static const struct {
                const char *unit;
                bool is;
        } rows[] = {
                { "user@1000.service", true },    { "user@a\\x2db.service", true }, { "user@.service", false },
                { "user@1000.scope", false },     { "user@1000.slice", false },     { "user.service", false },
                { "xuser@1000.service", false },  { "user@1000.service2", false },  { "user-runtime-dir@1000.service", false },
                { "user@", false },               { "", false },                    { ".service", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (text_is_user_manager(rows[i].unit) != rows[i].is)
                        fail_msg("row %zu: %s", i, rows[i].unit);
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
                /* every byte that systemd.unit(5) allows; the rest is escaped, and a prefix is systemd's own escape for
                 * names that the kernel could have, or that begin like it */
                { "09azAZ:-_.\\@x.service", "09azAZ:-_.\\@x.service", CGROUP_UNIT },
                { "a\\x20b\\xc3\\xa4@i\\x2fj.service", "a\\x20b\\xc3\\xa4@i\\x2fj.service", CGROUP_UNIT },
                { "dbus-:1.2-org.x@0.service", "dbus-:1.2-org.x@0.service", CGROUP_UNIT },
                { "a@b@c.service", "a@b@c.service", CGROUP_UNIT },
                { "a@.service", "a@.service", CGROUP_UNIT },
                { "_cgroup.service", "cgroup.service", CGROUP_UNIT },
                { "_cgroup.procs.scope", "cgroup.procs.scope", CGROUP_UNIT },
                { "_cpu.slice", "cpu.slice", CGROUP_SLICE },
                { "_.hidden.service", ".hidden.service", CGROUP_UNIT },
                { "__.slice", "_.slice", CGROUP_SLICE },
                { "@x.service", NULL, 0 },
                { "_@x.service", NULL, 0 },
                { "x@\xc3\xa4.service", NULL, 0 },
                { "x.service/", NULL, 0 },
                { "x.Service", NULL, 0 },
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
                cmocka_unit_test(test_meminfo_free),
                cmocka_unit_test(test_reclaim),
                cmocka_unit_test(test_dying),
                cmocka_unit_test(test_unit),
                cmocka_unit_test(test_user_manager),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
