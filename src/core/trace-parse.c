/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "base/usec.h"
#include "core/properties.h"
#include "core/trace-private.h"

/* The longest value that is no text. */
#define VALUE_MAX 160U

static int hex_digit(char c) {
        static const char digits[] = "0123456789abcdef";
        const char *found = c ? strchr(digits, c) : NULL;

        return found ? (int) (found - digits) : -EINVAL;
}

int trace_parse_text(const char *s, size_t n, char *buf, size_t size) {
        size_t used = 0;

        for (size_t i = 0; i < n; i++) {
                char c = s[i];

                if (c == '\\') {
                        int high = n - i >= 4 && s[i + 1] == 'x' ? hex_digit(s[i + 2]) : -EINVAL;
                        int low = high >= 0 ? hex_digit(s[i + 3]) : -EINVAL;

                        if (low < 0 || high + low == 0)
                                return -EINVAL;
                        c = (char) (high * 16 + low);
                        i += 3;
                }
                if (used + 1 >= size)
                        return -ENOBUFS;
                buf[used++] = c;
        }
        buf[used] = '\0';
        return 0;
}

static int parse_pressure_kind(const char *s, uint64_t *ret) {
        for (PressureKind k = 0; k < _PRESSURE_KIND_MAX; k++)
                if (strcmp(s, pressure_to_string(k)) == 0) {
                        *ret = k;
                        return 0;
                }
        return -EINVAL;
}

static int parse_limit_share(const char *s, uint64_t *ret) {
        uint32_t share;
        int r;

        r = parse_share(s, &share);
        if (r < 0)
                return r;
        *ret = share;
        return 0;
}

/* Moves past "io:" or the like; without one it is the memory of the watch. */
static int take_resource(char **s) {
        char *colon = strchr(*s, ':');
        int resource;

        if (!colon)
                return RESOURCE_MEMORY;
        *colon = '\0';
        resource = trace_word_find(trace_resource_word, _RESOURCE_MAX, *s);
        *colon = ':';
        if (resource < 0)
                return RESOURCE_MEMORY;
        *s = colon + 1;
        return resource;
}

/* "requested", "events", "trigger:some:10%:2s", "trigger:io:some:10%:2s" */
static int parse_cause(char *value, Event *event) {
        static const TracePartParser parsers[] = { parse_pressure_kind, parse_limit_share, parse_duration };
        uint64_t parts[ELEMENTSOF(parsers)];
        char *limit = strchr(value, ':');
        int cause, resource, r;

        if (limit)
                *limit++ = '\0';
        cause = trace_word_find(trace_sample_cause_word, _SAMPLE_CAUSE_MAX, value);
        if (cause < 0 || (limit != NULL) != (cause == SAMPLE_TRIGGER))
                return -EINVAL;
        event->sample.cause = (SampleCause) cause;
        if (!limit)
                return 0;

        resource = take_resource(&limit);
        r = trace_parse_parts(limit, parsers, ELEMENTSOF(parsers), parts);
        if (r < 0)
                return r;
        if (parts[2] < PRESSURE_WINDOW_MIN_USEC || parts[2] > PRESSURE_WINDOW_MAX_USEC)
                return -ERANGE;
        event->sample.limit = (PressureLimit){
                .kind = (PressureKind) parts[0],
                .share = (uint32_t) parts[1],
                .window_usec = parts[2],
                .resource = (PressureResource) resource,
        };
        return 0;
}

static int parse_error(const char *value, int *ret) {
        uint64_t error;
        int r;

        r = parse_uint(value[0] == '-' ? value + 1 : value, &error);
        if (r < 0)
                return r;
        if (error > 4095 || (error > 0 && value[0] != '-'))
                return -ERANGE; /* the kernel's largest error */
        *ret = -(int) error;
        return 0;
}

static int parse_value(const TraceField *field, char *value, TraceEvent *t) {
        void *place = trace_field_place(field, &t->event);
        int word;

        switch (field->type) {
        case TRACE_NUMBER:
                return parse_uint(value, place);
        case TRACE_TIME:
                return parse_duration(value, place);
        case TRACE_BYTES:
                return trace_parse_bytes(value, place);
        case TRACE_SHARE:
                return parse_share(value, place);
        case TRACE_PROPERTIES:
                return properties_parse(value, place);
        case TRACE_ERROR:
                return parse_error(value, place);
        case TRACE_FLAG:
                return parse_boolean(value, place);
        case TRACE_WORD:
                word = trace_word_find(field->word, field->n_words, value);
                if (word < 0)
                        return word;
                memcpy(place, &word, sizeof(word));
                return 0;
        case TRACE_CAUSE:
                return parse_cause(value, &t->event);
        case TRACE_CANDIDATE:
                return trace_parse_candidate(value, t);
        case TRACE_STALL:
                return trace_parse_stall(value, t);
        case TRACE_RECLAIM:
                return trace_parse_reclaim(value, t);
        case TRACE_TEXT:
                break;
        }
        return -EINVAL;
}

/* The buffer that holds such a text of the event. */
static char *text_buffer(const TraceField *field, TraceEvent *t, size_t *ret_size) {
        if (field->size > 0) {
                *ret_size = field->size;
                return trace_field_place(field, &t->event);
        }
        *ret_size = strcmp(field->key, "path") == 0 ? sizeof(t->path) : sizeof(t->unit);
        return *ret_size == sizeof(t->path) ? t->path : t->unit;
}

static const TraceField *find_field(EventKind kind, const char *key, size_t n) {
        for (const TraceField *field = trace_fields; field->key; field++)
                if (field->events & (1U << kind) && strlen(field->key) == n && memcmp(field->key, key, n) == 0)
                        return field;
        return NULL;
}

/* Copies a short value so that it ends where its word does. */
static int copy_value(char *buf, const char *s, size_t n) {
        if (n >= VALUE_MAX)
                return -EINVAL;
        memcpy(buf, s, n);
        buf[n] = '\0';
        return 0;
}

/* One "key=value" of `n` bytes after the first two. */
static int parse_word(const char *word, size_t n, TraceEvent *t) {
        const char *equals = memchr(word, '=', n);
        const TraceField *field = equals ? find_field(t->event.kind, word, (size_t) (equals - word)) : NULL;
        char value[VALUE_MAX], *text;
        size_t size;
        int r;

        if (!field)
                return -EINVAL;
        equals++;
        n -= (size_t) (equals - word);
        if (field->type == TRACE_TEXT) {
                text = text_buffer(field, t, &size);
                return trace_parse_text(equals, n, text, size);
        }
        r = copy_value(value, equals, n);
        if (r < 0)
                return r;
        return parse_value(field, value, t);
}

/* "time=…" and "event=…", which come first; other kinds of lines have another word there. */
static int parse_first(const char *word, size_t n, size_t index, TraceEvent *t) {
        static const char *const keys[] = { "time=", "event=" };
        size_t n_key = strlen(keys[index]);
        char value[VALUE_MAX];
        int r;

        if (n < n_key || memcmp(word, keys[index], n_key) != 0)
                return -EINVAL;
        r = copy_value(value, word + n_key, n - n_key);
        if (r < 0)
                return r;
        if (index == 0) {
                r = parse_duration(value, &t->event.now_usec);
                return r < 0 ? r : t->event.now_usec > TRACE_TIME_MAX_USEC ? -ERANGE : 0;
        }
        r = trace_word_find(trace_event_word, _EVENT_KIND_MAX, value);
        if (r < 0)
                return r;
        t->event.kind = (EventKind) r;
        return 0;
}

/* Points the event to what it came with. */
static void connect(TraceEvent *t) {
        if (t->event.kind == EVENT_CGROUP_NEW) {
                t->event.cgroup.path = t->path;
                t->event.cgroup.unit = t->unit;
        } else if (t->event.kind == EVENT_HELD) {
                t->event.held.unit = t->unit;
                t->event.held.path = t->path;
        } else if (t->event.kind == EVENT_KILLED) {
                t->event.killed.path = t->path;
                t->event.killed.unit = t->unit;
        } else if (t->event.kind == EVENT_SURVEY) {
                t->event.survey.candidates = t->candidates;
                t->event.survey.stalls = t->stalls;
                t->event.survey.reclaims = t->reclaims;
        }
}

int trace_parse_event(const char *line, TraceEvent *ret) {
        const char *word = line + strspn(line, " \t\r");
        size_t n_words = 0;

        if (!*word || *word == '#')
                return TRACE_E_NOTHING;

        ret->event = (Event){ 0 };
        ret->path[0] = '\0';
        ret->unit[0] = '\0';
        for (; *word; n_words++) {
                size_t n = strcspn(word, " \t\r");
                int r;

                if (n_words == 1 && strncmp(word, "event=", 6) != 0)
                        return trace_parse_other(word, ret);
                r = n_words < 2 ? parse_first(word, n, n_words, ret) : parse_word(word, n, ret);
                if (r < 0) {
                        ret->wrong = word;
                        return r;
                }
                word += n;
                word += strspn(word, " \t\r");
        }
        if (n_words < 2) {
                ret->wrong = word;
                return -EINVAL;
        }
        connect(ret);
        return 0;
}
