/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What anybody may read of org.memstalld1.Manager. */

#include <stdio.h>
#include <string.h>

#include "agent/agent-private.h"
#include "agent/alarm.h"
#include "agent/bus-private.h"

void bus_incident_text(char buf[33], const Id128 *id) {
        (void) snprintf(buf, 33, ID128_FORMAT, ID128_VALUES(*id));
}

int bus_get_string(sd_bus *bus, const char *path, const char *interface, const char *property,
                   sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Agent *a = ((AgentBus *) userdata)->agent;
        const char *value = PROJECT_VERSION;

        if (strcmp(property, "Culprits") == 0)
                value = a->culprits.memstall ? memstall_rung(a->culprits.memstall) : a->culprits.why;
        else if (strcmp(property, "EarlyWarning") == 0)
                value = warnings_rung(a);
        else if (strcmp(property, "SystemdVersion") == 0)
                value = effector_version(a->effector);
        return sd_bus_message_append(reply, "s", value);
}

int bus_get_dry_run(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Agent *a = ((AgentBus *) userdata)->agent;

        return sd_bus_message_append(reply, "b", a->config.settings.dry_run);
}

int bus_get_number(sd_bus *bus, const char *path, const char *interface, const char *property,
                   sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Agent *a = ((AgentBus *) userdata)->agent;
        uint64_t value = a->n_config_errors;

        if (strcmp(property, "LostRecords") == 0)
                value = journal_lost(a->journal);
        else if (strcmp(property, "StuckThreads") == 0)
                value = worker_n_stuck(a->worker);
        return sd_bus_message_append(reply, "t", value);
}

int bus_get_rivals(sd_bus *bus, const char *path, const char *interface, const char *property,
                   sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Agent *a = ((AgentBus *) userdata)->agent;
        const Rival *rival;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "s");
        for (size_t i = 0; r >= 0 && (rival = rival_at(i)); i++)
                if (a->n_rivals[i] > 0)
                        r = sd_bus_message_append(reply, "s", rival->unit);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

int bus_get_policies(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Agent *a = ((AgentBus *) userdata)->agent;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "(ss)");
        if (r < 0)
                return r;
        for (size_t i = 0; i < a->config.policies.n_policies; i++) {
                const Policy *p = a->config.policies.policies[i];

                r = sd_bus_message_append(reply, "(ss)", p->name, p->file);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(reply);
}

int bus_get_watches(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Agent *a = ((AgentBus *) userdata)->agent;
        WatchStatus w;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "(sssbs)");
        if (r < 0)
                return r;
        for (size_t i = 0; core_watch_status(a->core, i, &w); i++) {
                char incident[33] = "";

                if (w.in_incident)
                        bus_incident_text(incident, &w.incident);
                r = sd_bus_message_append(reply, "(sssbs)", w.name.path, w.name.unit, w.policy, w.awake, incident);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(reply);
}

int bus_get_holds(sd_bus *bus, const char *path, const char *interface, const char *property,
                  sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Agent *a = ((AgentBus *) userdata)->agent;
        HoldStatus h;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "(sssstts)");
        if (r < 0)
                return r;
        for (size_t i = 0; core_hold_status(a->core, i, &h); i++) {
                char incident[33];

                bus_incident_text(incident, &h.incident);
                r = sd_bus_message_append(reply, "(sssstts)", h.victim.unit, action_to_string(h.action), h.policy,
                                          h.step, h.since_usec, h.deadline_usec, incident);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(reply);
}

int bus_get_blind(sd_bus *bus, const char *path, const char *interface, const char *property,
                  sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Agent *a = ((AgentBus *) userdata)->agent;
        TreeGaps gaps = tree_gaps(a->tree);

        return sd_bus_message_append(reply, "a{st}", 9, "watches", arming_n_blind(a), "overflows",
                                     (uint64_t) gaps.overflows, "units", (uint64_t) gaps.units, "folders",
                                     (uint64_t) gaps.folders, "files", (uint64_t) gaps.files, "cgroups",
                                     (uint64_t) core_counts(a->core).n_lost, "preferences", managers_lost(a), "stalls",
                                     culprits_missed(a), "warnings",
                                     a->warnings.alarm ? alarm_lost(a->warnings.alarm) : UINT64_C(0));
}
