/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "core/trace.h"

/* What trace-*.c share: the table of keys, from which events are read and written alike, and a writer of words. */

typedef enum TraceType {
        TRACE_NUMBER,  /* uint64_t */
        TRACE_TIME,    /* uint64_t, microseconds */
        TRACE_BYTES,   /* uint64_t */
        TRACE_SHARE,   /* uint32_t, hundredths of a percent */
        TRACE_ERROR,   /* int, negative or 0 */
        TRACE_FLAG,    /* bool: yes or no */
        TRACE_WORD,    /* an enumeration */
        TRACE_TEXT,    /* path, unit, error_text */
        TRACE_CAUSE,   /* sample.cause, with sample.limit */
        TRACE_CANDIDATE,
        TRACE_STALL,
        TRACE_RECLAIM,
        TRACE_PROPERTIES, /* "MemoryHigh:512M,CPUWeight:infinity" */
} TraceType;

typedef struct TraceField {
        const char *key;
        unsigned events; /* a bit for each EventKind that has it */
        TraceType type;
        size_t offset;                /* in Event; of what lies in a Sample: in that */
        size_t size;                  /* TRACE_TEXT: of an array in the event; 0: the event points to it */
        bool in_sample;
        const char *(*word)(int value); /* TRACE_WORD */
        int n_words;
} TraceField;

/* Ends with a NULL key. */
extern const TraceField trace_fields[];

const char *trace_event_word(int kind);
const char *trace_stall_word(int class);
const char *trace_reclaim_word(int kind);
const char *trace_sample_cause_word(int cause);
const char *trace_resource_word(int resource);
const char *trace_preference_word(int preference);

/* Where the field's value lies in the event. */
void *trace_field_place(const TraceField *field, Event *event);

/* Undoes the escapes of `n` bytes. 0, -EINVAL, -ENOBUFS. */
int trace_parse_text(const char *s, size_t n, char *buf, size_t size);

typedef int (*TracePartParser)(const char *s, uint64_t *ret);

/* "1:2:3" by one parser for each part; writes into `value`. */
int trace_parse_parts(char *value, const TracePartParser *parsers, size_t n, uint64_t *ret);
/* Bytes, or "infinity". */
int trace_parse_bytes(const char *s, uint64_t *ret);

/* One more member of a survey; writes into `value`. */
int trace_parse_candidate(char *value, TraceEvent *t);
int trace_parse_stall(char *value, TraceEvent *t);
int trace_parse_reclaim(char *value, TraceEvent *t);

/* A line without event=, from its second word on; answers as trace_parse_event() does. */
int trace_parse_other(const char *words, TraceEvent *ret);

/* The EffectKind of the word of a line, or -EINVAL. */
int trace_effect_find(const char *word);

/* The value of a word, or -EINVAL. */
int trace_word_find(const char *(*word)(int value), int n_words, const char *s);

/* Appends words to a buffer; what does not fit is noted and ends it. */
typedef struct TraceWriter {
        char *buf;
        size_t size, used;
        bool full;
} TraceWriter;

void trace_write(TraceWriter *w, const char *format, ...) _printf_(2, 3);
/* " key=" and the text, escaped. */
void trace_write_text(TraceWriter *w, const char *key, const char *text);
void trace_write_time(TraceWriter *w, uint64_t usec);
void trace_write_bytes(TraceWriter *w, uint64_t bytes);
void trace_write_share(TraceWriter *w, uint64_t share);
/* "some:10%:2.000000", with a resource other than the memory of the watch before it: "io:some:10%:2.000000" */
void trace_write_limit(TraceWriter *w, const PressureLimit *limit);
int trace_written(const TraceWriter *w);

/* All members of a survey, " candidate=..." and so on. */
void trace_write_candidates(TraceWriter *w, const Event *event);
void trace_write_stalls(TraceWriter *w, const Event *event);
void trace_write_reclaims(TraceWriter *w, const Event *event);
