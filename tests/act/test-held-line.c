/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "act/held-line.h"

#define INCIDENT "00000000000000010000000000000002"

static void assert_same(const HeldUnit *a, const HeldUnit *b) {
        assert_int_equal(a->action, b->action);
        assert_memory_equal(&a->previous, &b->previous, sizeof(Properties));
        assert_int_equal(a->since_usec, b->since_usec);
        assert_int_equal(a->incident.high, b->incident.high);
        assert_int_equal(a->incident.low, b->incident.low);
        assert_string_equal(a->unit, b->unit);
        assert_string_equal(a->path, b->path);
        assert_int_equal(a->delegated, b->delegated);
}

static void test_round_trip(void **state) {
        static const struct {
                HeldUnit unit;
                const char *line;
        } rows[] = {
                { { .action = ACTION_THROTTLE, .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, UINT64_MAX), .since_usec = 5,
                    .incident = { 1, 2 }, .unit = "a\\x2db@c.service" },
                  "throttle MemoryHigh:infinity " INCIDENT " 5 a\\x2db@c.service systemd /" },
                { { .action = ACTION_THROTTLE, .incident = { 1, 2 }, .unit = "a.service", .path = "/a.service" },
                  "throttle - " INCIDENT " 0 a.service systemd /a.service/" },
                { { .action = ACTION_FREEZE, .since_usec = UINT64_MAX, .incident = { 1, 2 }, .unit = "d.scope",
                    .path = "/user.slice/d.scope ", .delegated = true },
                  "freeze - " INCIDENT " 18446744073709551615 d.scope cgroup /user.slice/d.scope /" },
                { { .action = ACTION_FREEZE, .incident = { 1, 2 }, .path = "/a.service/strange\n\nfreeze - name\n", .delegated = true },
                  "freeze - " INCIDENT " 0 - cgroup /a.service/strange////freeze - name///" },
                { { .action = ACTION_PROTECT, .incident = { 1, 2 }, .unit = "f.service",
                    .previous = { .set = 1 << PROPERTY_MEMORY_LOW | 1 << PROPERTY_SLICES_LOW,
                                  .values = { [PROPERTY_MEMORY_LOW] = 5, [PROPERTY_SLICES_LOW] = 7 } } },
                  "protect MemoryLow:5,SlicesMemoryLow:7 " INCIDENT " 0 f.service systemd /" },
        };
        char line[HELD_LINE_MAX], filled[HELD_LINE_MAX + 8];
        HeldUnit read;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                assert_int_equal(held_line_format(line, &rows[i].unit), strlen(rows[i].line));
                assert_string_equal(line, rows[i].line);
                (void) snprintf(filled, sizeof(filled), "%s    ", line);
                assert_true(held_line_parse(filled, HELD_VERSION, &read));
                assert_same(&read, &rows[i].unit);
        }
}

static void test_longest(void **state) {
        HeldUnit longest = { .action = ACTION_THROTTLE, .since_usec = UINT64_MAX, .incident = { UINT64_MAX, UINT64_MAX },
                             .delegated = true }, read;
        char line[HELD_LINE_MAX];

        longest.previous.set = (1U << _PROPERTY_MAX) - 1;
        memset(longest.previous.values, 0xfe, sizeof(longest.previous.values));
        memset(longest.unit, 'u', sizeof(longest.unit) - 1);
        memset(longest.path, 'p', sizeof(longest.path) - 1);
        assert_in_range(held_line_format(line, &longest), HELD_PATH_MAX, HELD_LINE_MAX - 2);
        assert_true(held_line_parse(line, HELD_VERSION, &read));
        assert_same(&read, &longest);

        memset(longest.path, '\n', sizeof(longest.path) - 1);
        assert_in_range(held_line_format(line, &longest), HELD_LINE_MAX, 2 * HELD_LINE_MAX);
}

static void test_lines(void **state) {
        static const struct {
                unsigned version;
                const char *line;
                bool good;
                const char *path;
                bool delegated;
        } rows[] = {
                { 3, "freeze - " INCIDENT " 1 a.service systemd /", true, "", false },
                { 3, "freeze - " INCIDENT " 1 a.service cgroup /b c/", true, "/b c", true },
                { 3, "", false, NULL, false },
                { 3, "      ", false, NULL, false },
                { 3, " freeze - " INCIDENT " 1 a.service systemd /", false, NULL, false }, /* being written */
                { 3, "freeze - " INCIDENT " 1 a.service systemd", false, NULL, false },
                { 3, "freeze - " INCIDENT " 1 a.service systemd /b", false, NULL, false },
                { 3, "freeze - " INCIDENT " 1 a.service cgroup /", false, NULL, false },
                { 3, "freeze - " INCIDENT " 1 - systemd /", false, NULL, false },
                { 3, "freeze - " INCIDENT " 1 a.service gods /b/", false, NULL, false },
                { 3, "throttle MemoryHigh " INCIDENT " 1 a.service systemd /", false, NULL, false },
                { 3, "throttle 100 000", false, NULL, false },
                { 3, "kill - " INCIDENT " 1 a.service systemd /", false, NULL, false },
                { 3, "melt - " INCIDENT " 1 a.service systemd /", false, NULL, false },
                { 2, "freeze - " INCIDENT " 1 a.service", true, "", false },
                { 2, "freeze - " INCIDENT " 1 a.service -", true, "", false },
                { 2, "freeze - " INCIDENT " 1 a.service /b c", true, "/b c", true },
                { 2, "freeze - " INCIDENT " 1 - -", false, NULL, false },
                { 2, "freeze", false, NULL, false },
                { 1, "freeze 0 " INCIDENT " 6 b.scope", true, "", false },
                { 1, "freeze 0 " INCIDENT " 1 a.service /b", false, NULL, false },
                { 0, "freeze - " INCIDENT " 1 a.service", false, NULL, false },
                { 4, "freeze - " INCIDENT " 1 a.service systemd /", false, NULL, false },
        };
        HeldUnit read;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                if (held_line_parse(rows[i].line, rows[i].version, &read) != rows[i].good)
                        fail_msg("version %u: %s", rows[i].version, rows[i].line);
                if (!rows[i].good)
                        continue;
                assert_string_equal(read.path, rows[i].path);
                assert_int_equal(read.delegated, rows[i].delegated);
        }

        assert_true(held_line_parse("throttle 18446744073709551615 " INCIDENT " 5 a.service", 1, &read));
        assert_int_equal(read.previous.set, 1 << PROPERTY_MEMORY_HIGH);
        assert_int_equal(read.previous.values[PROPERTY_MEMORY_HIGH], UINT64_MAX);
}

static void test_long_path(void **state) {
        char text[HELD_PATH_MAX + 128];
        HeldUnit read;
        size_t used = (size_t) snprintf(text, sizeof(text), "freeze - " INCIDENT " 1 - cgroup ");

        memset(text + used, 'p', HELD_PATH_MAX);
        strcpy(text + used + HELD_PATH_MAX, "/");
        assert_false(held_line_parse(text, 3, &read));
        strcpy(text + used + HELD_PATH_MAX - 1, "/");
        assert_true(held_line_parse(text, 3, &read));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip),
                cmocka_unit_test(test_longest),
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_long_path),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
