/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/capability.h>

#include "agent/bus-authorize.h"
#include "agent/bus-private.h"
#include "base/usec.h"

#define POLKIT "org.freedesktop.PolicyKit1"
#define ANSWER_USEC (5 * USEC_PER_SEC)
#define PASSWORD_USEC (2 * USEC_PER_MINUTE) /* where somebody is asked for one */
#define ALLOW_USER_INTERACTION 1U

static void petition_done(Petition *p) {
        p->slot = sd_bus_slot_unref(p->slot);
        p->message = sd_bus_message_unref(p->message);
}

void bus_authorize_forget(AgentBus *b) {
        for (size_t i = 0; i < ELEMENTSOF(b->petitions); i++)
                petition_done(b->petitions + i);
}

static Petition *free_petition(AgentBus *b) {
        for (size_t i = 0; i < ELEMENTSOF(b->petitions); i++)
                if (!b->petitions[i].message)
                        return b->petitions + i;
        return NULL;
}

/* Whether polkit allows it; the reply is (bba{ss}): authorized, might be after a password, details. */
static int judge(sd_bus_message *reply, sd_bus_error *error) {
        int authorized, challenge, r;

        if (sd_bus_message_is_method_error(reply, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "only root may do that: there is no polkit to ask");
        if (sd_bus_message_is_method_error(reply, NULL))
                return sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED, "only root may do that: polkit says: %s",
                                         sd_bus_message_get_error(reply)->message);
        r = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
        if (r >= 0)
                r = sd_bus_message_read(reply, "bb", &authorized, &challenge);
        if (r < 0)
                return r;
        if (authorized)
                return 0;
        if (challenge)
                return sd_bus_error_set(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
                                        "only root may do that, or who gives a password");
        return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "only root may do that");
}

static int on_polkit(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        Petition *p = userdata;
        int r;

        r = judge(reply, &error);
        if (r >= 0)
                r = p->then(p->message, p->bus, &error);
        if (r < 0 || sd_bus_error_is_set(&error))
                (void) sd_bus_reply_method_errno(p->message, r, &error);
        petition_done(p);
        return 0;
}

static int ask_polkit(Petition *p, const char *action) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r, interactive = sd_bus_message_get_allow_interactive_authorization(p->message);

        r = sd_bus_message_new_method_call(p->bus->bus, &call, POLKIT, "/org/freedesktop/PolicyKit1/Authority",
                                           POLKIT ".Authority", "CheckAuthorization");
        if (r >= 0) /* who, what, details, flags, and a name to cancel it by */
                r = sd_bus_message_append(call, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
                                          sd_bus_message_get_sender(p->message), action, 0,
                                          interactive > 0 ? ALLOW_USER_INTERACTION : 0, "");
        if (r >= 0)
                r = sd_bus_call_async(p->bus->bus, &p->slot, call, on_polkit, p,
                                      interactive > 0 ? PASSWORD_USEC : ANSWER_USEC);
        return r;
}

int bus_authorize(sd_bus_message *m, void *userdata, const char *action, sd_bus_message_handler_t then,
                  sd_bus_error *error) {
        AgentBus *b = userdata;
        Petition *p;
        int r;

        r = sd_bus_query_sender_privilege(m, CAP_SYS_ADMIN);
        if (r < 0)
                return r;
        if (r > 0)
                return then(m, b, error);

        p = free_petition(b);
        if (!p)
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "too many ask at once");
        *p = (Petition){ .bus = b, .message = sd_bus_message_ref(m), .then = then };
        r = ask_polkit(p, action);
        if (r < 0)
                petition_done(p);
        return r < 0 ? r : 1;
}
