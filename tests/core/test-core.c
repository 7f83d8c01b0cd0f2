/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "fixture.h"

#include "core/core-private.h"

static Step freeze[] = { STEP("pause", ACTION_FREEZE, CONDITIONS(SOME(10, 2 * SEC))) };
static Step room[] = { STEP("watch", ACTION_LOG, CONDITIONS(AVAILABLE_BYTES(MIB))) };

#define POLICY(policy_name, list, glob)                                                            \
        { .name = (char *) (policy_name), .match.units = GLOBS(GLOB(glob)), .steps = (list),       \
          .n_steps = ELEMENTSOF(list), .victim = { RANK_BY(RANK_USAGE) } }

static void test_cgroups_come_and_go(void **state) {
        Policy policy = POLICY("p", freeze, "a*.service");
        Fixture f = { .settings = SETTINGS_DEFAULT };
        WatchStatus status;

        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        assert_effects(&f, "arm sample");
        assert_int_equal(effect_of(&f, EFFECT_ARM)->arm.watch.id, 7);
        assert_int_equal(effect_of(&f, EFFECT_ARM)->arm.n_limits, 1);
        assert_int_equal(effect_of(&f, EFFECT_SAMPLE)->look.id, 7);
        assert_int_equal(f.effects->wakeup_usec, USEC_INFINITY);
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        assert_effects(&f, "");
        feed_new(&f, 8, CGROUP_UNIT, "b.service");
        assert_effects(&f, ""); /* known, and not watched */
        feed_new(&f, 9, CGROUP_UNIT, "a2.service");
        feed_new(&f, 10, CGROUP_UNIT, "a3.service");
        assert_int_equal(core_counts(f.core).n_watches, 3);

        /* What nobody knows, or nobody watches, is no matter. */
        feed_look(&f, 8);
        assert_effects(&f, "");
        feed_look(&f, 99);
        feed_survey(&f, 99, NULL, 0);
        feed_survey(&f, 8, NULL, 0);
        feed_gone(&f, 99);
        feed_outcome(&f, (Outcome){ .id = 0 });
        feed_outcome(&f, (Outcome){ .id = 42 });
        feed_timer(&f);
        assert_effects(&f, "");

        /* The first goes, the last takes its place. */
        feed_gone(&f, 7);
        assert_int_equal(core_counts(f.core).n_watches, 2);
        feed_look(&f, 7);
        assert_effects(&f, "");
        feed_gone(&f, 10);
        feed_gone(&f, 9);
        assert_int_equal(core_counts(f.core).n_watches, 0);
        assert_false(core_watch_status(f.core, 0, &status));

        /* Its number may come again. */
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        assert_effects(&f, "arm sample");
        assert_true(core_watch_status(f.core, 0, &status));
        assert_string_equal(status.name.unit, "a.service");
        assert_string_equal(status.policy, "p");
        assert_false(status.awake);
        assert_false(status.in_incident);
        assert_int_equal(core_counts(f.core).n_lost, 0);
        fixture_stop(&f);
        assert_null(core_free(NULL));
}

/* What is told of a cgroup is known of it. */
static void test_what_is_told(void **state) {
        for (unsigned told = 0; told < 2; told++) {
                Fixture f = { .settings = SETTINGS_DEFAULT };
                const Node *n;

                fixture_start(&f, NULL, 0);
                f.effects = core_step(f.core, &(Event){
                        .kind = EVENT_CGROUP_NEW, .now_usec = f.now_usec, .cgroup_id = 7,
                        .cgroup = { .kind = CGROUP_UNIT, .path = "/s.slice/a.service", .unit = "a.service",
                                    .born_usec = told ? 990 * SEC : 0, .delegated = told, .container = told },
                });
                n = node_registry_find(&f.core->nodes, 7);
                assert_int_equal(n->kind, CGROUP_UNIT);
                assert_string_equal(n->path, "/s.slice/a.service");
                assert_string_equal(n->unit, "a.service");
                assert_int_equal(n->born_usec, told ? 990 * SEC : 0);
                assert_int_equal(n->delegated, told);
                assert_int_equal(n->container, told);
                fixture_stop(&f);
        }
}

/* MaxActions= of a policy is its own, wherever it stands among those that have one and those that have none. */
static void test_policy_budgets(void **state) {
        Step end[] = { STEP("end", ACTION_KILL, CONDITIONS(AVAILABLE_BYTES(MIB)), .settle_usec = 0, .cooldown_usec = 0) };
        static const unsigned max_actions[] = { 0, 2, 0, 3 };
        Policy policies[] = { POLICY("10", end, "u0"), POLICY("20", end, "u1"), POLICY("30", end, "u2"),
                              POLICY("40", end, "u3") };
        Fixture f = { .settings = SETTINGS_DEFAULT };

        for (size_t i = 0; i < ELEMENTSOF(policies); i++) {
                policies[i].max_actions = max_actions[i];
                policies[i].max_actions_usec = 1000 * SEC;
        }
        fixture_start(&f, (Policy *[]){ policies, policies + 1, policies + 2, policies + 3 }, 4);
        f.sample.room_bytes = 0;
        for (uint64_t i = 0; i < ELEMENTSOF(policies); i++) {
                const uint64_t id = 10 + i;

                feed_new(&f, id, CGROUP_UNIT, (char[]){ 'u', (char) ('0' + i), '\0' });
                for (unsigned n = 0; n < 5; n++) {
                        feed_look(&f, id);
                        feed_survey(&f, id, &(Candidate){ .cgroup_id = id, .usage_bytes = 1000 }, 1);
                        if (max_actions[i] > 0 && n >= max_actions[i]) {
                                assert_effects(&f, n == max_actions[i] ? "refuse" : "");
                                continue;
                        }
                        feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = OUTCOME_DONE });
                        feed_timer(&f);
                        feed_look(&f, id); /* settled */
                        pass(&f, 10 * SEC, 0, 0);
                }
        }
        fixture_stop(&f);
}

/* Whichever goes, the others stay, each once. */
static void test_watches_stay(void **state) {
        for (uint64_t gone = 10; gone < 14; gone++) {
                Policy policy = POLICY("p", freeze, "*");
                Fixture f = { .settings = SETTINGS_DEFAULT };
                WatchStatus status;
                uint64_t sum = 0;

                fixture_start(&f, (Policy *[]){ &policy }, 1);
                for (uint64_t id = 10; id < 14; id++)
                        feed_new(&f, id, CGROUP_UNIT, "u");
                feed_gone(&f, gone);
                feed_gone(&f, gone == 13 ? 12 : 13);
                for (size_t i = 0; i < 2; i++) {
                        assert_true(core_watch_status(f.core, i, &status));
                        assert_true(status.name.id != gone && status.name.id != 13);
                        sum += status.name.id;
                }
                assert_int_equal(sum, 10 + 11 + 12 + 13 - gone - (gone == 13 ? 12 : 13));
                fixture_stop(&f);
        }
}

/* A frozen unit, as `memstallctl status` shows it. */
static void test_status(void **state) {
        Policy policy = POLICY("p", freeze, "a.service");
        Fixture f = { .settings = SETTINGS_DEFAULT };
        const Candidate candidate = { .cgroup_id = 7, .usage_bytes = MIB };
        WatchStatus watch;
        HoldStatus hold;
        uint64_t id;

        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        feed_look(&f, 7);
        pass(&f, 2 * SEC, 5000, 1000);
        feed_look(&f, 7);
        assert_effects(&f, "survey");
        feed_survey(&f, 7, &candidate, 1);
        assert_effects(&f, "act");
        id = effect_of(&f, EFFECT_ACT)->decision.id;
        assert_true(core_watch_status(f.core, 0, &watch));
        assert_true(watch.awake);
        assert_true(watch.in_incident);
        assert_int_equal(watch.pressure[PRESSURE_SOME], 5000);
        assert_int_equal(watch.pressure[PRESSURE_FULL], 1000);
        assert_int_equal(core_counts(f.core).n_open, 2); /* a hold and an answer */
        assert_int_equal(core_counts(f.core).n_incidents, 1);
        feed_outcome(&f, (Outcome){ .id = id, .kind = OUTCOME_DONE });
        assert_effects(&f, "report");
        assert_int_equal(core_counts(f.core).n_open, 1);
        assert_int_equal(core_counts(f.core).n_held, 1);
        assert_true(core_hold_status(f.core, 0, &hold));
        assert_string_equal(hold.victim.unit, "a.service");
        assert_string_equal(hold.policy, "p");
        assert_string_equal(hold.step, "pause");
        assert_int_equal(hold.action, ACTION_FREEZE);
        assert_int_equal(hold.deadline_usec - hold.since_usec, 30 * SEC);
        assert_int_equal(hold.incident.low, watch.incident.low);
        assert_false(core_hold_status(f.core, 1, &hold));
        assert_false(core_watch_status(f.core, 1, &watch));
        fixture_stop(&f);
}

/* What is held, one after the other, whichever is over. */
static void test_holds(void **state) {
        static const char *const units[] = { "a.service", "b.service", "c.service" };
        Fixture f = { .settings = SETTINGS_DEFAULT };
        HoldStatus hold;

        fixture_start(&f, NULL, 0);
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                f.effects = core_step(f.core, &(Event){ .kind = EVENT_HELD, .now_usec = f.now_usec,
                                                        .held = { .unit = units[i], .action = ACTION_FREEZE } });
        for (size_t gone = 0; gone < ELEMENTSOF(units); gone++) {
                for (size_t i = gone; i < ELEMENTSOF(units); i++) {
                        assert_true(core_hold_status(f.core, i - gone, &hold));
                        assert_string_equal(hold.victim.unit, units[i]);
                }
                assert_false(core_hold_status(f.core, ELEMENTSOF(units) - gone, &hold));
                feed_outcome(&f, (Outcome){ .id = gone + 1, .kind = OUTCOME_DONE });
        }
        assert_false(core_hold_status(f.core, 0, &hold));
        fixture_stop(&f);
}

/* A replay goes on with the numbers of the run that it was recorded of. */
static void test_count_from(void **state) {
        const CoreIds from = { .last_id = 70, .n_begun = 30, .n_ended = 20 };
        Policy policy = POLICY("p", freeze, "a.service");
        Fixture f = { .settings = SETTINGS_DEFAULT };
        CoreIds ids;

        fixture_start(&f, (Policy *[]){ &policy }, 1);
        core_count_from(f.core, &from);
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        feed_look(&f, 7);
        pass(&f, 2 * SEC, 5000, 0);
        feed_look(&f, 7);
        feed_survey(&f, 7, &(Candidate){ .cgroup_id = 7, .usage_bytes = MIB }, 1);
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.id, 71);
        assert_int_equal(effect_of(&f, EFFECT_ACT)->decision.incident.low, 31);
        ids = core_ids(f.core);
        assert_int_equal(ids.last_id, 71);
        assert_int_equal(ids.n_begun, 31);
        assert_int_equal(ids.n_ended, 20);
        fixture_stop(&f);
}

/* An event is of one kind: what it carries is not read as another's, and nothing else is done that is due. */
static void test_one_kind(void **state) {
        Policy policy = POLICY("p", freeze, "a.service");
        Fixture f = { .settings = SETTINGS_DEFAULT };

        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        feed_look(&f, 7);
        pass(&f, 2 * SEC, 5000, 0);
        feed_look(&f, 7);
        feed_survey(&f, 7, &(Candidate){ .cgroup_id = 7, .usage_bytes = MIB }, 1);
        memset(f.sample.pressure_usec, 0, sizeof(f.sample.pressure_usec));
        f.sample.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME] = effect_of(&f, EFFECT_ACT)->decision.id;
        feed_survey(&f, 7, NULL, 0);
        assert_effects(&f, ""); /* no answer to that number */
        f.now_usec = f.effects->wakeup_usec;
        f.effects = core_step(f.core, &(Event){ .kind = EVENT_HELD, .now_usec = f.now_usec, .held.unit = "x.service" });
        assert_effects(&f, "");
        feed_timer(&f);
        assert_effects(&f, "sample");
        fixture_stop(&f);
}

/* Time that runs back is time that stands still. */
static void test_time_never_runs_back(void **state) {
        Step slow[] = { STEP("end", ACTION_KILL, CONDITIONS(AVAILABLE_BYTES(MIB)), .for_usec = 10 * SEC) };
        Policy policy = POLICY("p", slow, "a.service");
        Fixture f = { .settings = SETTINGS_DEFAULT };

        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, 7, CGROUP_UNIT, "a.service");
        f.sample.room_bytes = 0;
        feed_look(&f, 7);
        assert_effects(&f, "");
        f.now_usec = 5 * SEC;
        feed_look(&f, 7);
        assert_effects(&f, ""); /* not held for 2^64 less a little */
        f.now_usec = 1010 * SEC - 1;
        feed_look(&f, 7);
        assert_effects(&f, "");
        f.now_usec = 1010 * SEC;
        feed_look(&f, 7);
        assert_effects(&f, "survey");
        fixture_stop(&f);
}

static void feed_many(Fixture *f, size_t n, const char *prefix) {
        char unit[64];

        for (size_t i = 0; i < n; i++) {
                (void) snprintf(unit, sizeof(unit), "%s%zu.service", prefix, i);
                feed_new(f, 1000 + i, CGROUP_UNIT, unit);
        }
}

/* More watches are due at once than one timer is for: the rest is due at once again, and nobody is left out. */
static void test_many_watches(void **state) {
        enum { N = 3000 };
        Policy policy = POLICY("p", room, "w*.service");
        Fixture f = { .settings = SETTINGS_DEFAULT };
        unsigned *looks = calloc(N, sizeof(*looks));
        size_t n_steps = 0, n_looks = 0;

        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_warning(&f, WARNING_ARMED);
        feed_many(&f, N, "w");
        assert_int_equal(core_counts(f.core).n_watches, N);
        for (size_t i = 0; i < N; i++)
                feed_look(&f, 1000 + i);
        assert_true(f.effects->wakeup_usec > f.now_usec + 10 * SEC);
        f.now_usec = f.effects->wakeup_usec;
        do {
                feed_timer(&f);
                assert_true(f.effects->n_items <= 1024);
                for (size_t i = 0; i < f.effects->n_items; i++, n_looks++)
                        looks[f.effects->items[i].look.id - 1000]++;
                assert_true(++n_steps <= N / DUE_MAX + 2);
        } while (f.effects->wakeup_usec <= f.now_usec);
        assert_int_equal(n_looks, N);
        for (size_t i = 0; i < N; i++)
                assert_int_equal(looks[i], 1);
        free(looks);
        fixture_stop(&f);
}

/* An undo that is due beside them is not forgotten, neither the first one nor one that is tried again. */
static void undo_beside_many_watches(bool again) {
        enum { N = 3000, A = 7 };
        Policy policies[] = { POLICY("10-a", freeze, "a.service"), POLICY("20-w", room, "w*.service") };
        Fixture f = { .settings = SETTINGS_DEFAULT };
        const Candidate candidate = { .cgroup_id = A };
        size_t n_undos = 0, n_steps = 0;

        fixture_start(&f, (Policy *[]){ policies, policies + 1 }, 2);
        feed_many(&f, N, "w");
        feed_new(&f, A, CGROUP_UNIT, "a.service");
        feed_look(&f, A);
        pass(&f, 2 * SEC, 5000, 0);
        feed_look(&f, A);
        feed_survey(&f, A, &candidate, 1);
        feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_ACT)->decision.id, .kind = OUTCOME_DONE });

        if (again) {
                pass(&f, 30 * SEC, 5000, 0);
                feed_timer(&f);
                feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_UNDO)->undo.id, .kind = OUTCOME_FAILED });
                assert_effects(&f, "stuck");
        }
        for (size_t i = 0; i < N; i++)
                feed_look(&f, 1000 + i);
        pass(&f, 60 * SEC, 0, 0);
        do {
                feed_timer(&f);
                for (size_t i = 0; i < f.effects->n_items; i++)
                        if (f.effects->items[i].kind == EFFECT_UNDO) {
                                assert_int_equal(f.effects->items[i].undo.reason, RELEASE_MAX_HOLD);
                                n_undos++;
                        }
                assert_true(++n_steps <= N / DUE_MAX + 2);
        } while (f.effects->wakeup_usec <= f.now_usec);
        assert_int_equal(n_undos, 1);
        fixture_stop(&f);
}

static void test_undo_beside_many_watches(void **state) {
        undo_beside_many_watches(false);
        undo_beside_many_watches(true);
}

/* Beyond as many cgroups as it can know the core goes on, and says how many it lost. */
static void test_lost(void **state) {
        char last[64];
        Policy policy = POLICY("p", freeze, last);
        Fixture f = { .settings = SETTINGS_DEFAULT };

        (void) snprintf(last, sizeof(last), "u%u.service", (unsigned) (NODES_MAX + 2));
        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_many(&f, NODES_MAX + 3, "u");
        assert_int_equal(core_counts(f.core).n_lost, 3);
        assert_int_equal(core_counts(f.core).n_watches, 0); /* what is lost is not watched */
        fixture_stop(&f);
}

/* Thousands of short-lived units leave nothing behind, and cost what one costs. */
static void test_short_lived_units(void **state) {
        enum { N = 10000 };
        Policy policy = POLICY("p", room, "w*.service");
        Fixture f = { .settings = SETTINGS_DEFAULT };
        WatchStatus status;
        char unit[64];

        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, 1, CGROUP_HOST, "-.slice");
        feed_new(&f, 2, CGROUP_UNIT, "w.service");
        for (uint64_t i = 0; i < N; i++) {
                (void) snprintf(unit, sizeof(unit), "%c%u.service", i % 2 ? 'w' : 'x', (unsigned) i);
                f.now_usec += 6 * MSEC;
                feed_new(&f, 1000 + i, CGROUP_UNIT, unit);
                feed_look(&f, 1000 + i);
                if (i >= 100) {
                        assert_int_equal(f.core->nodes.n, 2 + 101);
                        feed_gone(&f, 1000 + i - 100);
                }
        }
        for (uint64_t i = N - 100; i < N; i++)
                feed_gone(&f, 1000 + i);
        assert_int_equal(f.core->nodes.n, 2);
        assert_int_equal(core_counts(f.core).n_watches, 1);
        assert_int_equal(core_counts(f.core).n_open, 0);
        assert_int_equal(core_counts(f.core).n_lost, 0);
        assert_true(f.core->n_watches_allocated <= 64);
        assert_true(core_watch_status(f.core, 0, &status));
        assert_string_equal(status.name.unit, "w.service");

        /* All at once, too. */
        for (uint64_t i = 0; i < N; i++) {
                (void) snprintf(unit, sizeof(unit), "x%u.service", (unsigned) i);
                feed_new(&f, 1000 + i, CGROUP_UNIT, unit);
        }
        assert_int_equal(f.core->nodes.n, 2 + N);
        for (uint64_t i = 0; i < N; i++)
                feed_gone(&f, 1000 + i);
        assert_int_equal(f.core->nodes.n, 2);
        feed_gone(&f, 2);
        feed_gone(&f, 1);
        assert_null(f.core->nodes.root);
        assert_null(f.core->nodes.paths);
        fixture_stop(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cgroups_come_and_go),
                cmocka_unit_test(test_what_is_told),
                cmocka_unit_test(test_policy_budgets),
                cmocka_unit_test(test_watches_stay),
                cmocka_unit_test(test_status),
                cmocka_unit_test(test_holds),
                cmocka_unit_test(test_count_from),
                cmocka_unit_test(test_one_kind),
                cmocka_unit_test(test_time_never_runs_back),
                cmocka_unit_test(test_many_watches),
                cmocka_unit_test(test_undo_beside_many_watches),
                cmocka_unit_test(test_lost),
                cmocka_unit_test(test_short_lived_units),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
