/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "sense/registry.h"
#include "told.h"

static void test_find_path(void **state) {
        char *const globs[] = { (char *) "/docker/*/box", NULL };
        TreeFixture *f = *state;
        uint64_t slice, unit;

        assert_int_equal(tree_add_groups(f->tree, globs), 0);
        fake_tree_add(&f->fake, "docker");
        fake_tree_add(&f->fake, "docker/x");
        slice = fake_tree_add(&f->fake, "a.slice");
        unit = fake_tree_add(&f->fake, "a.slice/x.service");
        tree_fixture_scan(f);
        assert_int_equal(registry_find_path(f->tree, "/a.slice/x.service/payload/deeper")->id, unit);
        assert_int_equal(registry_find_path(f->tree, "/a.slice/x.service")->id, unit);
        assert_int_equal(registry_find_path(f->tree, "//a.slice//x.service/")->id, unit);
        assert_int_equal(registry_find_path(f->tree, "/a.slice/x.servic")->id, slice);
        assert_int_equal(registry_find_path(f->tree, "/a.slice/x.service2")->id, slice);
        assert_int_equal(registry_find_path(f->tree, "/docker/x")->id, tree_host_id(f->tree)); /* only on the way */
        assert_int_equal(registry_find_path(f->tree, "/lxc/x")->id, tree_host_id(f->tree));
        assert_int_equal(registry_find_path(f->tree, "")->id, tree_host_id(f->tree));
}

/* The new place is looked at before the old one. */
static void test_moved_forward(void **state) {
        TreeFixture *f = *state;
        uint64_t id;

        fake_tree_add(&f->fake, "a.slice");
        fake_tree_add(&f->fake, "b.slice");
        id = fake_tree_add(&f->fake, "a.slice/x.service");
        tree_fixture_scan(f);
        fake_tree_rename(&f->fake, "a.slice/x.service", "b.slice/x.service");
        assert_non_null(registry_compare(f->tree, registry_find_path(f->tree, "/b.slice"), "x.service"));
        assert_null(registry_find_path(f->tree, "/a.slice")->first_child);
        assert_ptr_equal(registry_find_path(f->tree, "/b.slice/x.service"), registry_find(f->tree, id));
        assert_int_equal(tree_fixture_n(f), 4);
        tree_fixture_dispatch(f);
        assert_int_equal(f->told.n, 0);
}

/* A slice moved below its own child, as no cgroup ever is, and looked at from there while the registry still has it
 * the other way round. The end state must be right after a scan. */
static void test_inside_out(void **state) {
        TreeFixture *f = *state;

        fake_tree_add(&f->fake, "a.slice");
        fake_tree_add(&f->fake, "a.slice/b.slice");
        tree_fixture_scan(f);
        fake_tree_rename(&f->fake, "a.slice/b.slice", "b.slice");
        fake_tree_rename(&f->fake, "a.slice", "b.slice/a.slice");
        assert_null(registry_compare(f->tree, registry_find_path(f->tree, "/a.slice/b.slice"), "a.slice"));
        assert_int_equal(tree_fixture_n(f), 3);
        tree_fixture_scan(f);
        tree_fixture_scan(f);
        assert_int_equal(tree_fixture_n(f), 3);
        assert_ptr_equal(registry_find_path(f->tree, "/b.slice/a.slice")->parent,
                         registry_find_path(f->tree, "/b.slice"));
}

/* Every tenth is a slice. */
static void churn_path(char path[static 64], unsigned round, unsigned i) {
        (void) snprintf(path, 64, "a.slice/run-%u-%u.%s", round, i, i % 10 == 0 ? "slice" : "scope");
}

/* Short-lived units must leave nothing behind: no node, no descriptor. */
static void test_churn(void **state) {
        TreeFixture *f = *state;
        const PressureLimit limit = { PRESSURE_SOME, 1000, UINT64_C(2000000) };
        const ArmedWatch *watch;
        unsigned fds, fds_max = 0;
        char path[64];

        fake_tree_add(&f->fake, "a.slice");
        tree_fixture_scan(f);
        assert_int_equal(watch_arm(f->tree, fake_tree_id(&f->fake, "a.slice"), &limit, 1, 0, &watch), 0);
        fds = fake_tree_count_fds();

        for (unsigned round = 0; round < 50; round++) { /* 5,000 of them */
                for (unsigned i = 0; i < 100; i++) {
                        churn_path(path, round, i);
                        if (round % 2 == 0)
                                fake_tree_add(&f->fake, path);
                        else
                                fake_tree_add_bare(&f->fake, path); /* gone before anybody looks */
                }
                if (round % 2 == 0) {
                        tree_fixture_dispatch(f);
                        assert_int_equal(f->told.n, 100);
                        assert_int_equal(tree_fixture_n(f), 102);
                        fds_max = MAX(fds_max, fake_tree_count_fds());
                }
                for (unsigned i = 0; i < 100; i++) {
                        churn_path(path, round, i);
                        fake_tree_remove(&f->fake, path);
                }
                tree_fixture_dispatch(f);
                assert_int_equal(f->told.n, round % 2 == 0 ? 100 : 0);
                assert_int_equal(tree_fixture_n(f), 2);
        }
        assert_int_equal(fds_max, fds + 90 * 5 + 10 * 3); /* a slice's own, memory.min and memory.low */
        assert_int_equal(fake_tree_count_fds(), fds);
        assert_int_equal(f->tree->by_id.n_used, 2);
        assert_int_equal(f->tree->by_wd.n_used, 2);
        watch_disarm(f->tree, fake_tree_id(&f->fake, "a.slice"));
}

/* Nor must whole user managers, and containers: logins and deployments, by the hundred. */
static void test_churn_below(void **state) {
        static const struct {
                const char *before, *behind;
        } paths[] = {
                { "user@", ".service" },
                { "user@", ".service/init.scope" },
                { "user@", ".service/app.slice" },
                { "user@", ".service/app.slice/x.service" },
                { "d-", ".scope" },
                { "d-", ".scope/container" },
                { "d-", ".scope/container/inner" },
                { "d-", ".scope/supervisor" },
        };
        char *const globs[] = { (char *) "/a.slice/d-*.scope/container", NULL };
        TreeFixture *f = *state;
        const ArmedWatch *watch;
        size_t n_candidates = 0;
        unsigned fds;
        char path[96];

        assert_int_equal(tree_add_groups(f->tree, globs), 0);
        fake_tree_add(&f->fake, "a.slice");
        tree_fixture_scan(f);
        assert_int_equal(watch_arm(f->tree, fake_tree_id(&f->fake, "a.slice"), NULL, 0, 0, &watch), 0);
        fds = fake_tree_count_fds();
        for (unsigned round = 0; round < 10; round++) {
                for (unsigned i = 0; i < 20; i++)
                        for (size_t k = 0; k < ELEMENTSOF(paths); k++) {
                                (void) snprintf(path, sizeof(path), "a.slice/%s%u%s", paths[k].before, i, paths[k].behind);
                                fake_tree_add(&f->fake, path);
                        }
                if (round % 2 == 0) {
                        tree_fixture_dispatch(f);
                        assert_int_equal(f->told.n, 20 * 6);
                        assert_int_equal(tree_fixture_n(f), 2 + 20 * 7); /* what could hold "container", too */
                        assert_int_equal(tree_follow(f->tree, fake_tree_id(&f->fake, "a.slice/d-7.scope/container")), 0);
                        n_candidates = f->tree->n_candidates_max;
                }
                for (unsigned i = 0; i < 20; i++) {
                        (void) snprintf(path, sizeof(path), "a.slice/user@%u.service", i);
                        fake_tree_remove(&f->fake, path);
                        (void) snprintf(path, sizeof(path), "a.slice/d-%u.scope", i);
                        fake_tree_remove(&f->fake, path);
                }
                tree_fixture_dispatch(f);
                assert_int_equal(f->told.n, round % 2 == 0 ? 20 * 6 : 0);
                assert_int_equal(tree_fixture_n(f), 2);
                assert_int_equal(fake_tree_count_fds(), fds);
                assert_int_equal(f->tree->n_candidates_max, n_candidates); /* no growth but by what is there at once */
                assert_int_equal(f->tree->by_wd.n_used, 2);
                assert_int_equal(tree_gaps(f->tree).files + tree_gaps(f->tree).folders + tree_gaps(f->tree).units, 0);
        }
}

/* Beyond the bound units are counted, and taken in once there is room. */
static void test_bound(void **state) {
        TreeFixture *f = *state;
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
        tree_fixture_scan(f);
        assert_int_equal(tree_fixture_n(f), TREE_NODES_MAX);
        assert_int_equal(tree_gaps(f->tree).units, slices + 1); /* the slices and the host take their room */

        for (unsigned i = 0; i < 5; i++) {
                (void) snprintf(path, sizeof(path), "s%u.slice", i);
                fake_tree_remove(&f->fake, path);
        }
        for (unsigned i = 0; i < 100 && tree_gaps(f->tree).units > 0; i++)
                tree_fixture_dispatch(f);
        assert_int_equal(tree_gaps(f->tree).units, 0);
        assert_int_equal(tree_fixture_n(f), 1 + (slices - 5) * (units + 1));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_find_path, tree_fixture_setup, tree_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_moved_forward, tree_fixture_setup, tree_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_inside_out, tree_fixture_setup, tree_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_churn, tree_fixture_setup, tree_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_churn_below, tree_fixture_setup, tree_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_bound, tree_fixture_setup, tree_fixture_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
