/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <systemd/sd-daemon.h>

#include "live-world.h"

static const SystemdPeer private_socket = { "unix:path=/run/systemd/private", false };
static const SystemdPeer system_bus = { "unix:path=/run/dbus/system_bus_socket", true };

static void on_answer(void *userdata, const Outcome *outcome) {
        World *w = userdata;

        w->outcome = *outcome;
        w->answered = true;
}

static int set_up(void **state, const SystemdPeer *peer) {
        static World world;
        World *w = &world;

        (void) system("systemctl kill -s KILL " UNIT " 2>/dev/null; systemctl thaw " UNIT " 2>/dev/null;"
                      " systemctl stop " UNIT " 2>/dev/null; systemctl reset-failed " UNIT " 2>/dev/null");
        memset(w, 0, sizeof(*w));
        assert_true(sd_event_new(&w->event) >= 0);
        assert_int_equal(systemd_new_with_peers(&w->systemd, w->event, peer, 1, on_answer, w), 0);
        *state = w;
        return 0;
}

int world_set_up_private(void **state) {
        return set_up(state, &private_socket);
}

int world_set_up_bus(void **state) {
        return set_up(state, &system_bus);
}

int world_tear_down(void **state) {
        World *w = *state;

        w->systemd = systemd_free(w->systemd);
        sd_event_unref(w->event);
        return 0;
}

static const Outcome *await(World *w, uint64_t time_usec) {
        uint64_t start = clock_usec(), end = start + time_usec + SYSTEMD_DEADLINE_USEC, now;

        while (!w->answered && (now = clock_usec()) < end)
                assert_true(sd_event_run(w->event, end - now) >= 0);
        assert_true(w->answered);
        w->answered = false;
        w->usec = clock_usec() - start;
        (void) printf("# %" PRIu64 " us, outcome %d, error %d %s\n", w->usec, w->outcome.kind, w->outcome.error,
                      w->outcome.error_text);
        return &w->outcome;
}

Decision world_decision(ActionKind action) {
        Decision d = { .id = 1, .action = action, .signal = 9, .timeout_usec = 10 * USEC_PER_SEC,
                       .victim = { .id = 7, .kind = CGROUP_UNIT, .path = UNIT_CGROUP, .unit = UNIT } };

        strcpy(d.start, UNIT);
        if (action == ACTION_PROTECT)
                properties_set(&d.properties, PROPERTY_MEMORY_LOW, 60 * MIB);
        else
                properties_set(&d.properties, PROPERTY_MEMORY_HIGH, 100 * MIB);
        return d;
}

const Outcome *world_decide(World *w, Decision d) {
        systemd_act(w->systemd, &d);
        return await(w, d.timeout_usec);
}

const Outcome *world_act(World *w, ActionKind action, bool thaw_first) {
        Decision d = world_decision(action);

        d.thaw_first = thaw_first;
        return world_decide(w, d);
}

const Outcome *world_start(World *w, const char *unit, uint64_t timeout_usec) {
        systemd_start(w->systemd, 3, unit, timeout_usec);
        return await(w, timeout_usec);
}

static const Outcome *undo(World *w, ActionKind action, Properties previous, const char *path) {
        systemd_undo(w->systemd, &(Undo){ .id = 2, .action = action, .previous = previous,
                                          .victim = { .id = 7, .path = path, .unit = UNIT } });
        return await(w, SYSTEMD_DEADLINE_USEC);
}

const Outcome *world_undo(World *w, ActionKind action, Properties previous) {
        return undo(w, action, previous, UNIT_CGROUP);
}

const Outcome *world_undo_without_path(World *w, ActionKind action, Properties previous) {
        return undo(w, action, previous, "");
}

const char *output(const char *command) {
        static char line[1024];
        FILE *f = popen(command, "r");

        assert_non_null(f);
        line[0] = '\0';
        if (fgets(line, sizeof(line), f))
                line[strcspn(line, "\n")] = '\0';
        (void) pclose(f);
        return line;
}

const char *property(const char *unit, const char *name) {
        char command[512];

        (void) snprintf(command, sizeof(command), "systemctl show --value -p %s %s", name, unit);
        return output(command);
}

void expect_property(const char *unit, const char *name, const char *value) {
        for (unsigned i = 0; i < 100 && strcmp(property(unit, name), value) != 0; i++)
                (void) usleep(100000);
        assert_string_equal(property(unit, name), value);
}

int world_skip(void) {
        return geteuid() != 0 || sd_booted() <= 0 || access("/sys/fs/cgroup/cgroup.controllers", F_OK) < 0 ? 77 : 0;
}
