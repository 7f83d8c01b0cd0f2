/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "fixture.h"

#include "core/sighting.h"

enum { HOST = 1, SLICE = 2, A = 11, B = 12, OUTSIDE = 13, UNKNOWN = 99 };

static Fixture f;
static Step step;
static Policy policy;

/* A slice that is watched, with a and b, and a unit beside it that nobody watches. */
static int setup(void **state) {
        static Condition condition = SOME(10, 2 * SEC);
        static char *slices[] = { (char *) "s.slice", NULL };

        step = (Step)STEP("end", ACTION_KILL);
        step.conditions = &condition;
        step.n_conditions = 1;
        policy = (Policy){ .name = (char *) "p", .match.slices = slices, .steps = &step, .n_steps = 1,
                           .victim = { .rank = { RANK_USAGE }, .n_rank = 1 } };
        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, HOST, CGROUP_HOST, "");
        feed_new(&f, SLICE, CGROUP_SLICE, "s.slice");
        feed_new(&f, A, CGROUP_UNIT, "s.slice/a.service");
        feed_new(&f, B, CGROUP_UNIT, "s.slice/b.service");
        feed_new(&f, OUTSIDE, CGROUP_UNIT, "outside.service");
        feed_look(&f, SLICE);
        return 0;
}

static int teardown(void **state) {
        fixture_stop(&f);
        return 0;
}

static void feed(Event event) {
        event.now_usec = f.now_usec;
        f.effects = core_step(f.core, &event);
}

static void kernel_kills(uint64_t id, uint64_t pid) {
        Event event = { .kind = EVENT_KILLED, .cgroup_id = id, .killed = { .killer = KILLER_KERNEL, .pid = pid } };

        (void) snprintf(event.killed.comm, sizeof(event.killed.comm), "c%lu", pid);
        feed(event);
}

static void oomd_kills(uint64_t id, bool pending, const char *path, const char *unit) {
        Event event = { .kind = EVENT_KILLED, .cgroup_id = id,
                        .killed = { .killer = KILLER_SYSTEMD_OOMD, .pending = pending, .path = path, .unit = unit } };

        strcpy(event.killed.reason, pending ? "" : "memory-pressure");
        feed(event);
}

static void stalls(uint64_t watch, const Stall *list, size_t n, const Candidate *candidates, size_t n_candidates) {
        feed((Event){ .kind = EVENT_SURVEY, .cgroup_id = watch,
                      .survey = { .values = f.sample, .candidates = candidates, .n_candidates = n_candidates,
                                  .stalls = list, .n_stalls = n } });
}

static const Sighting *seen(void) {
        return &effect_of(&f, EFFECT_SEEN)->seen;
}

static void test_told_with_culprits(void **state) {
        static const Stall list[] = { { B, SLICE, 7, STALL_MEMCG_MAX, 100 * MSEC, 3 },
                                      { A, A, 78, STALL_MEMCG_MAX, 900 * MSEC, 9 } };
        const Sighting *s;

        kernel_kills(A, 78);
        assert_effects(&f, "survey");
        assert_int_equal(effect_of(&f, EFFECT_SURVEY)->look.id, SLICE);
        assert_int_equal(f.effects->wakeup_usec, f.now_usec + SEC); /* should none come */
        stalls(SLICE, list, 2, (Candidate[]){ { A, 100 }, { B, 10 } }, 2);
        assert_effects(&f, "seen");
        s = seen();
        assert_int_equal(s->killer, KILLER_KERNEL);
        assert_false(s->pending);
        assert_false(s->again);
        assert_int_equal(s->count, 1);
        assert_int_equal(s->missed, 0);
        assert_int_equal(s->pid, 78);
        assert_string_equal(s->comm, "c78");
        assert_string_equal(s->reason, "");
        assert_string_equal(s->victim.unit, "a.service");
        assert_int_equal(s->victim.id, A);
        assert_string_equal(s->watch.unit, "s.slice");
        assert_ptr_equal(s->policy, &policy);
        assert_true(s->looked);
        assert_int_equal(s->sample.limit_bytes, GIB);
        assert_int_equal(s->cause, CAUSE_UNIT_LIMIT);
        assert_int_equal(s->incident.low, 1);
        assert_true(s->incident.high != 0);

        /* What b waits for has nothing to do with a's own limit. */
        assert_int_equal(s->n_culprits, 1);
        assert_int_equal(s->culprits[0].stall, 1); /* where it stood in the survey */
        assert_int_equal(s->culprits[0].role, ROLE_CAUSE);
        assert_int_equal(s->culprits[0].share, 10000);
        assert_string_equal(s->culprits[0].unit.unit, "a.service");
        assert_int_equal(s->n_blames, 1);
        assert_string_equal(s->blames[0].unit.unit, "a.service");
        assert_int_equal(s->blames[0].share, 10000);
        assert_int_equal(s->blame_unknown, 0);

        /* A survey for another reason tells nothing. */
        stalls(SLICE, list, 2, NULL, 0);
        assert_effects(&f, "");
}

/* Whose stalls count: those beneath the limit that the victim met, or all of them if it was the host that was short. */
static void test_whose_stalls(void **state) {
        static const struct {
                const char *what;
                Stall stalls[3];
                size_t n_stalls, n;
                Cause cause;
        } rows[] = {
                { "the limit of the slice", { { A, SLICE, 1, STALL_MEMCG_MAX, SEC }, { B, SLICE, 2, STALL_MEMCG_MAX, SEC },
                                              { OUTSIDE, OUTSIDE, 3, STALL_MEMCG_MAX, SEC } }, 3, 2, CAUSE_SLICE_LIMIT },
                { "a kernel thread for it", { { A, A, 1, STALL_MEMCG_MAX, SEC }, { HOST, A, 2, STALL_MEMCG_MAX, SEC } },
                  2, 2, CAUSE_UNIT_LIMIT },
                { "the host", { { A, 0, 1, STALL_DIRECT_RECLAIM, SEC }, { OUTSIDE, 0, 2, STALL_DIRECT_RECLAIM, SEC } },
                  2, 2, CAUSE_HOST_SHORT },
                { "the host's own number", { { A, HOST, 1, STALL_DIRECT_RECLAIM, SEC }, { B, B, 2, STALL_MEMCG_MAX, 9 * MSEC } },
                  2, 1, CAUSE_HOST_SHORT },
                { "more for the host", { { A, 0, 1, STALL_DIRECT_RECLAIM, SEC }, { A, A, 1, STALL_MEMCG_MAX, SEC },
                                         { B, 0, 2, STALL_DIRECT_RECLAIM, SEC } }, 3, 3, CAUSE_HOST_SHORT },
                { "more for the limit", { { A, 0, 1, STALL_NODE_RECLAIM, SEC }, { A, A, 1, STALL_MEMCG_MAX, SEC + 1 },
                                          { B, 0, 2, STALL_DIRECT_RECLAIM, SEC } }, 3, 2, CAUSE_UNIT_LIMIT },
                { "two kinds for one limit", { { A, 0, 1, STALL_DIRECT_RECLAIM, 3 * SEC / 2 }, { A, A, 1, STALL_MEMCG_MAX, SEC },
                                               { A, A, 2, STALL_MEMCG_HIGH, SEC } }, 3, 3, CAUSE_UNIT_LIMIT },
                { "somebody else's limit", { { A, B, 1, STALL_MEMCG_MAX, SEC }, { OUTSIDE, 0, 2, STALL_MEMCG_MAX, SEC } },
                  2, 2, CAUSE_UNIT_LIMIT },
                { "it did not stall", { { B, B, 1, STALL_REFAULT, SEC } }, 1, 1, CAUSE_REFAULT },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                pass(&f, 30 * SEC, 0, 0);
                feed_timer(&f);
                kernel_kills(A, 78);
                stalls(SLICE, rows[i].stalls, rows[i].n_stalls, NULL, 0);
                if (seen()->n_culprits != rows[i].n || seen()->cause != rows[i].cause)
                        fail_msg("%s: %zu, %s", rows[i].what, seen()->n_culprits, cause_to_string(seen()->cause));
        }
}

/* Where nobody watches the whole host is looked at, and there are no candidates. */
static void test_nobody_watches(void **state) {
        static const Stall list[] = { { OUTSIDE, OUTSIDE, 5, STALL_MEMCG_MAX, SEC, 1 } };

        kernel_kills(OUTSIDE, 5);
        assert_int_equal(effect_of(&f, EFFECT_SURVEY)->look.id, HOST);
        stalls(HOST, list, 1, NULL, 0);
        assert_string_equal(seen()->victim.unit, "outside.service");
        assert_int_equal(seen()->watch.kind, CGROUP_HOST);
        assert_null(seen()->policy);
        assert_int_equal(seen()->cause, CAUSE_UNIT_LIMIT);
        assert_int_equal(seen()->n_culprits, 1);
        assert_int_equal(seen()->culprits[0].role, ROLE_CAUSE);
}

static void test_without_stalls(void **state) {
        /* What the watch has counted since the last look says it. */
        f.sample.events_max = 5;
        kernel_kills(A, 5);
        feed_survey(&f, SLICE, NULL, 0);
        assert_int_equal(seen()->cause, CAUSE_SLICE_LIMIT);
        assert_int_equal(seen()->n_culprits, 0);

        kernel_kills(OUTSIDE, 5);
        feed_survey(&f, HOST, NULL, 0);
        assert_int_equal(seen()->cause, CAUSE_UNKNOWN);
        f.sample.host_available_bytes = GIB / 20;
        oomd_kills(OUTSIDE, false, NULL, NULL);
        feed_survey(&f, HOST, NULL, 0);
        assert_int_equal(seen()->cause, CAUSE_HOST_SHORT);

        /* The victim is the watch, and its own limit killed in it, though it was looked at since. */
        f.sample.host_available_bytes = GIB;
        f.sample.events_oom = 1;
        kernel_kills(SLICE, 6);
        feed_look(&f, SLICE);
        feed_survey(&f, SLICE, NULL, 0);
        assert_int_equal(seen()->cause, CAUSE_SLICE_LIMIT);
        oomd_kills(SLICE, false, NULL, NULL);
        feed_survey(&f, SLICE, NULL, 0);
        assert_int_equal(seen()->cause, CAUSE_UNKNOWN);
}

static void test_no_survey(void **state) {
        kernel_kills(A, 5);
        pass(&f, SEC - 1, 0, 0);
        feed_timer(&f);
        assert_effects(&f, "");
        pass(&f, 1, 0, 0);
        feed_timer(&f);
        assert_effects(&f, "seen");
        assert_false(seen()->looked);
        assert_int_equal(seen()->cause, CAUSE_UNKNOWN);
        assert_int_equal(seen()->sample.limit_bytes, 0);

        /* A cgroup that nobody knows, and no name: nothing can be looked at. */
        kernel_kills(UNKNOWN, 6);
        assert_effects(&f, "seen");
        assert_string_equal(seen()->victim.unit, "");
        assert_string_equal(seen()->watch.unit, "");
        assert_null(seen()->policy);
}

/* A fork bomb: what comes within seconds is one record with a count. */
static void test_many_are_counted(void **state) {
        Id128 incident;

        kernel_kills(A, 100);
        kernel_kills(A, 101);
        assert_effects(&f, "");
        feed_survey(&f, SLICE, NULL, 0);
        assert_int_equal(seen()->count, 2);
        assert_int_equal(seen()->pid, 101);
        incident = seen()->incident;

        for (uint64_t pid = 102; pid < 150; pid++) {
                pass(&f, 200 * MSEC, 0, 0);
                kernel_kills(A, pid);
                assert_effects(&f, "");
        }
        feed((Event){ .kind = EVENT_KILLED, .cgroup_id = A, .killed = { .killer = KILLER_KERNEL, .count = 7 } });
        pass(&f, 400 * MSEC - 1, 0, 0);
        feed_timer(&f);
        assert_effects(&f, "");
        assert_int_equal(f.effects->wakeup_usec, f.now_usec + 1);
        pass(&f, 1, 0, 0);
        feed_timer(&f);
        assert_effects(&f, "survey");
        feed_survey(&f, SLICE, NULL, 0);
        assert_int_equal(seen()->count, 55);
        assert_true(seen()->again);
        assert_memory_equal(&seen()->incident, &incident, sizeof(incident));

        /* It ends when there was nothing more for as long; then it begins anew. */
        pass(&f, 10 * SEC, 0, 0);
        feed_timer(&f);
        assert_effects(&f, "ended");
        assert_memory_equal(&effect_of(&f, EFFECT_ENDED)->ended.incident, &incident, sizeof(incident));
        assert_string_equal(effect_of(&f, EFFECT_ENDED)->ended.watch.unit, "s.slice");
        assert_int_equal(core_ids(f.core).n_begun, 1);
        assert_int_equal(core_ids(f.core).n_ended, 1);
        assert_int_equal(f.effects->wakeup_usec, USEC_INFINITY);
        kernel_kills(A, 200);
        feed_survey(&f, SLICE, NULL, 0);
        assert_int_equal(seen()->count, 1);
        assert_false(seen()->again);
        assert_int_equal(seen()->incident.low, 2);
}

/* Another unit, or another killer, is another story. */
static void test_apart(void **state) {
        kernel_kills(A, 100);
        kernel_kills(B, 101);
        assert_effects(&f, "survey");
        oomd_kills(A, false, NULL, NULL);
        assert_effects(&f, "survey");
        feed_survey(&f, SLICE, NULL, 0); /* one answers all */
        assert_effects(&f, "seen seen seen");
        assert_string_equal(f.effects->items[1].seen.victim.unit, "b.service");
        assert_int_equal(f.effects->items[2].seen.killer, KILLER_SYSTEMD_OOMD);
        assert_string_equal(f.effects->items[2].seen.reason, "memory-pressure");
        assert_int_equal(f.effects->items[0].seen.incident.low, 1);
        assert_int_equal(f.effects->items[2].seen.incident.low, 3);
}

static void test_too_many_units(void **state) {
        for (unsigned i = 0; i < SIGHTINGS_MAX + 3; i++) {
                char unit[32];

                (void) snprintf(unit, sizeof(unit), "u%u.service", i);
                feed_new(&f, 100 + i, CGROUP_UNIT, unit);
                kernel_kills(100 + i, i);
                assert_effects(&f, i < SIGHTINGS_MAX ? "survey" : "");
        }
        feed_survey(&f, HOST, NULL, 0);
        assert_int_equal(f.effects->n_items, SIGHTINGS_MAX);
        assert_int_equal(f.effects->items[0].seen.missed, 3);
        assert_int_equal(f.effects->items[1].seen.missed, 0);

        /* Of those that have nothing to add, the oldest makes room. */
        pass(&f, SEC, 0, 0);
        kernel_kills(100, 7);
        kernel_kills(A, 8);
        assert_effects(&f, "ended survey");
        assert_int_equal(effect_of(&f, EFFECT_ENDED)->ended.incident.low, 2);
}

/* systemd-oomd tells before it kills, and after. */
static void test_before_and_after(void **state) {
        Id128 incident;

        oomd_kills(A, true, NULL, NULL);
        assert_effects(&f, "survey");
        feed_survey(&f, SLICE, NULL, 0);
        assert_true(seen()->pending);
        assert_int_equal(seen()->count, 1);
        incident = seen()->incident;

        feed_gone(&f, A);
        oomd_kills(SLICE, false, "/s.slice/a.service", "a.service");
        assert_effects(&f, "survey");
        assert_int_equal(effect_of(&f, EFFECT_SURVEY)->look.id, SLICE);
        feed_survey(&f, SLICE, NULL, 0);
        assert_false(seen()->pending);
        assert_false(seen()->again);
        assert_int_equal(seen()->victim.id, A); /* we knew it by then */
        assert_string_equal(seen()->victim.unit, "a.service");
        assert_memory_equal(&seen()->incident, &incident, sizeof(incident));

        /* It was started again and is to be killed again; the answer to that comes when it is done. */
        pass(&f, SEC, 0, 0);
        feed_new(&f, A + 100, CGROUP_UNIT, "s.slice/a.service");
        oomd_kills(A + 100, false, NULL, NULL);
        assert_effects(&f, "");
        oomd_kills(A + 100, true, NULL, NULL);
        assert_effects(&f, "seen survey"); /* what was counted first */
        assert_false(seen()->pending);
        assert_int_equal(seen()->victim.id, A + 100);
        oomd_kills(A + 100, false, NULL, NULL);
        assert_effects(&f, "seen survey");
        assert_true(seen()->pending);
        feed_survey(&f, SLICE, NULL, 0);
        assert_false(seen()->pending);
}

static void test_gone_before_we_heard(void **state) {
        char path[SIGHTING_PATH_MAX + 10];

        oomd_kills(SLICE, false, "/s.slice/x.service", "x.service");
        feed_survey(&f, SLICE, NULL, 0);
        assert_int_equal(seen()->victim.id, 0);
        assert_int_equal(seen()->victim.kind, CGROUP_UNIT);
        assert_string_equal(seen()->victim.path, "/s.slice/x.service");
        assert_string_equal(seen()->victim.unit, "x.service");
        assert_false(seen()->victim.delegated);
        assert_ptr_equal(seen()->policy, &policy);

        /* The same again is counted, and what it is compared with is as long as there is room. */
        oomd_kills(SLICE, false, "/s.slice/x.service", "x.service");
        assert_effects(&f, "");
        memset(path, 'p', sizeof(path));
        path[sizeof(path) - 1] = '\0';
        oomd_kills(HOST, false, path, "long.service");
        feed_survey(&f, HOST, NULL, 0);
        assert_int_equal(strlen(seen()->victim.path), SIGHTING_PATH_MAX - 1);

        /* Below a user manager: the system manager does not know it. */
        feed((Event){ .kind = EVENT_CGROUP_NEW, .cgroup_id = 50,
                      .cgroup = { .kind = CGROUP_UNIT, .path = "/user@1.service", .unit = "user@1.service",
                                  .container = true } });
        oomd_kills(50, false, "/user@1.service/x.service", "x.service");
        feed_survey(&f, HOST, NULL, 0);
        assert_true(seen()->victim.delegated);
}

/* It went a moment before: what it stalled for is still its own. */
static void test_gone_just_now(void **state) {
        const Stall stalls[] = { { A, A, 7, STALL_MEMCG_HIGH, SEC, 9 }, { A, 0, 8, STALL_COMPACTION, SEC, 9 } };

        feed_gone(&f, A);
        oomd_kills(SLICE, false, "/s.slice/a.service", "a.service");
        assert_effects(&f, "survey");
        feed((Event){ .kind = EVENT_SURVEY, .cgroup_id = SLICE, .survey = { .stalls = stalls, .n_stalls = 2 } });
        assert_int_equal(seen()->victim.id, A);
        assert_string_equal(seen()->victim.unit, "a.service");
        assert_int_equal(seen()->cause, CAUSE_UNIT_LIMIT);
        assert_int_equal(seen()->n_culprits, 2);
        assert_string_equal(seen()->culprits[0].unit.unit, "a.service");
        assert_int_equal(seen()->culprits[0].role, ROLE_CAUSE);
        assert_int_equal(seen()->n_blames, 1);
        assert_string_equal(seen()->blames[0].unit.unit, "a.service");
        assert_int_equal(seen()->blames[0].share, 10000);
}

/* In an incident of the watch it is part of that. */
static void test_incident_of_the_watch(void **state) {
        Id128 incident;

        pass(&f, 2 * SEC, 5000, 0);
        feed_trigger(&f, SLICE, (PressureLimit){ PRESSURE_SOME, 1000, 2 * SEC });
        feed_survey(&f, SLICE, (Candidate[]){ { B, 1000 } }, 1);
        incident = effect_of(&f, EFFECT_ACT)->decision.incident;
        kernel_kills(A, 5);
        feed_survey(&f, SLICE, (Candidate[]){ { B, 1000 } }, 1);
        assert_memory_equal(&seen()->incident, &incident, sizeof(incident));
        assert_int_equal(core_ids(f.core).n_begun, 1);

        /* When the sighting is over that is not the end of it. */
        pass(&f, 11 * SEC, 5000, 0);
        feed_timer(&f);
        for (size_t i = 0; i < f.effects->n_items; i++)
                assert_int_not_equal(f.effects->items[i].kind, EFFECT_ENDED);
        assert_int_equal(core_ids(f.core).n_ended, 0);
}

/* The watch goes before its survey comes: what it was called is still told. */
static void test_watch_goes(void **state) {
        kernel_kills(A, 5);
        feed_gone(&f, A);
        feed_gone(&f, B);
        feed_gone(&f, SLICE);
        pass(&f, SEC, 0, 0);
        feed_timer(&f);
        assert_string_equal(seen()->victim.unit, "a.service");
        assert_string_equal(seen()->watch.unit, "s.slice");
        assert_null(seen()->policy);
        kernel_kills(OUTSIDE, 5);
        pass(&f, 20 * SEC, 0, 0);
        feed_timer(&f);
        assert_effects(&f, "ended seen");
        assert_string_equal(effect_of(&f, EFFECT_ENDED)->ended.watch.unit, "s.slice");
}

/* Who is killed and started again for ever does not push out the traces of other incidents. */
static void test_few_traces(void **state) {
        for (unsigned i = 0; i < SIGHTING_TRACES_MAX + 2; i++) {
                kernel_kills(A, 5);
                feed_survey(&f, SLICE, NULL, 0);
                pass(&f, 10 * SEC, 0, 0);
                feed_timer(&f);
                assert_effects(&f, i < SIGHTING_TRACES_MAX ? "ended" : "");
                assert_int_equal(core_ids(f.core).n_ended, i + 1);
        }
        pass(&f, 3600 * SEC, 0, 0);
        kernel_kills(A, 5);
        feed_survey(&f, SLICE, NULL, 0);
        pass(&f, 10 * SEC, 0, 0);
        feed_timer(&f);
        assert_effects(&f, "ended");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_told_with_culprits, setup, teardown),
                cmocka_unit_test_setup_teardown(test_whose_stalls, setup, teardown),
                cmocka_unit_test_setup_teardown(test_nobody_watches, setup, teardown),
                cmocka_unit_test_setup_teardown(test_without_stalls, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_survey, setup, teardown),
                cmocka_unit_test_setup_teardown(test_many_are_counted, setup, teardown),
                cmocka_unit_test_setup_teardown(test_apart, setup, teardown),
                cmocka_unit_test_setup_teardown(test_too_many_units, setup, teardown),
                cmocka_unit_test_setup_teardown(test_before_and_after, setup, teardown),
                cmocka_unit_test_setup_teardown(test_gone_before_we_heard, setup, teardown),
                cmocka_unit_test_setup_teardown(test_gone_just_now, setup, teardown),
                cmocka_unit_test_setup_teardown(test_incident_of_the_watch, setup, teardown),
                cmocka_unit_test_setup_teardown(test_watch_goes, setup, teardown),
                cmocka_unit_test_setup_teardown(test_few_traces, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
