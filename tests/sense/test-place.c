/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"
#include "sense/place.h"

static void drop(Folder *f) {
        while (f) {
                Folder *parent = f->parent;

                folder_unlink(f);
                folder_free(f);
                f = parent;
        }
}

/* The folder at `path`, and those above it, each as place_of() has it. NULL if one is not registered. */
static Folder *walk(char *const *globs, const char *path) {
        const Place root = { .kind = CGROUP_HOST, .unit = "-.slice", .told = true, .entered = true };
        Folder *f = NULL;
        char copy[256], *save = NULL;

        (void) snprintf(copy, sizeof(copy), "%s", path);
        assert_int_equal(folder_new(&f, NULL, "", &root, 1), 0);
        for (char *name = strtok_r(copy, "/", &save); name; name = strtok_r(NULL, "/", &save)) {
                Folder *child = NULL;
                Place place;

                if (!place_of(globs, f, name, &place)) {
                        drop(f);
                        return NULL;
                }
                assert_int_equal(folder_new(&child, f, name, &place, 2), 0);
                folder_link(child, f);
                f = child;
        }
        return f;
}

/* What a folder is: "u" unit, "s" slice, "g" group, then d(elegated), m(anager), t(old), e(ntered). "" is none. */
static void test_rows(void **state) {
        static const struct {
                const char *glob, *path, *is;
        } rows[] = {
                { NULL, "/", "hte" },
                { NULL, "/system.slice", "ste" },
                { NULL, "/system.slice/x.service", "ut" },
                { NULL, "/system.slice/x.service/payload", "" },
                { NULL, "/system.slice/x.service/y.service", "" },
                { NULL, "/docker", "" },
                { NULL, "/system.slice/dev-hugepages.mount", "" },
                /* user managers */
                { NULL, "/user.slice/user-1000.slice/user@1000.service", "umte" },
                { NULL, "/user.slice/user-1000.slice/user@1000.service/init.scope", "udt" },
                { NULL, "/user.slice/user-1000.slice/user@1000.service/app.slice", "sdte" },
                { NULL, "/user.slice/user-1000.slice/user@1000.service/app.slice/a@b.service", "udt" },
                { NULL, "/user.slice/user-1000.slice/user@1000.service/app.slice/a@b.service/c", "" },
                { NULL, "/user.slice/user-1000.slice/user@1000.service/app.slice/user@7.service", "udt" }, /* not another one */
                { NULL, "/user.slice/user-1000.slice/user@1000.service/payload", "" },
                { NULL, "/user.slice/user-1000.slice/session-1.scope", "ut" },
                { NULL, "/system.slice/user@.service", "ut" },
                /* groups */
                { "/system.slice/d.service/*", "/system.slice/d.service", "ute" },
                { "/system.slice/d.service/*", "/system.slice/e.service", "ut" },
                { "/system.slice/d.service/*", "/system.slice/d.service/abc", "gdt" },
                { "/system.slice/d.service/*", "/system.slice/d.service/abc/deeper", "" },
                { "/system.slice/d.service/*", "/system.slice/d.service/x.service", "gdt" },
                { "/system.slice/d.service/*", "/system.slice/d.service/a b", "gdt" },
                { "/system.slice/d.service/*", "/system.slice/d.service/a\nb", "" },
                { "/system.slice/d.service/*", "/system.slice/d.service/a\xff", "" }, /* what the bus does not take */
                { "/system.slice/d.service/*", "/system.slice/d.service/a\xc3\xa4", "gdt" },
                { "/system.slice/d.service/*", "/system.slice/d.service/.hidden", "" },
                { "/system.slice/d.service/*/app", "/system.slice/d.service/abc", "gde" },
                { "/system.slice/d.service/*/app", "/system.slice/d.service/abc/app", "gdt" },
                { "/system.slice/d.service/*/app", "/system.slice/d.service/abc/x/app", "gdt" },
                { "/system.slice/d.service/*/app", "/system.slice/d.service/abc/app/app", "" },
                { "/system.slice/d.service/*/app", "/system.slice/d.service/abc/log", "gde" }, /* log/app may come */
                { "/system.slice/d.service/abc", "/system.slice/d.service/abc", "gdt" },
                { "/system.slice/d.service/abc", "/system.slice/d.service/abd", "" },
                { "/docker/*", "/docker", "gde" },
                { "/docker/*", "/docker/abc", "gdt" },
                { "/docker/*", "/system.slice", "ste" },
                { "/docker/*", "/dockerd", "" },
                { "/kubepods*/pod*", "/kubepods.slice", "ste" },
                { "/kubepods*/pod*", "/kubepods", "gde" },
                { "/kubepods*/pod*", "/kubepods/burstable", "gde" },
                { "/kubepods*/pod*", "/kubepods/burstable/pod1", "gdt" },
                { "/kubepods*/pod*", "/kubepods/burstable/pod1/c", "" },
                { "docker/*", "/docker", "gde" },
                { "docker/*", "/docker/abc", "gdt" },
                { "docker/*", "/system.slice/docker", "" },
                { "/docker/*/pod[0-9]", "/docker/a/pod7", "gdt" },
                { "/lxc.payload.*", "/lxc.payload.web", "gdt" },
                { "/lxc.payload.*", "/lxc.monitor.web", "" },
                { "*", "/system.slice/x.service", "ute" },
                { "*", "/system.slice/x.service/a", "gdt" },
                { "*", "/system.slice/x.service/a/b", "" },
                { "*", "/system.slice/dev-hugepages.mount", "" },
                { "*", "/user.slice/user-1.slice/user@1.service/app.slice/c.scope/in", "gdt" },
                { "*.service", "/system.slice/x.service", "ute" }, /* a unit stays what it is */
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                char *globs[] = { (char *) rows[i].glob, NULL };
                static const char kinds[] = "hsug";
                Folder *f = walk(globs, rows[i].path);
                char is[8] = "";

                if (f)
                        (void) snprintf(is, sizeof(is), "%c%s%s%s%s", kinds[f->place.kind],
                                        f->place.delegated ? "d" : "", f->place.manager ? "m" : "",
                                        f->place.told ? "t" : "", f->place.entered ? "e" : "");
                if (strcmp(is, rows[i].is) != 0)
                        fail_msg("row %zu: %s %s is \"%s\"", i, rows[i].glob ?: "", rows[i].path, is);
                if (f && f->place.kind == CGROUP_GROUP)
                        assert_string_equal(f->place.unit, rows[i].path);
                drop(f);
        }
}

/* Each glob takes what it takes; another goes on below. */
static void test_two_globs(void **state) {
        char *const globs[] = { (char *) "/docker/*", (char *) "/docker/*/worker", NULL };
        Folder *f = walk(globs, "/docker/abc");

        assert_true(f->place.told && f->place.entered);
        drop(f);
        f = walk(globs, "/docker/abc/worker");
        assert_true(f->place.told && !f->place.entered);
        drop(f);
        f = walk(globs, "/docker/abc/other"); /* other/worker may come */
        assert_true(!f->place.told && f->place.entered);
        drop(f);
        f = walk(globs, "/docker/abc/worker/x");
        assert_null(f);
}

static void test_reaches(void **state) {
        static const struct {
                const char *glob, *path;
                bool reaches;
        } rows[] = {
                { "/a/b", "/a", true },      { "/a/b", "/a/b", false },  { "/a/b", "/a/c", false },  { "/a/b", "/ab", false },
                { "/a/", "/a", false },      { "/a", "/a", false },      { "", "/a", false },        { "*", "/a", true },
                { "/a*", "/a", true },       { "/a*", "/b", false },     { "/a*b", "/a/c", true },   { "/?/b", "/a", true },
                { "/?/b", "/aa", false },    { "/a?b", "/a", true },     { "/[ab]/c", "/b", true },  { "/[ab]/c", "/c", false },
                { "/[!a]/c", "/b", true },   { "/[!a]/c", "/a", false }, { "/[]a]/c", "/]", true },  { "/[]a]/c", "/b", false },
                { "/[a/c", "/[a", true },    { "/[a/c", "/a", false },   { "/[[:alpha:]]/c", "/b", true },
                { "a/b", "/a", true },       { "a/b", "/b", false },     { "b/*", "/a/b", false },
                { "/x\\x2dy/*", "/x\\x2dy", true }, { "/x\\x2dy/*", "/x-y", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (place_glob_reaches(rows[i].glob, rows[i].path) != rows[i].reaches)
                        fail_msg("row %zu: %s %s", i, rows[i].glob, rows[i].path);
}

static void test_holds_group(void **state) {
        char *const deep[] = { (char *) "/d.service/*/app", NULL }, *const any[] = { (char *) "/d.service/*", NULL };
        Folder *f;
        FakeTree t;
        char path[128];
        int fd;

        fake_tree_new(&t);
        fake_tree_add(&t, "d.service");
        f = walk(any, "/d.service");
        (void) snprintf(path, sizeof(path), "%s/d.service", t.cgroup_root);
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_false(place_holds_group(any, f, fd));
        fake_tree_add(&t, "d.service/one");
        assert_true(place_holds_group(any, f, fd));
        assert_false(place_holds_group(deep, f, fd));
        fake_tree_add(&t, "d.service/one/app");
        assert_true(place_holds_group(deep, f, fd));
        assert_false(place_holds_group(NULL, f, fd));
        fake_tree_remove(&t, "d.service");
        assert_false(place_holds_group(any, f, fd));
        fd_close(fd);
        drop(f);
        fake_tree_done(&t);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows),
                cmocka_unit_test(test_two_globs),
                cmocka_unit_test(test_reaches),
                cmocka_unit_test(test_holds_group),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
