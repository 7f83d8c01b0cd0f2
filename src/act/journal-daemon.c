/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The records about memstalld itself: what it loaded, what it cannot see, what is wrong in a file. */

#include <string.h>
#include <syslog.h>

#include "act/journal-private.h"
#include "act/message-ids.h"
#include "act/text.h"

void journal_blind(Journal *j, const char *watch, const char *unit, const char *reason) {
        char known[UNIT_NAME_MAX];
        Record *r = &j->record;
        Text text = { 0 };
        bool delegated = watch && unit && record_system_unit(watch, known, sizeof(known)) && strcmp(known, unit) != 0;

        if (watch || unit)
                text_add(&text, "%s: not watched: %s", unit && !delegated ? unit : watch, reason);
        else
                text_add(&text, "%s", reason);
        record_start(r, "blind", MESSAGE_ID_BLIND, LOG_WARNING, text.data);
        record_add(r, "MEMSTALLD_WATCH", watch);
        record_add(r, "MEMSTALLD_WATCH_UNIT", unit);
        record_add(r, "OBJECT_SYSTEMD_UNIT", delegated ? known : unit);
        record_add(r, "MEMSTALLD_REASON", reason);
        journal_socket_send(j->socket, r);
}

void journal_config(Journal *j, const char *file, unsigned line, const char *text) {
        Record *r = &j->record;
        Text message = { 0 };

        if (line > 0)
                text_add(&message, "%s:%u: %s", file, line, text);
        else
                text_add(&message, "%s: %s", file, text);
        record_start(r, "config", MESSAGE_ID_CONFIG, LOG_ERR, message.data);
        record_add(r, "MEMSTALLD_CONFIG_FILE", file);
        if (line > 0)
                record_add_uint(r, "MEMSTALLD_CONFIG_LINE", line);
        record_add(r, "MEMSTALLD_REASON", text);
        journal_socket_send(j->socket, r);
}

static void add_facts(Record *r, const JournalFacts *f) {
        record_add(r, "MEMSTALLD_VERSION", f->version);
        record_add_uint(r, "MEMSTALLD_POLICIES", f->n_policies);
        record_add_uint(r, "MEMSTALLD_ERRORS", f->n_errors);
        record_add(r, "MEMSTALLD_FILES", f->files);
        record_add(r, "MEMSTALLD_LEFT_OUT", f->left_out);
        record_add(r, "MEMSTALLD_CULPRITS", f->culprits);
        record_add(r, "MEMSTALLD_KERNEL", f->kernel);
        record_add(r, "MEMSTALLD_SYSTEMD", f->systemd);
        record_add(r, "MEMSTALLD_MISSING", f->missing);
        record_add(r, "MEMSTALLD_RIVALS", f->rivals);
        record_add(r, "MEMSTALLD_REASON", f->reason);
}

/* "2 policies, 1 error" and what else is worth a word. */
static void add_state(Text *t, const JournalFacts *f) {
        text_add(t, "%zu %s", f->n_policies, f->n_policies == 1 ? "policy" : "policies");
        if (f->n_errors > 0)
                text_add(t, ", %zu %s", f->n_errors, f->n_errors == 1 ? "error" : "errors");
        if (f->culprits)
                text_add(t, "; culprits: %s", f->culprits);
        if (f->kernel)
                text_add(t, "; kernel %s", f->kernel);
        if (f->systemd && *f->systemd)
                text_add(t, "; systemd %s", f->systemd);
}

static void send_facts(Journal *j, const char *kind, const char *message_id, const Text *text, const JournalFacts *f) {
        record_start(&j->record, kind, message_id, f->n_errors > 0 ? LOG_WARNING : LOG_INFO, text->data);
        add_facts(&j->record, f);
        journal_socket_send(j->socket, &j->record);
}

void journal_start(Journal *j, const JournalFacts *f) {
        Text text = { 0 };

        text_add(&text, "memstalld %s started: ", f->version ? f->version : "");
        add_state(&text, f);
        send_facts(j, "start", MESSAGE_ID_START, &text, f);
}

void journal_reload(Journal *j, const JournalFacts *f) {
        Text text = { 0 };

        text_add(&text, "%s", f->reason ? "not reloaded, what was there stays: " : "reloaded: ");
        if (f->reason)
                text_add(&text, "%s; ", f->reason);
        add_state(&text, f);
        send_facts(j, "reload", MESSAGE_ID_RELOAD, &text, f);
}

void journal_stop(Journal *j, const JournalFacts *f) {
        Text text = { 0 };

        text_add(&text, "memstalld stopped%s%s", f->reason ? ": " : "", f->reason ? f->reason : "");
        send_facts(j, "stop", MESSAGE_ID_STOP, &text, f);
}

void journal_notice(Journal *j, int priority, const char *text) {
        Text message = { 0 };

        text_add(&message, "%s", text);
        record_start(&j->record, "notice", MESSAGE_ID_NOTICE, priority, message.data);
        journal_socket_send(j->socket, &j->record);
}
