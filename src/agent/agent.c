/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <systemd/sd-daemon.h>

#include "agent/agent-private.h"
#include "agent/alarm.h"
#include "agent/incident-file.h"
#include "agent/memory.h"
#include "base/clock.h"

/* Undoing everything at the end takes a second for each call that PID 1 does not answer; after this it is given up,
 * and said so. */
#define STOP_LIMIT_USEC (20 * USEC_PER_SEC)

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        agent_reload(userdata);
        return 0;
}

static int on_stop_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        Agent *a = userdata;
        char text[128];

        (void) snprintf(text, sizeof(text), "Ending with %zu actions not undone or not answered: systemd did not reply.",
                        core_counts(a->core).n_open);
        journal_notice(a->journal, 3, text);
        return sd_event_exit(a->event, 0);
}

static int on_terminate(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        Agent *a = userdata;
        int r;

        if (a->phase == PHASE_STOPPING)
                return 0;
        (void) sd_notify(0, "STOPPING=1");
        a->phase = PHASE_STOPPING;
        r = sd_event_add_time_relative(a->event, &a->stop_deadline, CLOCK_MONOTONIC, STOP_LIMIT_USEC, 0,
                                       on_stop_deadline, a);
        if (r < 0)
                return r;
        agent_feed(a, &(Event){ .kind = EVENT_RELEASE, .release = RELEASE_STOP });
        return 0;
}

static int add_signals(Agent *a) {
        const struct {
                int signal;
                sd_event_source **source;
                sd_event_signal_handler_t handler;
        } signals[] = {
                { SIGHUP, &a->hangup, on_hangup },
                { SIGTERM, &a->terminate, on_terminate },
                { SIGINT, &a->interrupt, on_terminate },
        };
        sigset_t mask;

        (void) sigemptyset(&mask);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void) sigaddset(&mask, signals[i].signal);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;

        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                int r = sd_event_add_signal(a->event, signals[i].source, signals[i].signal, signals[i].handler, a);

                if (r < 0)
                        return r;
                r = sd_event_source_set_priority(*signals[i].source, PRIORITY_SIGNAL);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What does the work, from the loop outwards. */
static int take_up(Agent *a) {
        int r;

        r = sd_event_new(&a->event);
        if (r < 0)
                return r;
        r = sd_event_set_watchdog(a->event, true);
        if (r < 0)
                return r;
        r = add_signals(a);
        if (r < 0)
                return r;
        r = agent_add_timer(a);
        if (r < 0)
                return r;
        r = agent_add_settled(a);
        if (r < 0)
                return r;
        r = journal_new(&a->journal, a->event, NULL);
        if (r < 0)
                return r;
        r = effectors_start(a);
        if (r < 0)
                return r;
        r = recorder_new(&a->recorder, RECORDER_RING_SIZE);
        if (r < 0)
                return r;
        r = incidents_new(&a->incidents, a->recorder, a->worker, a->journal, INCIDENT_FOLDER);
        if (r < 0)
                return r;
        r = sightings_start(a);
        if (r < 0)
                return r;
        r = metrics_new(&a->metrics);
        if (r < 0)
                return r;
        return bus_new(&a->bus, a);
}

int agent_new(Agent **ret) {
        _cleanup_(agent_freep) Agent *a = calloc(1, sizeof(*a));
        int r;

        if (!a)
                return -ENOMEM;
        a->config = (Config)CONFIG_DEFAULT;
        a->held_lock = -EBADF;

        r = take_up(a);
        if (r < 0)
                return r;
        r = agent_load(a, &a->config);
        if (r < 0)
                return r;
        culprits_start(a);
        r = agent_build_core(a);
        if (r < 0)
                return r;
        r = warnings_start(a);
        if (r < 0)
                return r;
        r = held_start(a);
        if (r < 0)
                return r;
        r = oomd_hook_start(a);
        if (r < 0)
                return r;
        r = wall_clock_start(a);
        if (r < 0)
                return r;
        r = sensors_start(a);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(a);
        return 0;
}

Agent *agent_free(Agent *a) {
        if (!a)
                return NULL;

        oomd_hook_stop(a);
        sensors_stop(a);
        warnings_stop(a);
        core_free(a->core);
        culprits_stop(a);
        bus_free(a->bus);
        metrics_free(a->metrics);
        sightings_stop(a);
        incidents_free(a->incidents);
        recording_free(a->recording);
        recorder_free(a->recorder);
        effectors_stop(a);
        held_stop(a);
        journal_free(a->journal);
        sd_event_source_disable_unref(a->stop_deadline);
        sd_event_source_disable_unref(a->settled);
        sd_event_source_disable_unref(a->interrupt);
        sd_event_source_disable_unref(a->terminate);
        sd_event_source_disable_unref(a->hangup);
        sd_event_source_disable_unref(a->wall_clock);
        sd_event_source_disable_unref(a->timer);
        sd_event_unref(a->event);
        config_done(&a->next);
        config_done(&a->config);
        free(a);
        return NULL;
}

/* The start record names systemd's version, which comes with the first answer of the connection. */
static int await_systemd(Agent *a) {
        uint64_t until_usec = clock_usec() + USEC_PER_SEC, now_usec;
        int r = 0;

        while (r >= 0 && effector_version(a->effector)[0] == '\0' && (now_usec = clock_usec()) < until_usec)
                r = sd_event_run(a->event, until_usec - now_usec);
        return r;
}

int agent_run(Agent *a) {
        JournalFacts facts;
        int r;

        r = await_systemd(a);
        if (r < 0)
                return r;
        r = memory_lock();
        if (r < 0)
                journal_notice(a->journal, 4, "Cannot lock memory, and may stall with the others (LimitMEMLOCK=).");
        agent_describe(a, &facts);
        journal_start(a->journal, &facts);
        (void) sd_notify(0, "READY=1");
        agent_tell_status(a);

        r = sd_event_loop(a->event);

        agent_describe(a, &facts);
        facts.reason = r < 0 ? strerror(-r) : "asked to";
        journal_stop(a->journal, &facts);
        return r;
}
