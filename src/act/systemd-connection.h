/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "act/systemd.h"

/* One connection to systemd, made when it is wanted and made again when it was lost. Embedded in its owner. */

/* A signal of systemd's Manager that the owner wants to hear. */
typedef struct ConnectionSignal {
        const char *member;
        sd_bus_message_handler_t handler;
} ConnectionSignal;

typedef struct Connection {
        sd_event *event; /* borrowed */
        const ConnectionSignal *signals;
        size_t n_signals;
        sd_bus_message_handler_t lost; /* the other end is gone; NULL: calls fail, that tells enough */
        void *userdata;                /* of these */
        const SystemdPeer *peers;
        size_t n_peers;
        size_t first; /* the peer to try first */
        sd_bus *bus;
        sd_bus_slot *version_slot;
        bool asks; /* for the version */
        char version[64];
        bool is_silent; /* since connection_doubt(), until it says something again */
        uint64_t pause_usec, retry_usec; /* when to doubt again; USEC_INFINITY: not at all */
} Connection;

/* One that has never been open, with what the owner sets. */
#define CONNECTION_INIT .retry_usec = USEC_INFINITY

/* Whether there is a connection, or one under way. */
bool connection_is_open(const Connection *c);

/* Connects to the first peer that takes it, without waiting for its authentication: what is sent meanwhile is queued.
 * What a former connection still waited for is not answered any more. 0, or what the last peer's connect answered. */
int connection_open(Connection *c);

/* No answer came in time, or nobody is there: the connection counts as silent until its peer has told its version, which it
 * is asked for. PID 1's own connection stays, for the order of what is queued there is kept: what undoes comes behind what
 * did. True if it is of no use, as its peer has never said a word, or a bus is in between: then it is to be opened anew, to
 * the next peer. To be called again at `retry_usec`, which comes later each time. */
bool connection_doubt(Connection *c);

/* Drops what is queued. */
void connection_close(Connection *c);
