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
#define VALUES_MAX 4096U
#define UNIT_PATH "/org/freedesktop/systemd1/unit"

typedef struct Value {
        char unit[64];
        const char *property;
        uint64_t value;
} Value;

/* Types as systemd has them, and what is there unless a test says otherwise. Texts: 1 is "kill". */
static const struct {
        const char *property, *type;
        uint64_t value;
} properties[] = {
        { "MemoryHigh", "t", UINT64_MAX },
        { "MemoryLow", "t", 0 },
        { "CPUQuotaPerSecUSec", "t", UINT64_MAX },
        { "CPUWeight", "t", UINT64_MAX },
        { "IOWeight", "t", UINT64_MAX },
        { "WatchdogUSec", "t", 0 },
        { "ManagedOOMMemoryPressure", "s", 0 },
        { "ManagedOOMSwap", "s", 0 },
        { "ManagedOOMMemoryPressureLimit", "u", 0 },
        { "ManagedOOMMemoryPressureDurationUSec", "t", UINT64_MAX },
};

struct FakeSystemd {
        sd_event *event;
        sd_event_source *accept;
        char path[108];
        sd_bus *peers[PEERS_MAX];
        unsigned n_peers, n_connections;
        FakeAnswer answer;
        const char *version, *slice;
        Value values[VALUES_MAX];
        size_t n_values;
        FakeJob job;
        uint32_t last_job;
        unsigned n_gets;
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

static size_t find_property(const char *property) {
        for (size_t i = 0; i < ELEMENTSOF(properties); i++)
                if (strcmp(properties[i].property, property) == 0)
                        return i;
        fail_msg("no property %s", property);
        return 0;
}

static Value *find_value(FakeSystemd *f, const char *unit, const char *property) {
        for (size_t i = 0; i < f->n_values; i++)
                if (strcmp(f->values[i].unit, unit) == 0 && strcmp(f->values[i].property, property) == 0)
                        return &f->values[i];
        return NULL;
}

void fake_systemd_put(FakeSystemd *f, const char *unit, const char *property, uint64_t value) {
        Value *v = find_value(f, unit, property);

        if (!v) {
                assert_true(f->n_values < VALUES_MAX && strlen(unit) < sizeof(v->unit));
                v = &f->values[f->n_values++];
                strcpy(v->unit, unit);
                v->property = properties[find_property(property)].property;
        }
        v->value = value;
}

uint64_t fake_systemd_value(FakeSystemd *f, const char *unit, const char *property) {
        const Value *v = find_value(f, unit, property);

        return v ? v->value : properties[find_property(property)].value;
}

/* SetUnitProperties, all or nothing. */
static void set_properties(FakeSystemd *f, sd_bus_message *m) {
        const char *unit, *property;
        uint64_t value;
        int runtime;

        assert_true(sd_bus_message_read(m, "sb", &unit, &runtime) > 0);
        note(f, "SetUnitProperties %s runtime=%d", unit, runtime);
        assert_true(sd_bus_message_enter_container(m, 'a', "(sv)") > 0);
        while (sd_bus_message_read(m, "(sv)", &property, "t", &value) > 0) {
                note(f, value == UINT64_MAX ? " %s=infinity" : " %s=%" PRIu64, property, value);
                if (!f->answer.member || strcmp(f->answer.member, "SetUnitProperties") != 0 || !f->answer.error)
                        fake_systemd_put(f, unit, property, value);
        }
        note(f, "\n");
}

/* Notes the call with its arguments. */
static void note_call(FakeSystemd *f, sd_bus_message *m, const char *member) {
        const char *unit, *whom;
        int32_t number;

        if (strcmp(member, "KillUnit") == 0) {
                assert_true(sd_bus_message_read(m, "ssi", &unit, &whom, &number) > 0);
                note(f, "%s %s %s %" PRIi32 "\n", member, unit, whom, number);
        } else if (strcmp(member, "SetUnitProperties") == 0)
                set_properties(f, m);
        else if (strcmp(member, "FreezeUnit") == 0 || strcmp(member, "ThawUnit") == 0) {
                assert_true(sd_bus_message_read(m, "s", &unit) > 0);
                note(f, "%s %s\n", member, unit);
        } else if (strcmp(member, "Subscribe") == 0)
                note(f, "%s\n", member);
        else if (strcmp(member, "StartUnit") == 0 || strcmp(member, "StopUnit") == 0 || strcmp(member, "RestartUnit") == 0) {
                assert_true(sd_bus_message_read(m, "ss", &unit, &whom) > 0);
                note(f, "%s %s %s\n", member, unit, whom);
        } else
                note(f, "%s ?\n", member);
}

/* Whether the answer that is told is for this one. */
static bool is_told(const FakeSystemd *f, sd_bus_message *m, const char *member, const char *text) {
        const char *path = sd_bus_message_get_path(m);

        return f->answer.member && strcmp(f->answer.member, member) == 0 &&
               (!f->answer.property || (text && strcmp(f->answer.property, text) == 0)) &&
               (!f->answer.path || strcmp(f->answer.path, path) == 0);
}

static int get_property(FakeSystemd *f, sd_bus_message *m) {
        const char *interface, *property;
        _cleanup_(freep) char *unit = NULL;
        uint64_t value;
        size_t i;

        assert_true(sd_bus_message_read(m, "ss", &interface, &property) > 0);
        if (strcmp(property, "Version") == 0) {
                assert_true(strcmp(interface, "org.freedesktop.systemd1.Manager") == 0);
                return sd_bus_reply_method_return(m, "v", "s", f->version);
        }
        f->n_gets++;
        assert_true(sd_bus_path_decode(sd_bus_message_get_path(m), UNIT_PATH, &unit) > 0);
        note(f, "Get %s %s %s\n", unit, strrchr(interface, '.') + 1, property);
        if (is_told(f, m, "Get", property))
                return 0;
        if (strcmp(property, "Slice") == 0)
                return sd_bus_reply_method_return(m, "v", "s", f->slice);
        i = find_property(property);
        value = fake_systemd_value(f, unit, property);
        if (properties[i].type[0] == 's')
                return sd_bus_reply_method_return(m, "v", "s", value == 1 ? "kill" : "auto");
        if (properties[i].type[0] == 'u')
                return sd_bus_reply_method_return(m, "v", "u", (uint32_t) value);
        return sd_bus_reply_method_return(m, "v", "t", value);
}

static void send_to_all(FakeSystemd *f, sd_bus_message *(*make)(FakeSystemd *f, sd_bus *bus, const void *data),
                        const void *data) {
        for (unsigned i = 0; i < f->n_peers; i++) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

                if (sd_bus_is_ready(f->peers[i]) <= 0)
                        continue;
                m = make(f, f->peers[i], data);
                assert_true(sd_bus_message_set_sender(m, ":1.1") >= 0);
                assert_true(sd_bus_send(f->peers[i], m, NULL) >= 0);
        }
}

static sd_bus_message *new_signal(sd_bus *bus, const char *member) {
        sd_bus_message *m = NULL;

        assert_true(sd_bus_message_new_signal(bus, &m, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                                              member) >= 0);
        return m;
}

static sd_bus_message *make_removed(FakeSystemd *f, sd_bus *bus, const void *data) {
        sd_bus_message *m = new_signal(bus, "JobRemoved");
        char path[64];

        (void) snprintf(path, sizeof(path), "/org/freedesktop/systemd1/job/%" PRIu32, f->last_job);
        assert_true(sd_bus_message_append(m, "uoss", f->last_job, path, "hog.service", (const char *) data) >= 0);
        return m;
}

void fake_systemd_end_job(FakeSystemd *f, const char *result) {
        send_to_all(f, make_removed, result);
}

static sd_bus_message *make_reloading(FakeSystemd *f, sd_bus *bus, const void *data) {
        sd_bus_message *m = new_signal(bus, "Reloading");

        assert_true(sd_bus_message_append(m, "b", *(const int *) data) >= 0);
        return m;
}

void fake_systemd_reload(FakeSystemd *f) {
        send_to_all(f, make_reloading, &(int){ 1 });
        send_to_all(f, make_reloading, &(int){ 0 });
}

static void answer_job(FakeSystemd *f, sd_bus_message *m) {
        static const char *const others[] = { "failed", "canceled" };
        char path[64];

        f->last_job += 10;
        (void) snprintf(path, sizeof(path), "/org/freedesktop/systemd1/job/%" PRIu32, f->last_job);
        for (size_t i = 0; i < ELEMENTSOF(others); i++) { /* jobs of others come and go */
                f->last_job++;
                fake_systemd_end_job(f, others[i]);
                f->last_job -= 1;
        }
        if (f->job.before_reply)
                fake_systemd_end_job(f, f->job.result);
        assert_true(sd_bus_reply_method_return(m, "o", path) >= 0);
        if (!f->job.before_reply && f->job.result)
                fake_systemd_end_job(f, f->job.result);
}

void fake_systemd_job(FakeSystemd *f, FakeJob job) {
        f->job = job;
}

/* Answers as told; false if nothing was told. */
static bool answer_as_told(FakeSystemd *f, sd_bus_message *m, const char *member) {
        FakeAnswer told = f->answer;

        if (!is_told(f, m, member, told.property)) /* get_property() has compared that */
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
        int r = 0;

        if (!sd_bus_message_is_method_call(m, NULL, NULL))
                return 0;
        if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus", "Hello")) {
                note(f, "Hello\n");
                return sd_bus_reply_method_return(m, "s", ":1.7") < 0 ? -EIO : 1;
        }
        if (strcmp(member, "AddMatch") == 0)
                return sd_bus_reply_method_return(m, NULL) < 0 ? -EIO : 1;
        if (strcmp(member, "Get") == 0) {
                r = get_property(f, m);
                assert_true(r >= 0);
                if (r > 0)
                        return 1;
        } else
                note_call(f, m, member);
        if (answer_as_told(f, m, member))
                return 1;
        if (strcmp(member, "StartUnit") == 0 || strcmp(member, "StopUnit") == 0 || strcmp(member, "RestartUnit") == 0)
                answer_job(f, m);
        else
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
        f->n_connections++;
        if (sd_bus_start(bus) < 0) { /* it has hung up already */
                sd_bus_unref(bus);
                return 0;
        }
        assert_true(sd_bus_attach_event(bus, f->event, 0) >= 0);
        f->peers[f->n_peers++] = bus;
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
        f->slice = "";
        f->job.result = "done";
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

void fake_systemd_set_version(FakeSystemd *f, const char *version) {
        f->version = version;
}

void fake_systemd_set_slice(FakeSystemd *f, const char *slice) {
        f->slice = slice;
}

unsigned fake_systemd_n_gets(const FakeSystemd *f) {
        return f->n_gets;
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

unsigned fake_systemd_n_open(const FakeSystemd *f) {
        unsigned n = 0;

        for (unsigned i = 0; i < f->n_peers; i++)
                n += sd_bus_is_open(f->peers[i]) > 0;
        return n;
}
