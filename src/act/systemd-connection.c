/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PID 1's private socket comes first: the same objects as on the bus without a bus in between, which may itself be
 * stalled. It is for root alone, so a container or a test as another user falls back to the system bus. A peer that
 * takes the connection but has never said its version is not trusted twice: the next attempt starts behind it. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "act/systemd-calls.h"
#include "act/systemd-connection.h"
#include "base/cleanup.h"
#include "base/clock.h"

#define PATH_PREFIX "unix:path="
#define PAUSE_FIRST_USEC (1 * USEC_PER_SEC)
#define PAUSE_MAX_USEC (32 * USEC_PER_SEC)

bool connection_is_open(const Connection *c) {
        return c->bus && sd_bus_is_open(c->bus) > 0;
}

static int on_version(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Connection *c = userdata;
        const char *version;

        c->asks = c->is_silent = false;
        c->retry_usec = USEC_INFINITY;
        /* An error leaves it unknown, and a freeze of a service with a watchdog is refused. */
        if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read(m, "v", "s", &version) >= 0)
                (void) snprintf(c->version, sizeof(c->version), "%s", version);
        return 0;
}

static int on_ignored(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        return 0;
}

/* PID 1 sends its signals to whoever is connected to its private socket, but to a bus only if somebody has subscribed;
 * libsystemd asks a bus for those that match. */
static int add_signals(Connection *c, sd_bus *bus, bool is_bus) {
        const char *sender = is_bus ? SYSTEMD_NAME : NULL;
        int r;

        for (size_t i = 0; i < c->n_signals; i++) {
                r = sd_bus_match_signal_async(bus, NULL, sender, SYSTEMD_PATH, SYSTEMD_MANAGER, c->signals[i].member,
                                              c->signals[i].handler, on_ignored, c->userdata);
                if (r < 0)
                        return r;
        }
        if (c->lost) {
                r = sd_bus_match_signal_async(bus, NULL, "org.freedesktop.DBus.Local", "/org/freedesktop/DBus/Local",
                                              "org.freedesktop.DBus.Local", "Disconnected", c->lost, on_ignored,
                                              c->userdata);
                if (r < 0)
                        return r;
        }
        return is_bus && c->n_signals > 0 ? call_subscribe(&(Call){ .bus = bus }) : 0;
}

/* Whoever listens is looked at before a word is said: the user may have put a link there, to a socket of root's. */
static int connect_user(sd_bus *bus, const SystemdPeer *peer) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        const char *path = peer->address + strlen(PATH_PREFIX);
        _cleanup_(fd_closep) int fd = -EBADF;
        struct ucred who;
        int r;

        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        strcpy(address.sun_path, path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
            getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &(socklen_t){ sizeof(who) }) < 0)
                return -errno;
        if (who.uid != peer->uid)
                return -EPERM;
        r = sd_bus_set_fd(bus, fd, fd);
        if (r >= 0)
                (void) TAKE_FD(fd);
        return r;
}

static int open_peer(Connection *c, const SystemdPeer *peer) {
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
        int r;

        r = sd_bus_new(&bus);
        if (r < 0)
                return r;
        r = peer->is_user ? connect_user(bus, peer) : sd_bus_set_address(bus, peer->address);
        if (r < 0)
                return r;
        r = sd_bus_set_bus_client(bus, peer->is_bus);
        if (r < 0)
                return r;
        r = sd_bus_start(bus);
        if (r < 0)
                return r;
        r = add_signals(c, bus, peer->is_bus);
        if (r < 0)
                return r;
        r = sd_bus_attach_event(bus, c->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;

        c->bus = TAKE_PTR(bus);
        return 0;
}

static int ask_version(Connection *c) {
        c->version_slot = sd_bus_slot_unref(c->version_slot);
        c->asks = true;
        return call_get_version(&(Call){ c->bus, &c->version_slot, on_version, c });
}

static bool is_behind_bus(const Connection *c) {
        return c->bus && c->peers[c->first].is_bus;
}

bool connection_doubt(Connection *c) {
        c->pause_usec = c->is_silent ? MIN(2 * c->pause_usec, PAUSE_MAX_USEC) : PAUSE_FIRST_USEC;
        c->retry_usec = usec_add(clock_usec(), c->pause_usec);
        c->is_silent = true;
        if (!connection_is_open(c) || !c->version[0] || is_behind_bus(c))
                return true;
        return !c->asks && ask_version(c) < 0;
}

int connection_open(Connection *c) {
        size_t start = c->bus && (!c->version[0] || (c->is_silent && is_behind_bus(c))) ? c->first + 1 : 0;
        int r = -ENOTCONN;

        connection_close(c);
        for (size_t i = 0; i < c->n_peers; i++) {
                c->first = (start + i) % c->n_peers;
                r = open_peer(c, &c->peers[c->first]);
                if (r >= 0)
                        return ask_version(c);
        }
        return r;
}

void connection_close(Connection *c) {
        c->version_slot = sd_bus_slot_unref(c->version_slot);
        c->bus = sd_bus_close_unref(c->bus);
        c->version[0] = '\0';
        c->asks = false;
}
