/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <string.h>

#include "core/properties.h"
#include "core/trace-private.h"

static void write_number(TraceWriter *w, const TraceField *field, uint64_t value) {
        if (value == 0)
                return;
        trace_write(w, " %s=", field->key);
        if (field->type == TRACE_TIME)
                trace_write_time(w, value);
        else if (field->type == TRACE_BYTES)
                trace_write_bytes(w, value);
        else
                trace_write(w, "%" PRIu64, value);
}

static void write_field(TraceWriter *w, const TraceField *field, const Event *event) {
        const void *place = trace_field_place(field, (Event *) event);
        const char *text;
        int value;

        switch (field->type) {

        case TRACE_NUMBER:
        case TRACE_TIME:
        case TRACE_BYTES:
                write_number(w, field, *(const uint64_t *) place);
                break;

        case TRACE_SHARE:
                if (*(const uint32_t *) place != 0) {
                        trace_write(w, " %s=", field->key);
                        trace_write_share(w, *(const uint32_t *) place);
                }
                break;

        case TRACE_PROPERTIES:
                if (((const Properties *) place)->set != 0)
                        trace_write(w, " %s=%s", field->key, FORMAT_PROPERTIES(place));
                break;

        case TRACE_ERROR:
                if (*(const int *) place != 0)
                        trace_write(w, " %s=%d", field->key, *(const int *) place);
                break;

        case TRACE_FLAG:
                if (*(const bool *) place)
                        trace_write(w, " %s=yes", field->key);
                break;

        case TRACE_WORD:
                memcpy(&value, place, sizeof(value));
                trace_write(w, " %s=%s", field->key, field->word(value));
                break;

        case TRACE_TEXT:
                text = field->size > 0 ? place : *(const char *const *) place;
                if (text && text[0])
                        trace_write_text(w, field->key, text);
                break;

        case TRACE_CAUSE:
                trace_write(w, " %s=%s", field->key, trace_sample_cause_word(event->sample.cause));
                if (event->sample.cause == SAMPLE_TRIGGER) {
                        trace_write(w, ":");
                        trace_write_limit(w, &event->sample.limit);
                }
                break;

        case TRACE_CANDIDATE:
                trace_write_candidates(w, event);
                break;

        case TRACE_STALL:
                trace_write_stalls(w, event);
                break;

        case TRACE_RECLAIM:
                trace_write_reclaims(w, event);
                break;
        }
}

int trace_format_event(const Event *event, char *buf, size_t size) {
        TraceWriter w = { .buf = buf, .size = size };

        trace_write(&w, "time=");
        trace_write_time(&w, event->now_usec);
        trace_write(&w, " event=%s", trace_event_word(event->kind));
        for (const TraceField *field = trace_fields; field->key; field++)
                if (field->events & (1U << event->kind))
                        write_field(&w, field, event);
        return trace_written(&w);
}
