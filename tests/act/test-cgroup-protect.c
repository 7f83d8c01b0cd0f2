/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgroup-world.h"

static void test_protect(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_PROTECT);
        Properties before;

        d.properties = (Properties) PROPERTIES_ONE(PROPERTY_MEMORY_LOW, 90 * MIB);
        put(w, "/user.slice", "memory.low", "max\n");
        put(w, "/user.slice/user-1000.slice", "memory.low", "209715200\n");
        put(w, USER, "memory.low", "209715200\n");
        put(w, USER "/app.slice", "memory.low", "1048576\n");
        put(w, VICTIM, "memory.low", "10485760\n");
        expect(act(w, &d), OUTCOME_DONE, 0, "");
        assert_string_equal(get(w, VICTIM, "memory.low"), "94371840");
        assert_string_equal(get(w, USER "/app.slice", "memory.low"), "84934656"); /* 1M and 80M more */
        assert_string_equal(get(w, USER, "memory.low"), "209715200\n");           /* systemd's */
        before = w->outcome.previous;
        assert_int_equal(before.values[PROPERTY_MEMORY_LOW], 10 * MIB);
        assert_int_equal(before.values[PROPERTY_SLICES_LOW], 80 * MIB);

        expect(undo(w, ACTION_PROTECT, &before), OUTCOME_DONE, 0, "");
        assert_string_equal(get(w, VICTIM, "memory.low"), "10485760");
        assert_string_equal(get(w, USER "/app.slice", "memory.low"), "1048576");

        /* Without the cgroup itself those above it get theirs back all the same. */
        (void) act(w, &d);
        assert_int_equal(rename(path_of(w, VICTIM, ""), strcat(strcpy((char[128]){ 0 }, w->folder), "/gone")), 0);
        (void) undo(w, ACTION_PROTECT, &before);
        assert_int_equal(w->outcome.kind, OUTCOME_DONE);
        assert_true(w->outcome.gone);
        assert_string_equal(get(w, USER "/app.slice", "memory.low"), "1048576");
}

static void test_protect_capped(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_PROTECT);

        d.properties = (Properties) PROPERTIES_ONE(PROPERTY_MEMORY_LOW, 90 * MIB);
        put(w, "/user.slice", "memory.low", "max\n");
        put(w, "/user.slice/user-1000.slice", "memory.low", "41943040\n");
        expect(act(w, &d), OUTCOME_REFUSED, -ERANGE,
               "user@1000.service has no MemoryLow=, so nothing beneath it is protected");
        put(w, USER, "memory.low", "max\n");
        expect(act(w, &d), OUTCOME_DONE, 0, "only 40M of it count: MemoryLow= of user-1000.slice is no more");
        expect(act(w, &d), OUTCOME_REFUSED, -ERANGE, "its MemoryLow= is not below that already");
}

/* A cgroup above cannot be raised: what was raised on the way is taken back. */
static void test_protect_fails(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_PROTECT);

        d.properties = (Properties) PROPERTIES_ONE(PROPERTY_MEMORY_LOW, 90 * MIB);
        put(w, "/user.slice", "memory.low", "max\n");
        put(w, "/user.slice/user-1000.slice", "memory.low", "max\n");
        put(w, USER, "memory.low", "max\n");
        make(w, USER "/app.slice/deep.slice");
        make(w, USER "/app.slice/deep.slice/x.service");
        drop(w, USER "/app.slice/deep.slice", "memory.low");
        d.victim.path = USER "/app.slice/deep.slice/x.service";
        d.victim.id = 0;
        assert_int_equal(act(w, &d)->kind, OUTCOME_FAILED);
        assert_string_equal(get(w, USER "/app.slice", "memory.low"), "0");
        assert_string_equal(get(w, USER "/app.slice/deep.slice/x.service", "memory.low"), "0\n");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_protect),
                TEST(test_protect_capped),
                TEST(test_protect_fails),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
