/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "fake-units.h"

void units_fixture_on_event(const Event *event, void *userdata) {
        UnitsFixture *f = userdata;

        f->n_told++;
}

void units_fixture_write_mib(UnitsFixture *f, const char *path, const char *file, uint64_t mib) {
        char text[32];

        (void) snprintf(text, sizeof(text), "%llu\n", (unsigned long long) (mib * MIB));
        fake_tree_write(&f->fake, path, file, text);
}

int units_fixture_setup(void **state) {
        static UnitsFixture f;

        f = (UnitsFixture){ 0 };
        fake_tree_new(&f.fake);
        f.batch = fake_tree_add(&f.fake, "batch.slice");
        f.a = fake_tree_add(&f.fake, "batch.slice/batch-a.slice");
        f.x = fake_tree_add(&f.fake, "batch.slice/batch-a.slice/x.service");
        f.y = fake_tree_add(&f.fake, "batch.slice/batch-a.slice/y.service");
        f.other = fake_tree_add(&f.fake, "other.service");
        units_fixture_write_mib(&f, "batch.slice", "memory.max", 400);
        units_fixture_write_mib(&f, "batch.slice", "memory.current", 300);
        units_fixture_write_mib(&f, "batch.slice", "memory.low", 64);
        units_fixture_write_mib(&f, "batch.slice/batch-a.slice", "memory.high", 200);
        units_fixture_write_mib(&f, "batch.slice/batch-a.slice", "memory.current", 120);
        units_fixture_write_mib(&f, "batch.slice/batch-a.slice", "memory.min", 8);
        units_fixture_write_mib(&f, "batch.slice/batch-a.slice/x.service", "memory.max", 100);
        units_fixture_write_mib(&f, "batch.slice/batch-a.slice/x.service", "memory.current", 30);
        units_fixture_write_mib(&f, "batch.slice/batch-a.slice/x.service", "memory.low", 16);
        units_fixture_write_mib(&f, "batch.slice/batch-a.slice/y.service", "memory.current", 90);
        units_fixture_write_mib(&f, "batch.slice/batch-a.slice/y.service", "memory.low", 4);
        units_fixture_write_mib(&f, "other.service", "memory.current", 50);
        units_fixture_write_mib(&f, "other.service", "memory.min", 40);
        units_fixture_write_mib(&f, "other.service", "memory.low", 45);
        assert_int_equal(tree_new(&f.tree, f.fake.cgroup_root, f.fake.proc_root), 0);
        assert_int_equal(tree_scan(f.tree, units_fixture_on_event, &f), 0);
        assert_int_equal(f.n_told, 6);
        f.host = tree_host_id(f.tree);
        *state = &f;
        return 0;
}

int units_fixture_teardown(void **state) {
        UnitsFixture *f = *state;

        f->tree = tree_free(f->tree);
        fake_tree_done(&f->fake);
        return 0;
}

Sample units_fixture_sample(UnitsFixture *f, uint64_t id) {
        const ArmedWatch *watch = NULL;
        Sample s;

        assert_int_equal(watch_arm(f->tree, id, NULL, 0, 0, &watch), 0);
        assert_int_equal(watch->cgroup_id, id);
        assert_ptr_equal(watch_find(f->tree, id), watch);
        assert_int_equal(watch_sample(f->tree, id, &s), 0);
        return s;
}
