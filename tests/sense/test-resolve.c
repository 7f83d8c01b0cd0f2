/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sense/registry.h"
#include "told.h"

static void test_resolve(void **state) {
        TreeFixture *f = *state;
        const uint64_t unknown = UINT64_C(0x123456789abcdef);
        uint64_t id;

        fake_tree_add(&f->fake, "a.slice");
        id = fake_tree_add(&f->fake, "a.slice/x.service");
        tree_fixture_scan(f);
        assert_int_equal(tree_resolve(f->tree, id), id);
        assert_int_equal(tree_resolve(f->tree, tree_host_id(f->tree)), tree_host_id(f->tree));
        assert_int_equal(tree_resolve(f->tree, 0), 0);

        /* the fake tree is no kernfs and knows no such handle; live-psi asks a real one */
        assert_int_equal(tree_resolve(f->tree, unknown), 0);
        assert_int_equal(tree_resolve(f->tree, unknown), 0);
}

/* What is remembered holds until something is added, which may be nearer, or until what it says is gone. */
static void test_memory(void **state) {
        TreeFixture *f = *state;
        const uint64_t inner = UINT64_C(0x123456789abcdef);
        struct TreeResolved *known = &f->tree->resolved[inner % TREE_RESOLVED_MAX];
        uint64_t id;

        fake_tree_add(&f->fake, "a.slice");
        id = fake_tree_add(&f->fake, "a.slice/x.service");
        tree_fixture_scan(f);
        *known = (struct TreeResolved){ .cgroup_id = inner, .folder_id = id };
        assert_int_equal(tree_resolve(f->tree, inner), id);
        assert_int_equal(tree_resolve(f->tree, inner + TREE_RESOLVED_MAX), 0); /* the same place, another id */

        *known = (struct TreeResolved){ .cgroup_id = inner, .folder_id = id };
        fake_tree_remove(&f->fake, "a.slice/x.service");
        tree_fixture_dispatch(f);
        assert_int_equal(tree_resolve(f->tree, inner), 0);

        *known = (struct TreeResolved){ .cgroup_id = inner, .folder_id = tree_host_id(f->tree) };
        fake_tree_add(&f->fake, "b.slice");
        tree_fixture_dispatch(f);
        assert_int_equal(tree_resolve(f->tree, inner), 0);
}

static void test_find(void **state) {
        TreeFixture *f = *state;
        uint64_t slice, unit;

        slice = fake_tree_add(&f->fake, "a.slice");
        unit = fake_tree_add(&f->fake, "a.slice/x.service");
        tree_fixture_scan(f);
        assert_int_equal(tree_find(f->tree, "/a.slice/x.service"), unit);
        assert_int_equal(tree_find(f->tree, "/a.slice/x.service/inner"), unit);
        assert_int_equal(tree_find(f->tree, "/a.slice/y.service"), slice);
        assert_int_equal(tree_find(f->tree, "/a.slice"), slice);
        assert_int_equal(tree_find(f->tree, "/b.service"), tree_host_id(f->tree));
        assert_int_equal(tree_find(f->tree, "/"), tree_host_id(f->tree));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_resolve, tree_fixture_setup, tree_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_memory, tree_fixture_setup, tree_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_find, tree_fixture_setup, tree_fixture_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
