/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-id128.h>

#include "config-test.h"

#include "base/clock.h"
#include "base/strv.h"
#include "ctl/host.h"

/* A bus with a systemd on it, in a process of its own: answers what host_ask() asks, and nothing else. */

static const struct {
        const char *unit, *state, *pressure, *swap;
        uint64_t watchdog_usec;
} units[] = {
        { "user.slice", "active", "auto", "kill", 0 },
        { "batch.slice", "active", "auto", "auto", 0 },
        { "a.service", "active", "kill", "auto", 2000000 },
        { "b.service", "active", "auto", "auto", UINT64_MAX },
        { "session-1.scope", "active", "kill", "auto", 0 },
        { "strange.service", "active", "kill", "kill", 1 }, /* has no cgroup */
        { "earlyoom.service", "active", "auto", "auto", 0 },
        { "systemd-oomd.service", "inactive", "auto", "auto", 0 },
};

static size_t unit_of(const char *object) {
        return (size_t) strtoul(strrchr(object, '/') + 1, NULL, 10);
}

static int append_units(sd_bus_message *reply, bool all) {
        int r = sd_bus_message_open_container(reply, 'a', "(ssssssouso)");

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(units); i++) {
                char object[64];

                if (!all && !strstr(units[i].unit, "oom"))
                        continue;
                (void) snprintf(object, sizeof(object), "/unit/%zu", i);
                r = sd_bus_message_append(reply, "(ssssssouso)", units[i].unit, "", "loaded", units[i].state, "", "",
                                          object, 0, "", "/");
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_property(sd_bus_message *reply, const char *object, const char *interface, const char *property) {
        size_t i = unit_of(object);
        const char *dot;
        char type[16];

        if (strcmp(property, "Version") == 0)
                return sd_bus_message_append(reply, "v", "s", "v257.13-1~deb13u1");
        /* Each kind of unit has its interface. */
        dot = strrchr(units[i].unit, '.') + 1;
        (void) snprintf(type, sizeof(type), "%c%s", dot[0] - 'a' + 'A', dot + 1);
        if (strcmp(strrchr(interface, '.') + 1, type) != 0)
                return -ENOENT;
        if (strcmp(property, "WatchdogUSec") == 0)
                return sd_bus_message_append(reply, "v", "t", units[i].watchdog_usec);
        return sd_bus_message_append(reply, "v", "s",
                                     strcmp(property, "ManagedOOMSwap") == 0 ? units[i].swap : units[i].pressure);
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *member = sd_bus_message_get_member(m), *interface, *property;
        const bool *silent = userdata;
        int r;

        if (*silent && strcmp(member, "Hello") != 0)
                return 1;
        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;
        if (strcmp(member, "Hello") == 0)
                r = sd_bus_message_append(reply, "s", ":1.1");
        else if (strcmp(member, "ListUnitsByNames") == 0)
                r = append_units(reply, false);
        else if (strcmp(member, "ListUnitsByPatterns") == 0)
                r = append_units(reply, true);
        else if (strcmp(member, "Get") == 0) {
                r = sd_bus_message_read(m, "ss", &interface, &property);
                if (r >= 0)
                        r = append_property(reply, sd_bus_message_get_path(m), interface, property);
        } else
                r = -EOPNOTSUPP;
        if (r < 0)
                return sd_bus_reply_method_errno(m, r, NULL);
        return sd_bus_send(NULL, reply, NULL) < 0 ? -1 : 1;
}

static _Noreturn void serve(int listener, bool silent) {
        sd_bus *bus = NULL;
        sd_id128_t id;
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0 || sd_id128_randomize(&id) < 0 || sd_bus_new(&bus) < 0 || sd_bus_set_fd(bus, fd, fd) < 0 ||
            sd_bus_set_server(bus, true, id) < 0 || sd_bus_add_filter(bus, NULL, on_message, &silent) < 0 ||
            sd_bus_start(bus) < 0)
                _exit(1);
        for (int r; (r = sd_bus_process(bus, NULL)) >= 0;)
                if (r == 0 && sd_bus_wait(bus, UINT64_MAX) < 0)
                        break;
        _exit(0);
}

/* Asks such a bus about a host with these cgroups, and returns how long that took. */
static uint64_t ask(void **state, Host *host, bool silent) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char variable[160];
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        uint64_t start_usec;
        pid_t pid;

        assert_true(listener >= 0);
        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", folder_path(state, "bus"));
        (void) snprintf(variable, sizeof(variable), "unix:path=%s", address.sun_path);
        assert_int_equal(bind(listener, (struct sockaddr *) &address, sizeof(address)), 0);
        assert_int_equal(listen(listener, 1), 0);
        assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", variable, 1), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                serve(listener, silent);
        (void) close(listener);

        start_usec = clock_usec();
        assert_int_equal(host_ask(host), 0);
        start_usec = clock_usec() - start_usec;
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        (void) unlink(address.sun_path);
        return start_usec;
}

static HostCgroup cgroups[] = {
        { .kind = CGROUP_SLICE, .path = (char *) "/user.slice", .unit = "user.slice" },
        { .kind = CGROUP_SLICE, .path = (char *) "/batch.slice", .unit = "batch.slice" },
        { .kind = CGROUP_UNIT, .path = (char *) "/batch.slice/a.service", .unit = "a.service" },
        { .kind = CGROUP_UNIT, .path = (char *) "/batch.slice/b.service", .unit = "b.service" },
        { .kind = CGROUP_UNIT, .path = (char *) "/user.slice/session-1.scope", .unit = "session-1.scope" },
        { .kind = CGROUP_UNIT, .path = (char *) "/user.slice/user@1.service/a.service", .unit = "a.service",
          .delegated = true },
};

static void test_answers(void **state) {
        static const struct {
                bool has_watchdog, is_managed;
        } expected[] = { { false, true }, { false, false }, { true, true }, { false, false }, { false, true },
                         { false, false } };
        Host host = { .cgroups = cgroups, .n_cgroups = ELEMENTSOF(cgroups) };

        (void) ask(state, &host, false);
        assert_int_equal(host.systemd_version, 257);
        assert_int_equal(strv_length(host.rivals), 1);
        assert_string_equal(host.rivals[0], "earlyoom.service");
        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                assert_int_equal(cgroups[i].has_watchdog, expected[i].has_watchdog);
                assert_int_equal(cgroups[i].is_managed, expected[i].is_managed);
        }
        strv_free(host.rivals);
}

/* Nobody waits for a systemd that does not answer. */
static void test_silence(void **state) {
        Host host = { 0 };

        assert_in_range(ask(state, &host, true), 900000, 2500000);
        assert_int_equal(host.systemd_version, 0);
        assert_null(host.rivals);
}

static void test_no_bus(void **state) {
        Host host = { 0 };

        assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere", 1), 0);
        assert_int_equal(host_ask(&host), 0);
        assert_int_equal(host.systemd_version, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_answers),
                folder_test(test_silence),
                folder_test(test_no_bus),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
