/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "managed-world.h"

void world_on_managed(void *userdata, const Event *event) {
        World *w = userdata;

        assert_true(w->n_events < EVENTS_MAX);
        assert_int_equal(event->kind, EVENT_MANAGED);
        assert_in_range(event->now_usec, 1, clock_usec());
        w->events[w->n_events++] = *event;
        if (w->remove == event->cgroup_id)
                managed_oom_remove(w->managed, w->remove);
}

int world_set_up(void **state) {
        static World world;
        World *w = &world;

        memset(w, 0, sizeof(*w));
        strcpy(w->folder, "/tmp/test-managed-XXXXXX");
        assert_non_null(mkdtemp(w->folder));
        (void) snprintf(w->path, sizeof(w->path), "%s/private", w->folder);
        (void) snprintf(w->address, sizeof(w->address), "unix:path=%s/private", w->folder);
        assert_true(sd_event_new(&w->event) >= 0);
        w->fake = fake_systemd_new(w->event, w->path);
        w->peer.address = w->address;
        w->peer.is_bus = true;
        assert_int_equal(managed_oom_new_with_peers(&w->managed, w->event, &w->peer, 1, AGE_USEC, world_on_managed, w), 0);
        *state = w;
        return 0;
}

int world_tear_down(void **state) {
        World *w = *state;

        w->managed = managed_oom_free(w->managed);
        w->fake = fake_systemd_free(w->fake);
        sd_event_unref(w->event);
        (void) rmdir(w->folder);
        return 0;
}

unsigned world_run(World *w, size_t n, uint64_t usec) {
        uint64_t end = clock_usec() + usec, now;
        unsigned n_woken = 0;

        while (w->n_events < n && (now = clock_usec()) < end) {
                int r = sd_event_run(w->event, end - now);

                assert_true(r >= 0);
                n_woken += r > 0;
        }
        return n_woken;
}

void assert_event(const Event *e, uint64_t id, bool pressure, uint32_t share, uint64_t duration_usec, bool swap) {
        assert_int_equal(e->cgroup_id, id);
        assert_int_equal(e->managed.pressure, pressure);
        assert_int_equal(e->managed.share, share);
        assert_int_equal(e->managed.duration_usec, duration_usec);
        assert_int_equal(e->managed.swap, swap);
}
