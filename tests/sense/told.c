/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "sense/registry.h"
#include "told.h"

void told_on_event(const Event *event, void *userdata) {
        static const char *const kinds[] = { "host", "slice", "unit", "group" };
        Told *told = userdata;

        assert_true(event->now_usec > 0);
        if (told->n < ELEMENTSOF(told->lines))
                (void) snprintf(told->lines[told->n], sizeof(told->lines[0]), "%c %s %s %s%s%s",
                                event->kind == EVENT_CGROUP_NEW ? '+' : '-', kinds[event->cgroup.kind],
                                event->cgroup.path, event->cgroup.unit,
                                event->cgroup.delegated ? " delegated" : "", event->cgroup.container ? " container" : "");
        told->n++;
}

size_t told_place(const Told *told, const char *line) {
        for (size_t i = 0; i < MIN(told->n, ELEMENTSOF(told->lines)); i++)
                if (strcmp(told->lines[i], line) == 0)
                        return i;
        for (size_t i = 0; i < MIN(told->n, ELEMENTSOF(told->lines)); i++)
                print_error("told: %s\n", told->lines[i]);
        fail_msg("not told: %s", line);
        return 0;
}

void tree_fixture_scan(TreeFixture *f) {
        f->told.n = 0;
        assert_int_equal(tree_scan(f->tree, told_on_event, &f->told), 0);
}

void tree_fixture_dispatch(TreeFixture *f) {
        f->told.n = 0;
        assert_int_equal(tree_dispatch(f->tree, told_on_event, &f->told), 0);
}

int tree_fixture_setup(void **state) {
        static TreeFixture f;

        f = (TreeFixture){ 0 };
        fake_tree_new(&f.fake);
        assert_int_equal(tree_new(&f.tree, f.fake.cgroup_root, f.fake.proc_root), 0);
        *state = &f;
        return 0;
}

int tree_fixture_teardown(void **state) {
        TreeFixture *f = *state;

        f->tree = tree_free(f->tree);
        fake_tree_done(&f->fake);
        return 0;
}

size_t tree_fixture_n(const TreeFixture *f) {
        return f->tree->by_id.n_used;
}
