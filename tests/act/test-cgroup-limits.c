/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup-world.h"

static void test_throttle(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_THROTTLE);
        Properties before;

        properties_set(&d.properties, PROPERTY_MEMORY_HIGH, 90 * MIB);
        properties_set(&d.properties, PROPERTY_CPU_QUOTA, 200000);
        properties_set(&d.properties, PROPERTY_CPU_WEIGHT, 10);
        properties_set(&d.properties, PROPERTY_IO_WEIGHT, 20);
        put(w, VICTIM, "cpu.max", "30000 40000\n");
        expect(act(w, &d), OUTCOME_DONE, 0, "");
        assert_string_equal(get(w, VICTIM, "memory.high"), "94371840");
        assert_string_equal(get(w, VICTIM, "cpu.max"), "8000 40000");
        assert_string_equal(get(w, VICTIM, "cpu.weight"), "10");
        assert_string_equal(get(w, VICTIM, "io.weight"), "default 20");
        before = w->outcome.previous;
        assert_int_equal(before.set, d.properties.set);
        assert_true(before.values[PROPERTY_MEMORY_HIGH] == UINT64_MAX);
        assert_int_equal(before.values[PROPERTY_CPU_QUOTA], 750000);
        assert_int_equal(before.values[PROPERTY_CPU_WEIGHT], 100);
        assert_int_equal(before.values[PROPERTY_IO_WEIGHT], 100);

        expect(undo(w, ACTION_THROTTLE, &before), OUTCOME_DONE, 0, "");
        assert_string_equal(get(w, VICTIM, "memory.high"), "max");
        assert_string_equal(get(w, VICTIM, "cpu.max"), "30000 40000");
        assert_string_equal(get(w, VICTIM, "cpu.weight"), "100");
        assert_string_equal(get(w, VICTIM, "io.weight"), "default 100");
}

/* What was there is on the list before it is changed; without a place there nothing is changed. */
static void test_throttle_is_noted(void **state) {
        static const HeldUnit unit = { .action = ACTION_THROTTLE, .unit = "web.service" };
        _cleanup_(held_list_freep) HeldList *list = NULL;
        World *w = *state;
        Decision d = decision(w, ACTION_THROTTLE);
        char path[96];
        HeldUnit read;
        size_t n;

        d.properties = (Properties) PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 90 * MIB);
        (void) snprintf(path, sizeof(path), "%s/held", w->folder);
        assert_int_equal(held_list_new(&list, path, NULL, 0), 0);
        cgroup_keep_list(w->cgroup, list);
        expect(act(w, &d), OUTCOME_REFUSED, -ENOSPC, "it has no place on the list of what is held");
        assert_string_equal(get(w, VICTIM, "memory.high"), "max\n");

        assert_int_equal(held_list_set(list, 0, d.id, &unit), 0);
        expect(act(w, &d), OUTCOME_DONE, 0, "");
        assert_int_equal(held_read(path, &read, 1, &n), 0);
        assert_int_equal(n, 1);
        assert_true(read.previous.values[PROPERTY_MEMORY_HIGH] == UINT64_MAX);
        assert_int_equal(unlink(path), 0);
}

/* A period that does not divide a second comes back as it was. */
static void test_quota_rounds(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_THROTTLE);
        Properties before;

        d.properties = (Properties) PROPERTIES_ONE(PROPERTY_CPU_QUOTA, 10);
        put(w, VICTIM, "cpu.max", "10000 30000\n");
        (void) act(w, &d);
        assert_string_equal(get(w, VICTIM, "cpu.max"), "1000 30000"); /* the kernel's least */
        before = w->outcome.previous;
        (void) undo(w, ACTION_THROTTLE, &before);
        assert_string_equal(get(w, VICTIM, "cpu.max"), "10000 30000");

        put(w, VICTIM, "cpu.max", "max 30000\n");
        (void) act(w, &d);
        before = w->outcome.previous;
        (void) undo(w, ACTION_THROTTLE, &before);
        assert_string_equal(get(w, VICTIM, "cpu.max"), "max 30000");
}

static void test_throttle_in_part(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_THROTTLE);

        properties_set(&d.properties, PROPERTY_MEMORY_HIGH, 90 * MIB);
        properties_set(&d.properties, PROPERTY_IO_WEIGHT, 20);
        drop(w, VICTIM, "io.weight");
        expect(act(w, &d), OUTCOME_DONE, 0, "there is no io.weight for it");
        assert_string_equal(get(w, VICTIM, "memory.high"), "94371840");
        assert_true(properties_has(&w->outcome.previous, PROPERTY_MEMORY_HIGH));
        assert_false(properties_has(&w->outcome.previous, PROPERTY_IO_WEIGHT));

        /* Nothing is left to be set. */
        put(w, VICTIM, "memory.high", "94371840\n");
        expect(act(w, &d), OUTCOME_REFUSED, -ERANGE,
               "its MemoryHigh= is not above that already, there is no io.weight for it");
        assert_int_equal(w->outcome.previous.set, 0);
        d.properties = (Properties) PROPERTIES_ONE(PROPERTY_CPU_WEIGHT, 20);
        put(w, VICTIM, "cpu.weight", "0\n");
        expect(act(w, &d), OUTCOME_REFUSED, -ERANGE, "its CPUWeight= is idle already");
}

/* What was set before the one that fails is put back; an undo puts back what it can. */
static void test_throttle_fails(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_THROTTLE);
        Properties before = { 0 };

        if (geteuid() == 0) {
                drop(w, VICTIM, "cpu.weight");
                assert_int_equal(mkdir(path_of(w, VICTIM, "cpu.weight"), 0755), 0);
        } else
                assert_int_equal(chmod(path_of(w, VICTIM, "cpu.weight"), 0444), 0);
        properties_set(&d.properties, PROPERTY_MEMORY_HIGH, 90 * MIB);
        properties_set(&d.properties, PROPERTY_CPU_WEIGHT, 10);
        assert_int_equal(act(w, &d)->kind, OUTCOME_FAILED);
        assert_memory_equal(w->outcome.error_text, "cpu.weight: ", strlen("cpu.weight: "));
        assert_true(w->outcome.error < 0);

        properties_set(&before, PROPERTY_CPU_WEIGHT, 100);
        properties_set(&before, PROPERTY_IO_WEIGHT, 70);
        assert_int_equal(undo(w, ACTION_THROTTLE, &before)->kind, OUTCOME_FAILED);
        assert_string_equal(get(w, VICTIM, "io.weight"), "default 70");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_throttle),
                TEST(test_throttle_is_noted),
                TEST(test_quota_rounds),
                TEST(test_throttle_in_part),
                TEST(test_throttle_fails),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
