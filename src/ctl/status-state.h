/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <systemd/sd-bus.h>

/* The properties of org.memstalld1.Manager, all at one time, and the kernel's pressure beside them. Strings belong to the
 * message. */

typedef struct StatusWatch {
        const char *path, *unit, *policy, *incident;
        int awake;
        int some, full; /* the kernel's avg10, hundredths of a percent; negative: there is none */
} StatusWatch;

typedef struct StatusHold {
        const char *unit, *action, *policy, *step, *incident;
        uint64_t since_usec, deadline_usec; /* USEC_INFINITY: until calm */
} StatusHold;

typedef struct StatusPolicy {
        const char *name, *file;
} StatusPolicy;

typedef struct StatusGap {
        const char *what;
        uint64_t n;
} StatusGap;

typedef struct Status {
        sd_bus_message *message; /* owned */
        const char *version, *systemd, *culprits, *warning;
        int dry_run;
        uint64_t n_errors, n_lost, n_stuck;
        StatusPolicy *policies; /* these are owned */
        StatusWatch *watches;
        StatusHold *holds;
        StatusGap *gaps;
        const char **rivals;
        size_t n_policies, n_watches, n_holds, n_gaps, n_rivals;
} Status;

/* Reads the answer to GetAll(); what a newer daemon has besides is passed over. 0 or -errno. */
int status_read(sd_bus_message *message, Status *ret);

/* Leaves only what is about these units (globs) in; all of it if there are none. */
void status_select(Status *s, char *const *units);

/* Fills in the pressure of what is watched. */
void status_read_pressure(Status *s);

void status_done(Status *s);

/* status-print.c: for people, of whom `chosen` asked for some units only, and as one object. 0 or -ENOMEM. */
int status_print(FILE *f, const Status *s, bool chosen, bool colors);
void status_print_json(FILE *f, const Status *s);
