/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "act/journal-socket.h"
#include "act/journal.h"
#include "act/record.h"

/* What act/journal.c (decisions and what comes of them) shares with act/journal-daemon.c (the daemon itself) and with
 * act/journal-fields.c. */

struct Journal {
        JournalSocket *socket;
        Record record; /* the one that is being built */
        const JournalCounters *counters; /* that go with it, NULL if none do */
        bool has_faults;
        uint64_t n_faults; /* see journal_set_faults() */
};

/* Begins a record with the fields that all of them have. `message_id` NULL: it has none. */
void record_start(Record *r, const char *kind, const char *message_id, int priority, const char *message);

void record_add_incident(Record *r, Id128 incident);

/* MEMSTALLD_BLAME=, if there is any. */
void record_add_blames(Record *r, const Blame *blames, size_t n, uint32_t unknown);

/* What is told of each culprit, or cause that does not stall itself, behind what it belongs to; `victim` is what the record
 * is about. */
void record_add_culprit(Record *r, const Culprit *c, const Blame *blames, size_t n_blames, const CgroupName *victim,
                        const char *comm, const char *stack);
void record_add_blamed(Record *r, const Blame *b, const CgroupName *victim);

/* OBJECT_SYSTEMD_UNIT=, by which `journalctl -u` finds a record about the cgroup: the unit of the system manager that it is
 * or is part of. For a unit of a user manager OBJECT_SYSTEMD_USER_UNIT=, too (`journalctl --user-unit`). */
void record_add_object(Record *r, const CgroupName *name);

/* The outermost unit in the path that is no slice: what the system manager started, and may have delegated. In `buf`, or
 * NULL if there is none. */
const char *record_system_unit(const char *path, char *buf, size_t size);

/* MEMSTALLD_MEMORY_HIGH= and the like, for those that have a value. */
void record_add_properties(Record *r, const Properties *p);
