/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "agent/bus-access.h"
#include "agent/bus.h"
#include "agent/call-rate.h"
#include "base/id128.h"

/* The inside of org.memstalld1.Manager. bus.c has the connection, the table of what there is, and the signals;
 * bus-properties.c has what anybody may read; a method is a file bus-NAME.c with one function, declared here. Anybody may
 * call it (units/org.memstalld1.conf): one that does something, or tells of processes, begins with bus_access_then(). */

typedef struct BusMetrics BusMetrics; /* of bus-metrics.c */
typedef struct BusStalls BusStalls;   /* of bus-stalls.c */

struct AgentBus {
        Agent *agent;
        sd_bus *bus;
        BusAccess *access;
        sd_bus_slot *vtable, *name, *disconnected, *oomd, *filter;
        sd_event_source *retry;
        CallRate rate; /* of all calls */
        BusMetrics *metrics; /* NULL until somebody asks */
        BusStalls *stalls;   /* likewise */
};

void bus_incident_text(char buf[33], const Id128 *id);

/* bus-properties.c; the AgentBus is `userdata`, here and below. */
int bus_get_string(sd_bus *bus, const char *path, const char *interface, const char *property,
                   sd_bus_message *reply, void *userdata, sd_bus_error *error);
int bus_get_dry_run(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error);
int bus_get_number(sd_bus *bus, const char *path, const char *interface, const char *property,
                   sd_bus_message *reply, void *userdata, sd_bus_error *error);
int bus_get_rivals(sd_bus *bus, const char *path, const char *interface, const char *property,
                   sd_bus_message *reply, void *userdata, sd_bus_error *error);
int bus_get_policies(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error);
int bus_get_watches(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error);
int bus_get_holds(sd_bus *bus, const char *path, const char *interface, const char *property,
                  sd_bus_message *reply, void *userdata, sd_bus_error *error);
int bus_get_blind(sd_bus *bus, const char *path, const char *interface, const char *property,
                  sd_bus_message *reply, void *userdata, sd_bus_error *error);

/* Explain(s): what is known of one unit, see core/explain.h; the types are in bus.c, what they mean in ctl/explain-unit.c.
 * An answer may take two seconds; bus_explain_forget() forgets the questions that wait. */
int bus_method_explain(sd_bus_message *m, void *userdata, sd_bus_error *error);
void bus_explain_forget(void);

/* Metrics(): OpenMetrics text, see agent/metrics.h. */
int bus_method_metrics(sd_bus_message *m, void *userdata, sd_bus_error *error);
BusMetrics *bus_metrics_free(BusMetrics *b);
DEFINE_CLEANUP(BusMetrics *, bus_metrics_free);

/* Record(h): a trace into a pipe, see agent/recording.h. */
int bus_method_record(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* Release(s), ReleaseAll(): undo by hand, for root and whom polkit lets. */
int bus_method_release(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_method_release_all(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* Stalls(t): the sums of the BPF program as they are, for memstallctl top, see sense/memstall-live.h. */
int bus_method_stalls(sd_bus_message *m, void *userdata, sd_bus_error *error);
BusStalls *bus_stalls_free(BusStalls *s);
DEFINE_CLEANUP(BusStalls *, bus_stalls_free);
