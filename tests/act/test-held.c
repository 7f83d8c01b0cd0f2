/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/held.h"

#define INCIDENT "00000000000000010000000000000002"
#define N_KILLS 200

static char folder[] = "/tmp/test-held-XXXXXX", path[64], beside[64];
static HeldUnit units[HELD_UNITS_MAX];

static const HeldUnit frozen = { .action = ACTION_FREEZE, .since_usec = 7, .incident = { 1, 2 }, .unit = "a.service",
                                 .path = "/a.service" };
static const HeldUnit throttled = { .action = ACTION_THROTTLE, .incident = { 1, 2 }, .unit = "b.service",
                                    .path = "/b.service" };
static const HeldUnit grouped = { .action = ACTION_FREEZE, .incident = { 3, 4 }, .path = "/c.service/group", .delegated = true };
static const Properties before_that = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 8192);
static const Properties before = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 4096);

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

static size_t n_read(void) {
        size_t n;

        assert_int_equal(held_read(path, units, HELD_UNITS_MAX, &n), 0);
        return n;
}

static void write_text(const char *text) {
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

static HeldList *list_new(const HeldUnit *u, size_t n) {
        HeldList *l = NULL;

        assert_int_equal(held_list_new(&l, path, u, n), 0);
        assert_int_equal(access(beside, F_OK), -1);
        return l;
}

/* Slots come and go, whatever is beside them. */
static void test_slots(void **state) {
        _cleanup_(held_list_freep) HeldList *l = list_new(NULL, 0);
        HeldUnit unit = grouped;

        assert_int_equal(n_read(), 0);
        assert_int_equal(held_list_set(l, 0, 0, &frozen), 0);
        assert_int_equal(held_list_set(l, HELD_UNITS_MAX - 1, 0, &grouped), 0);
        assert_int_equal(n_read(), 2);
        assert_string_equal(units[0].unit, "a.service");
        assert_int_equal(units[0].since_usec, 7);
        assert_string_equal(units[1].path, "/c.service/group");
        assert_true(units[1].delegated);

        /* A shorter one after a longer one. */
        strcpy(unit.path, "/c");
        assert_int_equal(held_list_set(l, HELD_UNITS_MAX - 1, 0, &unit), 0);
        held_list_clear(l, 0);
        assert_int_equal(n_read(), 1);
        assert_string_equal(units[0].path, "/c");

        /* What does not fit takes the slot along. */
        memset(unit.path, '\n', sizeof(unit.path) - 1);
        memset(unit.unit, 'u', sizeof(unit.unit) - 1);
        assert_int_equal(held_list_set(l, HELD_UNITS_MAX - 1, 5, &unit), HELD_E_LONG);
        assert_false(held_list_has(l, 5));
        assert_int_equal(n_read(), 0);
}

/* What was there before is noted before it is changed; who has no slot is not to change anything. */
static void test_note(void **state) {
        _cleanup_(held_list_freep) HeldList *l = list_new(NULL, 0);

        assert_true(held_list_note(NULL, 5, &before));
        assert_false(held_list_has(l, 5));
        assert_false(held_list_note(l, 5, &before));
        assert_int_equal(held_list_set(l, 3, 5, &throttled), 0);
        assert_int_equal(held_list_set(l, 4, 0, &frozen), 0);
        assert_true(held_list_has(l, 5));
        assert_false(held_list_has(l, 0));
        assert_int_equal(n_read(), 2);
        assert_int_equal(units[0].previous.set, 0);

        assert_false(held_list_note(l, 6, &before));
        assert_false(held_list_note(l, 0, &before));
        assert_true(held_list_note(l, 5, &before));
        assert_int_equal(n_read(), 2);
        assert_int_equal(units[0].previous.set, before.set);
        assert_int_equal(units[0].previous.values[PROPERTY_MEMORY_HIGH], 4096);
        assert_string_equal(units[0].path, "/b.service");
        assert_int_equal(units[1].previous.set, 0);

        /* The core, which is not told of it before the answer, writes all its slots when another one changes. */
        assert_int_equal(held_list_set(l, 3, 5, &throttled), 0);
        assert_int_equal(n_read(), 2);
        assert_int_equal(units[0].previous.set, before.set);

        /* A decision that has been answered, or is given up, changes nothing any more. */
        assert_int_equal(held_list_set(l, 3, 0, &throttled), 0);
        assert_false(held_list_note(l, 5, &before));
        assert_int_equal(held_list_set(l, 3, 8, &throttled), 0);
        held_list_clear(l, 3);
        assert_false(held_list_note(l, 8, &before));
}

/* A new list takes over what it is given, and is a file that others cannot read. */
static void test_takes_over(void **state) {
        const HeldUnit some[] = { frozen, throttled, grouped };
        struct stat st;

        write_text("memstalld-held 2\nfreeze - " INCIDENT " 1 x.service\n");
        assert_int_equal(n_read(), 1);
        held_list_free(list_new(some, ELEMENTSOF(some)));
        assert_int_equal(n_read(), 3);
        assert_string_equal(units[1].unit, "b.service");
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);

        held_list_free(list_new(units, 3));
        assert_int_equal(n_read(), 3);
        assert_string_equal(units[2].path, "/c.service/group");
}

static void test_files(void **state) {
        static const struct {
                const char *what, *text;
                size_t n;
        } rows[] = {
                { "empty", "", 0 },
                { "of another version", "memstalld-held 4\nfreeze - " INCIDENT " 1 a.service systemd /\n", 0 },
                { "with more in its first line", "memstalld-held 3 2\nfreeze - " INCIDENT " 1 a.service systemd /\n", 0 },
                { "short lines", "memstalld-held 3\nfreeze - " INCIDENT " 1 a.service systemd /\n", 1 },
                { "cut in the middle", "memstalld-held 3  \nfreeze - " INCIDENT " 1 a.service systemd /\nthrottle 100 000", 1 },
                { "a good one after a bad one", "memstalld-held 2\n\nfreeze\nfreeze - " INCIDENT " 1 a.service\n", 1 },
                { "the first version", "memstalld-held 1\nthrottle 5 " INCIDENT " 1 a.service\n", 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                write_text(rows[i].text);
                if (n_read() != rows[i].n)
                        fail_msg("%s", rows[i].what);
        }
        assert_int_equal(unlink(path), 0);
        assert_int_equal(n_read(), 0);
}

/* The list of a folder that is not there is not made, and the old one stays; links are not followed. */
static void test_no_place(void **state) {
        HeldList *l = NULL;
        size_t n;

        assert_int_equal(held_list_new(&l, "/nowhere/held", NULL, 0), -ENOENT);
        assert_int_equal(symlink("/etc/passwd", beside), 0);
        assert_int_equal(held_list_new(&l, path, NULL, 0), -ELOOP);
        assert_null(l);
        assert_int_equal(unlink(beside), 0);
        (void) unlink(path);
        assert_int_equal(symlink("/etc/passwd", path), 0);
        assert_int_equal(held_read(path, units, 1, &n), -ELOOP);
        assert_int_equal(unlink(path), 0);
}

/* ---- A writer that is killed ---- */

/* In one slot, by turns: a freeze of /aaaa…, and a throttle of /bbbb…, which has a note soon. */
static HeldUnit long_one(char c) {
        HeldUnit u = c == 'a' ? frozen : throttled;

        memset(u.path + 1, c, sizeof(u.path) - 2);
        return u;
}

static void write_for_ever(void) {
        const HeldUnit a = long_one('a'), b = long_one('b');
        _cleanup_(held_list_freep) HeldList *l = NULL;

        if (held_list_new(&l, path, &grouped, 1) < 0)
                _exit(1);
        for (uint64_t id = 1;; id++) {
                (void) held_list_set(l, 1, 0, &a);
                (void) held_list_set(l, 1, id, &b);
                (void) held_list_note(l, id, &before);
                (void) held_list_note(l, id, &before_that);
                held_list_clear(l, 1);
        }
}

static bool is_whole(const HeldUnit *u) {
        HeldUnit as = long_one(u->action == ACTION_FREEZE ? 'a' : 'b');

        if (u->previous.set != 0 && u->action == ACTION_THROTTLE)
                as.previous = u->previous.values[PROPERTY_MEMORY_HIGH] == 4096 ? before : before_that;
        return strcmp(u->path, as.path) == 0 && strcmp(u->unit, as.unit) == 0 && u->since_usec == as.since_usec &&
               memcmp(&u->previous, &as.previous, sizeof(u->previous)) == 0;
}

/* Whatever it was at, the slot is free or says one of the things that were written there; and the one that was not
 * touched is as it was. */
static void test_killed(void **state) {
        size_t n_free = 0, n_frozen = 0, n_throttled = 0, n_noted = 0;

        for (int i = 0; i < N_KILLS; i++) {
                pid_t pid = fork();
                size_t n;

                if (pid == 0)
                        write_for_ever();
                assert_true(pid > 0);
                (void) usleep(1500 + (useconds_t) rand() % 1000);
                assert_int_equal(kill(pid, SIGKILL), 0);
                assert_int_equal(waitpid(pid, NULL, 0), pid);

                n = n_read();
                if (n == 0)
                        continue; /* it had not come that far */
                assert_string_equal(units[0].path, grouped.path);
                assert_in_range(n, 1, 2);
                if (n == 2 && !is_whole(units + 1))
                        fail_msg("%s %s", units[1].unit, units[1].path);
                n_free += n == 1;
                n_frozen += n == 2 && units[1].action == ACTION_FREEZE;
                n_throttled += n == 2 && units[1].action == ACTION_THROTTLE && units[1].previous.set == 0;
                n_noted += n == 2 && units[1].previous.set != 0;
        }
        print_message("killed with the slot free %zu times, frozen %zu, throttled %zu, noted %zu\n", n_free, n_frozen,
                      n_throttled, n_noted);
        assert_true(n_frozen > 0 && n_throttled > 0 && n_noted > 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_slots),
                cmocka_unit_test(test_note),
                cmocka_unit_test(test_takes_over),
                cmocka_unit_test(test_files),
                cmocka_unit_test(test_killed),
                cmocka_unit_test(test_no_place),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
