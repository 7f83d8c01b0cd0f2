/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/format.h"
#include "base/usec.h"
#include "core/trace-private.h"

/* ---- Words ----------------------------------------------------------------------------------- */

const char *trace_event_word(int kind) {
        static const char *const words[_EVENT_KIND_MAX] = {
                [EVENT_CGROUP_NEW] = "new", [EVENT_CGROUP_GONE] = "gone", [EVENT_SAMPLE] = "sample",
                [EVENT_SURVEY] = "survey",  [EVENT_OUTCOME] = "outcome",  [EVENT_TIMER] = "timer",
                [EVENT_RELEASE] = "release", [EVENT_HELD] = "held",
                [EVENT_CLOCK] = "clock",    [EVENT_MANAGED] = "managed",
                [EVENT_WARNING] = "warning", [EVENT_KILLED] = "killed",
        };

        return words[kind];
}

const char *trace_sample_cause_word(int cause) {
        static const char *const words[_SAMPLE_CAUSE_MAX] = {
                [SAMPLE_REQUESTED] = "requested",
                [SAMPLE_TRIGGER] = "trigger",
                [SAMPLE_EVENTS] = "events",
                [SAMPLE_ARMED] = "armed",
        };

        return words[cause];
}

const char *trace_resource_word(int resource) {
        static const char *const words[_RESOURCE_MAX] = {
                [RESOURCE_MEMORY] = "memory",
                [RESOURCE_HOST_MEMORY] = "host",
                [RESOURCE_IO] = "io",
                [RESOURCE_CPU] = "cpu",
        };

        return words[resource];
}

const char *trace_preference_word(int preference) {
        static const char *const words[_PREFERENCE_MAX] = {
                [PREFERENCE_NONE] = "none",
                [PREFERENCE_AVOID] = "avoid",
                [PREFERENCE_OMIT] = "omit",
        };

        return words[preference];
}

static const char *cgroup_word(int kind) {
        static const char *const words[_CGROUP_KIND_MAX] = {
                [CGROUP_HOST] = "host",
                [CGROUP_SLICE] = "slice",
                [CGROUP_UNIT] = "unit",
                [CGROUP_GROUP] = "group",
        };

        return words[kind];
}

static const char *outcome_word(int kind) {
        return outcome_to_string((OutcomeKind) kind);
}

static const char *via_word(int via) {
        return via_to_string((OutcomeVia) via);
}

static const char *action_word(int kind) {
        return action_to_string((ActionKind) kind);
}

static const char *killer_word(int killer) {
        return killer_to_string((Killer) killer);
}

static const char *release_word(int reason) {
        return release_to_string((ReleaseReason) reason);
}

static const char *warning_word(int kind) {
        return warning_to_string((WarningKind) kind);
}

const char *trace_stall_word(int class) {
        return stall_to_string((StallClass) class);
}

const char *trace_reclaim_word(int kind) {
        return reclaim_to_string((ReclaimKind) kind);
}

int trace_word_find(const char *(*word)(int value), int n_words, const char *s) {
        for (int i = 0; i < n_words; i++)
                if (strcmp(word(i), s) == 0)
                        return i;
        return -EINVAL;
}

/* ---- Keys ------------------------------------------------------------------------------------ */

#define ON(kind) (1U << EVENT_##kind)
#define LOOKS (ON(SAMPLE) | ON(SURVEY))

#define SAMPLE_FIELD(name, field_type, member) \
        { .key = name, .events = LOOKS, .type = field_type, .offset = offsetof(Sample, member), .in_sample = true }

/* In the order in which they are written. */
const TraceField trace_fields[] = {
        { .key = "cgroup", .events = ON(CGROUP_NEW) | ON(CGROUP_GONE) | LOOKS | ON(RELEASE) | ON(KILLED),
          .type = TRACE_NUMBER,
          .offset = offsetof(Event, cgroup_id) },

        { .key = "kind", .events = ON(CGROUP_NEW), .type = TRACE_WORD, .offset = offsetof(Event, cgroup.kind),
          .word = cgroup_word, .n_words = _CGROUP_KIND_MAX },
        { .key = "path", .events = ON(CGROUP_NEW), .type = TRACE_TEXT, .offset = offsetof(Event, cgroup.path) },
        { .key = "unit", .events = ON(CGROUP_NEW), .type = TRACE_TEXT, .offset = offsetof(Event, cgroup.unit) },
        { .key = "born", .events = ON(CGROUP_NEW), .type = TRACE_TIME, .offset = offsetof(Event, cgroup.born_usec) },
        { .key = "delegated", .events = ON(CGROUP_NEW), .type = TRACE_FLAG,
          .offset = offsetof(Event, cgroup.delegated) },
        { .key = "container", .events = ON(CGROUP_NEW), .type = TRACE_FLAG,
          .offset = offsetof(Event, cgroup.container) },

        { .key = "cause", .events = ON(SAMPLE), .type = TRACE_CAUSE, .offset = offsetof(Event, sample.cause) },
        SAMPLE_FIELD("some", TRACE_TIME, pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME]),
        SAMPLE_FIELD("full", TRACE_TIME, pressure_usec[RESOURCE_MEMORY][PRESSURE_FULL]),
        SAMPLE_FIELD("host-some", TRACE_TIME, pressure_usec[RESOURCE_HOST_MEMORY][PRESSURE_SOME]),
        SAMPLE_FIELD("host-full", TRACE_TIME, pressure_usec[RESOURCE_HOST_MEMORY][PRESSURE_FULL]),
        SAMPLE_FIELD("io-some", TRACE_TIME, pressure_usec[RESOURCE_IO][PRESSURE_SOME]),
        SAMPLE_FIELD("io-full", TRACE_TIME, pressure_usec[RESOURCE_IO][PRESSURE_FULL]),
        SAMPLE_FIELD("cpu-some", TRACE_TIME, pressure_usec[RESOURCE_CPU][PRESSURE_SOME]),
        SAMPLE_FIELD("cpu-full", TRACE_TIME, pressure_usec[RESOURCE_CPU][PRESSURE_FULL]),
        SAMPLE_FIELD("usage", TRACE_BYTES, usage_bytes),
        SAMPLE_FIELD("limit", TRACE_BYTES, limit_bytes),
        SAMPLE_FIELD("room-cgroup", TRACE_NUMBER, room_cgroup_id),
        SAMPLE_FIELD("room", TRACE_BYTES, room_bytes),
        SAMPLE_FIELD("available", TRACE_BYTES, host_available_bytes),
        SAMPLE_FIELD("total", TRACE_BYTES, host_total_bytes),
        SAMPLE_FIELD("free", TRACE_BYTES, host_free_bytes),
        SAMPLE_FIELD("high", TRACE_NUMBER, events_high),
        SAMPLE_FIELD("max", TRACE_NUMBER, events_max),
        SAMPLE_FIELD("oom", TRACE_NUMBER, events_oom),
        SAMPLE_FIELD("oom-kill", TRACE_NUMBER, events_oom_kill),
        SAMPLE_FIELD("swap-free", TRACE_BYTES, swap_free_bytes),
        SAMPLE_FIELD("swap-total", TRACE_BYTES, swap_total_bytes),
        SAMPLE_FIELD("refaults", TRACE_NUMBER, refaults),
        SAMPLE_FIELD("scanned", TRACE_NUMBER, scanned),
        SAMPLE_FIELD("reclaimed", TRACE_NUMBER, reclaimed),
        SAMPLE_FIELD("dying", TRACE_NUMBER, dying),
        SAMPLE_FIELD("waits", TRACE_TIME, wait_usec),
        { .key = "candidate", .events = ON(SURVEY), .type = TRACE_CANDIDATE },
        { .key = "stall", .events = ON(SURVEY), .type = TRACE_STALL },
        { .key = "reclaim", .events = ON(SURVEY), .type = TRACE_RECLAIM },

        { .key = "id", .events = ON(OUTCOME), .type = TRACE_NUMBER, .offset = offsetof(Event, outcome.id) },
        { .key = "result", .events = ON(OUTCOME), .type = TRACE_WORD, .offset = offsetof(Event, outcome.kind),
          .word = outcome_word, .n_words = _OUTCOME_KIND_MAX },
        { .key = "via", .events = ON(OUTCOME), .type = TRACE_WORD, .offset = offsetof(Event, outcome.via),
          .word = via_word, .n_words = _VIA_MAX },
        { .key = "error", .events = ON(OUTCOME), .type = TRACE_ERROR, .offset = offsetof(Event, outcome.error) },
        { .key = "text", .events = ON(OUTCOME), .type = TRACE_TEXT, .offset = offsetof(Event, outcome.error_text),
          .size = OUTCOME_ERROR_MAX },
        { .key = "previous", .events = ON(OUTCOME), .type = TRACE_PROPERTIES,
          .offset = offsetof(Event, outcome.previous) },
        { .key = "gone", .events = ON(OUTCOME), .type = TRACE_FLAG, .offset = offsetof(Event, outcome.gone) },

        { .key = "reason", .events = ON(RELEASE), .type = TRACE_WORD, .offset = offsetof(Event, release),
          .word = release_word, .n_words = _RELEASE_REASON_MAX },

        { .key = "unit", .events = ON(HELD), .type = TRACE_TEXT, .offset = offsetof(Event, held.unit) },
        { .key = "action", .events = ON(HELD), .type = TRACE_WORD, .offset = offsetof(Event, held.action),
          .word = action_word, .n_words = _ACTION_KIND_MAX },
        { .key = "path", .events = ON(HELD), .type = TRACE_TEXT, .offset = offsetof(Event, held.path) },
        { .key = "delegated", .events = ON(HELD), .type = TRACE_FLAG, .offset = offsetof(Event, held.delegated) },
        { .key = "previous", .events = ON(HELD), .type = TRACE_PROPERTIES, .offset = offsetof(Event, held.previous) },
        { .key = "since", .events = ON(HELD), .type = TRACE_TIME, .offset = offsetof(Event, held.since_usec) },
        { .key = "incident-high", .events = ON(HELD), .type = TRACE_NUMBER,
          .offset = offsetof(Event, held.incident.high) },
        { .key = "incident-low", .events = ON(HELD), .type = TRACE_NUMBER,
          .offset = offsetof(Event, held.incident.low) },

        { .key = "realtime", .events = ON(CLOCK), .type = TRACE_TIME, .offset = offsetof(Event, realtime_usec) },

        { .key = "warning", .events = ON(WARNING), .type = TRACE_WORD, .offset = offsetof(Event, warning),
          .word = warning_word, .n_words = _WARNING_KIND_MAX },

        { .key = "cgroup", .events = ON(MANAGED), .type = TRACE_NUMBER, .offset = offsetof(Event, cgroup_id) },
        { .key = "pressure", .events = ON(MANAGED), .type = TRACE_FLAG, .offset = offsetof(Event, managed.pressure) },
        { .key = "share", .events = ON(MANAGED), .type = TRACE_SHARE, .offset = offsetof(Event, managed.share) },
        { .key = "duration", .events = ON(MANAGED), .type = TRACE_TIME,
          .offset = offsetof(Event, managed.duration_usec) },
        { .key = "swap", .events = ON(MANAGED), .type = TRACE_FLAG, .offset = offsetof(Event, managed.swap) },

        { .key = "killer", .events = ON(KILLED), .type = TRACE_WORD, .offset = offsetof(Event, killed.killer),
          .word = killer_word, .n_words = _KILLER_MAX },
        { .key = "pending", .events = ON(KILLED), .type = TRACE_FLAG, .offset = offsetof(Event, killed.pending) },
        { .key = "path", .events = ON(KILLED), .type = TRACE_TEXT, .offset = offsetof(Event, killed.path) },
        { .key = "unit", .events = ON(KILLED), .type = TRACE_TEXT, .offset = offsetof(Event, killed.unit) },
        { .key = "pid", .events = ON(KILLED), .type = TRACE_NUMBER, .offset = offsetof(Event, killed.pid) },
        { .key = "comm", .events = ON(KILLED), .type = TRACE_TEXT, .offset = offsetof(Event, killed.comm),
          .size = KILLED_COMM_MAX },
        { .key = "count", .events = ON(KILLED), .type = TRACE_NUMBER, .offset = offsetof(Event, killed.count) },
        { .key = "reason", .events = ON(KILLED), .type = TRACE_TEXT, .offset = offsetof(Event, killed.reason),
          .size = KILLED_REASON_MAX },
        { 0 },
};

void *trace_field_place(const TraceField *field, Event *event) {
        Sample *sample = event->kind == EVENT_SURVEY ? &event->survey.values : &event->sample.values;

        return field->in_sample ? (char *) sample + field->offset : (char *) event + field->offset;
}

/* ---- Writer ---------------------------------------------------------------------------------- */

void trace_write(TraceWriter *w, const char *format, ...) {
        va_list arguments;
        int n;

        if (w->full)
                return;
        va_start(arguments, format);
        n = vsnprintf(w->buf + w->used, w->size - w->used, format, arguments);
        va_end(arguments);
        if (n < 0 || (size_t) n >= w->size - w->used)
                w->full = true;
        else
                w->used += (size_t) n;
}

void trace_write_text(TraceWriter *w, const char *key, const char *text) {
        trace_write(w, " %s=", key);
        for (const char *c = text; *c && !w->full; c++)
                trace_write(w, *c > ' ' && *c < 0x7f && *c != '\\' ? "%c" : "\\x%02x", (unsigned char) *c);
}

void trace_write_time(TraceWriter *w, uint64_t usec) {
        if (usec == USEC_INFINITY)
                trace_write(w, "infinity");
        else
                trace_write(w, "%" PRIu64 ".%06" PRIu64, usec / USEC_PER_SEC, usec % USEC_PER_SEC);
}

void trace_write_bytes(TraceWriter *w, uint64_t bytes) {
        if (bytes == UINT64_MAX)
                trace_write(w, "infinity");
        else
                trace_write(w, "%" PRIu64, bytes);
}

void trace_write_limit(TraceWriter *w, const PressureLimit *limit) {
        if (limit->resource != RESOURCE_MEMORY)
                trace_write(w, "%s:", trace_resource_word(limit->resource));
        trace_write(w, "%s:%s:", pressure_to_string(limit->kind), FORMAT_SHARE(limit->share));
        trace_write_time(w, limit->window_usec);
}

void trace_write_share(TraceWriter *w, uint64_t share) {
        trace_write(w, "%s", FORMAT_SHARE(share));
}

int trace_written(const TraceWriter *w) {
        return w->full ? -ENOBUFS : 0;
}
