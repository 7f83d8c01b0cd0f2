/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "act/record.h"
#include "base/cleanup.h"

/* Sends records to the journal and never waits for it: what it does not take is queued (act/record-queue.h) and sent
 * when it does. While the journal's queue is full the socket tells when there is room again; in every other trouble
 * it is tried again after a while, ever less often. When nothing is queued nothing wakes it up. */

typedef struct JournalSocket JournalSocket;

/* Builds the record that says that `n` records were lost: asked for as soon as the queue has room for it again. */
typedef void (*JournalSocketLoss)(void *userdata, uint64_t n, Record *record);

#define JOURNAL_SOCKET_PATH "/run/systemd/journal/socket"
#define JOURNAL_SOCKET_AGAIN_MIN_USEC UINT64_C(100000)
#define JOURNAL_SOCKET_AGAIN_MAX_USEC UINT64_C(10000000)

/* Takes a reference on `event`. Whether anybody listens at `path` shows later. 0, -ENOMEM, -ENAMETOOLONG, or what
 * socket(2) or sd-event answers. */
int journal_socket_new(JournalSocket **ret, sd_event *event, const char *path, JournalSocketLoss loss, void *userdata);

/* Sends of the queue what the journal takes at once. Returns NULL. */
JournalSocket *journal_socket_free(JournalSocket *s);
DEFINE_CLEANUP(JournalSocket *, journal_socket_free);

/* Sends the record, or queues it, or counts it as lost. Cuts it if the kernel finds it too long (EMSGSIZE). */
void journal_socket_send(JournalSocket *s, Record *record);

uint64_t journal_socket_n_lost(const JournalSocket *s);
