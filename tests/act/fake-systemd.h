/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

/* A systemd that does nothing but say so: it listens on a socket, speaks D-Bus, notes each call as one line, and answers
 * as it is told to. Runs in the event loop of what it tests. */

typedef struct FakeSystemd FakeSystemd;

/* What it answers to calls of `member`; the first `times` of them, 0 for all. */
typedef struct FakeAnswer {
        const char *member;
        const char *error;   /* the name of a D-Bus error */
        const char *message;
        bool silent;         /* none at all */
        bool hang_up;        /* closes the connection instead */
        unsigned times;
} FakeAnswer;

FakeSystemd *fake_systemd_new(sd_event *event, const char *path);
FakeSystemd *fake_systemd_free(FakeSystemd *f);

void fake_systemd_answer(FakeSystemd *f, FakeAnswer answer);

/* Properties. */
void fake_systemd_set(FakeSystemd *f, const char *version, uint64_t memory_high, uint64_t watchdog_usec);

/* All calls so far, one a line: "KillUnit hog.service all 9". The request for its version is left out. */
const char *fake_systemd_calls(const FakeSystemd *f);
void fake_systemd_forget(FakeSystemd *f);

/* Closes all connections, as a systemd does that executes itself anew. */
void fake_systemd_hang_up(FakeSystemd *f);
unsigned fake_systemd_n_connections(const FakeSystemd *f);
