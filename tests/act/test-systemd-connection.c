/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Silence, a lost connection, the deadline, the bounds. */

#include "systemd-world.h"

static void test_silence(void **state) {
        static const struct {
                const char *member;
                ActionKind action;
                int error;
        } rows[] = {
                { "Get", ACTION_THROTTLE, -ETIMEDOUT },
                { "SetUnitProperties", ACTION_THROTTLE, -ETIMEDOUT },
                { "FreezeUnit", ACTION_FREEZE, -EINPROGRESS }, /* it tells its version meanwhile */
        };
        World *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t start = clock_usec();
                const Outcome *o;

                fake_systemd_answer(w->fake, (FakeAnswer){ .member = rows[i].member, .silent = true });
                o = world_act(w, world_decision(i, rows[i].action));
                assert_int_equal(o->kind, OUTCOME_TIMEOUT);
                assert_int_equal(o->error, rows[i].error);
                assert_int_equal(o->unheard, o->error == -ETIMEDOUT);
                assert_in_range(clock_usec() - start, 0, SYSTEMD_DEADLINE_USEC + USEC_PER_SEC); /* busy machines breathe deep */
        }
        /* And it is as good as new. */
        fake_systemd_answer(w->fake, (FakeAnswer){ 0 });
        assert_done(world_act(w, world_decision(9, ACTION_KILL)));
}

static void test_connection_lost(void **state) {
        World *w = *state;
        const Outcome *o;

        assert_done(world_act(w, world_decision(1, ACTION_KILL)));
        assert_int_equal(fake_systemd_n_connections(w->fake), 1);

        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "FreezeUnit", .hang_up = true, .times = 1 });
        o = world_act(w, world_decision(2, ACTION_FREEZE));
        assert_int_equal(o->kind, OUTCOME_FAILED);
        assert_int_equal(o->error, -ECONNRESET);
        assert_true(o->unheard);

        assert_done(world_act(w, world_decision(3, ACTION_FREEZE)));
        assert_int_equal(fake_systemd_n_connections(w->fake), 2);
}

/* The loop has not yet seen that the connection is gone: the action must not be the one to pay. */
static void test_connection_lost_unseen(void **state) {
        World *w = *state;

        assert_done(world_act(w, world_decision(1, ACTION_KILL)));
        fake_systemd_hang_up(w->fake);
        assert_done(world_act(w, world_decision(2, ACTION_KILL)));
        assert_int_equal(fake_systemd_n_connections(w->fake), 2);
}

static void test_lost_with_many(void **state) {
        World *w = *state;

        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "KillUnit", .silent = true });
        for (uint64_t id = 1; id <= 3; id++) {
                Decision d = world_decision(id, ACTION_KILL);

                systemd_act(w->systemd, &d);
        }
        world_run(w, 1, 50 * USEC_PER_MSEC);
        assert_int_equal(w->n_outcomes, 0);

        /* From within the first of three failures: the new one is done, the other two still fail. */
        Decision again = world_decision(4, ACTION_KILL);

        w->next = &again;
        fake_systemd_answer(w->fake, (FakeAnswer){ 0 });
        fake_systemd_hang_up(w->fake);
        world_run(w, 4, SYSTEMD_DEADLINE_USEC / 2);
        assert_int_equal(w->n_outcomes, 4);
        for (size_t i = 0; i < 4; i++)
                assert_int_equal(w->outcomes[i].kind, w->outcomes[i].id == 4 ? OUTCOME_DONE : OUTCOME_FAILED);
}

static void test_nobody_there(void **state) {
        World *w = *state;
        const Outcome *o;

        w->fake = fake_systemd_free(w->fake);
        world_run(w, 1, 20 * USEC_PER_MSEC);
        o = world_act(w, world_decision(1, ACTION_KILL));
        assert_int_equal(o->kind, OUTCOME_FAILED);
        assert_string_equal(o->error_text, "systemd cannot be reached");

        w->fake = fake_systemd_new(w->event, w->path);
        assert_done(world_act(w, world_decision(2, ACTION_KILL)));
}

static void test_system_bus(void **state) {
        World *w = *state;

        w->systemd = systemd_free(w->systemd);
        w->peers[1].is_bus = true;
        assert_int_equal(systemd_new_with_peers(&w->systemd, w->event, w->peers, 2, world_on_answer, w), 0);
        assert_done(world_act(w, world_decision(1, ACTION_KILL)));
        assert_string_equal(fake_systemd_calls(w->fake), "Hello\nSubscribe\nKillUnit hog.service all 9\n");
}

static void test_table_full(void **state) {
        World *w = *state;

        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "KillUnit", .silent = true });
        for (uint64_t id = 0; id <= SYSTEMD_ACTIONS_MAX; id++) {
                Decision d = world_decision(id, ACTION_KILL);

                systemd_act(w->systemd, &d);
        }
        assert_int_equal(w->n_outcomes, 1);
        assert_int_equal(w->outcomes[0].id, SYSTEMD_ACTIONS_MAX);
        assert_int_equal(w->outcomes[0].error, -EBUSY);

        world_run(w, SYSTEMD_ACTIONS_MAX + 1, 2 * SYSTEMD_DEADLINE_USEC);
        assert_int_equal(w->n_outcomes, SYSTEMD_ACTIONS_MAX + 1);
        for (size_t i = 1; i < w->n_outcomes; i++)
                assert_int_equal(w->outcomes[i].kind, OUTCOME_TIMEOUT);
}

static void test_free_with_actions(void **state) {
        World *w = *state;
        Decision d = world_decision(1, ACTION_FREEZE);

        systemd_act(w->systemd, &d);
        w->systemd = systemd_free(w->systemd);
        world_run(w, 1, 50 * USEC_PER_MSEC);
        assert_int_equal(w->n_outcomes, 0);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_silence),
                TEST(test_connection_lost),
                TEST(test_connection_lost_unseen),
                TEST(test_lost_with_many),
                TEST(test_nobody_there),
                TEST(test_system_bus),
                TEST(test_table_full),
                TEST(test_free_with_actions),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
