/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/bus-access.h"
#include "base/clock.h"

/* One connection: at its other end are the bus, polkit, and whoever calls. */
typedef struct World {
        sd_bus *daemon, *others;
        BusAccess *access;
        sd_bus_slot *object, *filter, *calls[32];
        size_t n_calls;

        int uid;      /* -1: the bus does not know, -2: it does not answer */
        int polkit;   /* 1 yes, 0 no, -1 there is none, -2 a password is wanted */
        bool dialog;  /* polkit was told that it may ask */
        char subject[64], action[64];

        unsigned n_done;
        int result; /* of what is asked for */
        char error[64][64];
        size_t n_errors, n_replies;
} World;

static int do_it(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        World *w = userdata;
        const char *text;

        w->n_done++;
        assert_true(sd_bus_message_read(m, "s", &text) > 0);
        assert_string_equal(text, "x");
        if (w->result == -ENOENT)
                return sd_bus_error_set(error, "org.memstalld1.NoSuchUnit", "");
        return w->result < 0 ? w->result : sd_bus_reply_method_return(m, NULL);
}

static int method(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        World *w = userdata;

        return bus_access_then(w->access, m, BUS_ACTION_RELEASE, do_it, w, error);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Do", "s", "", method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static int answer_polkit(World *w, sd_bus_message *m) {
        const char *kind, *key, *name, *action, *cancel;
        uint32_t flags;

        if (w->polkit == -1)
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_SERVICE_UNKNOWN, "none");
        assert_true(sd_bus_message_read(m, "(sa{sv})s", &kind, 1, &key, "s", &name, &action) > 0);
        assert_true(sd_bus_message_skip(m, "a{ss}") > 0);
        assert_true(sd_bus_message_read(m, "us", &flags, &cancel) > 0);
        assert_string_equal(kind, "system-bus-name");
        assert_string_equal(key, "name");
        (void) snprintf(w->subject, sizeof(w->subject), "%s", name);
        (void) snprintf(w->action, sizeof(w->action), "%s", action);
        w->dialog = flags == 1;
        return sd_bus_reply_method_return(m, "(bba{ss})", w->polkit == 1, w->polkit == -2, 0);
}

static int on_others(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        World *w = userdata;

        if (sd_bus_message_is_method_call(m, "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization"))
                return answer_polkit(w, m) < 0 ? -EIO : 1;
        if (!sd_bus_message_is_method_call(m, "org.freedesktop.DBus", "GetConnectionUnixUser") || w->uid == -2)
                return w->uid == -2;
        if (w->uid < 0)
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_NAME_HAS_NO_OWNER, "gone") < 0 ? -EIO : 1;
        return sd_bus_reply_method_return(m, "u", (uint32_t) w->uid) < 0 ? -EIO : 1;
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        World *w = userdata;

        if (sd_bus_message_is_method_error(m, NULL))
                (void) snprintf(w->error[w->n_errors++], sizeof(*w->error), "%s", sd_bus_message_get_error(m)->name);
        w->n_replies++;
        return 1;
}

static void call(World *w, const char *sender, bool dialog) {
        sd_bus_message *m = NULL;

        assert_true(sd_bus_message_new_method_call(w->others, &m, NULL, "/o", "i.i", "Do") >= 0);
        assert_true(sd_bus_message_append(m, "s", "x") >= 0);
        if (sender)
                assert_true(sd_bus_message_set_sender(m, sender) >= 0);
        assert_true(sd_bus_message_set_allow_interactive_authorization(m, dialog) >= 0);
        assert_true(sd_bus_call_async(w->others, &w->calls[w->n_calls++], m, on_reply, w, 5 * USEC_PER_SEC) >= 0);
        sd_bus_message_unref(m);
}

/* Both ends in turn, until neither has anything to do. */
static void run(World *w) {
        for (unsigned idle = 0; idle < 3;) {
                int r = sd_bus_process(w->daemon, NULL), q = sd_bus_process(w->others, NULL);

                assert_true(r >= 0 && q >= 0);
                idle = r == 0 && q == 0 ? idle + 1 : 0;
        }
}

static int setup(void **state) {
        static World w;
        int fds[2];

        w = (World){ .uid = 1000, .polkit = -1 };
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0 || sd_bus_new(&w.daemon) < 0 ||
            sd_bus_new(&w.others) < 0 || sd_bus_set_fd(w.daemon, fds[0], fds[0]) < 0 ||
            sd_bus_set_fd(w.others, fds[1], fds[1]) < 0 ||
            sd_bus_set_server(w.others, true, (sd_id128_t){ .qwords = { 1, 1 } }) < 0 || sd_bus_start(w.others) < 0 || sd_bus_start(w.daemon) < 0)
                return -1;
        if (sd_bus_add_object_vtable(w.daemon, &w.object, "/o", "i.i", vtable, &w) < 0 ||
            sd_bus_add_filter(w.others, &w.filter, on_others, &w) < 0 || bus_access_new(&w.access, w.daemon) < 0)
                return -1;
        *state = &w;
        return 0;
}

static int teardown(void **state) {
        World *w = *state;

        bus_access_free(w->access);
        for (size_t i = 0; i < w->n_calls; i++)
                sd_bus_slot_unref(w->calls[i]);
        sd_bus_slot_unref(w->object);
        sd_bus_slot_unref(w->filter);
        sd_bus_close_unref(w->daemon);
        sd_bus_close_unref(w->others);
        return 0;
}

static void test_rows(void **state) {
        static const struct {
                const char *sender;
                int uid, polkit;
                bool dialog;
                const char *error; /* NULL: it is done */
        } rows[] = {
                { ":1.1", 0, -1, false, NULL },
                { ":1.1", 1000, 1, false, NULL },
                { ":1.1", 1000, 1, true, NULL },
                { ":1.1", 1000, 0, false, SD_BUS_ERROR_ACCESS_DENIED },
                { ":1.1", 1000, -1, false, SD_BUS_ERROR_ACCESS_DENIED },
                { ":1.1", 1000, -2, false, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED },
                { ":1.1", -1, 1, false, SD_BUS_ERROR_ACCESS_DENIED },
                { NULL, 0, 1, false, SD_BUS_ERROR_ACCESS_DENIED },
        };
        World *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                w->uid = rows[i].uid;
                w->polkit = rows[i].polkit;
                w->n_done = 0;
                w->n_errors = w->n_replies = 0;
                w->subject[0] = '\0';
                call(w, rows[i].sender, rows[i].dialog);
                run(w);
                assert_int_equal(w->n_replies, 1);
                assert_int_equal(w->n_done, rows[i].error ? 0 : 1);
                assert_int_equal(w->n_errors, rows[i].error ? 1 : 0);
                if (rows[i].error)
                        assert_string_equal(w->error[0], rows[i].error);
                if (w->subject[0]) {
                        assert_string_equal(w->subject, rows[i].sender);
                        assert_string_equal(w->action, BUS_ACTION_RELEASE);
                        assert_int_equal(w->dialog, rows[i].dialog);
                }
        }
}

/* What is done may fail, in both of libsystemd's ways. */
static void test_fails(void **state) {
        World *w = *state;

        w->uid = 0;
        w->result = -ENOENT;
        call(w, ":1.1", false);
        run(w);
        assert_string_equal(w->error[0], "org.memstalld1.NoSuchUnit");
        w->result = -ENOSPC;
        call(w, ":1.1", false);
        run(w);
        assert_string_equal(w->error[1], "System.Error.ENOSPC");
        assert_int_equal(w->n_done, 2);
}

/* A bus that does not answer costs a few places, of one caller no more than two. */
static void test_flood(void **state) {
        World *w = *state;
        char sender[16];

        w->uid = -2;
        for (unsigned i = 0; i < 3; i++)
                call(w, ":1.1", false);
        run(w);
        assert_int_equal(w->n_errors, 1);
        for (unsigned i = 0; i < BUS_ACCESS_ASKING_MAX; i++) {
                (void) snprintf(sender, sizeof(sender), ":2.%u", i);
                call(w, sender, false);
        }
        run(w);
        assert_int_equal(w->n_errors, 3);
        for (size_t i = 0; i < w->n_errors; i++)
                assert_string_equal(w->error[i], SD_BUS_ERROR_LIMITS_EXCEEDED);
        assert_int_equal(w->n_done, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_rows, setup, teardown),
                cmocka_unit_test_setup_teardown(test_fails, setup, teardown),
                cmocka_unit_test_setup_teardown(test_flood, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
