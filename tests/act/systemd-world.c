/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "systemd-world.h"

void world_on_answer(void *userdata, const Outcome *outcome) {
        World *w = userdata;
        const Decision *next = w->next;

        assert_in_range(w->n_outcomes, 0, OUTCOMES_MAX - 1);
        w->outcomes[w->n_outcomes++] = *outcome;
        w->next = NULL;
        if (next)
                systemd_act(w->systemd, next);
}

int world_set_up(void **state) {
        static World world;
        World *w = &world;

        memset(w, 0, sizeof(*w));
        strcpy(w->folder, "/tmp/test-systemd-XXXXXX");
        assert_non_null(mkdtemp(w->folder));
        (void) snprintf(w->path, sizeof(w->path), "%s/private", w->folder);
        (void) snprintf(w->address, sizeof(w->address), "unix:path=%s/private", w->folder);
        assert_true(sd_event_new(&w->event) >= 0);
        w->fake = fake_systemd_new(w->event, w->path);
        w->peers[0] = (SystemdPeer){ "unix:path=/nonexistent/private", false };
        w->peers[1] = (SystemdPeer){ w->address, false };
        assert_int_equal(systemd_new_with_peers(&w->systemd, w->event, w->peers, 2, world_on_answer, w), 0);
        *state = w;
        return 0;
}

int world_tear_down(void **state) {
        World *w = *state;

        w->systemd = systemd_free(w->systemd);
        w->fake = fake_systemd_free(w->fake);
        sd_event_unref(w->event);
        (void) rmdir(w->folder);
        return 0;
}

void world_run(World *w, size_t n, uint64_t usec) {
        uint64_t end = clock_usec() + usec, now;

        while (w->n_outcomes < n && (now = clock_usec()) < end)
                assert_true(sd_event_run(w->event, end - now) >= 0);
}

Decision world_decision(uint64_t id, ActionKind action) {
        return (Decision){
                .id = id,
                .action = action,
                .victim = { .id = 7, .kind = CGROUP_UNIT, .path = "/a.slice/a-b.slice/hog.service", .unit = "hog.service" },
                .properties = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 94371840),
                .signal = 9,
        };
}

Undo world_undo(uint64_t id, ActionKind action) {
        return (Undo){
                .id = id,
                .action = action,
                .victim = { .id = 7, .kind = CGROUP_UNIT, .path = "/a.slice/a-b.slice/hog.service", .unit = "hog.service" },
                .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, UINT64_MAX),
        };
}

const Outcome *world_act(World *w, Decision d) {
        size_t n = w->n_outcomes;

        systemd_act(w->systemd, &d);
        assert_int_equal(w->n_outcomes, n); /* never from within the call */
        world_run(w, n + 1, 2 * SYSTEMD_DEADLINE_USEC);
        assert_int_equal(w->n_outcomes, n + 1);
        assert_int_equal(w->outcomes[n].id, d.id);
        return &w->outcomes[n];
}

const Outcome *world_take_back(World *w, Undo u) {
        size_t n = w->n_outcomes;

        systemd_undo(w->systemd, &u);
        assert_int_equal(w->n_outcomes, n);
        world_run(w, n + 1, 2 * SYSTEMD_DEADLINE_USEC);
        assert_int_equal(w->n_outcomes, n + 1);
        return &w->outcomes[n];
}

void assert_done(const Outcome *o) {
        assert_string_equal(o->error_text, "");
        assert_int_equal(o->kind, OUTCOME_DONE);
        assert_int_equal(o->via, VIA_SYSTEMD);
        assert_int_equal(o->error, 0);
}
