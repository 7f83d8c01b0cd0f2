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
        const HeldUnit some[] = {
                { .action = ACTION_THROTTLE, .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, UINT64_MAX), .since_usec = 5,
                  .incident = { UINT64_MAX, 7 }, .unit = "a\\x2db@c.service" },
                { .action = ACTION_FREEZE, .since_usec = UINT64_MAX, .unit = "d.scope" },
                { .action = ACTION_FREEZE, .unit = "e.service",
                  .path = "/user.slice/user-1.slice/user@1.service/app.slice/e.service" },
                { .action = ACTION_FREEZE, .path = "/a.service/of a strange\n\nfreeze - name\n" },
                { .action = ACTION_PROTECT, .unit = "f.service",
                  .previous = { .set = 1 << PROPERTY_MEMORY_LOW | 1 << PROPERTY_SLICES_LOW, .values = { 0, 5, [PROPERTY_SLICES_LOW] = 7 } } },
        };
        size_t n;

        assert_int_equal(held_write(path, some, ELEMENTSOF(some)), 0);
        assert_int_equal(held_read(path, read, HELD_UNITS_MAX, &n), 0);
        assert_int_equal(n, ELEMENTSOF(some));
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(read[i].action, some[i].action);
                assert_memory_equal(&read[i].previous, &some[i].previous, sizeof(Properties));
                assert_int_equal(read[i].since_usec, some[i].since_usec);
                assert_int_equal(read[i].incident.high, some[i].incident.high);
                assert_int_equal(read[i].incident.low, some[i].incident.low);
                assert_string_equal(read[i].unit, some[i].unit);
                assert_string_equal(read[i].path, some[i].path);
        }

        /* The longest there are, one too many of them. */
        for (size_t i = 0; i < ELEMENTSOF(many); i++) {
                many[i] = (HeldUnit){ .action = ACTION_THROTTLE, .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, UINT64_MAX - 1),
                                      .since_usec = UINT64_MAX, .incident = { UINT64_MAX, UINT64_MAX } };
                many[i].previous.set = (1U << _PROPERTY_MAX) - 1;
                memset(many[i].previous.values, 0xfe, sizeof(many[i].previous.values));
                memset(many[i].unit, 'u', sizeof(many[i].unit) - 1);
                memset(many[i].path, '\n', sizeof(many[i].path) - 1);
        }
        assert_int_equal(held_write(path, many, ELEMENTSOF(many)), 0);
        assert_int_equal(held_read(path, read, HELD_UNITS_MAX, &n), 0);
        assert_int_equal(n, HELD_UNITS_MAX);
        for (size_t i = 0; i < n; i++)
                assert_memory_equal(&read[i], &many[i], sizeof(HeldUnit));

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
                { "more words are the path", "memstalld-held 2\nfreeze - " INCIDENT " 1 a.service /b c\n", 1 },
                { "neither unit nor path", "memstalld-held 2\nfreeze - " INCIDENT " 1 - -\n", 0 },
                { "a path of the version before", "memstalld-held 1\nfreeze 0 " INCIDENT " 1 a.service /b\n", 0 },
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

static void test_long_path(void **state) {
        char text[HELD_PATH_MAX + 128];
        HeldUnit read[1];
        size_t n, used = (size_t) snprintf(text, sizeof(text), "memstalld-held 2\nfreeze - " INCIDENT " 1 - ");

        memset(text + used, 'p', HELD_PATH_MAX);
        text[used + HELD_PATH_MAX] = '\0';
        write_text(text);
        assert_int_equal(held_read(path, read, 1, &n), 0);
        assert_int_equal(n, 0);
        text[used + HELD_PATH_MAX - 1] = '\0';
        write_text(text);
        assert_int_equal(held_read(path, read, 1, &n), 0);
        assert_int_equal(n, 1);
        assert_int_equal(unlink(path), 0);
}

static void test_version_before(void **state) {
        HeldUnit read[2];
        size_t n;

        write_text("memstalld-held 1\nthrottle 18446744073709551615 " INCIDENT " 5 a.service\nfreeze 0 " INCIDENT " 6 b.scope\n");
        assert_int_equal(held_read(path, read, ELEMENTSOF(read), &n), 0);
        assert_int_equal(n, 2);
        assert_int_equal(read[0].action, ACTION_THROTTLE);
        assert_int_equal(read[0].previous.set, 1 << PROPERTY_MEMORY_HIGH);
        assert_int_equal(read[0].previous.values[PROPERTY_MEMORY_HIGH], UINT64_MAX);
        assert_int_equal(read[1].previous.set, 0);
        assert_string_equal(read[1].unit, "b.scope");
        assert_string_equal(read[1].path, "");
        assert_int_equal(unlink(path), 0);
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
                cmocka_unit_test(test_long_path),
                cmocka_unit_test(test_version_before),
                cmocka_unit_test(test_no_place),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
