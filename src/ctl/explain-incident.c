/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <langinfo.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/usec.h"
#include "ctl/explain-private.h"
#include "ctl/incident-trace.h"
#include "ctl/journal-reader.h"
#include "ctl/pager.h"
#include "ctl/story-print.h"
#include "ctl/verbs.h"

/* Whether the terminal, or whoever reads, is shown more than ASCII; for after setlocale(3). */
static bool shows_utf8(void) {
        return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static int no_such(const char *incident, int r) {
        if (r == JOURNAL_E_AMBIGUOUS)
                fprintf(stderr, "memstallctl: more than one incident begins with %s; memstallctl incidents lists them\n",
                        incident);
        else if (r == JOURNAL_E_NOTHING && strcmp(incident, "last") == 0)
                fprintf(stderr, "memstallctl: the journal tells of no incident\n");
        else if (r == JOURNAL_E_NOTHING)
                fprintf(stderr, "memstallctl: the journal tells of no incident %s; memstallctl incidents lists those that "
                                "it knows. If a unit is meant, write %s.service\n", incident, incident);
        return CTL_FAILED;
}

/* Why records are missing, as far as the journal's beginning explains it. */
static const char *find_gap(const JournalQuery *q, const Story *s) {
        uint64_t oldest_usec;

        if (!s->has_gaps || q->file)
                return NULL;
        oldest_usec = journal_oldest_usec();
        if (oldest_usec != USEC_INFINITY && s->first_usec - oldest_usec < USEC_PER_MINUTE)
                return "what is older than the journal's beginning was rotated away";
        return NULL;
}

static int show(const ExplainOptions *options, const JournalQuery *q, const JournalRecords *records) {
        _cleanup_(chart_done) Chart chart = { 0 };
        char path[PATH_MAX];
        Story story;
        StoryLook look = { 0 };
        Json j = { .f = stdout };
        int r;

        story_tell(records, q->incident, &story);
        (void) snprintf(path, sizeof(path), "%s" INCIDENT_TRACES "/%s.trace", options->root, q->incident);
        if (story.watch && incident_trace_read(path, story.watch, &chart) >= 0 && chart_span_usec(&chart) > 0)
                look.chart = &chart;
        look.gap = find_gap(q, &story);
        if (options->json)
                return story_print_json(&j, NULL, &story, &look) < 0 ? CTL_FAILED : CTL_DONE;

        if (!options->no_pager)
                pager_open();
        look.colors = pager_colors();
        look.utf8 = shows_utf8();
        r = story_print(stdout, &story, &look);
        pager_close();
        if (r < 0)
                fprintf(stderr, "memstallctl: %s\n", strerror(-r));
        return r < 0 ? CTL_FAILED : CTL_DONE;
}

int explain_incident(const ExplainOptions *options, const char *incident) {
        _cleanup_(records_done) JournalRecords records = { 0 };
        JournalQuery q = { .file = options->file, .culprits = true };
        char id[33];
        int r;

        if (q.file && journal_read(&q, &records) < 0) /* once: it may be standard input */
                return CTL_FAILED;
        r = journal_find(q.file ? &records : NULL, incident, id);
        if (r != 0)
                return no_such(incident, r);
        q.incident = id;
        if (!q.file && journal_read(&q, &records) < 0)
                return CTL_FAILED;
        if (records.n_items == 0)
                return no_such(incident, JOURNAL_E_NOTHING);
        return show(options, &q, &records);
}
