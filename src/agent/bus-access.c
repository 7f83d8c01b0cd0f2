/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/bus-access.h"
#include "base/usec.h"

#define BUS_USEC (2 * USEC_PER_SEC)
#define POLKIT_USEC (10 * USEC_PER_SEC) /* it may have to be started first */
#define POLKIT_DIALOG_USEC (2 * USEC_PER_MINUTE)
#define POLKIT_ALLOW_INTERACTION 1U

/* One call that is put aside. */
typedef struct Asking {
        BusAccess *access;
        sd_bus_message *message; /* NULL: a free place */
        sd_bus_slot *slot;       /* of the question */
        const char *action;
        sd_bus_message_handler_t then;
        void *userdata;
} Asking;

struct BusAccess {
        sd_bus *bus;
        Asking asking[BUS_ACCESS_ASKING_MAX];
};

static void forget(Asking *q) {
        sd_bus_slot_unref(q->slot);
        sd_bus_message_unref(q->message);
        *q = (Asking){ .access = q->access };
}

/* ---- The answer ------------------------------------------------------------------------------ */

static int deny(Asking *q, const char *name, const char *text) {
        (void) sd_bus_reply_method_errorf(q->message, name, "%s", text);
        forget(q);
        return 1;
}

static int grant(Asking *q) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_message_rewind(q->message, true);
        if (r >= 0)
                r = q->then(q->message, q->userdata, &error);
        if (sd_bus_error_is_set(&error))
                (void) sd_bus_reply_method_error(q->message, &error);
        else if (r < 0)
                (void) sd_bus_reply_method_errno(q->message, r, NULL);
        sd_bus_error_free(&error);
        forget(q);
        return 1;
}

/* ---- polkit ---------------------------------------------------------------------------------- */

static int on_polkit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        int authorized, challenge;
        Asking *q = userdata;

        if (sd_bus_message_is_method_error(m, NULL))
                return deny(q, SD_BUS_ERROR_ACCESS_DENIED, "only root may do this, and polkit cannot be asked");
        if (sd_bus_message_enter_container(m, 'r', "bba{ss}") < 0 ||
            sd_bus_message_read(m, "bb", &authorized, &challenge) < 0)
                return deny(q, SD_BUS_ERROR_ACCESS_DENIED, "only root may do this, and polkit's answer was none");
        if (authorized)
                return grant(q);
        if (challenge)
                return deny(q, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, "polkit wants to ask for a password");
        return deny(q, SD_BUS_ERROR_ACCESS_DENIED, "only root may do this, and whom polkit allows it");
}

/* CheckAuthorization((sa{sv}) subject, s action, a{ss} details, u flags, s cancellation_id), see
 * https://polkit.pages.freedesktop.org/polkit/eggdbus-interface-org.freedesktop.PolicyKit1.Authority.html */
static int ask_polkit(Asking *q) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        bool dialog = sd_bus_message_get_allow_interactive_authorization(q->message) > 0;
        int r;

        r = sd_bus_message_new_method_call(q->access->bus, &m, "org.freedesktop.PolicyKit1",
                                           "/org/freedesktop/PolicyKit1/Authority",
                                           "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization");
        if (r >= 0)
                r = sd_bus_message_append(m, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
                                          sd_bus_message_get_sender(q->message), q->action, 0,
                                          dialog ? POLKIT_ALLOW_INTERACTION : 0U, "");
        if (r < 0)
                return r;
        q->slot = sd_bus_slot_unref(q->slot);
        return sd_bus_call_async(q->access->bus, &q->slot, m, on_polkit, q, dialog ? POLKIT_DIALOG_USEC : POLKIT_USEC);
}

/* ---- The bus --------------------------------------------------------------------------------- */

static int on_user(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Asking *q = userdata;
        uint32_t uid;

        if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "u", &uid) < 0)
                return deny(q, SD_BUS_ERROR_ACCESS_DENIED, "the bus does not say who you are");
        if (uid == 0)
                return grant(q);
        if (ask_polkit(q) < 0)
                return deny(q, SD_BUS_ERROR_ACCESS_DENIED, "only root may do this, and polkit cannot be asked");
        return 1;
}

static int ask_user(Asking *q) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(q->access->bus, &m, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                           "org.freedesktop.DBus", "GetConnectionUnixUser");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", sd_bus_message_get_sender(q->message));
        return r < 0 ? r : sd_bus_call_async(q->access->bus, &q->slot, m, on_user, q, BUS_USEC);
}

/* NULL if there is none for this sender. */
static Asking *free_place(BusAccess *a, const char *sender) {
        Asking *place = NULL;
        unsigned n = 0;

        for (Asking *q = a->asking; q < a->asking + BUS_ACCESS_ASKING_MAX; q++)
                if (!q->message)
                        place = q;
                else
                        n += strcmp(sd_bus_message_get_sender(q->message), sender) == 0;
        return n < BUS_ACCESS_PER_CALLER ? place : NULL;
}

int bus_access_then(BusAccess *a, sd_bus_message *m, const char *action, sd_bus_message_handler_t then, void *userdata,
                    sd_bus_error *error) {
        const char *sender = sd_bus_message_get_sender(m);
        Asking *q;
        int r;

        if (!sender)
                return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "the bus does not say who you are");
        q = free_place(a, sender);
        if (!q)
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "too many ask at once");
        q->message = sd_bus_message_ref(m);
        q->action = action;
        q->then = then;
        q->userdata = userdata;
        r = ask_user(q);
        if (r < 0) {
                forget(q);
                return r;
        }
        return 1;
}

/* ---- Its life -------------------------------------------------------------------------------- */

int bus_access_new(BusAccess **ret, sd_bus *bus) {
        BusAccess *a = calloc(1, sizeof(*a));

        if (!a)
                return -ENOMEM;
        a->bus = bus;
        for (size_t i = 0; i < BUS_ACCESS_ASKING_MAX; i++)
                a->asking[i].access = a;
        *ret = a;
        return 0;
}

BusAccess *bus_access_free(BusAccess *a) {
        if (!a)
                return NULL;
        for (size_t i = 0; i < BUS_ACCESS_ASKING_MAX; i++)
                forget(&a->asking[i]);
        free(a);
        return NULL;
}
