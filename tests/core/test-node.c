/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "fixture.h"

static void test_registry(void **state) {
        NodeRegistry r = { 0 };
        _cleanup_(node_unrefp) Node *twin = NULL;
        Node *a = registry_put(&r, 7, CGROUP_UNIT, "a.service"), *b = registry_put(&r, 3, CGROUP_SLICE, "b.slice");
        Node *top = registry_put(&r, UINT64_MAX, CGROUP_HOST, "-.slice");

        assert_ptr_equal(node_registry_find(&r, 7), a);
        assert_ptr_equal(node_registry_find(&r, 3), b);
        assert_ptr_equal(node_registry_find(&r, UINT64_MAX), top);
        assert_null(node_registry_find(&r, 0));
        assert_null(node_registry_find(&r, 4));
        assert_int_equal(r.n, 3);

        assert_int_equal(node_new(&twin, 7, CGROUP_UNIT, "/x", "x"), 0);
        assert_int_equal(node_registry_add(&r, twin), -EEXIST);
        assert_int_equal(r.n, 3);

        /* What is named elsewhere lives on. */
        node_ref(a);
        node_registry_remove(&r, a);
        assert_null(node_registry_find(&r, 7));
        assert_true(a->gone);
        assert_string_equal(a->unit, "a.service");
        assert_int_equal(r.n, 2);
        assert_null(node_unref(a));

        node_registry_done(&r);
        assert_int_equal(r.n, 0);
        assert_null(node_registry_find(&r, 3));
        node_registry_done(&r);
}

static void test_names(void **state) {
        NodeRegistry r = { 0 };
        CgroupName name = node_name(registry_put(&r, 7, CGROUP_SLICE, "a.slice"));

        assert_int_equal(name.id, 7);
        assert_int_equal(name.kind, CGROUP_SLICE);
        assert_string_equal(name.path, "/a.slice");
        assert_string_equal(name.unit, "a.slice");
        name = node_name(NULL);
        assert_int_equal(name.id, 0);
        assert_string_equal(name.path, "");
        assert_string_equal(name.unit, "");
        assert_null(node_ref(NULL));
        assert_null(node_unref(NULL));
        node_registry_done(&r);
}

static Node *put_at(NodeRegistry *r, uint64_t id, CgroupKind kind, const char *path) {
        Node *n;

        assert_int_equal(node_new(&n, id, kind, path, "u"), 0);
        assert_int_equal(node_registry_add(r, n), 0);
        return n;
}

/* The parent is the nearest that is known, and lives as long as what is beneath it. */
static void test_parents(void **state) {
        NodeRegistry r = { 0 };
        Node *early = put_at(&r, 9, CGROUP_SLICE, "/early.slice");
        Node *host = put_at(&r, 1, CGROUP_HOST, "/"), *a = put_at(&r, 2, CGROUP_SLICE, "/a.slice");
        Node *ab = put_at(&r, 3, CGROUP_SLICE, "/a.slice/a-b.slice"), *deep = put_at(&r, 4, CGROUP_GROUP, "/a.slice/x/y/z");
        Node *alone = put_at(&r, 5, CGROUP_UNIT, "/a.slicer/u.service");

        assert_null(early->parent);
        assert_null(host->parent);
        assert_ptr_equal(a->parent, host);
        assert_ptr_equal(ab->parent, a);
        assert_ptr_equal(deep->parent, a);
        assert_ptr_equal(alone->parent, host);
        node_registry_remove(&r, a);
        assert_true(ab->parent->gone);
        assert_ptr_equal(put_at(&r, 6, CGROUP_UNIT, "/a.slice/w.service")->parent, host);
        node_registry_done(&r);
}

static void test_protection(void **state) {
        NodeRegistry r = { 0 };
        Node *host = put_at(&r, 1, CGROUP_HOST, "/"), *a = put_at(&r, 2, CGROUP_SLICE, "/a.slice");
        Node *ab = put_at(&r, 3, CGROUP_SLICE, "/a.slice/b.slice"), *u = put_at(&r, 4, CGROUP_UNIT, "/a.slice/b.slice/u");
        Node *v = put_at(&r, 5, CGROUP_UNIT, "/a.slice/v"), *w = put_at(&r, 6, CGROUP_UNIT, "/a.slice/w");

        node_protect(w, false);
        assert_true(w->protected && !a->protected);
        node_protect(u, true);
        node_protect(v, true);
        node_protect(ab, false); /* by its own name */
        assert_true(u->protected && v->protected && ab->protected && a->protected && !host->protected);
        node_registry_remove(&r, u);
        assert_true(ab->protected && a->protected);
        node_registry_remove(&r, w);
        assert_true(a->protected);
        node_registry_remove(&r, v);
        assert_false(a->protected);
        assert_true(ab->protected);
        node_registry_done(&r);
}

static void count(Node *n, void *userdata) {
        uint64_t *last = userdata;

        assert_true(n->id > *last);
        *last = n->id;
}

static void test_walk(void **state) {
        NodeRegistry r = { 0 };
        uint64_t last = 0;

        node_registry_walk(&r, count, &last);
        assert_int_equal(last, 0);
        for (uint64_t id = 100; id > 0; id--)
                (void) put_at(&r, id, CGROUP_UNIT, "/u");
        node_registry_walk(&r, count, &last);
        assert_int_equal(last, 100);
        node_registry_done(&r);
}

/* The latest that were removed are remembered, and their names with them. */
static void test_late(void **state) {
        NodeRegistry r = { 0 };

        (void) put_at(&r, 1, CGROUP_UNIT, "/a");
        assert_false(node_registry_recall(&r, 1)->gone);
        assert_null(node_registry_recall_path(&r, "/a")); /* it is there */
        for (uint64_t id = 2; id < 3 + NODES_LATE_MAX; id++)
                node_registry_remove(&r, put_at(&r, id, CGROUP_UNIT, id % 2 ? "/odd" : "/even"));
        assert_null(node_registry_find(&r, 3));
        assert_null(node_registry_recall(&r, 2)); /* one too many */
        assert_int_equal(node_registry_recall(&r, 3)->id, 3);
        assert_true(node_registry_recall(&r, 3)->gone);
        assert_int_equal(node_registry_recall(&r, 2 + NODES_LATE_MAX)->id, 2 + NODES_LATE_MAX);
        assert_int_equal(node_registry_recall_path(&r, "/even")->id, 2 + NODES_LATE_MAX);
        assert_int_equal(node_registry_recall_path(&r, "/odd")->id, 1 + NODES_LATE_MAX);
        assert_null(node_registry_recall_path(&r, "/none"));
        node_registry_done(&r);
}

static void test_bound(void **state) {
        NodeRegistry r = { 0 };
        Node *n;

        for (uint64_t id = 1; id <= NODES_MAX; id++) {
                assert_int_equal(node_new(&n, id, CGROUP_UNIT, "/u", "u"), 0);
                assert_int_equal(node_registry_add(&r, n), 0);
        }
        assert_int_equal(node_new(&n, NODES_MAX + 1, CGROUP_UNIT, "/u", "u"), 0);
        assert_int_equal(node_registry_add(&r, n), -ENOBUFS);
        node_registry_remove(&r, node_registry_find(&r, 5));
        assert_int_equal(node_registry_add(&r, n), 0);
        node_registry_done(&r);
}

/* One is found however many there are, and whatever went meanwhile. */
static void test_many(void **state) {
        NodeRegistry r = { 0 };

        for (uint64_t id = 1; id <= 1000; id++) {
                char unit[32];

                (void) snprintf(unit, sizeof(unit), "u%lu.service", (unsigned long) id);
                (void) registry_put(&r, id * 64, CGROUP_UNIT, unit); /* all end in the same bits */
        }
        for (uint64_t id = 1; id <= 1000; id += 2)
                node_registry_remove(&r, node_registry_find(&r, id * 64));
        for (uint64_t id = 1; id <= 1000; id++) {
                const Node *n = node_registry_find(&r, id * 64);

                assert_true(id % 2 ? !n : n && n->id == id * 64);
        }
        node_registry_done(&r);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_registry),
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_parents),
                cmocka_unit_test(test_protection),
                cmocka_unit_test(test_walk),
                cmocka_unit_test(test_late),
                cmocka_unit_test(test_bound),
                cmocka_unit_test(test_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
