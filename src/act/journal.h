/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "core/decision.h"

/* The records of man:memstalld-records(7): text for people, MEMSTALLD_… fields for programs.
 *
 * None of these functions blocks, fails, or allocates. A record that the journal does not take is queued, some
 * 256 KiB in all, and sent when it does; what does not fit is counted, and the journal is told how many were lost.
 * Every pointer is read during the call only. Strings may hold any bytes: text escapes control characters, fields
 * carry them as they are, and no value can forge a field. */

typedef struct Journal Journal;

/* What a start, reload or stop record tells. NULL and 0 leave a field out, but the numbers are always written. */
typedef struct JournalFacts {
        const char *version;  /* of memstalld */
        size_t n_policies;    /* in effect */
        size_t n_errors;      /* in all files */
        const char *files;    /* what was read, one path a line */
        const char *left_out; /* files with errors, one path a line */
        const char *culprits; /* how stalls are captured: "fentry", "none: the kernel has no BTF" */
        const char *kernel;   /* its release, and what it offers: "6.12.57, PSI, cgroup v2, memory" */
        const char *systemd;  /* its version */
        const char *rivals;   /* units that kill for memory as well, one a line */
        const char *missing;  /* what the kernel or systemd lacks, and what does not work without it; one a line */
        const char *reason;   /* stop: why; reload: why nothing was taken over */
} JournalFacts;

/* Opens a socket to `path`, by default (NULL) the journal's. A journal that is not there is no error: records are
 * queued for it. Takes a reference on `event`. 0, or -ENOMEM, -ENAMETOOLONG, what socket(2) or sd-event answers. */
int journal_new(Journal **ret, sd_event *event, const char *path);

/* Sends what is queued if the journal takes it at once, and frees the rest. Returns NULL. */
Journal *journal_free(Journal *j);
DEFINE_CLEANUP(Journal *, journal_free);

/* What the kernel's counters did meanwhile. */
typedef struct JournalCounters {
        uint64_t span_usec; /* over as long */
        const char *lines;  /* all that moved, "NAME +N", one a line */
        const char *brief;  /* the first of them, in one line */
} JournalCounters;

/* Goes with the records of decisions, culprits and outcomes that follow, until another call; NULL: nothing does. Borrowed
 * until then. */
void journal_set_counters(Journal *j, const JournalCounters *counters);

/* Goes with the next outcome: how often memstalld itself has had to wait for a page from a disk, from the event to the answer. */
void journal_set_faults(Journal *j, uint64_t n_major_faults);

/* A step acts. Wanted before the action's outcome is; the action itself may be sent first. */
void journal_decision(Journal *j, const Decision *d);

/* One of d->culprits. `comm` is its process name, NULL or "" if it is not known; `stack` the kernel symbols, innermost
 * first, one a line, NULL if none was seen. */
void journal_culprit(Journal *j, const Decision *d, const Culprit *c, const char *comm, const char *stack);

/* One of d->blames that is none of d->culprits: it makes others stall, and does not stall itself, or hardly. */
void journal_blamed(Journal *j, const Decision *d, const Blame *b);

/* Somebody else killed, or is about to. */
void journal_seen(Journal *j, const Sighting *s);

/* One of s->culprits, as journal_culprit(), and of s->blames, as journal_blamed(). */
void journal_seen_culprit(Journal *j, const Sighting *s, const Culprit *c, const char *comm, const char *stack);
void journal_seen_blamed(Journal *j, const Sighting *s, const Blame *b);

void journal_outcome(Journal *j, const Report *r);

/* The undo is done. */
void journal_release(Journal *j, const Undo *u);

/* The undo is not done: the unit stays held. Priority err; tells how to undo it by hand. */
void journal_release_failed(Journal *j, const Undo *u, const Outcome *o);

void journal_refused(Journal *j, const Refusal *r);

/* The policy is off since its Expires=. */
void journal_expired(Journal *j, const Policy *policy);

/* Something cannot be seen any more. `watch` is a cgroup path, `unit` its unit; NULL both if it is no watch. */
void journal_blind(Journal *j, const char *watch, const char *unit, const char *reason);

/* An error in a file; `line` 0 if it is the whole file. `text` does not repeat them. */
void journal_config(Journal *j, const char *file, unsigned line, const char *text);

void journal_start(Journal *j, const JournalFacts *f);
void journal_reload(Journal *j, const JournalFacts *f);
void journal_stop(Journal *j, const JournalFacts *f);

/* Plain text with a priority of syslog(3), for what is no record of its own. */
void journal_notice(Journal *j, int priority, const char *text);

/* Records lost since the start, told or not yet told. */
uint64_t journal_lost(const Journal *j);
