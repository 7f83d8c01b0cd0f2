/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The records about what others kill: sentences and fields. */

#include <inttypes.h>
#include <syslog.h>

#include "act/journal-private.h"
#include "act/journal-text.h"
#include "act/message-ids.h"

/* ---- For people -------------------------------------------------------------------------------- */

/* "perl[123]"; false if nobody knows who it was. */
static bool add_process(Text *t, const Sighting *s, const char *before) {
        if (s->pid == 0 && !s->comm[0])
                return false;
        text_add(t, "%s%s", before, s->comm[0] ? s->comm : "process");
        if (s->pid != 0)
                text_add(t, "[%" PRIu64 "]", s->pid);
        return true;
}

/* Where it ran, if that is known: what lies in no unit is the host's. */
static void add_unit(Text *t, const Sighting *s) {
        if (s->victim.kind != CGROUP_HOST && s->victim.unit[0])
                text_add(t, " of %s", s->victim.unit);
}

static void add_processes(Text *t, const Sighting *s) {
        text_add(t, "The kernel's OOM killer killed ");
        if (s->count == 1 && !s->again) {
                if (!add_process(t, s, ""))
                        text_add(t, "a process");
                add_unit(t, s);
                return;
        }
        text_add(t, "%" PRIu64 "%s %s", s->count, s->again ? " more" : "", s->count == 1 ? "process" : "processes");
        add_unit(t, s);
        (void) add_process(t, s, s->count == 1 ? ", " : ", the last one ");
}

static void add_whole_unit(Text *t, const Sighting *s) {
        text_add(t, "systemd-oomd %s %s", s->pending ? "is about to kill" : "killed", name_of(&s->victim));
        if (s->count > 1 || s->again)
                text_add(t, " %" PRIu64 "%s %s", s->count, s->again ? " more" : "", s->count == 1 ? "time" : "times");
        if (s->reason[0])
                text_add(t, " (%s)", s->reason);
}

/* "The kernel's OOM killer killed perl[123] of hog.service: cause unit-limit; batch.slice uses 100M of 1G, 924M left;
 * watched by policy 50-batch" */
static void add_seen(Text *t, const Sighting *s) {
        if (s->killer == KILLER_KERNEL)
                add_processes(t, s);
        else
                add_whole_unit(t, s);

        text_add(t, ": cause %s", cause_to_string(s->cause));
        if (s->n_blames > 0) {
                text_add(t, ", because of ");
                text_blame(t, s->blames, s->n_blames);
        }
        if (s->looked)
                text_add(t, "; %s uses %s of %s, %s left", name_of(&s->watch), FORMAT_SIZE(s->sample.usage_bytes),
                         FORMAT_LIMIT(s->sample.limit_bytes), FORMAT_SIZE(s->sample.room_bytes));
        if (s->policy)
                text_add(t, "; watched by policy %s", s->policy->name);
        else
                text_add(t, "; no policy watches it");
        if (s->missed > 0)
                text_add(t, "; %" PRIu64 " more killed elsewhere", s->missed);
}

/* ---- For programs ------------------------------------------------------------------------------ */

/* What both kinds of records have. */
static void add_sighting(Record *r, const Sighting *s) {
        record_add_incident(r, s->incident);
        record_add(r, "MEMSTALLD_KILLER", killer_to_string(s->killer));
        record_add(r, "MEMSTALLD_PENDING", s->pending ? "yes" : "no");
        record_add(r, "MEMSTALLD_POLICY", s->policy ? s->policy->name : NULL);
        record_add(r, "MEMSTALLD_WATCH", s->watch.path);
        record_add(r, "MEMSTALLD_WATCH_UNIT", s->watch.unit);
        record_add(r, "MEMSTALLD_VICTIM", s->victim.unit);
        record_add(r, "MEMSTALLD_VICTIM_CGROUP", s->victim.path);
        record_add_object(r, &s->victim);
}

static void add_sample(Record *r, const Sighting *s) {
        record_add_bytes(r, "MEMSTALLD_USAGE", s->sample.usage_bytes);
        record_add_bytes(r, "MEMSTALLD_LIMIT", s->sample.limit_bytes);
        record_add_bytes(r, "MEMSTALLD_AVAILABLE", s->sample.room_bytes);
        record_add_bytes(r, "MEMSTALLD_HOST_AVAILABLE", s->sample.host_available_bytes);
}

void journal_seen(Journal *j, const Sighting *s) {
        Record *r = &j->record;
        Text text = { 0 };

        add_seen(&text, s);
        record_start(r, "killed-by-other", MESSAGE_ID_KILLED, s->pending ? LOG_NOTICE : LOG_WARNING, text.data);
        add_sighting(r, s);
        record_add_uint(r, "MEMSTALLD_COUNT", s->count);
        if (s->missed > 0)
                record_add_uint(r, "MEMSTALLD_MISSED", s->missed);
        if (s->pid != 0)
                record_add_uint(r, "MEMSTALLD_PID", s->pid);
        record_add(r, "MEMSTALLD_COMM", s->comm[0] ? s->comm : NULL);
        record_add(r, "MEMSTALLD_REASON", s->reason[0] ? s->reason : NULL);
        record_add(r, "MEMSTALLD_CAUSE", cause_to_string(s->cause));
        record_add_blames(r, s->blames, s->n_blames, s->blame_unknown);
        if (s->looked)
                add_sample(r, s);
        journal_socket_send(j->socket, r);
}

static void start_culprit(Record *r, const Sighting *s, const Text *text) {
        record_start(r, "culprit", MESSAGE_ID_CULPRIT, LOG_NOTICE, text->data);
        add_sighting(r, s);
}

void journal_seen_culprit(Journal *j, const Sighting *s, const Culprit *c, const char *comm, const char *stack) {
        Text text = { 0 };

        text_culprit(&text, c, comm);
        start_culprit(&j->record, s, &text);
        record_add_culprit(&j->record, c, s->blames, s->n_blames, &s->victim, comm, stack);
        journal_socket_send(j->socket, &j->record);
}

void journal_seen_blamed(Journal *j, const Sighting *s, const Blame *b) {
        Text text = { 0 };

        text_blamed(&text, b);
        start_culprit(&j->record, s, &text);
        record_add_blamed(&j->record, b, &s->victim);
        journal_socket_send(j->socket, &j->record);
}
