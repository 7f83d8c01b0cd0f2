/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which fields each kind of record has. The names are a contract, see man:memstalld-records(7); the
 * sentences are in act/journal-text.c. */

#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "act/journal-private.h"
#include "act/journal-text.h"
#include "act/message-ids.h"

/* ---- What all records have ------------------------------------------------------------------- */

void record_start(Record *r, const char *kind, const char *message_id, int priority, const char *message) {
        record_begin(r);
        record_add(r, "MESSAGE", message);
        record_add(r, "MESSAGE_ID", message_id);
        record_add_uint(r, "PRIORITY", (uint64_t) priority);
        record_add(r, "SYSLOG_IDENTIFIER", "memstalld");
        record_add(r, "MEMSTALLD_RECORD", kind);
}

void record_add_incident(Record *r, Id128 incident) {
        record_add_format(r, "MEMSTALLD_INCIDENT", ID128_FORMAT, ID128_VALUES(incident));
}

static void add_origin(Record *r, const Policy *policy, const Step *step, const CgroupName *watch) {
        record_add(r, "MEMSTALLD_POLICY", policy->name);
        record_add(r, "MEMSTALLD_STEP", step->name);
        record_add(r, "MEMSTALLD_WATCH", watch->path);
        record_add(r, "MEMSTALLD_WATCH_UNIT", watch->unit);
}

/* The victim, and OBJECT_SYSTEMD_UNIT= for it: `journalctl -u` finds the record by the victim; by the watch if there is
 * none. */
static void add_victim(Record *r, const CgroupName *victim, const CgroupName *watch) {
        if (victim->id != 0) {
                record_add(r, "MEMSTALLD_VICTIM", victim->unit);
                record_add(r, "MEMSTALLD_VICTIM_CGROUP", victim->path);
        }
        record_add_object(r, victim->id != 0 ? victim : watch);
}

static void add_decision(Record *r, const Decision *d, ActionKind action) {
        record_add_incident(r, d->incident);
        add_origin(r, d->policy, d->step, &d->watch);
        add_victim(r, &d->victim, &d->watch);
        record_add(r, "MEMSTALLD_ACTION", action_to_string(action));
        record_add(r, "MEMSTALLD_START", d->start[0] ? d->start : NULL);
        record_add_uint(r, "MEMSTALLD_COUNT", d->count);
        record_add(r, "MEMSTALLD_DRY_RUN", d->dry_run ? "yes" : "no");
}

static void add_outcome(Record *r, const Outcome *o) {
        record_add(r, "MEMSTALLD_OUTCOME", outcome_to_string(o->kind));
        if (o->via != VIA_NONE)
                record_add(r, "MEMSTALLD_VIA", via_to_string(o->via));
        if (o->error < 0) {
                record_add(r, "MEMSTALLD_ERROR", o->error_text[0] ? o->error_text : strerrorname_np(-o->error));
                record_add_uint(r, "ERRNO", (uint64_t) -o->error);
        } else if (o->error_text[0])
                record_add(r, "MEMSTALLD_DETAIL", o->error_text);
}

void journal_set_counters(Journal *j, const JournalCounters *counters) {
        j->counters = counters && counters->lines && *counters->lines ? counters : NULL;
}

void journal_set_faults(Journal *j, uint64_t n_major_faults) {
        j->has_faults = true;
        j->n_faults = n_major_faults;
}

static void add_counters(Journal *j) {
        if (!j->counters)
                return;
        record_add(&j->record, "MEMSTALLD_VMSTAT", j->counters->lines);
        record_add_uint(&j->record, "MEMSTALLD_VMSTAT_USEC", j->counters->span_usec);
}

/* "; in 2.3s: allocstall_movable +1520" */
static void tell_counters(const Journal *j, Text *t) {
        if (j->counters)
                text_add(t, "; in %s: %s", FORMAT_TOOK(j->counters->span_usec), j->counters->brief);
}

/* ---- A decision and who brought it about ----------------------------------------------------- */

static void add_rank(Record *r, const Decision *d) {
        Text order = { 0 };

        for (size_t i = 0; i < d->policy->victim.n_rank; i++)
                text_add(&order, "%s%s", i > 0 ? " " : "", rank_to_string(d->policy->victim.rank[i]));
        record_add(r, "MEMSTALLD_RANK", rank_to_string(d->rank));
        record_add(r, "MEMSTALLD_RANK_ORDER", order.data);
}

static bool sets_properties(ActionKind action) {
        return action == ACTION_THROTTLE || action == ACTION_PROTECT;
}

void record_add_blames(Record *r, const Blame *blames, size_t n, uint32_t unknown) {
        char text[TEXT_BLAMES_MAX];

        text_blames(text, sizeof(text), blames, n, unknown);
        record_add(r, "MEMSTALLD_BLAME", text[0] ? text : NULL);
}

static void add_numbers(Record *r, const Decision *d) {
        record_add(r, "MEMSTALLD_CAUSE", cause_to_string(d->cause));
        record_add_uint(r, "MEMSTALLD_CANDIDATES", d->n_candidates);
        record_add_uint(r, "MEMSTALLD_PRESSURE_SOME", d->pressure[PRESSURE_SOME]);
        record_add_uint(r, "MEMSTALLD_PRESSURE_FULL", d->pressure[PRESSURE_FULL]);
        record_add_bytes(r, "MEMSTALLD_USAGE", d->sample.usage_bytes);
        record_add_bytes(r, "MEMSTALLD_LIMIT", d->sample.limit_bytes);
        record_add_bytes(r, "MEMSTALLD_AVAILABLE", d->sample.room_bytes);
        record_add_bytes(r, "MEMSTALLD_HOST_AVAILABLE", d->sample.host_available_bytes);
        if (d->victim.id != 0)
                record_add_bytes(r, "MEMSTALLD_VICTIM_USAGE", d->victim_usage_bytes);
        if (sets_properties(d->action))
                record_add_properties(r, &d->properties);
        if (d->action == ACTION_RECLAIM)
                record_add_bytes(r, "MEMSTALLD_RECLAIM", d->reclaim_bytes);
        if (d->action == ACTION_KILL) {
                record_add_uint(r, "MEMSTALLD_SIGNAL", (uint64_t) d->signal);
                record_add(r, "MEMSTALLD_GRAIN", grain_to_string(d->grain));
        }
}

/* Some of what runs ends. */
static bool ends_processes(ActionKind action) {
        return action == ACTION_KILL || action == ACTION_STOP || action == ACTION_RESTART;
}

void journal_decision(Journal *j, const Decision *d) {
        Record *r = &j->record;
        Text text = { 0 }, conditions = { 0 };

        text_decision(&text, d);
        tell_counters(j, &text);
        record_start(r, "decision", MESSAGE_ID_DECISION, ends_processes(d->action) ? LOG_WARNING : LOG_NOTICE, text.data);
        add_decision(r, d, d->action);
        add_rank(r, d);
        text_conditions(&conditions, d);
        record_add(r, "MEMSTALLD_CONDITIONS", conditions.data);
        add_numbers(r, d);
        record_add_blames(r, d->blames, d->n_blames, d->blame_unknown);
        add_counters(j);
        journal_socket_send(j->socket, r);
}

/* How much of all stall time is laid to the unit. */
static uint32_t blame_share(const Blame *blames, size_t n, const CgroupName *unit) {
        for (size_t i = 0; i < n; i++)
                if (blames[i].unit.id == unit->id)
                        return blames[i].share;
        return 0;
}

/* A second value: the story of the culprit's own unit has it too. */
static void add_other_object(Record *r, const CgroupName *unit, const CgroupName *victim) {
        if (unit->id != 0 && unit->id != victim->id)
                record_add_object(r, unit);
}

void record_add_culprit(Record *r, const Culprit *c, const Blame *blames, size_t n_blames, const CgroupName *victim,
                        const char *comm, const char *stack) {
        add_other_object(r, &c->unit, victim);
        record_add(r, "MEMSTALLD_CULPRIT_UNIT", c->unit.unit);
        record_add(r, "MEMSTALLD_CULPRIT_CGROUP", c->unit.path);
        record_add_uint(r, "MEMSTALLD_CULPRIT_PID", c->values.pid);
        record_add(r, "MEMSTALLD_CULPRIT_COMM", comm && *comm ? comm : NULL);
        record_add(r, "MEMSTALLD_CULPRIT_CLASS", stall_to_string(c->values.class));
        record_add(r, "MEMSTALLD_CULPRIT_ROLE", role_to_string(c->role));
        record_add_uint(r, "MEMSTALLD_CULPRIT_STALL_USEC", c->values.stall_usec);
        record_add_uint(r, "MEMSTALLD_CULPRIT_COUNT", c->values.count);
        record_add_uint(r, "MEMSTALLD_CULPRIT_SHARE", c->share);
        record_add_uint(r, "MEMSTALLD_CULPRIT_BLAME_SHARE", blame_share(blames, n_blames, &c->unit));
        if (c->limit.id != 0)
                record_add(r, "MEMSTALLD_CULPRIT_LIMIT_CGROUP", c->limit.path);
        record_add(r, "MEMSTALLD_CULPRIT_STACK", stack && *stack ? stack : NULL);
}

void record_add_blamed(Record *r, const Blame *b, const CgroupName *victim) {
        add_other_object(r, &b->unit, victim);
        record_add(r, "MEMSTALLD_CULPRIT_UNIT", b->unit.unit);
        record_add(r, "MEMSTALLD_CULPRIT_CGROUP", b->unit.path);
        record_add(r, "MEMSTALLD_CULPRIT_ROLE", role_to_string(ROLE_CAUSE));
        record_add_uint(r, "MEMSTALLD_CULPRIT_STALL_USEC", 0);
        record_add_uint(r, "MEMSTALLD_CULPRIT_COUNT", 0);
        record_add_uint(r, "MEMSTALLD_CULPRIT_SHARE", 0);
        record_add_uint(r, "MEMSTALLD_CULPRIT_BLAME_SHARE", b->share);
}

static void start_culprit(Record *r, const Decision *d, const Text *text) {
        record_start(r, "culprit", MESSAGE_ID_CULPRIT, LOG_NOTICE, text->data);
        add_decision(r, d, d->action);
}

void journal_culprit(Journal *j, const Decision *d, const Culprit *c, const char *comm, const char *stack) {
        Text text = { 0 };

        text_culprit(&text, c, comm);
        start_culprit(&j->record, d, &text);
        record_add_culprit(&j->record, c, d->blames, d->n_blames, &d->victim, comm, stack);
        add_counters(j);
        journal_socket_send(j->socket, &j->record);
}

void journal_blamed(Journal *j, const Decision *d, const Blame *b) {
        Text text = { 0 };

        text_blamed(&text, b);
        start_culprit(&j->record, d, &text);
        record_add_blamed(&j->record, b, &d->victim);
        add_counters(j);
        journal_socket_send(j->socket, &j->record);
}

/* ---- What came of it ------------------------------------------------------------------------- */

void journal_outcome(Journal *j, const Report *report) {
        static const struct {
                const char *message_id;
                int priority;
        } kinds[_OUTCOME_KIND_MAX] = {
                [OUTCOME_DONE] = { MESSAGE_ID_OUTCOME, LOG_NOTICE },
                [OUTCOME_FAILED] = { MESSAGE_ID_FAILED, LOG_ERR },
                [OUTCOME_TIMEOUT] = { MESSAGE_ID_FAILED, LOG_ERR },
                [OUTCOME_DRY_RUN] = { MESSAGE_ID_OUTCOME, LOG_INFO },
                [OUTCOME_REFUSED] = { MESSAGE_ID_FAILED, LOG_WARNING },
                [OUTCOME_SETTLED] = { MESSAGE_ID_SETTLED, LOG_INFO },
                [OUTCOME_NO_EFFECT] = { MESSAGE_ID_SETTLED, LOG_WARNING },
        };
        const Outcome *o = &report->outcome;
        Record *r = &j->record;
        Text text = { 0 };

        text_outcome(&text, report);
        tell_counters(j, &text);
        record_start(r, "outcome", kinds[o->kind].message_id, kinds[o->kind].priority, text.data);
        add_decision(r, report->decision, report->started ? ACTION_START : report->decision->action);
        /* A second value: the story of the unit that was started has it too. */
        if (report->started || report->decision->action == ACTION_START)
                record_add(r, "OBJECT_SYSTEMD_UNIT", report->decision->start);
        add_outcome(r, o);
        record_add_uint(r, "MEMSTALLD_LATENCY_USEC", report->latency_usec);
        if (j->has_faults)
                record_add_uint(r, "MEMSTALLD_MAJOR_FAULTS", j->n_faults);
        j->has_faults = false;
        record_add_uint(r, "MEMSTALLD_PRESSURE_BEFORE", report->pressure_before);
        if (o->kind == OUTCOME_SETTLED || o->kind == OUTCOME_NO_EFFECT) {
                record_add_uint(r, "MEMSTALLD_PRESSURE_AFTER", report->pressure_after);
                record_add_uint(r, "MEMSTALLD_FREED", report->freed_bytes);
        }
        add_counters(j);
        journal_socket_send(j->socket, r);
}

static void begin_release(Record *r, const Undo *u, const char *message_id, int priority, const Text *text) {
        record_start(r, "release", message_id, priority, text->data);
        record_add_incident(r, u->incident);
        add_origin(r, u->policy, u->step, &u->watch);
        add_victim(r, &u->victim, &u->watch);
        record_add(r, "MEMSTALLD_ACTION", action_to_string(u->action));
        record_add(r, "MEMSTALLD_REASON", release_to_string(u->reason));
        record_add_uint(r, "MEMSTALLD_HELD_USEC", u->held_usec);
        if (sets_properties(u->action))
                record_add_properties(r, &u->previous);
}

void journal_release(Journal *j, const Undo *u) {
        Text text = { 0 };

        text_release(&text, u);
        begin_release(&j->record, u, MESSAGE_ID_RELEASE, LOG_NOTICE, &text);
        journal_socket_send(j->socket, &j->record);
}

void journal_release_failed(Journal *j, const Undo *u, const Outcome *o) {
        Text text = { 0 };

        text_release_failed(&text, u, o);
        begin_release(&j->record, u, MESSAGE_ID_FAILED, LOG_ERR, &text);
        add_outcome(&j->record, o);
        journal_socket_send(j->socket, &j->record);
}

void journal_refused(Journal *j, const Refusal *refusal) {
        Record *r = &j->record;
        Text text = { 0 };

        text_refused(&text, refusal);
        record_start(r, "refused", MESSAGE_ID_REFUSED, LOG_WARNING, text.data);
        record_add_incident(r, refusal->incident);
        add_origin(r, refusal->policy, refusal->step, &refusal->watch);
        add_victim(r, &refusal->victim, &refusal->watch);
        record_add(r, "MEMSTALLD_ACTION", action_to_string(refusal->step->action));
        record_add(r, "MEMSTALLD_REASON", refusal_to_string(refusal->reason));
        journal_socket_send(j->socket, r);
}

void journal_expired(Journal *j, const Policy *policy) {
        Record *r = &j->record;
        Text text = { 0 };

        text_expired(&text, policy);
        record_start(r, "expired", MESSAGE_ID_EXPIRED, LOG_NOTICE, text.data);
        record_add(r, "MEMSTALLD_POLICY", policy->name);
        record_add(r, "MEMSTALLD_CONFIG_FILE", policy->file);
        record_add_uint(r, "MEMSTALLD_EXPIRES_USEC", policy->expires_usec);
        journal_socket_send(j->socket, r);
}

/* ---- Its life -------------------------------------------------------------------------------- */

static void on_loss(void *userdata, uint64_t n, Record *r) {
        Text text = { 0 };

        text_add(&text, "%llu records were lost here: the journal did not take them in time", (unsigned long long) n);
        record_start(r, "lost", MESSAGE_ID_LOST, LOG_WARNING, text.data);
        record_add_uint(r, "MEMSTALLD_COUNT", n);
}

int journal_new(Journal **ret, sd_event *event, const char *path) {
        _cleanup_(journal_freep) Journal *j = NULL;
        int r;

        j = calloc(1, sizeof(*j));
        if (!j)
                return -ENOMEM;
        r = journal_socket_new(&j->socket, event, path ? path : JOURNAL_SOCKET_PATH, on_loss, j);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(j);
        return 0;
}

Journal *journal_free(Journal *j) {
        if (!j)
                return NULL;
        j->socket = journal_socket_free(j->socket);
        free(j);
        return NULL;
}

uint64_t journal_lost(const Journal *j) {
        return journal_socket_n_lost(j->socket);
}
