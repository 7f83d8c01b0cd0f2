/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "act/systemd.h"

/* One connection to systemd, made when it is wanted and made again when it was lost. Embedded in its owner. */

typedef struct Connection {
        sd_event *event; /* borrowed */
        const SystemdPeer *peers;
        size_t n_peers;
        size_t first; /* the peer to try first */
        sd_bus *bus;
        sd_bus_slot *version_slot;
        char version[64];
} Connection;

/* Whether there is a connection, or one under way. */
bool connection_is_open(const Connection *c);

/* Connects to the first peer that takes it, without waiting for its authentication: what is sent meanwhile is queued.
 * What a former connection still waited for is not answered any more. 0, or what the last peer's connect answered. */
int connection_open(Connection *c);

/* Drops what is queued. */
void connection_close(Connection *c);
