/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The sensors on the running kernel: a cgroup of our own below a slice of our own, real pressure in it. Needs root, a
 * unified cgroup tree with the memory controller for the root's children, and PSI; exit status 77 without. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "core/wants.h"
#include "live-fixture.h"
#include "sense/requirements.h"

#define EXIT_SKIPPED 77

static const PressureLimit some_1_2s = { PRESSURE_SOME, 100, UINT64_C(2000000), RESOURCE_MEMORY };

static void test_trigger_fires(void **state) {
        LiveFixture *f = *state;
        const ArmedWatch *watch = NULL;
        Sample before, after;
        short got;
        pid_t hog;

        assert_int_equal(watch_arm(f->tree, f->id, &some_1_2s, 1, 0, &watch), 0);
        assert_int_equal(live_wait(watch->triggers[0].fd, 0), 0); /* quiet */
        assert_int_equal(live_wait(watch->events_fd, 0), 0);
        assert_int_equal(watch_sample(f->tree, f->id, &before), 0);
        assert_int_equal(before.usage_bytes, 0);

        assert_true(live_write(UNIT "/memory.high", "8M"));
        hog = live_start(UNIT, live_walk_memory);
        got = live_wait(watch->triggers[0].fd, WAIT_MSEC);
        assert_int_equal(got & POLLERR, 0);
        assert_int_equal(got & POLLPRI, POLLPRI);
        assert_true(live_wait(watch->events_fd, WAIT_MSEC) & POLLPRI);
        assert_int_equal(watch_sample(f->tree, f->id, &after), 0);
        live_end(hog);

        assert_true(after.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME] >= before.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME] + 20000);
        assert_true(after.events_high > before.events_high);
        assert_true(after.usage_bytes > MIB);
        assert_int_equal(after.limit_bytes, 8 * MIB);
        assert_int_equal(after.room_cgroup_id, f->id);
        assert_true(after.host_total_bytes > after.host_available_bytes);

        /* reading makes the events file quiet again once nothing happens any more */
        for (unsigned i = 0; i < 100 && live_wait(watch->events_fd, 100); i++)
                assert_int_equal(watch_sample(f->tree, f->id, &after), 0);
        assert_int_equal(live_wait(watch->events_fd, 0), 0);
}

static void test_removed(void **state) {
        LiveFixture *f = *state;
        const ArmedWatch *watch = NULL;
        Candidates survey;
        Sample s;

        assert_int_equal(watch_arm(f->tree, f->id, &some_1_2s, 1, 0, &watch), 0);
        assert_int_equal(watch_survey(f->tree, f->id, &survey), 0);
        assert_int_equal(survey.n_candidates, 1);
        live_remove(UNIT);

        /* before the registry knows */
        assert_true(live_wait(watch->triggers[0].fd, WAIT_MSEC) & POLLERR);
        assert_true(live_wait(watch->events_fd, 0) & POLLERR);
        assert_int_equal(watch_sample(f->tree, f->id, &s), WATCH_E_GONE);
        assert_int_equal(watch_survey(f->tree, f->id, &survey), WATCH_E_GONE);

        live_dispatch(f);
        assert_int_equal(f->told.n_gone, 1);
        assert_int_equal(watch_sample(f->tree, f->id, &s), WATCH_E_GONE);
        assert_int_equal(watch_arm(f->tree, f->id, &some_1_2s, 1, 0, &watch), WATCH_E_GONE);
        assert_false(tree_name(f->tree, f->id, NULL, NULL, NULL, NULL));
}

/* cgroup.pressure=0 takes the file away from under the trigger; samples go on (6.1 and later). */
static void test_pressure_turned_off(void **state) {
        LiveFixture *f = *state;
        const ArmedWatch *watch = NULL;
        Sample s;

        assert_int_equal(watch_arm(f->tree, f->id, &some_1_2s, 1, 0, &watch), 0);
        if (!live_write(UNIT "/cgroup.pressure", "0"))
                skip();
        assert_true(live_wait(watch->triggers[0].fd, WAIT_MSEC) & POLLERR);
        assert_int_equal(watch_sample(f->tree, f->id, &s), 0);
        assert_int_equal(watch_arm(f->tree, f->id, &some_1_2s, 1, 0, &watch), WATCH_E_NO_PRESSURE);
}

/* In a child, since a capability that is given up does not come back. */
static void test_without_capability(void **state) {
        static const PressureLimit some_1_1s = { PRESSURE_SOME, 100, UINT64_C(1000000) };
        LiveFixture *f = *state;
        const ArmedWatch *watch = NULL;
        int status;
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
                struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
                struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

                if (syscall(SYS_capget, &header, caps) < 0)
                        _exit(1);
                caps[CAP_TO_INDEX(CAP_SYS_RESOURCE)].effective &= ~CAP_TO_MASK(CAP_SYS_RESOURCE);
                if (syscall(SYS_capset, &header, caps) < 0)
                        _exit(2);
                if (watch_arm(f->tree, f->id, &some_1_1s, 1, 0, &watch) != WATCH_E_PRIVILEGE)
                        _exit(3);
                if (watch_arm(f->tree, f->id, &some_1_2s, 1, 0, &watch) != 0)
                        _exit(4);
                _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        assert_int_equal(watch_arm(f->tree, f->id, &some_1_1s, 1, 0, &watch), 0); /* with it, any window */
}

static void test_host(void **state) {
        LiveFixture *f = *state;
        uint64_t host = tree_host_id(f->tree);
        const ArmedWatch *watch = NULL;
        Candidates survey;

        assert_int_equal(watch_arm(f->tree, host, &some_1_2s, 1, 0, &watch), 0);
        assert_int_equal(live_wait(watch->triggers[0].fd, 0), 0);
        assert_int_equal(watch_survey(f->tree, host, &survey), 0);
        assert_true(survey.n_candidates >= 1);
        assert_true(survey.values.usage_bytes > 0 && survey.values.room_bytes > 0);
        for (size_t i = 0; i < survey.n_candidates; i++)
                assert_true(survey.candidates[i].protected_bytes <= survey.candidates[i].usage_bytes);
}

/* What BPF reports from a delegated unit is a folder below it. */
static void test_resolve(void **state) {
        LiveFixture *f = *state;
        uint64_t inner;

        live_make(INNER);
        inner = live_inode(INNER);
        live_dispatch(f);
        assert_false(tree_name(f->tree, inner, NULL, NULL, NULL, NULL));
        assert_int_equal(tree_resolve(f->tree, inner), f->id);
        assert_int_equal(tree_resolve(f->tree, f->id), f->id);
        assert_int_equal(tree_resolve(f->tree, tree_host_id(f->tree)), tree_host_id(f->tree));
        live_remove(INNER);
        assert_int_equal(tree_resolve(f->tree, inner), f->id); /* remembered */
        assert_int_equal(tree_resolve(f->tree, inner + 100000), 0);
}

/* Each resource has its own file; what a kernel cannot tell is said. */
static void test_resources(void **state) {
        static const uint64_t window = UINT64_C(2000000);
        static const PressureLimit limits[] = {
                { PRESSURE_SOME, 100, window, RESOURCE_CPU },         { PRESSURE_FULL, 100, window, RESOURCE_CPU },
                { PRESSURE_SOME, 100, window, RESOURCE_HOST_MEMORY }, { PRESSURE_FULL, 9999, window, RESOURCE_IO },
                { PRESSURE_SOME, 100, window, RESOURCE_IO },
        };
        LiveFixture *f = *state;
        uint64_t host = tree_host_id(f->tree);
        const ArmedWatch *unit = NULL, *all = NULL;
        long n_cpus = sysconf(_SC_NPROCESSORS_ONLN);
        Sample before, after;
        pid_t spinners[64];

        assert_int_equal(watch_arm(f->tree, f->id, limits, ELEMENTSOF(limits), 0, &unit), 0);
        assert_int_equal(watch_arm(f->tree, host, limits, ELEMENTSOF(limits), 0, &all), WATCH_E_NO_FULL);
        for (size_t i = 0; i < ELEMENTSOF(limits); i++)
                assert_int_equal(all->triggers[i].error, i == 1 ? WATCH_E_NO_FULL : 0);
        assert_int_equal(watch_sample(f->tree, f->id, &before), 0);

        assert_true(n_cpus > 0 && n_cpus < 60);
        for (long i = 0; i < n_cpus + 2; i++)
                spinners[i] = live_start(UNIT, live_spin);
        assert_int_equal(live_wait(unit->triggers[0].fd, WAIT_MSEC), POLLPRI);
        assert_int_equal(live_wait(all->triggers[0].fd, WAIT_MSEC), POLLPRI);
        for (long i = 0; i < n_cpus + 2; i++)
                live_end(spinners[i]);
        assert_int_equal(watch_sample(f->tree, f->id, &after), 0);
        assert_true(after.pressure_usec[RESOURCE_CPU][PRESSURE_SOME] >=
                    before.pressure_usec[RESOURCE_CPU][PRESSURE_SOME] + 20000);
        assert_int_equal(watch_sample(f->tree, host, &after), 0);
        assert_true(after.pressure_usec[RESOURCE_CPU][PRESSURE_SOME] > 0);
        assert_int_equal(after.pressure_usec[RESOURCE_CPU][PRESSURE_FULL], 0);
        assert_int_equal(after.pressure_usec[RESOURCE_HOST_MEMORY][PRESSURE_SOME],
                         after.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME]);
}

/* A file that does not fit is read again and again: reclaim, refaults, and waiting for the disk. */
static void test_stat(void **state) {
        static const PressureLimit io = { PRESSURE_SOME, 100, UINT64_C(2000000), RESOURCE_IO };
        LiveFixture *f = *state;
        uint64_t host = tree_host_id(f->tree);
        const ArmedWatch *watch = NULL;
        Sample before, after = { 0 }, host_before, host_after;
        Candidates survey;
        pid_t reader;

        assert_int_equal(watch_arm(f->tree, f->id, &io, 1, WANT_STAT | WANT_DYING | WANT_CANDIDATE_STAT, &watch), 0);
        assert_int_equal(watch_arm(f->tree, host, NULL, 0, WANT_STAT | WANT_DYING, &(const ArmedWatch *){ NULL }), 0);
        assert_int_equal(watch_sample(f->tree, f->id, &before), 0);
        assert_int_equal(watch_sample(f->tree, host, &host_before), 0);
        assert_true(live_write(UNIT "/memory.high", "8M"));
        reader = live_start(UNIT, live_read_file);
        assert_int_equal(live_wait(watch->triggers[0].fd, WAIT_MSEC), POLLPRI);
        for (unsigned i = 0; i < WAIT_MSEC / 100 && after.refaults < before.refaults + 1000; i++) {
                (void) usleep(100000);
                assert_int_equal(watch_sample(f->tree, f->id, &after), 0);
        }
        assert_int_equal(watch_survey(f->tree, f->id, &survey), 0);
        assert_int_equal(watch_sample(f->tree, host, &host_after), 0);
        live_end(reader);

        assert_true(after.refaults >= before.refaults + 1000);
        assert_true(after.scanned > before.scanned);
        assert_true(after.reclaimed > before.reclaimed && after.reclaimed <= after.scanned);
        assert_true(after.pressure_usec[RESOURCE_IO][PRESSURE_SOME] > before.pressure_usec[RESOURCE_IO][PRESSURE_SOME]);
        assert_int_equal(survey.n_candidates, 1);
        assert_true(survey.candidates[0].scanned >= after.scanned);
        assert_true(host_after.refaults > host_before.refaults);
        print_message("refaults %llu, scanned %llu, reclaimed %llu; of the host %llu, %llu, %llu, dying %llu\n",
                      (unsigned long long) after.refaults, (unsigned long long) after.scanned,
                      (unsigned long long) after.reclaimed, (unsigned long long) host_after.refaults,
                      (unsigned long long) host_after.scanned, (unsigned long long) host_after.reclaimed,
                      (unsigned long long) host_after.dying);
}

/* As a manager writes ManagedOOMPreference=: into the folder, after it was made. */
static void test_preference(void **state) {
        LiveFixture *f = *state;
        const ArmedWatch *watch = NULL;
        Candidates survey;

        assert_int_equal(watch_arm(f->tree, live_inode(SLICE), NULL, 0, 0, &watch), 0);
        assert_int_equal(setxattr(UNIT, "user.oomd_omit", "1", 1, 0), 0);
        live_dispatch(f);
        assert_int_equal(f->told.n_new + f->told.n_gone, 0);
        assert_int_equal(watch_survey(f->tree, live_inode(SLICE), &survey), 0);
        assert_int_equal(survey.n_candidates, 1);
        assert_int_equal(survey.candidates[0].preference, PREFERENCE_OMIT);

        /* delegated to somebody: what it says now is theirs */
        assert_int_equal(chown(UNIT, 4711, 4711), 0);
        live_dispatch(f);
        assert_int_equal(watch_survey(f->tree, live_inode(SLICE), &survey), 0);
        assert_int_equal(survey.candidates[0].preference, PREFERENCE_NONE);
        assert_int_equal(chown(UNIT, 0, 0), 0);
        assert_int_equal(removexattr(UNIT, "user.oomd_omit"), 0);
        assert_int_equal(setxattr(UNIT, "user.oomd_avoid", "1", 1, 0), 0);
        live_dispatch(f);
        assert_int_equal(watch_survey(f->tree, live_inode(SLICE), &survey), 0);
        assert_int_equal(survey.candidates[0].preference, PREFERENCE_AVOID);
}

/* Below a user manager units are units, and below others those cgroups are groups that were asked for. */
static void test_below(void **state) {
        LiveFixture *f = *state;

        live_make(MANAGER);
        live_dispatch(f);
        assert_string_equal(f->told.last, "/memstalldlive.slice/user@4711.service user@4711.service container");
        live_make(MANAGER_SLICE);
        live_make(MANAGER_UNIT);
        live_dispatch(f);
        assert_int_equal(f->told.n_new, 2);
        assert_string_equal(f->told.last, "/memstalldlive.slice/user@4711.service/app.slice/x.service x.service delegated");
        assert_int_equal(tree_resolve(f->tree, live_inode(MANAGER_UNIT)), live_inode(MANAGER_UNIT));

        live_make(BOX);
        live_dispatch(f);
        assert_string_equal(f->told.last, "/memstalldlive.slice/live.service/box-1 /memstalldlive.slice/live.service/box-1 delegated");
        live_make(BOX_INNER);
        live_dispatch(f);
        assert_int_equal(f->told.n_new, 0);
        assert_int_equal(tree_resolve(f->tree, live_inode(BOX_INNER)), live_inode(BOX));

        live_remove(MANAGER_UNIT);
        live_remove(MANAGER_SLICE);
        live_remove(MANAGER);
        live_remove(BOX_INNER);
        live_remove(BOX);
        live_dispatch(f);
        assert_int_equal(f->told.n_gone, 4);
}

/* Files that a controller brings appear without a word from the kernel; arming again finds them. */
static void test_controller_later(void **state) {
        LiveFixture *f = *state;
        const ArmedWatch *watch = NULL;
        uint64_t id;
        Sample s;

        live_make(BARE);
        live_make(BARE_UNIT);
        live_dispatch(f);
        id = live_inode(BARE_UNIT);
        assert_int_equal(watch_arm(f->tree, id, &some_1_2s, 1, 0, &watch), WATCH_E_NO_CONTROLLER);
        assert_true(live_write(BARE "/cgroup.subtree_control", "+memory"));
        live_dispatch(f);
        assert_int_equal(f->told.n_new + f->told.n_gone, 0);
        assert_int_equal(watch_arm(f->tree, id, &some_1_2s, 1, 0, &watch), WATCH_E_EMPTY);
        (void) live_inhabit(BARE_UNIT);
        assert_int_equal(watch_arm(f->tree, id, &some_1_2s, 1, 0, &watch), 0);
        assert_int_equal(watch_sample(f->tree, id, &s), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_trigger_fires, live_setup, live_teardown),
                cmocka_unit_test_setup_teardown(test_removed, live_setup, live_teardown),
                cmocka_unit_test_setup_teardown(test_pressure_turned_off, live_setup, live_teardown),
                cmocka_unit_test_setup_teardown(test_without_capability, live_setup, live_teardown),
                cmocka_unit_test_setup_teardown(test_host, live_setup, live_teardown),
                cmocka_unit_test_setup_teardown(test_resolve, live_setup, live_teardown),
                cmocka_unit_test_setup_teardown(test_resources, live_setup, live_teardown),
                cmocka_unit_test_setup_teardown(test_stat, live_setup, live_teardown),
                cmocka_unit_test_setup_teardown(test_preference, live_setup, live_teardown),
                cmocka_unit_test_setup_teardown(test_below, live_setup, live_teardown),
                cmocka_unit_test_setup_teardown(test_controller_later, live_setup, live_teardown),
        };
        int r = requirements_check(NULL);

        if (geteuid() != 0 || r != 0) {
                printf("skipped: %s\n", r > 0 ? requirements_error_text(r) : "needs root");
                return EXIT_SKIPPED;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
