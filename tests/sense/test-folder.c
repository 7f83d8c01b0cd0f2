/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>

#include "core/wants.h"
#include "fake-tree.h"
#include "sense/folder.h"

/* The root with a, b and a/c. */
typedef struct Family {
        Folder *root, *a, *b, *c;
} Family;

static Folder *new_child(Folder *parent, const char *name, CgroupKind kind, uint64_t id) {
        Folder *f = NULL;

        const Place place = { .kind = kind, .unit = name, .told = true, .entered = kind == CGROUP_SLICE };

        assert_int_equal(folder_new(&f, parent, name, &place, id), 0);
        folder_link(f, parent);
        return f;
}

static Family family_new(void) {
        const Place place = { .kind = CGROUP_HOST, .unit = "-.slice", .told = true, .entered = true };
        Family m = { NULL };

        assert_int_equal(folder_new(&m.root, NULL, "", &place, 1), 0);
        m.a = new_child(m.root, "a.slice", CGROUP_SLICE, 2);
        m.b = new_child(m.root, "b.slice", CGROUP_SLICE, 3);
        m.c = new_child(m.a, "c.service", CGROUP_UNIT, 4);
        return m;
}

static void family_free(Family *m) {
        Folder *all[] = { m->c, m->b, m->a, m->root };

        for (size_t i = 0; i < ELEMENTSOF(all); i++) {
                folder_unlink(all[i]);
                assert_null(folder_free(all[i]));
        }
        assert_null(folder_free(NULL));
}

static void test_names(void **state) {
        Family m = family_new();
        Folder *escaped = NULL;
        const char *name = "_memory.service";
        const Place place = { .kind = CGROUP_UNIT, .unit = name + 1, .told = true };

        assert_string_equal(m.root->path, "/");
        assert_string_equal(m.root->place.unit, "-.slice");
        assert_string_equal(m.a->path, "/a.slice");
        assert_string_equal(m.c->path, "/a.slice/c.service");
        assert_string_equal(m.c->name, "c.service");
        assert_int_equal(folder_new(&escaped, m.a, name, &place, 5), 0);
        assert_string_equal(escaped->name, "_memory.service");
        assert_string_equal(escaped->place.unit, "memory.service");
        folder_free(escaped);
        family_free(&m);
}

static void test_walk(void **state) {
        Family m = family_new();
        unsigned n = 0;

        for (Folder *f = m.root; f; f = folder_next(f, m.root))
                n |= 1U << f->id;
        assert_int_equal(n, 0x1e); /* each of 1 2 3 4 */
        assert_ptr_equal(folder_next(m.a, m.a), m.c);
        assert_null(folder_next(m.c, m.a)); /* not b */
        assert_null(folder_next(m.b, m.b));
        assert_ptr_equal(folder_child(m.root, "a.slice", 7), m.a);
        assert_ptr_equal(folder_child(m.root, "a.slice/more", 7), m.a);
        assert_null(folder_child(m.root, "a.slice", 6));
        assert_null(folder_child(m.root, "a.slice2", 8));
        assert_null(folder_child(m.b, "a.slice", 7));
        family_free(&m);
}

/* What is open follows from the watches above and below. */
static void test_refresh(void **state) {
        unsigned fds;
        FakeTree t;
        Family m;

        fake_tree_new(&t);
        m = family_new();
        m.root->id = fake_tree_id(&t, ".");
        m.a->id = fake_tree_add(&t, "a.slice");
        m.c->id = fake_tree_add(&t, "a.slice/c.service");
        m.root->folder_fd = open(t.cgroup_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        m.a->folder_fd = folder_enter(m.a);
        assert_true(m.a->folder_fd >= 0);
        fds = fake_tree_count_fds();

        folder_refresh(m.c); /* nobody watches */
        assert_int_equal(fake_tree_count_fds(), fds);
        m.c->n_above[CLAIM_CANDIDATE] = 1;
        folder_refresh(m.c); /* a candidate: current, min, low, pressure, stat */
        assert_int_equal(fake_tree_count_fds(), fds + 5);
        m.a->n_looks_below = 1;
        folder_refresh(m.a); /* an ancestor: current, min, low, high, max */
        assert_int_equal(fake_tree_count_fds(), fds + 10);
        assert_int_equal(m.a->fds[FOLDER_PRESSURE], -EBADF);
        m.a->n_looks_below = m.c->n_above[CLAIM_CANDIDATE] = 0;
        folder_refresh(m.a);
        folder_refresh(m.c);
        assert_int_equal(fake_tree_count_fds(), fds);

        /* another cgroup under that name is not entered */
        m.c->id++;
        assert_int_equal(folder_enter(m.c), -ENOENT);
        family_free(&m);
        fake_tree_done(&t);
}

/* Who may exempt itself; more in test-survey.c. And what a followed one shows. */
static void test_small_answers(void **state) {
        Folder top = { .owner = 1000 }, f = { .owner = 1000, .preference = PREFERENCE_AVOID };
        ArmedWatch watch = { .wants = WANT_IO };

        assert_int_equal(folder_preference(&f, &top), PREFERENCE_AVOID);
        f.owner = 1001;
        assert_int_equal(folder_preference(&f, &top), PREFERENCE_NONE);
        f.owner = 0;
        assert_int_equal(folder_preference(&f, &top), PREFERENCE_AVOID);

        assert_int_equal(folder_wants(&f), 0);
        f.n_followed = 1;
        assert_int_equal(folder_wants(&f), WANT_EVENTS | WANT_STAT);
        f.watch = &watch;
        assert_int_equal(folder_wants(&f), WANT_EVENTS | WANT_STAT | WANT_IO);

        f.place = (Place){ .kind = CGROUP_GROUP };
        assert_false(folder_may_pay(&f));
        f.place.told = true;
        assert_true(folder_may_pay(&f));
        f.place.kind = CGROUP_SLICE;
        assert_false(folder_may_pay(&f));
}

/* Owner and preference are those of the folder, not of another with its name. */
static void test_look(void **state) {
        const char *name = "x.service";
        const Place place = { .kind = CGROUP_UNIT, .unit = name, .told = true };
        unsigned fds = fake_tree_count_fds();
        Family m = family_new();
        Folder *x = NULL;
        FakeTree t;

        fake_tree_new(&t);
        m.root->folder_fd = open(t.cgroup_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(folder_new(&x, m.root, name, &place, fake_tree_add(&t, "x.service")), 0);
        folder_link(x, m.root);
        x->owner = 4711;
        if (fake_tree_set_xattr(&t, "x.service", "user.oomd_omit", "1")) {
                folder_look(x, -EBADF);
                assert_int_equal(x->preference, PREFERENCE_OMIT);
                assert_int_equal(x->owner, geteuid());
        }
        x->id++;
        x->owner = 4711;
        folder_look(x, -EBADF);
        assert_int_equal(x->owner, 4711);
        assert_false(x->lacks_look);
        folder_unlink(x);
        folder_free(x);
        family_free(&m);
        fake_tree_done(&t);
        assert_int_equal(fake_tree_count_fds(), fds);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_walk),
                cmocka_unit_test(test_refresh),
                cmocka_unit_test(test_small_answers),
                cmocka_unit_test(test_look),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
