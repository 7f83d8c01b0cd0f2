/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "sense/watch.h"
#include "told.h"

static void test_first_scan(void **state) {
        TreeFixture *f = *state;
        const char *path, *unit;
        CgroupKind kind;
        uint64_t id;

        fake_tree_add(&f->fake, "init.scope");
        fake_tree_add(&f->fake, "docker");
        fake_tree_add(&f->fake, "docker/hidden.service");
        fake_tree_add(&f->fake, "system.slice");
        fake_tree_add(&f->fake, "system.slice/dev-hugepages.mount");
        fake_tree_add(&f->fake, "system.slice/system-getty.slice");
        fake_tree_add(&f->fake, "system.slice/system-getty.slice/getty@tty1.service");
        id = fake_tree_add(&f->fake, "system.slice/_memory.service");
        fake_tree_add(&f->fake, "system.slice/_memory.service/payload.slice");
        fake_tree_add(&f->fake, "system.slice/a\nb.service");
        fake_tree_write(&f->fake, "system.slice", "file.service", "no folder");

        tree_fixture_scan(f);
        assert_int_equal(f->told.n, 6);
        assert_int_equal(told_place(&f->told, "+ host / -.slice"), 0);
        told_place(&f->told, "+ unit /init.scope init.scope");
        told_place(&f->told, "+ unit /system.slice/_memory.service memory.service");
        assert_true(told_place(&f->told, "+ slice /system.slice system.slice") <
                    told_place(&f->told, "+ slice /system.slice/system-getty.slice system-getty.slice"));
        assert_true(told_place(&f->told, "+ slice /system.slice/system-getty.slice system-getty.slice") <
                    told_place(&f->told, "+ unit /system.slice/system-getty.slice/getty@tty1.service getty@tty1.service"));
        assert_int_equal(tree_fixture_n(f), 6);

        assert_true(tree_name(f->tree, id, &kind, &path, &unit, NULL));
        assert_int_equal(kind, CGROUP_UNIT);
        assert_string_equal(path, "/system.slice/_memory.service");
        assert_string_equal(unit, "memory.service");
        assert_true(tree_name(f->tree, tree_host_id(f->tree), NULL, NULL, NULL, NULL));
        assert_false(tree_name(f->tree, 0, NULL, NULL, NULL, NULL));

        /* nothing new: nothing told */
        tree_fixture_scan(f);
        assert_int_equal(f->told.n, 0);
        tree_fixture_dispatch(f);
        assert_int_equal(f->told.n, 0);
        assert_int_equal(tree_gaps(f->tree).folders, 0);
}

static void test_come_and_go(void **state) {
        TreeFixture *f = *state;

        tree_fixture_scan(f);

        /* a slice that has been filled before it is looked at */
        fake_tree_add(&f->fake, "batch.slice");
        fake_tree_add(&f->fake, "batch.slice/batch-a.slice");
        fake_tree_add(&f->fake, "batch.slice/batch-a.slice/job.service");
        tree_fixture_dispatch(f);
        assert_int_equal(f->told.n, 3);
        assert_int_equal(told_place(&f->told, "+ slice /batch.slice batch.slice"), 0);
        assert_int_equal(told_place(&f->told, "+ slice /batch.slice/batch-a.slice batch-a.slice"), 1);

        /* one level down, seen through the new slice's own inotify watch */
        fake_tree_add(&f->fake, "batch.slice/batch-a.slice/late.scope");
        fake_tree_write(&f->fake, "batch.slice/batch-a.slice", "memory.high", "1\n");
        tree_fixture_dispatch(f);
        assert_int_equal(f->told.n, 1);
        told_place(&f->told, "+ unit /batch.slice/batch-a.slice/late.scope late.scope");

        fake_tree_remove(&f->fake, "batch.slice/batch-a.slice/job.service");
        tree_fixture_dispatch(f);
        assert_int_equal(f->told.n, 1);
        told_place(&f->told, "- unit /batch.slice/batch-a.slice/job.service job.service");

        /* children before parents */
        fake_tree_remove(&f->fake, "batch.slice");
        tree_fixture_dispatch(f);
        assert_int_equal(f->told.n, 3);
        assert_int_equal(told_place(&f->told, "- unit /batch.slice/batch-a.slice/late.scope late.scope"), 0);
        assert_int_equal(told_place(&f->told, "- slice /batch.slice batch.slice"), 2);

        /* there and gone between two looks */
        fake_tree_add(&f->fake, "blink.slice");
        fake_tree_add(&f->fake, "blink.slice/blink.service");
        fake_tree_remove(&f->fake, "blink.slice");
        tree_fixture_dispatch(f);
        assert_int_equal(f->told.n, 0);
        assert_int_equal(tree_fixture_n(f), 1);
}

/* Below a user manager it goes on as below the system manager. */
static void test_user_manager(void **state) {
        TreeFixture *f = *state;
        const char *path, *unit;
        bool delegated = false;
        uint64_t id;

        fake_tree_add(&f->fake, "user.slice");
        fake_tree_add(&f->fake, "user.slice/user@1000.service");
        fake_tree_add(&f->fake, "user.slice/user@1000.service/init.scope");
        fake_tree_add(&f->fake, "user.slice/user@1000.service/app.slice");
        id = fake_tree_add(&f->fake, "user.slice/user@1000.service/app.slice/_cpu.service");
        fake_tree_add(&f->fake, "user.slice/user@1000.service/app.slice/_cpu.service/inner.service");
        fake_tree_add(&f->fake, "user.slice/user@1000.service/app.slice/user@1000.service");
        fake_tree_add(&f->fake, "user.slice/user@1000.service/app.slice/user@1000.service/x.service");
        fake_tree_add(&f->fake, "user.slice/session-1.scope");
        tree_fixture_scan(f);
        assert_int_equal(f->told.n, 8);
        told_place(&f->told, "+ unit /user.slice/session-1.scope session-1.scope");
        assert_true(told_place(&f->told, "+ unit /user.slice/user@1000.service user@1000.service container") <
                    told_place(&f->told, "+ slice /user.slice/user@1000.service/app.slice app.slice delegated"));
        told_place(&f->told, "+ unit /user.slice/user@1000.service/init.scope init.scope delegated");
        told_place(&f->told, "+ unit /user.slice/user@1000.service/app.slice/_cpu.service cpu.service delegated");
        told_place(&f->told, "+ unit /user.slice/user@1000.service/app.slice/user@1000.service user@1000.service delegated");
        assert_true(tree_name(f->tree, id, NULL, &path, &unit, &delegated));
        assert_string_equal(unit, "cpu.service");
        assert_true(delegated);
        assert_true(tree_name(f->tree, fake_tree_id(&f->fake, "user.slice"), NULL, NULL, NULL, &delegated));
        assert_false(delegated);

        /* seen as it happens, too */
        fake_tree_add(&f->fake, "user.slice/user@1000.service/app.slice/late.scope");
        fake_tree_add(&f->fake, "user.slice/user@1000.service/payload");
        fake_tree_remove(&f->fake, "user.slice/user@1000.service/init.scope");
        tree_fixture_dispatch(f);
        assert_int_equal(f->told.n, 2);
        told_place(&f->told, "+ unit /user.slice/user@1000.service/app.slice/late.scope late.scope delegated");
        told_place(&f->told, "- unit /user.slice/user@1000.service/init.scope init.scope delegated");

        /* somebody else logs in: nothing is in it yet, but it will be */
        fake_tree_add(&f->fake, "user.slice/user@1001.service");
        tree_fixture_dispatch(f);
        assert_int_equal(told_place(&f->told, "+ unit /user.slice/user@1001.service user@1001.service container"), 0);
        fake_tree_remove(&f->fake, "user.slice/user@1001.service");
        tree_fixture_dispatch(f);

        /* the whole session ends: children first, and nothing is left */
        fake_tree_remove(&f->fake, "user.slice/user@1000.service");
        tree_fixture_dispatch(f);
        assert_int_equal(f->told.n, 5);
        assert_int_equal(told_place(&f->told, "- unit /user.slice/user@1000.service user@1000.service container"), 4);
        assert_int_equal(tree_fixture_n(f), 3);
        assert_int_equal(tree_gaps(f->tree).folders, 0);
}

/* Cgroups that no manager knows, as far as they are asked for. */
static void test_groups(void **state) {
        TreeFixture *f = *state;
        char *const globs[] = { (char *) "/system.slice/d.service/*/app*", NULL }, *const more[] = { (char *) "/pods/*", NULL };
        CgroupKind kind;
        const char *path, *unit;
        bool delegated = false;
        uint64_t way, app;

        assert_int_equal(tree_add_groups(f->tree, globs), 0);
        assert_int_equal(tree_add_groups(f->tree, more), 0);
        assert_int_equal(tree_add_groups(f->tree, NULL), 0);
        fake_tree_add(&f->fake, "system.slice");
        fake_tree_add(&f->fake, "system.slice/e.service");
        fake_tree_add(&f->fake, "system.slice/e.service/app");
        fake_tree_add(&f->fake, "system.slice/d.service");
        way = fake_tree_add(&f->fake, "system.slice/d.service/way");
        app = fake_tree_add(&f->fake, "system.slice/d.service/way/app1");
        fake_tree_add(&f->fake, "system.slice/d.service/way/app1/inner");
        fake_tree_add(&f->fake, "system.slice/d.service/way/log");
        fake_tree_add(&f->fake, "pods");
        tree_fixture_scan(f);
        assert_int_equal(f->told.n, 5);
        assert_true(told_place(&f->told, "+ unit /system.slice/d.service d.service container") <
                    told_place(&f->told, "+ group /system.slice/d.service/way/app1 /system.slice/d.service/way/app1 delegated"));
        told_place(&f->told, "+ unit /system.slice/e.service e.service");
        assert_true(tree_name(f->tree, app, &kind, &path, &unit, &delegated));
        assert_int_equal(kind, CGROUP_GROUP);
        assert_string_equal(unit, "/system.slice/d.service/way/app1");
        assert_true(delegated);

        /* what is on the way is nobody outside; its numbers are the unit's */
        assert_false(tree_name(f->tree, way, NULL, NULL, NULL, NULL));
        assert_int_equal(tree_resolve(f->tree, way), fake_tree_id(&f->fake, "system.slice/d.service"));
        assert_int_equal(tree_resolve(f->tree, app), app);
        assert_int_equal(watch_arm(f->tree, way, NULL, 0, 0, &(const ArmedWatch *){ NULL }), WATCH_E_GONE);
        assert_int_equal(tree_follow(f->tree, way), WATCH_E_GONE);

        /* they come and go, also where nothing was told before */
        fake_tree_add(&f->fake, "pods/a");
        fake_tree_add(&f->fake, "pods/a/b");
        fake_tree_add(&f->fake, "system.slice/d.service/way/log/app2");
        fake_tree_remove(&f->fake, "system.slice/d.service/way/app1");
        tree_fixture_dispatch(f);
        assert_int_equal(f->told.n, 3);
        told_place(&f->told, "+ group /pods/a /pods/a delegated");
        told_place(&f->told, "+ group /system.slice/d.service/way/log/app2 /system.slice/d.service/way/log/app2 delegated");
        told_place(&f->told, "- group /system.slice/d.service/way/app1 /system.slice/d.service/way/app1 delegated");

        fake_tree_remove(&f->fake, "system.slice/d.service");
        fake_tree_remove(&f->fake, "pods");
        tree_fixture_dispatch(f);
        assert_int_equal(f->told.n, 3); /* d, app2, a */
        assert_int_equal(tree_fixture_n(f), 3);
        assert_int_equal(tree_gaps(f->tree).folders, 0);
}

static void test_rename(void **state) {
        TreeFixture *f = *state;
        const char *path;
        uint64_t id;

        fake_tree_add(&f->fake, "a.slice");
        fake_tree_add(&f->fake, "b.slice");
        id = fake_tree_add(&f->fake, "a.slice/x.service");
        tree_fixture_scan(f);

        fake_tree_rename(&f->fake, "a.slice/x.service", "b.slice/y.service");
        tree_fixture_dispatch(f);
        assert_int_equal(f->told.n, 2);
        assert_int_equal(told_place(&f->told, "- unit /a.slice/x.service x.service"), 0);
        assert_int_equal(told_place(&f->told, "+ unit /b.slice/y.service y.service"), 1);
        assert_true(tree_name(f->tree, id, NULL, &path, NULL, NULL));
        assert_string_equal(path, "/b.slice/y.service");

        /* to a name that is no unit's, and back */
        fake_tree_rename(&f->fake, "b.slice/y.service", "b.slice/y");
        tree_fixture_dispatch(f);
        assert_int_equal(f->told.n, 1);
        fake_tree_rename(&f->fake, "b.slice/y", "b.slice/y.service");
        tree_fixture_dispatch(f);
        assert_int_equal(f->told.n, 1);

        /* a slice with its children, into another, while what is in it changes */
        fake_tree_rename(&f->fake, "b.slice", "a.slice/b.slice");
        fake_tree_add(&f->fake, "a.slice/b.slice/z.service");
        tree_fixture_dispatch(f);
        told_place(&f->told, "+ unit /a.slice/b.slice/z.service z.service");
        told_place(&f->told, "+ unit /a.slice/b.slice/y.service y.service");
        assert_int_equal(tree_fixture_n(f), 5);

        /* changes in the moved one are still seen, and told once */
        fake_tree_remove(&f->fake, "a.slice/b.slice/z.service");
        tree_fixture_dispatch(f);
        assert_int_equal(f->told.n, 1);
}

/* The unit was stopped and started again before anybody looked: another cgroup with its name. */
static void test_successor(void **state) {
        TreeFixture *f = *state;
        uint64_t old, new;

        fake_tree_add(&f->fake, "a.slice");
        old = fake_tree_add(&f->fake, "a.slice/x.service");
        tree_fixture_scan(f);

        new = fake_tree_add(&f->fake, "a.slice/other");
        fake_tree_remove(&f->fake, "a.slice/x.service");
        fake_tree_rename(&f->fake, "a.slice/other", "a.slice/x.service");
        assert_int_not_equal(old, new);
        tree_fixture_dispatch(f);
        assert_int_equal(f->told.n, 2);
        assert_int_equal(told_place(&f->told, "- unit /a.slice/x.service x.service"), 0);
        assert_int_equal(told_place(&f->told, "+ unit /a.slice/x.service x.service"), 1);
        assert_false(tree_name(f->tree, old, NULL, NULL, NULL, NULL));
        assert_true(tree_name(f->tree, new, NULL, NULL, NULL, NULL));
}

/* More changes than the kernel's queue takes (fs.inotify.max_queued_events). */
static void test_overflow(void **state) {
        TreeFixture *f = *state;
        unsigned queue = 16384;
        char path[64];
        FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");

        if (file) {
                assert_int_equal(fscanf(file, "%u", &queue), 1);
                (void) fclose(file);
        }
        if (queue > 100000)
                skip();
        fake_tree_add(&f->fake, "a.slice");
        fake_tree_add(&f->fake, "a.slice/old.service");
        tree_fixture_scan(f);
        for (unsigned i = 0; i < queue / 2 + 100; i++) {
                (void) snprintf(path, sizeof(path), "a.slice/run-%u.scope", i);
                fake_tree_add_bare(&f->fake, path);
                fake_tree_remove(&f->fake, path);
        }
        fake_tree_remove(&f->fake, "a.slice/old.service");
        fake_tree_add(&f->fake, "a.slice/new.service");

        for (unsigned i = 0; i < 1000 && tree_fixture_n(f) > 0; i++) {
                tree_fixture_dispatch(f);
                if (f->told.n > 0)
                        break;
        }
        assert_int_equal(f->told.n, 2);
        told_place(&f->told, "- unit /a.slice/old.service old.service");
        told_place(&f->told, "+ unit /a.slice/new.service new.service");
}

/* Without descriptors units are known, but blind; with descriptors again a scan mends it. */
static void test_descriptors(void **state) {
        TreeFixture *f = *state;
        struct rlimit old, few;
        const ArmedWatch *watch;
        char path[64];
        Candidates survey;

        fake_tree_add(&f->fake, "a.slice");
        tree_fixture_scan(f);
        assert_int_equal(watch_arm(f->tree, tree_host_id(f->tree), NULL, 0, 0, &watch), 0);
        for (unsigned i = 0; i < 10; i++) {
                (void) snprintf(path, sizeof(path), "a.slice/u%u.service", i);
                fake_tree_add(&f->fake, path);
        }
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
        few = (struct rlimit){ .rlim_cur = fake_tree_count_fds() + 20, .rlim_max = old.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        tree_fixture_dispatch(f);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
        assert_true(tree_gaps(f->tree).files + tree_gaps(f->tree).units > 0);

        tree_fixture_scan(f);
        assert_int_equal(tree_gaps(f->tree).files, 0);
        assert_int_equal(tree_gaps(f->tree).units, 0);
        assert_int_equal(watch_survey(f->tree, tree_host_id(f->tree), &survey), 0);
        assert_int_equal(survey.n_candidates, 10);
}

static void test_missing_root(void **state) {
        Tree *tree = NULL;
        unsigned fds = fake_tree_count_fds();

        assert_int_equal(tree_new(&tree, "/nonexistent/cgroup", NULL), -ENOENT);
        assert_int_equal(tree_new(&tree, "/", "/nonexistent/proc"), -ENOENT);
        assert_null(tree);
        assert_int_equal(fake_tree_count_fds(), fds);
        tree_free(NULL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_first_scan, tree_fixture_setup, tree_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_come_and_go, tree_fixture_setup, tree_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_user_manager, tree_fixture_setup, tree_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_groups, tree_fixture_setup, tree_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_rename, tree_fixture_setup, tree_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_successor, tree_fixture_setup, tree_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_overflow, tree_fixture_setup, tree_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_descriptors, tree_fixture_setup, tree_fixture_teardown),
                cmocka_unit_test(test_missing_root),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
