/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "fake-tree.h"
#include "sense/registry.h"
#include "sense/watch.h"

/* What the tree told, one line an event: "+ slice /system.slice system.slice". */
typedef struct Told {
        size_t n;
        char lines[64][160];
} Told;

static void on_event(const Event *event, void *userdata) {
        static const char *const kinds[] = { "host", "slice", "unit" };
        Told *told = userdata;

        assert_true(event->now_usec > 0);
        if (told->n < ELEMENTSOF(told->lines))
                (void) snprintf(told->lines[told->n], sizeof(told->lines[0]), "%c %s %s %s",
                                event->kind == EVENT_CGROUP_NEW ? '+' : '-', kinds[event->cgroup.kind],
                                event->cgroup.path, event->cgroup.unit);
        told->n++;
}

/* Takes `line` out of what was told, and says at which place it was told; fails if it was not. */
static size_t place(const Told *told, const char *line) {
        for (size_t i = 0; i < MIN(told->n, ELEMENTSOF(told->lines)); i++)
                if (strcmp(told->lines[i], line) == 0)
                        return i;
        for (size_t i = 0; i < MIN(told->n, ELEMENTSOF(told->lines)); i++)
                print_error("told: %s\n", told->lines[i]);
        fail_msg("not told: %s", line);
        return 0;
}

static void scan(Tree *tree, Told *told) {
        told->n = 0;
        assert_int_equal(tree_scan(tree, on_event, told), 0);
}

static void dispatch(Tree *tree, Told *told) {
        told->n = 0;
        assert_int_equal(tree_dispatch(tree, on_event, told), 0);
}

typedef struct Fixture {
        FakeTree fake;
        Tree *tree;
        Told told;
} Fixture;

static int setup(void **state) {
        static Fixture f;

        f = (Fixture){ 0 };
        fake_tree_new(&f.fake);
        assert_int_equal(tree_new(&f.tree, f.fake.cgroup_root, f.fake.proc_root), 0);
        *state = &f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        f->tree = tree_free(f->tree);
        fake_tree_done(&f->fake);
        return 0;
}

static void test_first_scan(void **state) {
        Fixture *f = *state;
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

        scan(f->tree, &f->told);
        assert_int_equal(f->told.n, 6);
        assert_int_equal(place(&f->told, "+ host / -.slice"), 0);
        place(&f->told, "+ unit /init.scope init.scope");
        place(&f->told, "+ unit /system.slice/_memory.service memory.service");
        assert_true(place(&f->told, "+ slice /system.slice system.slice") <
                    place(&f->told, "+ slice /system.slice/system-getty.slice system-getty.slice"));
        assert_true(place(&f->told, "+ slice /system.slice/system-getty.slice system-getty.slice") <
                    place(&f->told, "+ unit /system.slice/system-getty.slice/getty@tty1.service getty@tty1.service"));
        assert_int_equal(tree_n_nodes(f->tree), 6);

        assert_true(tree_name(f->tree, id, &kind, &path, &unit));
        assert_int_equal(kind, CGROUP_UNIT);
        assert_string_equal(path, "/system.slice/_memory.service");
        assert_string_equal(unit, "memory.service");
        assert_true(tree_name(f->tree, tree_host_id(f->tree), NULL, NULL, NULL));
        assert_false(tree_name(f->tree, 0, NULL, NULL, NULL));

        /* nothing new: nothing told */
        scan(f->tree, &f->told);
        assert_int_equal(f->told.n, 0);
        dispatch(f->tree, &f->told);
        assert_int_equal(f->told.n, 0);
        assert_int_equal(tree_gaps(f->tree).folders, 0);
}

static void test_come_and_go(void **state) {
        Fixture *f = *state;

        scan(f->tree, &f->told);

        /* a slice that has been filled before it is looked at */
        fake_tree_add(&f->fake, "batch.slice");
        fake_tree_add(&f->fake, "batch.slice/batch-a.slice");
        fake_tree_add(&f->fake, "batch.slice/batch-a.slice/job.service");
        dispatch(f->tree, &f->told);
        assert_int_equal(f->told.n, 3);
        assert_int_equal(place(&f->told, "+ slice /batch.slice batch.slice"), 0);
        assert_int_equal(place(&f->told, "+ slice /batch.slice/batch-a.slice batch-a.slice"), 1);

        /* one level down, seen through the new slice's own inotify watch */
        fake_tree_add(&f->fake, "batch.slice/batch-a.slice/late.scope");
        fake_tree_write(&f->fake, "batch.slice/batch-a.slice", "memory.high", "1\n");
        dispatch(f->tree, &f->told);
        assert_int_equal(f->told.n, 1);
        place(&f->told, "+ unit /batch.slice/batch-a.slice/late.scope late.scope");

        fake_tree_remove(&f->fake, "batch.slice/batch-a.slice/job.service");
        dispatch(f->tree, &f->told);
        assert_int_equal(f->told.n, 1);
        place(&f->told, "- unit /batch.slice/batch-a.slice/job.service job.service");

        /* children before parents */
        fake_tree_remove(&f->fake, "batch.slice");
        dispatch(f->tree, &f->told);
        assert_int_equal(f->told.n, 3);
        assert_int_equal(place(&f->told, "- unit /batch.slice/batch-a.slice/late.scope late.scope"), 0);
        assert_int_equal(place(&f->told, "- slice /batch.slice batch.slice"), 2);

        /* there and gone between two looks */
        fake_tree_add(&f->fake, "blink.slice");
        fake_tree_add(&f->fake, "blink.slice/blink.service");
        fake_tree_remove(&f->fake, "blink.slice");
        dispatch(f->tree, &f->told);
        assert_int_equal(f->told.n, 0);
        assert_int_equal(tree_n_nodes(f->tree), 1);
}

static void test_rename(void **state) {
        Fixture *f = *state;
        const char *path;
        uint64_t id;

        fake_tree_add(&f->fake, "a.slice");
        fake_tree_add(&f->fake, "b.slice");
        id = fake_tree_add(&f->fake, "a.slice/x.service");
        scan(f->tree, &f->told);

        fake_tree_rename(&f->fake, "a.slice/x.service", "b.slice/y.service");
        dispatch(f->tree, &f->told);
        assert_int_equal(f->told.n, 2);
        assert_int_equal(place(&f->told, "- unit /a.slice/x.service x.service"), 0);
        assert_int_equal(place(&f->told, "+ unit /b.slice/y.service y.service"), 1);
        assert_true(tree_name(f->tree, id, NULL, &path, NULL));
        assert_string_equal(path, "/b.slice/y.service");

        /* to a name that is no unit's, and back */
        fake_tree_rename(&f->fake, "b.slice/y.service", "b.slice/y");
        dispatch(f->tree, &f->told);
        assert_int_equal(f->told.n, 1);
        fake_tree_rename(&f->fake, "b.slice/y", "b.slice/y.service");
        dispatch(f->tree, &f->told);
        assert_int_equal(f->told.n, 1);

        /* a slice with its children, into another, while what is in it changes */
        fake_tree_rename(&f->fake, "b.slice", "a.slice/b.slice");
        fake_tree_add(&f->fake, "a.slice/b.slice/z.service");
        dispatch(f->tree, &f->told);
        place(&f->told, "+ unit /a.slice/b.slice/z.service z.service");
        place(&f->told, "+ unit /a.slice/b.slice/y.service y.service");
        assert_int_equal(tree_n_nodes(f->tree), 5);

        /* changes in the moved one are still seen, and told once */
        fake_tree_remove(&f->fake, "a.slice/b.slice/z.service");
        dispatch(f->tree, &f->told);
        assert_int_equal(f->told.n, 1);
}

/* The new place is looked at before the old one. */
static void test_moved_forward(void **state) {
        Fixture *f = *state;
        uint64_t id;

        fake_tree_add(&f->fake, "a.slice");
        fake_tree_add(&f->fake, "b.slice");
        id = fake_tree_add(&f->fake, "a.slice/x.service");
        scan(f->tree, &f->told);
        fake_tree_rename(&f->fake, "a.slice/x.service", "b.slice/x.service");
        f->tree->handler = NULL;
        assert_non_null(registry_compare(f->tree, registry_find_path(f->tree, "/b.slice"), "x.service"));
        assert_null(registry_find_path(f->tree, "/a.slice")->first_child);
        assert_ptr_equal(registry_find_path(f->tree, "/b.slice/x.service"), registry_find(f->tree, id));
        assert_int_equal(tree_n_nodes(f->tree), 4);
        dispatch(f->tree, &f->told);
        assert_int_equal(f->told.n, 0);
}

/* A slice moved below its own child, as no cgroup ever is, and looked at from there while the registry still has it the
 * other way round. The end state must be right after a scan. */
static void test_inside_out(void **state) {
        Fixture *f = *state;

        fake_tree_add(&f->fake, "a.slice");
        fake_tree_add(&f->fake, "a.slice/b.slice");
        scan(f->tree, &f->told);
        fake_tree_rename(&f->fake, "a.slice/b.slice", "b.slice");
        fake_tree_rename(&f->fake, "a.slice", "b.slice/a.slice");
        assert_null(registry_compare(f->tree, registry_find_path(f->tree, "/a.slice/b.slice"), "a.slice"));
        assert_int_equal(tree_n_nodes(f->tree), 3);
        scan(f->tree, &f->told);
        scan(f->tree, &f->told);
        assert_int_equal(tree_n_nodes(f->tree), 3);
        assert_ptr_equal(registry_find_path(f->tree, "/b.slice/a.slice")->parent,
                         registry_find_path(f->tree, "/b.slice"));
}

/* The unit was stopped and started again before anybody looked: another cgroup with its name. */
static void test_successor(void **state) {
        Fixture *f = *state;
        uint64_t old, new;

        fake_tree_add(&f->fake, "a.slice");
        old = fake_tree_add(&f->fake, "a.slice/x.service");
        scan(f->tree, &f->told);

        new = fake_tree_add(&f->fake, "a.slice/other");
        fake_tree_remove(&f->fake, "a.slice/x.service");
        fake_tree_rename(&f->fake, "a.slice/other", "a.slice/x.service");
        assert_int_not_equal(old, new);
        dispatch(f->tree, &f->told);
        assert_int_equal(f->told.n, 2);
        assert_int_equal(place(&f->told, "- unit /a.slice/x.service x.service"), 0);
        assert_int_equal(place(&f->told, "+ unit /a.slice/x.service x.service"), 1);
        assert_false(tree_name(f->tree, old, NULL, NULL, NULL));
        assert_true(tree_name(f->tree, new, NULL, NULL, NULL));
}

static void test_resolve(void **state) {
        Fixture *f = *state;
        uint64_t id;

        fake_tree_add(&f->fake, "a.slice");
        id = fake_tree_add(&f->fake, "a.slice/x.service");
        fake_tree_add(&f->fake, "a.slice/x.service/payload");
        scan(f->tree, &f->told);
        assert_int_equal(tree_resolve(f->tree, id), id);
        assert_int_equal(tree_resolve(f->tree, 0), 0);
        /* the fake tree is no kernfs and knows no such handles */
        assert_int_equal(tree_resolve(f->tree, UINT64_C(0x123456789abcdef)), 0);
        assert_int_equal(tree_resolve(f->tree, UINT64_C(0x123456789abcdef)), 0);

        assert_int_equal(registry_find_path(f->tree, "/a.slice/x.service/payload/deeper")->id, id);
        assert_int_equal(registry_find_path(f->tree, "/a.slice/x.service")->id, id);
        assert_int_equal(registry_find_path(f->tree, "/a.slice/x.servic")->id, fake_tree_id(&f->fake, "a.slice"));
        assert_int_equal(registry_find_path(f->tree, "/a.slice/x.service2")->id, fake_tree_id(&f->fake, "a.slice"));
        assert_int_equal(registry_find_path(f->tree, "/docker/x")->id, tree_host_id(f->tree));
        assert_int_equal(registry_find_path(f->tree, "")->id, tree_host_id(f->tree));
        assert_int_equal(registry_find_path(f->tree, "//a.slice//x.service/")->id, id);
}

/* Every tenth is a slice. */
static void churn_path(char path[static 64], unsigned round, unsigned i) {
        (void) snprintf(path, 64, "a.slice/run-%u-%u.%s", round, i, i % 10 == 0 ? "slice" : "scope");
}

/* Short-lived units must leave nothing behind: no node, no descriptor. */
static void test_churn(void **state) {
        Fixture *f = *state;
        const PressureLimit limit = { PRESSURE_SOME, 1000, UINT64_C(2000000) };
        const Watch *watch;
        unsigned fds, fds_max = 0;
        char path[64];

        fake_tree_add(&f->fake, "a.slice");
        scan(f->tree, &f->told);
        assert_int_equal(watch_arm(f->tree, fake_tree_id(&f->fake, "a.slice"), &limit, 1, &watch), 0);
        fds = fake_tree_count_fds();

        for (unsigned round = 0; round < 20; round++) {
                for (unsigned i = 0; i < 100; i++) {
                        churn_path(path, round, i);
                        fake_tree_add(&f->fake, path);
                }
                if (round % 2 == 0) {
                        dispatch(f->tree, &f->told);
                        assert_int_equal(f->told.n, 100);
                        assert_int_equal(tree_n_nodes(f->tree), 102);
                        fds_max = MAX(fds_max, fake_tree_count_fds());
                }
                for (unsigned i = 0; i < 100; i++) {
                        churn_path(path, round, i);
                        fake_tree_remove(&f->fake, path);
                }
                dispatch(f->tree, &f->told);
                assert_int_equal(f->told.n, round % 2 == 0 ? 100 : 0);
                assert_int_equal(tree_n_nodes(f->tree), 2);
        }
        assert_int_equal(fds_max, fds + 90 * 4 + 10 * 3); /* a slice's own, memory.min and memory.low */
        assert_int_equal(fake_tree_count_fds(), fds);
        assert_int_equal(f->tree->by_id.n_used, 2);
        assert_int_equal(f->tree->by_wd.n_used, 2);
        watch_disarm(f->tree, fake_tree_id(&f->fake, "a.slice"));
}

/* More changes than the kernel's queue takes (fs.inotify.max_queued_events). */
static void test_overflow(void **state) {
        Fixture *f = *state;
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
        scan(f->tree, &f->told);
        for (unsigned i = 0; i < queue / 2 + 100; i++) {
                (void) snprintf(path, sizeof(path), "a.slice/run-%u.scope", i);
                fake_tree_add_bare(&f->fake, path);
                fake_tree_remove(&f->fake, path);
        }
        fake_tree_remove(&f->fake, "a.slice/old.service");
        fake_tree_add(&f->fake, "a.slice/new.service");

        for (unsigned i = 0; i < 1000 && tree_n_nodes(f->tree) > 0; i++) {
                dispatch(f->tree, &f->told);
                if (f->told.n > 0)
                        break;
        }
        assert_int_equal(f->told.n, 2);
        place(&f->told, "- unit /a.slice/old.service old.service");
        place(&f->told, "+ unit /a.slice/new.service new.service");
}

/* Beyond the bound units are counted, and taken in once there is room. */
static void test_bound(void **state) {
        Fixture *f = *state;
        const unsigned slices = 16, units = TREE_NODES_MAX / 16;
        char path[64];

        for (unsigned i = 0; i < slices; i++) {
                (void) snprintf(path, sizeof(path), "s%u.slice", i);
                fake_tree_add_bare(&f->fake, path);
                for (unsigned k = 0; k < units; k++) {
                        (void) snprintf(path, sizeof(path), "s%u.slice/u%u.service", i, k);
                        fake_tree_add_bare(&f->fake, path);
                }
        }
        scan(f->tree, &f->told);
        assert_int_equal(tree_n_nodes(f->tree), TREE_NODES_MAX);
        assert_int_equal(tree_gaps(f->tree).units, slices + 1); /* the slices and the host take their room */

        for (unsigned i = 0; i < 5; i++) {
                (void) snprintf(path, sizeof(path), "s%u.slice", i);
                fake_tree_remove(&f->fake, path);
        }
        for (unsigned i = 0; i < 100 && tree_gaps(f->tree).units > 0; i++)
                dispatch(f->tree, &f->told);
        assert_int_equal(tree_gaps(f->tree).units, 0);
        assert_int_equal(tree_n_nodes(f->tree), 1 + (slices - 5) * (units + 1));
}

/* Without descriptors units are known, but blind; with descriptors again a scan mends it. */
static void test_descriptors(void **state) {
        Fixture *f = *state;
        struct rlimit old, few;
        const Watch *watch;
        char path[64];
        Survey survey;

        fake_tree_add(&f->fake, "a.slice");
        scan(f->tree, &f->told);
        assert_int_equal(watch_arm(f->tree, tree_host_id(f->tree), NULL, 0, &watch), 0);
        for (unsigned i = 0; i < 10; i++) {
                (void) snprintf(path, sizeof(path), "a.slice/u%u.service", i);
                fake_tree_add(&f->fake, path);
        }
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
        few = (struct rlimit){ .rlim_cur = fake_tree_count_fds() + 20, .rlim_max = old.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        dispatch(f->tree, &f->told);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
        assert_true(tree_gaps(f->tree).files + tree_gaps(f->tree).units > 0);

        scan(f->tree, &f->told);
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
                cmocka_unit_test_setup_teardown(test_first_scan, setup, teardown),
                cmocka_unit_test_setup_teardown(test_come_and_go, setup, teardown),
                cmocka_unit_test_setup_teardown(test_rename, setup, teardown),
                cmocka_unit_test_setup_teardown(test_moved_forward, setup, teardown),
                cmocka_unit_test_setup_teardown(test_inside_out, setup, teardown),
                cmocka_unit_test_setup_teardown(test_successor, setup, teardown),
                cmocka_unit_test_setup_teardown(test_resolve, setup, teardown),
                cmocka_unit_test_setup_teardown(test_churn, setup, teardown),
                cmocka_unit_test_setup_teardown(test_overflow, setup, teardown),
                cmocka_unit_test_setup_teardown(test_bound, setup, teardown),
                cmocka_unit_test_setup_teardown(test_descriptors, setup, teardown),
                cmocka_unit_test(test_missing_root),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
