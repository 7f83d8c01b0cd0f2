/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent/agent-private.h"
#include "agent/bus-private.h"
#include "agent/oomd.h"
#include "base/clock.h"

#define SYSTEM_BUS_ADDRESS "unix:path=/run/dbus/system_bus_socket"
#define OBJECT "/org/memstalld1"
#define INTERFACE "org.memstalld1.Manager"
#define NAME "org.memstalld1"
#define RETRY_USEC (5 * USEC_PER_SEC)

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", bus_get_string, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("SystemdVersion", "s", bus_get_string, 0, 0),
        SD_BUS_PROPERTY("Culprits", "s", bus_get_string, 0, 0),
        SD_BUS_PROPERTY("EarlyWarning", "s", bus_get_string, 0, 0),
        SD_BUS_PROPERTY("DryRun", "b", bus_get_dry_run, 0, 0),
        SD_BUS_PROPERTY("ConfigErrors", "t", bus_get_number, 0, 0),
        SD_BUS_PROPERTY("LostRecords", "t", bus_get_number, 0, 0),
        SD_BUS_PROPERTY("StuckThreads", "t", bus_get_number, 0, 0),
        SD_BUS_PROPERTY("Rivals", "as", bus_get_rivals, 0, 0),
        SD_BUS_PROPERTY("Policies", "a(ss)", bus_get_policies, 0, 0),
        SD_BUS_PROPERTY("Watches", "a(sssbs)", bus_get_watches, 0, 0),
        SD_BUS_PROPERTY("Holds", "a(sssstts)", bus_get_holds, 0, 0),
        SD_BUS_PROPERTY("Blind", "a{st}", bus_get_blind, 0, 0),
        SD_BUS_METHOD_WITH_ARGS("Explain", SD_BUS_ARGS("s", unit),
                                SD_BUS_RESULT("s", cgroup, "s", name, "as", notes, "t", now_usec, "b", dry_run,
                                              "u", actions_left, "u", actions_max, "t", actions_usec,
                                              "a(sss)", policies, "a(sssstt)", holds,
                                              "a(ssssasbsbsttuuta(ssbstttttuasa(sssttbt)))", watches),
                                bus_method_explain, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Metrics", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", text), bus_method_metrics,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Record", SD_BUS_ARGS("h", pipe), SD_BUS_NO_RESULT, bus_method_record,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Release", SD_BUS_ARGS("s", unit), SD_BUS_RESULT("u", n_held), bus_method_release,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ReleaseAll", SD_BUS_NO_ARGS, SD_BUS_RESULT("u", n_held), bus_method_release_all,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Stalls", SD_BUS_ARGS("t", since_usec),
                                SD_BUS_RESULT("t", now_usec, "t", left_out_usec, "a(sssusstbtts)", stalls),
                                bus_method_stalls, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("ActionTaken",
                                SD_BUS_ARGS("s", incident, "s", unit, "s", action, "s", policy, "s", step, "s", outcome),
                                0),
        SD_BUS_SIGNAL_WITH_ARGS("Released", SD_BUS_ARGS("s", incident, "s", unit, "s", action, "s", reason), 0),
        SD_BUS_VTABLE_END,
};

static int bus_connect(AgentBus *b);

static void bus_close(AgentBus *b) {
        bus_explain_forget();
        b->access = bus_access_free(b->access);
        b->filter = sd_bus_slot_unref(b->filter);
        b->name = sd_bus_slot_unref(b->name);
        b->disconnected = sd_bus_slot_unref(b->disconnected);
        b->oomd = sd_bus_slot_unref(b->oomd);
        b->vtable = sd_bus_slot_unref(b->vtable);
        b->bus = sd_bus_close_unref(b->bus);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata) {
        (void) bus_connect(userdata);
        return 0;
}

/* Looks for a bus again after a while: at once would be a busy loop while dbus-broker restarts. */
static void bus_retry_later(AgentBus *b) {
        bus_close(b);
        (void) sd_event_source_set_time_relative(b->retry, RETRY_USEC);
        (void) sd_event_source_set_enabled(b->retry, SD_EVENT_ONESHOT);
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        bus_retry_later(userdata);
        return 0;
}

static int on_name(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        AgentBus *b = userdata;

        if (sd_bus_message_is_method_error(m, NULL))
                journal_notice(b->agent->journal, 4,
                               "The name " NAME " on the system bus is not to be had, memstallctl status will not find "
                               "this daemon: another one runs, or its D-Bus policy file is not installed.");
        return 0;
}

/* Whoever reads a property or calls a method without end gets errors, which cost next to nothing. */
static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        AgentBus *b = userdata;
        const char *sender = sd_bus_message_get_sender(m);

        if (!sd_bus_message_is_method_call(m, NULL, NULL) || call_rate_allows(&b->rate, sender ? sender : "", clock_usec()))
                return 0;
        return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "asked too often, wait a second");
}

/* Connects in the background: a socket that is not there yet is waited for with inotify. */
static int bus_connect(AgentBus *b) {
        int r;

        r = sd_bus_new(&b->bus);
        if (r < 0)
                return r;
        r = sd_bus_set_address(b->bus, SYSTEM_BUS_ADDRESS);
        if (r >= 0)
                r = sd_bus_set_bus_client(b->bus, true);
        if (r >= 0)
                r = sd_bus_set_watch_bind(b->bus, true);
        if (r >= 0)
                r = sd_bus_start(b->bus);
        if (r >= 0)
                r = sd_bus_attach_event(b->bus, b->agent->event, SD_EVENT_PRIORITY_NORMAL + PRIORITY_SIGNAL);
        if (r >= 0)
                r = bus_access_new(&b->access, b->bus);
        if (r >= 0)
                r = sd_bus_add_filter(b->bus, &b->filter, on_call, b);
        if (r >= 0)
                r = sd_bus_add_object_vtable(b->bus, &b->vtable, OBJECT, INTERFACE, manager_vtable, b);
        if (r >= 0)
                r = sd_bus_match_signal_async(b->bus, &b->disconnected, "org.freedesktop.DBus.Local",
                                              "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                              "Disconnected", on_disconnected, NULL, b);
        if (r >= 0)
                r = oomd_match(b->agent, b->bus, &b->oomd);
        if (r >= 0)
                r = sd_bus_request_name_async(b->bus, &b->name, NAME, 0, on_name, b);
        if (r < 0)
                bus_retry_later(b);
        return r;
}

int bus_new(AgentBus **ret, Agent *agent) {
        _cleanup_(bus_freep) AgentBus *b = calloc(1, sizeof(*b));
        int r;

        if (!b)
                return -ENOMEM;
        b->agent = agent;
        b->rate = (CallRate){ .per_caller = 30, .total = 60 };
        r = sd_event_add_time_relative(agent->event, &b->retry, CLOCK_MONOTONIC, 0, 0, on_retry, b);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(b->retry, SD_EVENT_OFF);
        if (r < 0)
                return r;
        (void) bus_connect(b);

        *ret = TAKE_PTR(b);
        return 0;
}

AgentBus *bus_free(AgentBus *b) {
        if (!b)
                return NULL;

        bus_close(b);
        sd_event_source_disable_unref(b->retry);
        bus_metrics_free(b->metrics);
        bus_stalls_free(b->stalls);
        free(b);
        return NULL;
}

void bus_tell_outcome(AgentBus *b, const Report *report) {
        const Decision *d = report->decision;
        char incident[33];

        if (!b->bus || sd_bus_is_ready(b->bus) <= 0)
                return;
        bus_incident_text(incident, &d->incident);
        (void) sd_bus_emit_signal(b->bus, OBJECT, INTERFACE, "ActionTaken", "ssssss", incident, d->victim.unit,
                                  action_to_string(d->action), d->policy->name, d->step->name,
                                  outcome_to_string(report->outcome.kind));
}

void bus_tell_release(AgentBus *b, const Undo *undo) {
        char incident[33];

        if (!b->bus || sd_bus_is_ready(b->bus) <= 0)
                return;
        bus_incident_text(incident, &undo->incident);
        (void) sd_bus_emit_signal(b->bus, OBJECT, INTERFACE, "Released", "ssss", incident, undo->victim.unit,
                                  action_to_string(undo->action), release_to_string(undo->reason));
}
