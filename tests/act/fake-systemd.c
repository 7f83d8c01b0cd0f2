/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-id128.h>

#include "base/cleanup.h"
#include "fake-systemd.h"

#define PEERS_MAX 16U

struct FakeSystemd {
        sd_event *event;
        sd_event_source *accept;
        char path[108];
        sd_bus *peers[PEERS_MAX];
        unsigned n_peers, n_connections;
        FakeAnswer answer;
        const char *version;
        uint64_t memory_high, watchdog_usec;
        char calls[16384];
};

static void note(FakeSystemd *f, const char *format, ...) _printf_(2, 3);
static void note(FakeSystemd *f, const char *format, ...) {
        size_t used = strlen(f->calls);
        va_list arguments;

        va_start(arguments, format);
        (void) vsnprintf(f->calls + used, sizeof(f->calls) - used, format, arguments);
        va_end(arguments);
}

/* Notes the call with its arguments. */
static void note_call(FakeSystemd *f, sd_bus_message *m, const char *member) {
        const char *unit, *whom, *property;
        int32_t number;
        uint64_t bytes;
        int runtime;

        if (strcmp(member, "KillUnit") == 0) {
                assert_true(sd_bus_message_read(m, "ssi", &unit, &whom, &number) > 0);
                note(f, "%s %s %s %" PRIi32 "\n", member, unit, whom, number);
        } else if (strcmp(member, "SetUnitProperties") == 0) {
                assert_true(sd_bus_message_read(m, "sba(sv)", &unit, &runtime, 1, &property, "t", &bytes) > 0);
                note(f, "%s %s runtime=%d %s=%" PRIu64 "\n", member, unit, runtime, property, bytes);
        } else if (strcmp(member, "FreezeUnit") == 0 || strcmp(member, "ThawUnit") == 0) {
                assert_true(sd_bus_message_read(m, "s", &unit) > 0);
                note(f, "%s %s\n", member, unit);
        } else
                note(f, "%s ?\n", member);
}

static int get_property(FakeSystemd *f, sd_bus_message *m, bool *ret_noted) {
        const char *interface, *property;

        assert_true(sd_bus_message_read(m, "ss", &interface, &property) > 0);
        if (strcmp(property, "Version") == 0) {
                assert_true(strcmp(interface, "org.freedesktop.systemd1.Manager") == 0);
                *ret_noted = false;
                return sd_bus_reply_method_return(m, "v", "s", f->version);
        }
        *ret_noted = true;
        note(f, "Get %s %s %s\n", sd_bus_message_get_path(m), strrchr(interface, '.') + 1, property);
        if (f->answer.member && strcmp(f->answer.member, "Get") == 0)
                return 0;
        if (strcmp(property, "MemoryHigh") == 0)
                return sd_bus_reply_method_return(m, "v", "t", f->memory_high);
        assert_true(strcmp(property, "WatchdogUSec") == 0);
        return sd_bus_reply_method_return(m, "v", "t", f->watchdog_usec);
}

/* Answers as told; false if nothing was told. */
static bool answer_as_told(FakeSystemd *f, sd_bus_message *m, const char *member) {
        FakeAnswer told = f->answer;

        if (!told.member || strcmp(told.member, member) != 0)
                return false;
        if (f->answer.times > 0 && --f->answer.times == 0)
                f->answer = (FakeAnswer){ 0 };
        if (told.hang_up)
                fake_systemd_hang_up(f);
        else if (!told.silent)
                assert_true(sd_bus_reply_method_errorf(m, told.error, "%s", told.message ? told.message : "no") >= 0);
        return true;
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        FakeSystemd *f = userdata;
        const char *member = sd_bus_message_get_member(m);
        bool noted;
        int r = 0;

        if (!sd_bus_message_is_method_call(m, NULL, NULL))
                return 0;
        if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus", "Hello")) {
                note(f, "Hello\n");
                return sd_bus_reply_method_return(m, "s", ":1.7") < 0 ? -EIO : 1;
        }
        if (strcmp(member, "Get") == 0) {
                r = get_property(f, m, &noted);
                assert_true(r >= 0);
                if (r > 0 || !noted)
                        return 1;
        } else
                note_call(f, m, member);
        if (!answer_as_told(f, m, member))
                assert_true(sd_bus_reply_method_return(m, NULL) >= 0);
        return 1;
}

static int on_accept(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        FakeSystemd *f = userdata;
        sd_id128_t id;
        sd_bus *bus;
        int peer;

        peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        assert_true(peer >= 0 && f->n_peers < PEERS_MAX);
        assert_true(sd_id128_randomize(&id) >= 0);
        assert_true(sd_bus_new(&bus) >= 0);
        assert_true(sd_bus_set_fd(bus, peer, peer) >= 0);
        assert_true(sd_bus_set_server(bus, 1, id) >= 0);
        assert_true(sd_bus_set_trusted(bus, 1) >= 0);
        assert_true(sd_bus_add_filter(bus, NULL, on_message, f) >= 0);
        assert_true(sd_bus_start(bus) >= 0);
        assert_true(sd_bus_attach_event(bus, f->event, 0) >= 0);
        f->peers[f->n_peers++] = bus;
        f->n_connections++;
        return 0;
}

FakeSystemd *fake_systemd_new(sd_event *event, const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        FakeSystemd *f;
        int fd;

        f = calloc(1, sizeof(*f));
        assert_true(f && strlen(path) < sizeof(f->path));
        f->event = event;
        f->version = "257.9-1~deb13u1";
        f->memory_high = UINT64_MAX;
        strcpy(f->path, path);
        strcpy(address.sun_path, path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_true(fd >= 0);
        assert_true(bind(fd, (struct sockaddr *) &address, sizeof(address)) >= 0);
        assert_true(listen(fd, 16) >= 0);
        assert_true(sd_event_add_io(event, &f->accept, fd, EPOLLIN, on_accept, f) >= 0);
        assert_true(sd_event_source_set_io_fd_own(f->accept, 1) >= 0);
        return f;
}

FakeSystemd *fake_systemd_free(FakeSystemd *f) {
        if (!f)
                return NULL;
        fake_systemd_hang_up(f);
        sd_event_source_disable_unref(f->accept);
        (void) unlink(f->path);
        free(f);
        return NULL;
}

void fake_systemd_answer(FakeSystemd *f, FakeAnswer answer) {
        f->answer = answer;
}

void fake_systemd_set(FakeSystemd *f, const char *version, uint64_t memory_high, uint64_t watchdog_usec) {
        f->version = version;
        f->memory_high = memory_high;
        f->watchdog_usec = watchdog_usec;
}

const char *fake_systemd_calls(const FakeSystemd *f) {
        return f->calls;
}

void fake_systemd_forget(FakeSystemd *f) {
        f->calls[0] = '\0';
}

void fake_systemd_hang_up(FakeSystemd *f) {
        while (f->n_peers > 0)
                sd_bus_close_unref(f->peers[--f->n_peers]);
}

unsigned fake_systemd_n_connections(const FakeSystemd *f) {
        return f->n_connections;
}
