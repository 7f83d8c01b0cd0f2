/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "act/journal-socket.h"
#include "act/journal.h"
#include "act/record.h"

/* What act/journal.c (decisions and what comes of them) shares with act/journal-daemon.c (the daemon itself). */

struct Journal {
        JournalSocket *socket;
        Record record; /* the one that is being built */
};

/* Begins a record with the fields that all of them have. `message_id` NULL: it has none. */
void record_start(Record *r, const char *kind, const char *message_id, int priority, const char *message);
