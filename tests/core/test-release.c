/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture.h"

#include "core/core-private.h"

enum { A = 7 };

static Step steps[1];
static Policy policy;
static Fixture f;

/* A unit at 50 % for two seconds, and its step's action sent. Returns the decision's id. */
static uint64_t start(Step step) {
        static Condition condition = SOME(10, 2 * SEC);
        static char *units[] = { (char *) "a.service", NULL };
        const Candidate candidate = { .cgroup_id = A, .usage_bytes = 1000 };

        steps[0] = step;
        if (step.n_conditions == 0) {
                steps[0].conditions = &condition;
                steps[0].n_conditions = 1;
        }
        policy = (Policy){ .name = (char *) "p", .match.units = units, .steps = steps, .n_steps = 1,
                           .victim = { RANK_BY(RANK_USAGE) } };
        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, A, CGROUP_UNIT, "a.service");
        feed_look(&f, A);
        pass(&f, 2 * SEC, 5000, 0);
        feed_look(&f, A);
        feed_survey(&f, A, &candidate, 1);
        return effect_of(&f, EFFECT_ACT)->decision.id;
}

static void answer(uint64_t id, OutcomeKind kind, uint64_t previous_bytes) {
        feed_outcome(&f, (Outcome){ .id = id, .kind = kind, .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, previous_bytes) });
}

/* What an answer to throttle and freeze leaves: held, undone at once, or nothing. */
static void test_answers(void **state) {
        static const struct {
                ActionKind action;
                OutcomeKind kind;
                bool gone;
                uint64_t previous_bytes;
                const char *effects;
                size_t n_open;
        } rows[] = {
                { ACTION_THROTTLE, OUTCOME_DONE, false, UINT64_MAX, "follow report sample", 1 },
                { ACTION_THROTTLE, OUTCOME_DONE, false, 0, "follow report sample", 1 }, /* MemoryHigh=0 it was */
                { ACTION_THROTTLE, OUTCOME_FAILED, false, 0, "report", 0 }, /* not even the old value was read */
                { ACTION_THROTTLE, OUTCOME_FAILED, false, 4096, "undo report", 1 },
                { ACTION_THROTTLE, OUTCOME_TIMEOUT, false, 0, "report", 0 },
                { ACTION_THROTTLE, OUTCOME_TIMEOUT, false, 4096, "follow report sample", 1 },
                { ACTION_THROTTLE, OUTCOME_REFUSED, false, 4096, "report", 0 },
                { ACTION_THROTTLE, OUTCOME_FAILED, true, 4096, "report", 0 },
                { ACTION_FREEZE, OUTCOME_DONE, false, 0, "report", 1 },
                { ACTION_FREEZE, OUTCOME_FAILED, false, 0, "undo report", 1 },
                { ACTION_FREEZE, OUTCOME_TIMEOUT, false, 0, "report", 1 },
                { ACTION_FREEZE, OUTCOME_REFUSED, false, 0, "report", 0 },
                { ACTION_FREEZE, OUTCOME_DONE, true, 0, "report", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t id = start((Step)STEP("hold", rows[i].action));

                Properties previous = { 0 };

                if (rows[i].previous_bytes > 0)
                        properties_set(&previous, PROPERTY_MEMORY_HIGH, rows[i].previous_bytes);
                feed_outcome(&f, (Outcome){ .id = id, .kind = rows[i].kind, .gone = rows[i].gone, .previous = previous });
                if (strcmp(effect_words(&f), rows[i].effects) != 0 || core_counts(f.core).n_open != rows[i].n_open)
                        fail_msg("row %zu: \"%s\", %zu open", i, effect_words(&f), core_counts(f.core).n_open);
                if (rows[i].effects[0] == 'u') {
                        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_FAILED);
                        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.previous.values[PROPERTY_MEMORY_HIGH], rows[i].previous_bytes);
                }
                fixture_stop(&f);
        }
}

/* Until=: calm for its whole window, and held for as long. */
static void test_calm(void **state) {
        uint64_t id;

        id = start((Step)STEP("hold", ACTION_THROTTLE)); /* Until=some 2.5% 10s */
        answer(id, OUTCOME_DONE, 4096);
        pass(&f, 10 * SEC - 1, 0, 0);
        feed_look(&f, A);
        assert_effects(&f, "");
        pass(&f, 1, 0, 0);
        feed_look(&f, A);
        assert_effects(&f, "undo");
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_CALM);
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.previous.values[PROPERTY_MEMORY_HIGH], 4096);
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.held_usec, 10 * SEC);

        /* The undo is on its way: it is not sent again while it may be answered. */
        pass(&f, SEC, 0, 0);
        feed_look(&f, A);
        assert_effects(&f, "");
        answer(id + 1, OUTCOME_DONE, 0);
        assert_effects(&f, "release unfollow");
        assert_int_equal(effect_of(&f, EFFECT_RELEASE)->undo.held_usec, 11 * SEC);
        assert_int_equal(core_counts(f.core).n_held, 0);
        fixture_stop(&f);

        /* At its share it is not below it. */
        id = start((Step)STEP("hold", ACTION_THROTTLE));
        answer(id, OUTCOME_DONE, 4096);
        pass(&f, 20 * SEC, 250, 0);
        feed_look(&f, A);
        assert_effects(&f, "");
        pass(&f, 10 * SEC, 249, 0);
        feed_look(&f, A);
        assert_effects(&f, "undo");
        fixture_stop(&f);
}

/* Until= may be about full. */
static void test_calm_full(void **state) {
        Step step = STEP("hold", ACTION_THROTTLE);

        step.until.kind = PRESSURE_FULL;
        answer(start(step), OUTCOME_DONE, 4096);
        pass(&f, 10 * SEC, 5000, 250);
        feed_look(&f, A);
        assert_false(strstr(effect_words(&f), "undo"));
        pass(&f, 10 * SEC, 5000, 249);
        feed_look(&f, A);
        assert_true(strstr(effect_words(&f), "undo"));
        fixture_stop(&f);
}

/* Without Until=: the conditions have not held for as long. */
static void test_calm_without_pressure(void **state) {
        Condition usage = USAGE_BYTES(1000);
        Step step = STEP("hold", ACTION_THROTTLE, .conditions = &usage, .n_conditions = 1);
        const Candidate candidate = { .cgroup_id = A };

        step.has_until = false;
        steps[0] = step;
        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        policy = (Policy){ .name = (char *) "p", .match.units = GLOBS(GLOB("a.service")), .steps = steps, .n_steps = 1,
                           .victim = { RANK_BY(RANK_USAGE) } };
        f.sample.usage_bytes = 1001;
        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, A, CGROUP_UNIT, "a.service");
        feed_look(&f, A);
        feed_survey(&f, A, &candidate, 1);
        answer(effect_of(&f, EFFECT_ACT)->decision.id, OUTCOME_DONE, 4096);

        pass(&f, 20 * SEC, 0, 0);
        feed_look(&f, A);
        assert_effects(&f, ""); /* it holds still */
        f.sample.usage_bytes = 1000;
        feed_look(&f, A);
        pass(&f, 10 * SEC - 1, 0, 0);
        feed_look(&f, A);
        assert_effects(&f, "");
        pass(&f, 1, 0, 0);
        feed_look(&f, A);
        assert_effects(&f, "undo");
        fixture_stop(&f);
}

/* An undo that fails is tried again after 0.5, 1, 2 ... 32 s, and one without an answer after five. */
static void test_retries(void **state) {
        static const uint64_t delays[] = { 500, 1000, 2000, 4000, 8000, 16000, 32000, 32000 };
        Step step = STEP("hold", ACTION_FREEZE);
        uint64_t id;

        step.max_hold_usec = 3 * SEC;
        id = start(step);
        answer(id, OUTCOME_DONE, 0);
        pass(&f, 3 * SEC - 1, 5000, 0);
        feed_timer(&f);
        assert_false(strstr(effect_words(&f), "undo"));
        pass(&f, 1, 5000, 0);
        feed_timer(&f);
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_MAX_HOLD);
        id = effect_of(&f, EFFECT_UNDO)->undo.id;

        for (size_t i = 0; i < ELEMENTSOF(delays); i++) {
                answer(id, OUTCOME_FAILED, 0);
                assert_effects(&f, i == 0 ? "stuck" : "");
                pass(&f, delays[i] * MSEC - 1, 5000, 0);
                feed_timer(&f);
                assert_false(strstr(effect_words(&f), "undo"));
                pass(&f, 1, 5000, 0);
                feed_timer(&f);
                assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_MAX_HOLD);
                id = effect_of(&f, EFFECT_UNDO)->undo.id;
        }
        pass(&f, 5 * SEC - 1, 5000, 0);
        feed_timer(&f);
        assert_false(strstr(effect_words(&f), "undo"));
        pass(&f, 1, 5000, 0);
        feed_timer(&f);
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.id, id + 1);
        answer(id, OUTCOME_DONE, 0); /* the old one's answer, too late */
        assert_effects(&f, "");
        feed_outcome(&f, (Outcome){ .id = id + 1, .kind = OUTCOME_FAILED, .gone = true });
        assert_effects(&f, "release");
        fixture_stop(&f);
}

/* Stop, reload, and a unit that goes: once for each hold, whatever is on its way. */
static void test_everything_ends(void **state) {
        uint64_t id = start((Step)STEP("hold", ACTION_FREEZE));

        feed_release(&f, RELEASE_STOP);
        assert_effects(&f, ""); /* its answer is not here yet */
        feed_gone(&f, A);
        assert_effects(&f, "");
        answer(id, OUTCOME_DONE, 0);
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_STOP);
        assert_string_equal(effect_of(&f, EFFECT_UNDO)->undo.victim.unit, "a.service");
        answer(id + 1, OUTCOME_DONE, 0);
        assert_effects(&f, "release");
        assert_int_equal(core_counts(f.core).n_open, 0);
        fixture_stop(&f);

        id = start((Step)STEP("hold", ACTION_FREEZE));
        answer(id, OUTCOME_DONE, 0);
        feed_release(&f, RELEASE_RELOAD);
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_RELOAD);
        feed_release(&f, RELEASE_STOP);
        feed_gone(&f, A);
        assert_false(strstr(effect_words(&f), "undo"));
        answer(id + 1, OUTCOME_FAILED, 0);
        assert_effects(&f, "stuck");
        feed_release(&f, RELEASE_STOP); /* asked again: tried again, now */
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_RELOAD);
        fixture_stop(&f);
}

/* After a release nothing is begun. */
static void test_nothing_after_release(void **state) {
        uint64_t id = start((Step)STEP("hold", ACTION_FREEZE));
        const Candidate candidate = { .cgroup_id = A };

        answer(id, OUTCOME_REFUSED, 0);
        feed_release(&f, RELEASE_STOP);
        pass(&f, 60 * SEC, 9000, 0);
        feed_look(&f, A);
        pass(&f, SEC, 9000, 0);
        feed_look(&f, A);
        feed_survey(&f, A, &candidate, 1);
        assert_effects(&f, "");
        fixture_stop(&f);
}

/* What an earlier run left is undone at once, tried again until it is, and told with its own incident. */
static void test_recovered(void **state) {
        const Event found = {
                .kind = EVENT_HELD,
                .held = { .unit = "x.service", .action = ACTION_THROTTLE, .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 4096),
                          .since_usec = 990 * SEC, .incident = { 1, 2 } },
        };
        Event event = found;
        const Undo *u;
        HoldStatus h;

        fixture_start(&f, NULL, 0);
        event.now_usec = f.now_usec;
        f.effects = core_step(f.core, &event);
        assert_effects(&f, "undo");
        u = &effect_of(&f, EFFECT_UNDO)->undo;
        assert_int_equal(u->reason, RELEASE_RECOVERED);
        assert_int_equal(u->previous.values[PROPERTY_MEMORY_HIGH], 4096);
        assert_int_equal(u->held_usec, f.now_usec - 990 * SEC);
        assert_int_equal(u->incident.low, 2);
        assert_string_equal(u->victim.unit, "x.service");
        assert_int_equal(u->victim.id, 0); /* its cgroup is not known */
        assert_true(core_hold_status(f.core, 0, &h));
        assert_int_equal(h.deadline_usec, USEC_INFINITY);

        feed_outcome(&f, (Outcome){ .id = u->id, .kind = OUTCOME_TIMEOUT });
        assert_effects(&f, "stuck");
        pass(&f, SEC, 0, 0);
        feed_timer(&f);
        assert_effects(&f, "undo");
        feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_UNDO)->undo.id, .kind = OUTCOME_DONE });
        assert_effects(&f, "release");
        assert_int_equal(core_counts(f.core).n_open, 0);

        /* Nothing but throttle and freeze is held. */
        event.held.action = ACTION_KILL;
        f.effects = core_step(f.core, &event);
        assert_effects(&f, "");
        fixture_stop(&f);
}

/* The list for the next run is another one whenever it would tell something else. */
static void test_generation(void **state) {
        unsigned before;
        HoldStatus h;
        uint64_t id = start((Step)STEP("hold", ACTION_THROTTLE));

        before = core_counts(f.core).held_generation;
        assert_int_not_equal(before, 0);
        assert_true(core_hold_status(f.core, 0, &h));
        assert_false(h.is_known);
        answer(id, OUTCOME_DONE, 4096);
        assert_int_not_equal(core_counts(f.core).held_generation, before);
        assert_int_not_equal(core_counts(f.core).held_generation, 0); /* nor that of the empty list at first */
        assert_true(core_hold_status(f.core, 0, &h));
        assert_true(h.is_known);
        assert_int_equal(h.previous.values[PROPERTY_MEMORY_HIGH], 4096);

        before = core_counts(f.core).held_generation;
        feed_look(&f, A);
        assert_int_equal(core_counts(f.core).held_generation, before);
        feed_release(&f, RELEASE_STOP);
        answer(id + 1, OUTCOME_DONE, 0);
        assert_int_not_equal(core_counts(f.core).held_generation, before);
        assert_false(core_hold_status(f.core, 0, &h));
        fixture_stop(&f);
}

/* A look at the throttled unit: of the second since the last one `full` hundredths of a percent stalled, its high
 * climbed, and of 1000 pages scanned so many were reclaimed. */
static void look_throttled(uint32_t full, uint64_t reclaimed) {
        pass(&f, SEC, full, full);
        f.sample.events_high += 10;
        f.sample.scanned += 1000;
        f.sample.reclaimed += reclaimed;
        feed_look(&f, A);
}

/* A throttle is undone when the unit livelocks under it, not before it did for three seconds, and is not tried again with
 * this unit in this incident, though the step holds. */
static void test_livelock(void **state) {
        const Candidate candidate = { .cgroup_id = A, .usage_bytes = 1000 };
        Step step = STEP("hold", ACTION_THROTTLE, .cooldown_usec = 0, .settle_usec = 0);
        uint64_t id = start(step);

        answer(id, OUTCOME_DONE, 4096);
        assert_effects(&f, "follow report sample");
        assert_int_equal(effect_of(&f, EFFECT_FOLLOW)->look.id, A);
        feed_timer(&f);
        feed_look(&f, A); /* settled */
        for (unsigned i = 0; i < 2; i++) {
                look_throttled(9000, 0);
                assert_null(strstr(effect_words(&f), "undo"));
        }
        look_throttled(9000, 0);
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_LIVELOCK);
        feed_outcome(&f, (Outcome){ .id = effect_of(&f, EFFECT_UNDO)->undo.id, .kind = OUTCOME_DONE });
        assert_effects(&f, "release unfollow");
        assert_int_equal(effect_of(&f, EFFECT_UNFOLLOW)->look.id, A);

        for (unsigned i = 0; i < 5; i++) {
                look_throttled(9000, 0);
                assert_non_null(strstr(effect_words(&f), "survey"));
                feed_survey(&f, A, &candidate, 1);
                assert_effects(&f, ""); /* it has been tried: no refusal either */
        }

        /* Another incident, another try. */
        pass(&f, 3 * SEC, 0, 0);
        feed_look(&f, A);
        pass(&f, 20 * SEC, 0, 0);
        feed_look(&f, A);
        assert_int_equal(core_counts(f.core).n_incidents, 0);
        pass(&f, 2 * SEC, 5000, 0);
        feed_look(&f, A);
        feed_survey(&f, A, &candidate, 1);
        assert_effects(&f, "act");
        fixture_stop(&f);
}

/* Looked at each second, by the timer if nothing else does it, as long as it is held; only where memory is limited. */
static void test_follows(void **state) {
        Step step = STEP("hold", ACTION_THROTTLE, .memory_high = { 0 });
        uint64_t id = start((Step)STEP("hold", ACTION_THROTTLE));

        answer(id, OUTCOME_DONE, 4096);
        for (unsigned i = 0; i < 5; i++) { /* no look comes: asked for again */
                pass(&f, SEC - 1, 5000, 0);
                feed_outcome(&f, (Outcome){ .id = 0 });
                assert_effects(&f, "");
                pass(&f, 1, 5000, 0);
                feed_outcome(&f, (Outcome){ .id = 0 });
                assert_effects(&f, "sample");
                assert_int_equal(effect_of(&f, EFFECT_SAMPLE)->look.id, A);
                assert_true(f.effects->wakeup_usec <= f.now_usec + SEC);
        }
        pass(&f, 500 * MSEC, 5000, 0);
        feed_look(&f, A); /* one that came by itself puts off the next */
        pass(&f, SEC - 1, 5000, 0);
        feed_outcome(&f, (Outcome){ .id = 0 });
        assert_effects(&f, "");
        feed_release(&f, RELEASE_BY_HAND);
        assert_effects(&f, "undo");
        pass(&f, 2 * SEC, 5000, 0);
        feed_outcome(&f, (Outcome){ .id = 0 });
        assert_effects(&f, ""); /* not while it is being undone */
        fixture_stop(&f);

        properties_set(&step.limits, PROPERTY_CPU_WEIGHT, 1);
        id = start(step);
        feed_outcome(&f, (Outcome){ .id = id, .kind = OUTCOME_DONE, .previous = PROPERTIES_ONE(PROPERTY_CPU_WEIGHT, 100) });
        assert_effects(&f, "report");
        feed_look(&f, A);
        for (unsigned i = 0; i < 6; i++) {
                look_throttled(9000, 0);
                assert_null(strstr(effect_words(&f), "undo"));
        }
        fixture_stop(&f);
}

/* A unit that is watched with all that it takes is not followed beside that, but judged by the same looks. One that is
 * gone leaves nothing to follow. */
static void test_follows_watched(void **state) {
        Condition conditions[] = { { .kind = CONDITION_RECLAIM, .rate = { 1, SEC } }, USAGE_BYTES(1) };
        Step step = STEP("hold", ACTION_THROTTLE, .conditions = conditions, .n_conditions = 2);
        const Candidate candidate = { .cgroup_id = A, .usage_bytes = 1000 };

        for (unsigned n = 1; n <= 2; n++) {
                steps[0] = step;
                steps[0].n_conditions = n;
                policy = (Policy){ .name = (char *) "p", .match.units = GLOBS(GLOB("a.service")), .steps = steps, .n_steps = 1,
                                   .victim = { RANK_BY(RANK_USAGE) } };
                f = (Fixture){ .settings = SETTINGS_DEFAULT };
                fixture_start(&f, (Policy *[]){ &policy }, 1);
                feed_new(&f, A, CGROUP_UNIT, "a.service");
                f.sample.usage_bytes = 1000;
                feed_look(&f, A);
                look_throttled(0, 1000);
                look_throttled(0, 1000);
                feed_survey(&f, A, &candidate, 1);
                answer(effect_of(&f, EFFECT_ACT)->decision.id, OUTCOME_DONE, 4096);
                assert_effects(&f, n == 1 ? "follow report sample" : "report sample");
                feed_look(&f, A);
                for (unsigned i = 0; i < 3; i++)
                        look_throttled(9000, 0);
                assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_LIVELOCK);
                feed_gone(&f, A);
                feed_outcome(&f, (Outcome){ .id = 2, .kind = OUTCOME_DONE });
                assert_effects(&f, "release");
                fixture_stop(&f);
        }
}

/* A unit that nobody watches, and that pays for a slice: its looks are for its throttle alone. */
static void test_follows_unwatched(void **state) {
        enum { SLICE = 3 };
        static Condition condition = AVAILABLE_BYTES(MIB);
        const Candidate candidate = { .cgroup_id = A, .usage_bytes = 1000 };
        uint64_t id;

        steps[0] = (Step)STEP("hold", ACTION_THROTTLE, .conditions = &condition, .n_conditions = 1);
        policy = (Policy){ .name = (char *) "p", .match.slices = GLOBS(GLOB("s.slice")), .steps = steps, .n_steps = 1,
                           .victim = { RANK_BY(RANK_USAGE), .from = GLOBS(GLOB("a.service")) } };
        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, SLICE, CGROUP_SLICE, "s.slice");
        feed_new(&f, A, CGROUP_UNIT, "a.service");
        f.sample.room_bytes = 0;
        feed_look(&f, SLICE);
        feed_survey(&f, SLICE, &candidate, 1);
        answer(effect_of(&f, EFFECT_ACT)->decision.id, OUTCOME_DONE, 4096);
        assert_effects(&f, "follow report sample");
        for (unsigned i = 0; i < 3; i++) {
                look_throttled(9000, 0);
                assert_effects(&f, "");
        }
        look_throttled(9000, 0);
        assert_effects(&f, "undo");
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_LIVELOCK);
        id = effect_of(&f, EFFECT_UNDO)->undo.id;

        /* The names in the last effects stay, though nobody else knows them any more. */
        feed_gone(&f, A);
        feed_gone(&f, SLICE);
        feed_outcome(&f, (Outcome){ .id = id, .kind = OUTCOME_DONE });
        assert_string_equal(effect_of(&f, EFFECT_RELEASE)->undo.victim.unit, "a.service");
        assert_string_equal(effect_of(&f, EFFECT_RELEASE)->undo.watch.unit, "s.slice");
        fixture_stop(&f);
}

/* What was tried in vain with a unit counts for one incident: all of it, and nothing of an earlier one. */
static void test_vain(void **state) {
        static const struct {
                uint64_t high, low; /* how far the earlier incident's id is from this one's */
                unsigned vain;
        } rows[] = {
                { 0, 0, 1U << ACTION_PROTECT | 1U << ACTION_THROTTLE },
                { 1, 0, 1U << ACTION_PROTECT },
                { 0, 1, 1U << ACTION_PROTECT },
                { 1, 1, 1U << ACTION_PROTECT },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t id = start((Step)STEP("hold", ACTION_PROTECT, .shield = GLOBS(GLOB("*")),
                                               .memory_low = { .bytes = 4096 }));
                const Id128 incident = effect_of(&f, EFFECT_ACT)->decision.incident;
                Node *n = node_registry_find(&f.core->nodes, A);

                n->vain = 1U << ACTION_THROTTLE;
                n->vain_incident = (Id128){ incident.high + rows[i].high, incident.low + rows[i].low };
                feed_outcome(&f, (Outcome){ .id = id, .kind = OUTCOME_REFUSED });
                assert_int_equal(n->vain, rows[i].vain);
                assert_int_equal(n->vain_incident.high, incident.high);
                assert_int_equal(n->vain_incident.low, incident.low);
                fixture_stop(&f);
        }
}

/* An undo for which an earlier step had no room follows in the next one; no look is asked for at what is gone. */
static void test_after_a_full_step(void **state) {
        Hold *h;

        answer(start((Step)STEP("hold", ACTION_THROTTLE)), OUTCOME_DONE, 4096);
        h = f.core->ledger.holds;
        h->victim->gone = true;
        pass(&f, SEC, 5000, 0);
        feed_outcome(&f, (Outcome){ .id = 0 });
        assert_effects(&f, "");
        h->release = true;
        h->reason = RELEASE_GONE;
        feed_outcome(&f, (Outcome){ .id = 0 });
        assert_effects(&f, "undo");
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_GONE);
        fixture_stop(&f);
}

/* By hand: one unit or all, the core goes on, and what was undone cools down first. */
static void test_by_hand(void **state) {
        static const struct {
                uint64_t cgroup_id;
                const char *effects;
        } rows[] = { { A, "undo" }, { 0, "undo" }, { 99, "" } };
        const Candidate candidate = { .cgroup_id = A, .usage_bytes = 1000 };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t id = start((Step)STEP("hold", ACTION_FREEZE, .max_hold_usec = USEC_INFINITY, .settle_usec = 0));

                answer(id, OUTCOME_DONE, 0);
                feed_timer(&f);
                feed_look(&f, A); /* settled */
                pass(&f, 60 * SEC, 5000, 0);
                feed_look(&f, A);
                f.effects = core_step(f.core, &(Event){ .kind = EVENT_RELEASE, .now_usec = f.now_usec,
                                                        .cgroup_id = rows[i].cgroup_id, .release = RELEASE_BY_HAND });
                assert_effects(&f, rows[i].effects);
                if (!rows[i].effects[0]) {
                        fixture_stop(&f);
                        continue;
                }
                assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_BY_HAND);
                answer(effect_of(&f, EFFECT_UNDO)->undo.id, OUTCOME_DONE, 0);
                assert_effects(&f, "release");
                pass(&f, 15 * SEC - 1, 5000, 0);
                feed_look(&f, A);
                assert_effects(&f, "");
                pass(&f, 1, 5000, 0);
                feed_look(&f, A);
                assert_effects(&f, "survey");
                feed_survey(&f, A, &candidate, 1);
                assert_effects(&f, "act");
                fixture_stop(&f);
        }
}

/* What one policy holds, and what all do. */
static void test_policy(void **state) {
        enum { B = 8 };
        static Condition condition = AVAILABLE_BYTES(MIB);
        static Step list[] = { STEP("pause", ACTION_FREEZE, .conditions = &condition, .n_conditions = 1) };
        Policy policies[] = {
                { .name = (char *) "10", .match.units = GLOBS(GLOB("a.service")), .steps = list, .n_steps = 1,
                  .victim = { RANK_BY(RANK_USAGE) } },
                { .name = (char *) "20", .match.units = GLOBS(GLOB("b.service")), .steps = list, .n_steps = 1,
                  .victim = { RANK_BY(RANK_USAGE) } },
        };

        policies[1].expires_usec = 5000 * SEC;
        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        fixture_start(&f, (Policy *[]){ policies, policies + 1 }, 2);
        f.effects = core_step(f.core, &(Event){ .kind = EVENT_CLOCK, .now_usec = f.now_usec, .realtime_usec = 4000 * SEC });
        f.sample.room_bytes = 0;
        for (uint64_t id = A; id <= B; id++) {
                feed_new(&f, id, CGROUP_UNIT, id == A ? "a.service" : "b.service");
                feed_look(&f, id);
                feed_survey(&f, id, &(Candidate){ .cgroup_id = id, .usage_bytes = 1000 }, 1);
                answer(effect_of(&f, EFFECT_ACT)->decision.id, OUTCOME_DONE, 0);
        }
        assert_int_equal(core_counts(f.core).n_held, 2);
        f.effects = core_step(f.core, &(Event){ .kind = EVENT_CLOCK, .now_usec = f.now_usec, .realtime_usec = 5000 * SEC });
        assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.reason, RELEASE_EXPIRED);
        assert_string_equal(effect_of(&f, EFFECT_UNDO)->undo.victim.unit, "b.service");
        fixture_stop(&f);
}

/* Protect: refused or failed with nothing set there is nothing to undo; where the unit is gone, the slices above it may
 * still have been raised for it. */
static void test_protect_answers(void **state) {
        static const struct {
                OutcomeKind kind;
                bool gone, low, slices;
                const char *effects;
        } rows[] = {
                { OUTCOME_DONE, false, true, true, "report" },
                { OUTCOME_FAILED, false, false, false, "report" },
                { OUTCOME_FAILED, false, true, false, "undo report" },
                { OUTCOME_TIMEOUT, false, false, false, "report" },
                { OUTCOME_FAILED, true, true, false, "report" },
                { OUTCOME_FAILED, true, true, true, "undo report" },
                { OUTCOME_REFUSED, false, true, true, "report" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t id = start((Step)STEP("hold", ACTION_PROTECT, .shield = GLOBS(GLOB("*")),
                                               .memory_low = { .bytes = 4096 }));
                Properties previous = { 0 };

                if (rows[i].low)
                        properties_set(&previous, PROPERTY_MEMORY_LOW, 0);
                if (rows[i].slices)
                        properties_set(&previous, PROPERTY_SLICES_LOW, 4096);
                feed_outcome(&f, (Outcome){ .id = id, .kind = rows[i].kind, .gone = rows[i].gone, .previous = previous });
                if (strcmp(effect_words(&f), rows[i].effects) != 0)
                        fail_msg("row %zu: %s", i, effect_words(&f));
                assert_int_equal(core_counts(f.core).n_held, i == 0 || rows[i].effects[0] == 'u');
                fixture_stop(&f);
        }
}

/* One more than there is room for is not touched. */
static void test_recovered_too_many(void **state) {
        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        fixture_start(&f, NULL, 0);
        for (unsigned i = 0; i <= HOLDS_MAX; i++) {
                f.effects = core_step(f.core, &(Event){ .kind = EVENT_HELD, .now_usec = f.now_usec,
                                                        .held = { .unit = "x.service", .action = ACTION_FREEZE } });
                assert_effects(&f, i < HOLDS_MAX ? "undo" : "");
        }
        assert_int_equal(core_counts(f.core).n_held, HOLDS_MAX);
        fixture_stop(&f);
}

/* What an earlier run held of a cgroup that no manager knows comes back with its path. */
static void test_recovered_group(void **state) {
        for (unsigned known = 0; known < 2; known++) {
                const Event event = {
                        .kind = EVENT_HELD, .now_usec = 1000 * SEC,
                        .held = { .unit = "app.service", .action = ACTION_FREEZE, .path = known ? "/user.slice/app.service" : "" },
                };

                f = (Fixture){ .settings = SETTINGS_DEFAULT };
                fixture_start(&f, NULL, 0);
                f.effects = core_step(f.core, &event);
                assert_int_equal(effect_of(&f, EFFECT_UNDO)->undo.victim.delegated, known);
                assert_string_equal(effect_of(&f, EFFECT_UNDO)->undo.victim.path, event.held.path);
                fixture_stop(&f);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_answers),
                cmocka_unit_test(test_calm),
                cmocka_unit_test(test_calm_full),
                cmocka_unit_test(test_calm_without_pressure),
                cmocka_unit_test(test_retries),
                cmocka_unit_test(test_everything_ends),
                cmocka_unit_test(test_nothing_after_release),
                cmocka_unit_test(test_recovered),
                cmocka_unit_test(test_generation),
                cmocka_unit_test(test_livelock),
                cmocka_unit_test(test_follows),
                cmocka_unit_test(test_follows_watched),
                cmocka_unit_test(test_follows_unwatched),
                cmocka_unit_test(test_vain),
                cmocka_unit_test(test_after_a_full_step),
                cmocka_unit_test(test_by_hand),
                cmocka_unit_test(test_policy),
                cmocka_unit_test(test_protect_answers),
                cmocka_unit_test(test_recovered_group),
                cmocka_unit_test(test_recovered_too_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
