/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/journal-record.h"

/* Records of memstalld out of this host's journal, or out of a file that somebody sent. */

/* What to look for; zero stands for all. Of the journal only records that a process of root wrote count: anyone may write
 * fields of any name. */
typedef struct JournalQuery {
        const char *file;     /* of `journalctl -o export`, "-" for standard input; NULL: the journal */
        const char *incident; /* 32 digits; NULL: all that have one */
        bool culprits;        /* culprit records, too, which are many */
        uint64_t since_usec, until_usec; /* CLOCK_REALTIME; until 0: no end */
} JournalQuery;

enum {
        JOURNAL_E_NOTHING = 1, /* no such incident */
        JOURNAL_E_AMBIGUOUS,   /* more than one begins so */
};

/* Reads them, oldest first. What is wrong is told on standard error. 0 or -errno; no record at all is no error. */
int journal_read(const JournalQuery *query, JournalRecords *ret);

/* The one incident whose id begins with `prefix` (of at least four digits; all 32 are one themselves), or, if it is "last",
 * the one that was told of last; of the records, or, if they are NULL, of the journal. 0, JOURNAL_E_…, or -errno, told on
 * standard error. */
int journal_find(const JournalRecords *records, const char *prefix, char ret_incident[static 33]);

/* When the oldest record of the journal was written; USEC_INFINITY if nobody knows. */
uint64_t journal_oldest_usec(void);
