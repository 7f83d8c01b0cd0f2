/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "act/held.h"
#include "base/cleanup.h"

#define INCIDENT "00000000000000010000000000000002"

static char folder[] = "/tmp/test-held-XXXXXX", path[64], beside[64];

static int set_up(void **state) {
        if (!mkdtemp(folder))
                return -1;
        (void) snprintf(path, sizeof(path), "%s/held", folder);
        (void) snprintf(beside, sizeof(beside), "%s/held.new", folder);
        return 0;
}

static int tear_down(void **state) {
        (void) unlink(path);
        (void) unlink(beside);
        return rmdir(folder);
}

static void write_text(const char *text) {
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

static void test_round_trip(void **state) {
        static HeldUnit many[HELD_UNITS_MAX + 1], read[HELD_UNITS_MAX];
        const HeldUnit two[] = {
                { .action = ACTION_THROTTLE, .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, UINT64_MAX), .since_usec = 5,
                  .incident = { UINT64_MAX, 7 }, .unit = "a\\x2db@c.service" },
                { .action = ACTION_FREEZE, .since_usec = UINT64_MAX, .unit = "d.scope" },
        };
        size_t n;

        assert_int_equal(held_write(path, two, 2), 0);
        assert_int_equal(held_read(path, read, HELD_UNITS_MAX, &n), 0);
        assert_int_equal(n, 2);
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(read[i].action, two[i].action);
                assert_int_equal(read[i].previous.values[PROPERTY_MEMORY_HIGH], two[i].previous.values[PROPERTY_MEMORY_HIGH]);
                assert_int_equal(read[i].since_usec, two[i].since_usec);
                assert_int_equal(read[i].incident.high, two[i].incident.high);
                assert_int_equal(read[i].incident.low, two[i].incident.low);
                assert_string_equal(read[i].unit, two[i].unit);
        }

        /* The longest there are, one too many of them. */
        for (size_t i = 0; i < ELEMENTSOF(many); i++) {
                many[i] = (HeldUnit){ .action = ACTION_THROTTLE, .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, UINT64_MAX - 1),
                                      .since_usec = UINT64_MAX, .incident = { UINT64_MAX, UINT64_MAX } };
                memset(many[i].unit, 'u', sizeof(many[i].unit) - 1);
        }
        assert_int_equal(held_write(path, many, ELEMENTSOF(many)), 0);
        assert_int_equal(held_read(path, read, HELD_UNITS_MAX, &n), 0);
        assert_int_equal(n, HELD_UNITS_MAX);
        assert_string_equal(read[n - 1].unit, many[n - 1].unit);

        assert_int_equal(held_write(path, NULL, 0), 0);
        assert_int_equal(held_read(path, read, HELD_UNITS_MAX, &n), 0);
        assert_int_equal(n, 0);
        assert_int_equal(access(beside, F_OK), -1);
}

static void test_hostile_lists(void **state) {
        static const struct {
                const char *what, *text;
                size_t n;
        } rows[] = {
                { "empty", "", 0 },
                { "of another version", "memstalld-held 3\nfreeze - " INCIDENT " 1 a.service\n", 0 },
                { "one", "memstalld-held 2\nfreeze - " INCIDENT " 1 a.service\n", 1 },
                { "cut in the middle", "memstalld-held 2\nfreeze - " INCIDENT " 1 a.service\nthrottle 100 000", 1 },
                { "no action that holds", "memstalld-held 2\nkill 0 " INCIDENT " 1 a.service\n", 0 },
                { "no action", "memstalld-held 2\nmelt 0 " INCIDENT " 1 a.service\n", 0 },
                { "a good one after a bad one", "memstalld-held 2\n\nfreeze\nfreeze - " INCIDENT " 1 a.service\n", 1 },
                { "more words", "memstalld-held 2\nfreeze - " INCIDENT " 1 a.service b\n", 0 },
        };
        HeldUnit read[4];
        size_t n;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                write_text(rows[i].text);
                assert_int_equal(held_read(path, read, ELEMENTSOF(read), &n), 0);
                if (n != rows[i].n)
                        fail_msg("%s: %zu", rows[i].what, n);
        }
        assert_int_equal(unlink(path), 0);
        assert_int_equal(held_read(path, read, ELEMENTSOF(read), &n), 0);
        assert_int_equal(n, 0);
}

/* The list of a folder that is not there is not written, and the old one stays; links are not followed. */
static void test_no_place(void **state) {
        HeldUnit read[1];
        size_t n;

        assert_int_equal(held_write("/nowhere/held", NULL, 0), -ENOENT);
        assert_int_equal(symlink("/etc/passwd", beside), 0);
        assert_int_equal(held_write(path, NULL, 0), -ELOOP);
        assert_int_equal(symlink("/etc/passwd", path), 0);
        assert_int_equal(held_read(path, read, 1, &n), -ELOOP);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip),
                cmocka_unit_test(test_hostile_lists),
                cmocka_unit_test(test_no_place),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
