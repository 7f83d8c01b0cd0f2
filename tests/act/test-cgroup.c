/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is common to all actions, and those that write to one file. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup-world.h"

static void test_reclaim(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_RECLAIM);

        d.victim.delegated = false; /* of any cgroup */
        expect(act(w, &d), OUTCOME_DONE, 0, "");
        assert_string_equal(get(w, VICTIM, "memory.reclaim"), "52428800");
        drop(w, VICTIM, "memory.reclaim");
        expect(act(w, &d), OUTCOME_REFUSED, -EOPNOTSUPP, "this kernel has no memory.reclaim: Linux 5.19 brought it");
        drop(w, VICTIM, "memory.current");
        expect(act(w, &d), OUTCOME_REFUSED, -EOPNOTSUPP, "the memory controller is not on for it");
}

static void test_freeze(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_FREEZE);
        uint64_t start;

        expect(act(w, &d), OUTCOME_DONE, 0, "");
        assert_string_equal(get(w, VICTIM, "cgroup.freeze"), "1");
        expect(undo(w, ACTION_FREEZE, &(Properties){ 0 }), OUTCOME_DONE, 0, "");
        assert_string_equal(get(w, VICTIM, "cgroup.freeze"), "0");

        /* It is asked for, and does not come about. */
        put(w, VICTIM, "cgroup.events", "populated 1\nfrozen 0\n");
        start = clock_usec();
        expect(act(w, &d), OUTCOME_TIMEOUT, -ETIMEDOUT,
               "some of its processes cannot be stopped where they are in the kernel");
        assert_true(clock_usec() - start >= CGROUP_DEADLINE_USEC);
        assert_true(clock_usec() - start < CGROUP_DEADLINE_USEC + USEC_PER_SEC);
        assert_string_equal(get(w, VICTIM, "cgroup.freeze"), "1");

        drop(w, VICTIM, "cgroup.freeze");
        expect(act(w, &d), OUTCOME_REFUSED, -EOPNOTSUPP, "this kernel has no cgroup.freeze: Linux 5.2 brought it");
}

static void test_gone(void **state) {
        static const ActionKind actions[] = { ACTION_THROTTLE, ACTION_PROTECT, ACTION_RECLAIM, ACTION_FREEZE, ACTION_KILL };
        static const char *const paths[] = { VICTIM, VICTIM "/not-there" };
        World *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(actions); i++)
                for (size_t k = 0; k < ELEMENTSOF(paths); k++) {
                        Decision d = decision(w, actions[i]);

                        d.victim.id++; /* another one of that path */
                        d.victim.path = paths[k];
                        if (actions[i] == ACTION_KILL)
                                expect(act(w, &d), OUTCOME_DONE, 0, "");
                        else
                                expect(act(w, &d), OUTCOME_FAILED, -ENOENT, "its cgroup is not there any more");
                        assert_true(w->outcome.gone);
                }
        assert_string_equal(get(w, VICTIM, "cgroup.freeze"), "0\n");
        assert_string_equal(get(w, VICTIM, "cgroup.kill"), "");

        assert_int_equal(rename(path_of(w, VICTIM, ""), strcat(strcpy((char[128]){ 0 }, w->folder), "/gone")), 0);
        expect(undo(w, ACTION_FREEZE, &(Properties){ 0 }), OUTCOME_DONE, 0, "");
        assert_true(w->outcome.gone);
        expect(undo(w, ACTION_THROTTLE, &(Properties) PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 1)), OUTCOME_DONE, 0, "");
        assert_true(w->outcome.gone);
}

/* Nothing outside the tree, no symlink, and not the host. */
static void test_paths(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_FREEZE);

        assert_int_equal(symlink("user.slice", path_of(w, "/link", "")), 0);
        d.victim.id = 0;
        d.victim.path = "/link/user-1000.slice/user@1000.service/app.slice/web.service";
        assert_int_equal(act(w, &d)->kind, OUTCOME_FAILED);
        assert_false(w->outcome.gone);
        d.victim.path = "/user.slice/../user.slice";
        assert_int_equal(act(w, &d)->error, -EINVAL);
        d.victim.path = "/";
        expect(act(w, &d), OUTCOME_REFUSED, -EINVAL, "it has no path, or one that is too long");
        d.victim.path = NULL;
        expect(act(w, &d), OUTCOME_REFUSED, -EINVAL, "it has no path, or one that is too long");
        assert_string_equal(get(w, VICTIM, "cgroup.freeze"), "0\n");
}

static void test_refusals(void **state) {
        static const ActionKind jobs[] = { ACTION_STOP, ACTION_RESTART, ACTION_START };
        static const ActionKind systemds[] = { ACTION_THROTTLE, ACTION_PROTECT, ACTION_FREEZE, ACTION_KILL };
        World *w = *state;
        Decision d;

        for (size_t i = 0; i < ELEMENTSOF(jobs); i++) {
                d = decision(w, jobs[i]);
                expect(act(w, &d), OUTCOME_REFUSED, -EOPNOTSUPP, "systemd's system manager does not know it");
        }
        for (size_t i = 0; i < ELEMENTSOF(systemds); i++) {
                d = decision(w, systemds[i]);
                d.victim.delegated = false;
                expect(act(w, &d), OUTCOME_REFUSED, -EOPNOTSUPP,
                       "it is a unit of the system manager, whose limits are systemd's to write");
        }
        d = decision(w, ACTION_LOG);
        assert_int_equal(act(w, &d)->kind, OUTCOME_DONE);
        assert_int_equal(w->outcome.via, VIA_NONE);
}

/* More than there is room for: each is answered, those at once that found none. */
static void test_many(void **state) {
        World *w = *state;
        Decision d = decision(w, ACTION_FREEZE);
        uint64_t end = clock_usec() + 10 * USEC_PER_SEC;

        for (size_t i = 0; i < WORKER_JOBS_MAX + 3; i++)
                cgroup_act(w->cgroup, &d);
        assert_true(w->n_answers <= 3);
        if (w->n_answers > 0)
                expect(&w->outcome, OUTCOME_FAILED, -EBUSY, "too many actions are under way");
        while (w->n_answers < WORKER_JOBS_MAX + 3 && clock_usec() < end)
                assert_true(sd_event_run(w->event, USEC_PER_SEC) >= 0);
        assert_int_equal(w->n_answers, WORKER_JOBS_MAX + 3);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_reclaim),
                TEST(test_freeze),
                TEST(test_gone),
                TEST(test_paths),
                TEST(test_refusals),
                TEST(test_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
