/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fake-memstalld SOCKET MODE: plays the bus and the daemon on it for one client after the other, as far as memstallctl release,
 * status and top ask. A unit stalls for half of the time, and is watched. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <systemd/sd-bus.h>

#include "base/clock.h"
#include "base/cleanup.h"

static const char *mode;

static int answer_stalls(sd_bus_message *m) {
        uint64_t now_usec = clock_usec();

        if (strcmp(mode, "denied") == 0)
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_ACCESS_DENIED, "Rejected send message");
        if (strcmp(mode, "blind") == 0)
                return sd_bus_reply_method_errorf(m, "org.memstalld1.NoCulprits", "built without BPF");
        return sd_bus_reply_method_return(m, "tta(sssusstbtts)", now_usec, UINT64_C(0), 1, "hog.service", "/hog.service",
                                          "/hog.service", 42U, "perl", "memcg-max", UINT64_C(1), 0, now_usec / 2,
                                          UINT64_C(7), "inner\nouter");
}

/* Holds, until it is released; a stuck daemon goes on holding. */
static bool released;

static int answer_release(sd_bus_message *m, bool all) {
        const char *unit = "hog.service";
        int r;

        r = all ? 0 : sd_bus_message_read(m, "s", &unit);
        if (r < 0)
                return r;
        if (strcmp(mode, "denied") == 0)
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_ACCESS_DENIED, "only root may do that");
        if (strcmp(unit, "hog.service") != 0)
                return sd_bus_reply_method_errorf(m, "org.memstalld1.NotHeld", "%s is not held", unit);
        r = sd_bus_reply_method_return(m, "u", released ? 0U : 1U);
        released = true;
        return r;
}

static int answer_metrics(sd_bus_message *m) {
        if (strcmp(mode, "old") == 0)
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_UNKNOWN_METHOD, "Unknown method Metrics");
        return sd_bus_reply_method_return(m, "s", "# TYPE memstalld_watches gauge\nmemstalld_watches 2\n# EOF\n");
}

static int answer_property(sd_bus_message *m) {
        const char *interface, *name;
        int r;

        r = sd_bus_message_read(m, "ss", &interface, &name);
        if (r < 0)
                return r;
        if (strcmp(name, "Holds") == 0 && released)
                return sd_bus_reply_method_return(m, "v", "a(sssstts)", 0);
        if (strcmp(name, "Holds") == 0)
                return sd_bus_reply_method_return(m, "v", "a(sssstts)", 1, "hog.service", "throttle", "50-hog", "slow",
                                                  clock_usec() - 5 * USEC_PER_SEC, USEC_INFINITY, "0123");
        return sd_bus_reply_method_return(m, "v", "s", "fentry, all classes");
}

/* Of each kind, and one that no memstallctl knows yet. */
static int answer_all(sd_bus_message *m) {
        uint64_t lost = strcmp(mode, "losses") == 0 ? 3 : 0;

        return sd_bus_reply_method_return(
                m, "a{sv}", 14, "Version", "s", "1.0", "SystemdVersion", "s", "257", "Culprits", "s",
                "fentry, all classes", "EarlyWarning", "s", "kswapd", "DryRun", "b", lost > 0, "ConfigErrors", "t", lost,
                "LostRecords", "t", lost, "StuckThreads", "t", lost, "Rivals", "as", 2, "earlyoom.service", "kubelet.service", "News", "a(si)", 1, "x", 1, "Policies", "a(ss)", 2,
                "50-host", "/etc/memstalld/policy.d/50-host.conf", "50-hog", "/etc/memstalld/policy.d/50-hog.conf", "Blind",
                "a{st}", 4, "units", lost, "preferences", lost, "stalls", lost, "warnings", lost, "Watches", "a(sssbs)", 2,
                "/", "-.slice", "50-host", 0, "", "/no/hog.service", "hog.service", "50-hog", 1,
                "0123456789abcdef0123456789abcdef", "Holds", "a(sssstts)", 1, "hog.service", "throttle", "50-hog", "slow",
                clock_usec() - 5 * USEC_PER_SEC, USEC_INFINITY, "0123456789abcdef0123456789abcdef");
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus", "Hello"))
                return sd_bus_reply_method_return(m, "s", ":1.1") < 0 ? -EIO : 1;
        if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Properties", "Get"))
                return answer_property(m) < 0 ? -EIO : 1;
        if (sd_bus_message_is_method_call(m, "org.memstalld1.Manager", "Metrics"))
                return answer_metrics(m) < 0 ? -EIO : 1;
        if (sd_bus_message_is_method_call(m, "org.memstalld1.Manager", "Release"))
                return answer_release(m, false) < 0 ? -EIO : 1;
        if (sd_bus_message_is_method_call(m, "org.memstalld1.Manager", "ReleaseAll"))
                return answer_release(m, true) < 0 ? -EIO : 1;
        if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Properties", "GetAll"))
                return answer_all(m) < 0 ? -EIO : 1;
        if (sd_bus_message_is_method_call(m, "org.memstalld1.Manager", "Stalls"))
                return answer_stalls(m) < 0 ? -EIO : 1;
        return 0;
}

static void serve(int fd) {
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        sd_id128_t id = { .bytes = { 1 } };
        int r;

        if (sd_bus_new(&bus) < 0 || sd_bus_set_fd(bus, fd, fd) < 0 || sd_bus_set_server(bus, true, id) < 0 ||
            sd_bus_set_anonymous(bus, true) < 0 || sd_bus_add_filter(bus, NULL, on_message, NULL) < 0 ||
            sd_bus_start(bus) < 0)
                return;
        while ((r = sd_bus_process(bus, NULL)) >= 0)
                if (r == 0 && sd_bus_wait(bus, UINT64_MAX) < 0)
                        break;
        sd_bus_close(bus);
}

int main(int argc, char **argv) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd;

        if (argc != 3 || strlen(argv[1]) >= sizeof(address.sun_path))
                return 2;
        mode = argv[2];
        (void) strcpy(address.sun_path, argv[1]);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 || listen(fd, 8) < 0) {
                perror("fake-memstalld");
                return 1;
        }
        for (;;) {
                int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

                if (client >= 0)
                        serve(client);
        }
}
