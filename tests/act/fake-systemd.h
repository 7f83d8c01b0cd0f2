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
        const char *property; /* Get: of this one alone; NULL for all */
        const char *path;     /* the object that is called; NULL for all */
        const char *error;   /* the name of a D-Bus error */
        const char *message;
        bool silent;         /* none at all */
        bool hang_up;        /* closes the connection instead */
        unsigned times;
} FakeAnswer;

FakeSystemd *fake_systemd_new(sd_event *event, const char *path);
FakeSystemd *fake_systemd_free(FakeSystemd *f);

void fake_systemd_answer(FakeSystemd *f, FakeAnswer answer);

/* Properties as systemd keeps them: SetUnitProperties changes what Get answers. Of ManagedOOM… that are words, 1 is "kill"
 * and 0 "auto". */
void fake_systemd_put(FakeSystemd *f, const char *unit, const char *property, uint64_t value);
uint64_t fake_systemd_value(FakeSystemd *f, const char *unit, const char *property);
void fake_systemd_set_version(FakeSystemd *f, const char *version);
void fake_systemd_set_slice(FakeSystemd *f, const char *slice); /* that all units are in */

/* How the jobs of StartUnit and the like end from now on; without `result`, when fake_systemd_end_job() says so. Jobs of
 * others end before each. */
typedef struct FakeJob {
        const char *result;
        bool before_reply;
} FakeJob;

void fake_systemd_job(FakeSystemd *f, FakeJob job);
void fake_systemd_end_job(FakeSystemd *f, const char *result); /* the last one */

/* The signals of a daemon-reload. */
void fake_systemd_reload(FakeSystemd *f);

/* How often a unit's property was asked for. */
unsigned fake_systemd_n_gets(const FakeSystemd *f);

/* All calls so far, one a line: "KillUnit hog.service all 9". The request for its version is left out. */
const char *fake_systemd_calls(const FakeSystemd *f);
void fake_systemd_forget(FakeSystemd *f);

/* Closes all connections, as a systemd does that executes itself anew. */
void fake_systemd_hang_up(FakeSystemd *f);
unsigned fake_systemd_n_connections(const FakeSystemd *f);
unsigned fake_systemd_n_open(const FakeSystemd *f); /* of them now */
