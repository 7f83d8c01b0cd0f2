/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Stop, restart, start: jobs and how they end. */

#include "systemd-world.h"

#define START_TIME_USEC USEC_PER_SEC

static Decision job(uint64_t id, ActionKind action) {
        Decision d = world_decision(id, action);

        d.timeout_usec = START_TIME_USEC;
        strcpy(d.start, "dump@hog.service");
        return d;
}

static void test_calls(void **state) {
        World *w = *state;

        assert_done(world_act(w, job(1, ACTION_STOP)));
        assert_done(world_act(w, job(2, ACTION_RESTART)));
        assert_done(world_act(w, job(3, ACTION_START)));
        systemd_start(w->systemd, 4, "dump@hog.service", START_TIME_USEC);
        assert_int_equal(w->n_outcomes, 3);
        world_run(w, 4, 2 * START_TIME_USEC);
        assert_int_equal(w->n_outcomes, 4);
        assert_done(&w->outcomes[3]);
        assert_int_equal(w->outcomes[3].id, 4);
        assert_string_equal(fake_systemd_calls(w->fake), "StopUnit hog.service replace\n"
                                                         "RestartUnit hog.service replace\n"
                                                         "StartUnit dump@hog.service replace\n"
                                                         "StartUnit dump@hog.service replace\n");
}

static void test_results(void **state) {
        static const struct {
                const char *result;
                OutcomeKind kind;
                int error;
        } rows[] = {
                { "done", OUTCOME_DONE, 0 },
                { "skipped", OUTCOME_DONE, 0 },
                { "failed", OUTCOME_FAILED, -EIO },
                { "dependency", OUTCOME_FAILED, -EIO },
                { "canceled", OUTCOME_FAILED, -ECANCELED },
                { "timeout", OUTCOME_FAILED, -ETIME },
                { "something quite new", OUTCOME_FAILED, -EIO },
        };
        World *w = *state;

        for (size_t i = 0; i < 2 * ELEMENTSOF(rows); i++) {
                const Outcome *o;

                fake_systemd_job(w->fake, (FakeJob){ rows[i / 2].result, i % 2 });
                o = world_act(w, job(i, ACTION_RESTART));
                assert_int_equal(o->kind, rows[i / 2].kind);
                assert_int_equal(o->error, rows[i / 2].error);
                assert_memory_equal(o->error_text, o->kind == OUTCOME_DONE ? "" : rows[i / 2].result, 1);
        }
}

static void test_still_running(void **state) {
        uint64_t start = clock_usec();
        World *w = *state;
        const Outcome *o;

        fake_systemd_job(w->fake, (FakeJob){ 0 });
        o = world_act(w, job(1, ACTION_STOP));
        assert_int_equal(o->kind, OUTCOME_TIMEOUT);
        assert_string_equal(o->error_text, "the job is still running");
        assert_in_range(clock_usec() - start, START_TIME_USEC, START_TIME_USEC + USEC_PER_SEC);

        /* Its end is nobody's business then, and not that of the next job. */
        fake_systemd_end_job(w->fake, "failed");
        fake_systemd_job(w->fake, (FakeJob){ .result = "done" });
        assert_done(world_act(w, job(2, ACTION_STOP)));
}

static void test_ends_later(void **state) {
        Decision d = job(1, ACTION_STOP);
        World *w = *state;

        fake_systemd_job(w->fake, (FakeJob){ 0 });
        d.timeout_usec = 5 * USEC_PER_SEC;
        systemd_act(w->systemd, &d);
        world_run(w, 1, 50 * USEC_PER_MSEC);
        assert_int_equal(w->n_outcomes, 0);
        fake_systemd_end_job(w->fake, "done");
        world_run(w, 1, 5 * USEC_PER_SEC);
        assert_int_equal(w->n_outcomes, 1);
        assert_done(&w->outcomes[0]);
}

/* The end of a job is the end of those actions that wait for this one. */
static void test_others_end(void **state) {
        Decision d = job(1, ACTION_STOP);
        World *w = *state;

        fake_systemd_job(w->fake, (FakeJob){ 0 });
        d.timeout_usec = 5 * USEC_PER_SEC;
        systemd_act(w->systemd, &d);
        world_run(w, 1, 50 * USEC_PER_MSEC);
        fake_systemd_job(w->fake, (FakeJob){ .result = "done" });
        assert_done(world_act(w, job(2, ACTION_START)));
        world_run(w, 2, 50 * USEC_PER_MSEC);
        assert_int_equal(w->n_outcomes, 1);
}

static void test_no_such_unit(void **state) {
        static const struct {
                ActionKind action;
                const char *member;
                OutcomeKind kind;
        } rows[] = {
                { ACTION_STOP, "StopUnit", OUTCOME_DONE },
                { ACTION_RESTART, "RestartUnit", OUTCOME_FAILED },
                { ACTION_START, "StartUnit", OUTCOME_FAILED },
        };
        World *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Outcome *o;

                fake_systemd_answer(w->fake, (FakeAnswer){ .member = rows[i].member,
                                                           .error = "org.freedesktop.systemd1.NoSuchUnit" });
                o = world_act(w, job(i, rows[i].action));
                assert_int_equal(o->kind, rows[i].kind);
                assert_int_equal(o->gone, rows[i].action != ACTION_START); /* the victim, that is */
        }
}

static void test_connection_lost(void **state) {
        Decision d = job(1, ACTION_STOP);
        World *w = *state;

        fake_systemd_job(w->fake, (FakeJob){ 0 });
        d.timeout_usec = 5 * USEC_PER_SEC;
        systemd_act(w->systemd, &d);
        world_run(w, 1, 50 * USEC_PER_MSEC);
        fake_systemd_hang_up(w->fake);
        world_run(w, 1, USEC_PER_SEC);
        assert_int_equal(w->n_outcomes, 1);
        assert_int_equal(w->outcomes[0].error, -ECONNRESET);
}

static void test_over_a_bus(void **state) {
        World *w = *state;

        w->systemd = systemd_free(w->systemd);
        w->peers[1].is_bus = true;
        assert_int_equal(systemd_new_with_peers(&w->systemd, w->event, w->peers, 2, world_on_answer, w), 0);
        assert_done(world_act(w, job(1, ACTION_STOP)));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_calls),
                TEST(test_results),
                TEST(test_still_running),
                TEST(test_ends_later),
                TEST(test_others_end),
                TEST(test_no_such_unit),
                TEST(test_connection_lost),
                TEST(test_over_a_bus),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
