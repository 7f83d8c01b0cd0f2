/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "fixture.h"

#include "core/agenda.h"

#define N 300U

static NodeRegistry nodes;
static Watch *watches[N];
static Agenda agenda;
static Step steps[] = { STEP("s", ACTION_LOG, CONDITIONS(SOME(10, 2 * SEC))) };
static Policy policy = { .name = (char *) "p", .steps = steps, .n_steps = 1 };
static uint64_t random_state = 1;

static uint64_t random_below(uint64_t n) {
        random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407U;
        return (random_state >> 33) % n;
}

static void start(void) {
        for (size_t i = 0; i < N; i++) {
                char name[32];

                (void) snprintf(name, sizeof(name), "u%zu.service", i);
                assert_int_equal(agenda_make_room(&agenda, i + 1), 0);
                assert_int_equal(watch_new(watches + i, registry_put(&nodes, 1000 + i, CGROUP_UNIT, name), &policy, NULL), 0);
                watches[i]->index = i;
                agenda_note(&agenda, watches[i]);
        }
}

static void stop(void) {
        for (size_t i = 0; i < N; i++)
                watches[i] = watch_free(watches[i]);
        agenda_done(&agenda);
        node_registry_done(&nodes);
}

/* What the agenda says beside what all watches say. */
static void check(uint64_t now_usec) {
        uint64_t due_usec = USEC_INFINITY, warned_usec = USEC_INFINITY;
        size_t n_warned = 0, n_incidents = 0, n_busy = 0, n_due = 0;
        Watch *due[N];

        for (size_t i = 0; i < N; i++) {
                const Watch *w = watches[i];

                if (!w)
                        continue;
                due_usec = MIN(due_usec, watch_next(w));
                n_due += watch_next(w) <= now_usec;
                n_incidents += w->in_incident;
                n_busy += watch_is_busy(w);
                if (!w->waits_for_warning)
                        continue;
                n_warned++;
                warned_usec = MIN(warned_usec, w->next_look_usec);
        }
        assert_int_equal(agenda_next(&agenda, AGENDA_DUE), due_usec);
        assert_int_equal(agenda_next(&agenda, AGENDA_WARNED), warned_usec);
        assert_int_equal(agenda_length(&agenda, AGENDA_WARNED), n_warned);
        assert_int_equal(agenda.n_incidents, n_incidents);
        assert_int_equal(agenda.n_busy, n_busy);
        assert_int_equal(agenda_due(&agenda, now_usec, due, N), n_due);
        for (size_t i = 0; i < n_due; i++) {
                assert_true(watch_next(due[i]) <= now_usec);
                assert_true(i == 0 || due[i - 1]->index < due[i]->index);
        }
        for (size_t i = 0; i < N; i++)
                if (watches[i] && watches[i]->in_flight)
                        assert_ptr_equal(agenda_awaiting(&agenda, watches[i]->awaited_id), watches[i]);
}

static uint64_t some_time(void) {
        return random_below(3) == 0 ? USEC_INFINITY : random_below(1000);
}

static void change(Watch *w) {
        w->next_look_usec = some_time();
        w->settle_usec = some_time();
        w->escalate_usec = random_below(4) == 0 ? some_time() : USEC_INFINITY;
        w->waits_for_warning = random_below(2);
        w->in_incident = random_below(2);
        w->in_flight = random_below(4) == 0;
        w->awaited_id = 1 + w->index;
        w->answer_by_usec = w->in_flight ? some_time() : USEC_INFINITY;
}

static void test_as_all_watches_say(void **state) {
        start();
        check(0);
        for (unsigned i = 0; i < 5000; i++) {
                Watch **w = watches + random_below(N);

                if (!*w)
                        continue;
                if (i % 50 == 49) {
                        agenda_drop(&agenda, *w);
                        *w = watch_free(*w);
                } else {
                        change(*w);
                        agenda_note(&agenda, *w);
                }
                check(random_below(1000));
        }
        assert_null(agenda_awaiting(&agenda, 0));
        assert_null(agenda_awaiting(&agenda, N + 1));
        stop();
}

/* More are due than there is room for: some of them, and in their order. */
static void test_room(void **state) {
        Watch *due[N];

        start();
        for (size_t i = 0; i < N; i++) {
                watches[i]->next_look_usec = N - i;
                agenda_note(&agenda, watches[i]);
        }
        assert_int_equal(agenda_due(&agenda, 10, due, N), 10);
        assert_ptr_equal(due[0], watches[N - 10]);
        assert_int_equal(agenda_due(&agenda, 10, due, 4), 4);
        for (size_t i = 0; i < 4; i++)
                assert_true(watch_next(due[i]) <= 10 && (i == 0 || due[i - 1]->index < due[i]->index));
        assert_int_equal(agenda_due(&agenda, 10, due, 0), 0);
        assert_int_equal(agenda_due(&agenda, 0, due, N), 0);
        stop();
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_as_all_watches_say),
                cmocka_unit_test(test_room),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
