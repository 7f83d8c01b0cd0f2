/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "agent/agent-private.h"
#include "agent/bus-private.h"
#include "agent/call-rate.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "sense/memstall-live.h"

#define NO_CULPRITS "org.memstalld1.NoCulprits"
#define SINCE_MAX_USEC (8 * USEC_PER_SEC)

/* Made when somebody asks for the first time. */
struct BusStalls {
        CallRate rate;
        MemstallLive *live;
        char stack[4096];
};

BusStalls *bus_stalls_free(BusStalls *s) {
        if (!s)
                return NULL;
        memstall_live_free(s->live);
        free(s);
        return NULL;
}

static int bus_stalls_new(BusStalls **ret) {
        _cleanup_(bus_stalls_freep) BusStalls *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->rate = (CallRate){ .per_caller = 5, .total = 20 };
        r = memstall_live_new(&s->live);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

/* Whoever makes a process or a cgroup chooses its name; the bus takes UTF-8 alone. */
static const char *bus_text(const char *s, char *buf, size_t size) {
        if (utf8_text_length(s, strlen(s)) == strlen(s))
                return s;
        (void) snprintf(buf, size, "%s", s);
        for (char *c = buf; *c; c++)
                if ((unsigned char) *c >= 0x80)
                        *c = '?';
        return buf;
}

typedef struct BusPlace {
        const char *unit, *path;
        char unit_text[UNIT_NAME_MAX], path_text[1024];
} BusPlace;

/* What the cgroup is, or lies in; both empty if it is gone. */
static void find_place(const Agent *a, uint64_t cgroup_id, BusPlace *ret) {
        uint64_t id = cgroup_id == 0 ? 0 : tree_resolve(a->tree, cgroup_id);

        ret->unit = ret->path = "";
        if (id == 0 || !tree_name(a->tree, id, NULL, &ret->path, &ret->unit, NULL))
                return;
        ret->unit = bus_text(ret->unit, ret->unit_text, sizeof(ret->unit_text));
        ret->path = bus_text(ret->path, ret->path_text, sizeof(ret->path_text));
}

static int append_entry(sd_bus_message *reply, const Agent *a, BusStalls *s, const LiveEntry *e) {
        char comm[STALL_COMM_MAX];
        BusPlace own, limit;

        find_place(a, e->stall.cgroup_id, &own);
        find_place(a, e->stall.limit_id, &limit);
        s->stack[0] = '\0';
        if (e->stall.n_frames > 0 &&
            memstall_symbolize(a->culprits.memstall, &e->stall, s->stack, sizeof(s->stack)) != 0)
                s->stack[0] = '\0'; /* hidden; the property Culprits says why */
        return sd_bus_message_append(reply, "(sssusstbtts)", own.unit, own.path, limit.path, e->stall.pid,
                                     bus_text(e->stall.comm, comm, sizeof(comm)), stall_to_string(e->stall.class),
                                     e->key, e->running, e->stall.stall_usec, e->stall.count, s->stack);
}

static int answer(sd_bus_message *reply, const Agent *a, BusStalls *s, const LiveReading *reading) {
        int r;

        r = sd_bus_message_append(reply, "tt", reading->now_usec, reading->left_out_usec);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sssusstbtts)");
        for (size_t i = 0; r >= 0 && i < reading->n_entries; i++)
                r = append_entry(reply, a, s, reading->entries + i);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int stalls(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        AgentBus *b = userdata;
        const char *caller = sd_bus_message_get_sender(m);
        uint64_t since_usec, now_usec = clock_usec();
        LiveReading reading;
        int r;

        r = sd_bus_message_read(m, "t", &since_usec);
        if (r < 0)
                return r;
        if (!b->agent->culprits.memstall)
                return sd_bus_error_set(error, NO_CULPRITS, b->agent->culprits.why);
        if (!b->stalls) {
                r = bus_stalls_new(&b->stalls);
                if (r < 0)
                        return r;
        }
        if (!call_rate_allows(&b->stalls->rate, caller ? caller : "", now_usec))
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "asked too often");
        if (usec_sub(now_usec, since_usec) > SINCE_MAX_USEC)
                since_usec = 0;
        r = memstall_live_read(b->stalls->live, b->agent->culprits.memstall, since_usec, &reading);
        if (r < 0)
                return r;
        r = sd_bus_message_new_method_return(m, &reply);
        return r < 0 ? r : answer(reply, b->agent, b->stalls, &reading);
}

int bus_method_stalls(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        AgentBus *b = userdata;

        return bus_access_then(b->access, m, BUS_ACTION_OBSERVE, stalls, b, error);
}
