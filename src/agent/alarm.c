/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent/alarm.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "agent/agent-private.h"
#include "agent/sightings.h"

static void on_warning(WarningKind kind, void *userdata) {
        agent_feed(userdata, &(Event){ .kind = EVENT_WARNING, .warning = kind });
}

static void on_oom(uint64_t cgroup_id, uint32_t pid, const char *comm, void *userdata) {
        sightings_on_oom(userdata, cgroup_id, pid, comm);
}

static int on_input(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        static const AlarmHandlers handlers = { .warning = on_warning, .oom = on_oom };
        Agent *a = userdata;
        int r;

        r = alarm_dispatch(a->warnings.alarm, &handlers, a);
        if (r >= 0)
                return 0;
        (void) snprintf(a->warnings.why, sizeof(a->warnings.why), "lost: %s", strerror(-r));
        warnings_stop(a);
        agent_feed(a, &(Event){ .kind = EVENT_WARNING, .warning = WARNING_LOST });
        return 0;
}

static int add_source(Agent *a) {
        Warnings *w = &a->warnings;
        int r;

        r = sd_event_add_io(a->event, &w->source, alarm_fd(w->alarm), EPOLLIN, on_input, a);
        if (r < 0)
                return r;
        return sd_event_source_set_priority(w->source, PRIORITY_PRESSURE);
}

int warnings_start(Agent *a) {
        Warnings *w = &a->warnings;
        int r;

        if (!a->config.settings.culprits) {
                (void) snprintf(w->why, sizeof(w->why), "none: Culprits=no");
                return 0;
        }
        r = alarm_new(&w->alarm, w->reason, sizeof(w->reason));
        if (r != 0) {
                (void) snprintf(w->why, sizeof(w->why), "none: %s", r < 0 ? strerror(-r) : w->reason);
                return 0;
        }
        r = add_source(a);
        if (r < 0)
                return r;
        agent_feed(a, &(Event){ .kind = EVENT_WARNING, .warning = WARNING_ARMED });
        return 0;
}

void warnings_stop(Agent *a) {
        a->warnings.source = sd_event_source_disable_unref(a->warnings.source);
        a->warnings.alarm = alarm_free(a->warnings.alarm);
}

void warnings_wanted(Agent *a, uint64_t usec) {
        if (a->warnings.alarm)
                alarm_kswapd_after(a->warnings.alarm, usec);
}

const char *warnings_rung(const Agent *a) {
        return a->warnings.alarm ? alarm_rung(a->warnings.alarm) : a->warnings.why;
}
