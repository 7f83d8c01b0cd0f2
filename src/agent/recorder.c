/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "agent/recorder-base.h"
#include "base/usec.h"

#define ALIGNMENT 16U
#define DROPS_MAX 64U /* steps at once: many more than one turn of the loop adds */

typedef enum EntryKind {
        ENTRY_SKIP, /* nothing, to the end of the buffer */
        ENTRY_EVENT,
        ENTRY_EFFECT,
        ENTRY_START,
} EntryKind;

/* One line of the ring; its text follows. */
typedef struct Entry {
        uint32_t size; /* with this and the text's NUL, aligned */
        EntryKind kind;
        bool is_answer; /* a look that the core asked for: it belongs to the step before */
        uint64_t now_usec;
        CoreIds ids;    /* before the event */
        BaseItem *item; /* EVENT_CGROUP_NEW */
        char text[];
} Entry;

struct Recorder {
        char *ring;
        size_t ring_size, head, tail, n; /* the oldest entry, the place of the next, how many there are */
        uint64_t n_forced; /* lines that had to go though they were not old */
        bool keep, in_incident;
        CoreIds ids; /* now */
        Base base;
        RecorderTap tap;
        void *tap_userdata;
        TraceEvent *parsed;
        char *line; /* TRACE_LINE_MAX */
};

int recorder_new(Recorder **ret, size_t ring_size) {
        _cleanup_(recorder_freep) Recorder *r = calloc(1, sizeof(*r));

        if (!r)
                return -ENOMEM;
        base_init(&r->base);
        r->ring_size = ring_size / ALIGNMENT * ALIGNMENT;
        r->ring = malloc(r->ring_size);
        r->line = malloc(TRACE_LINE_MAX);
        r->parsed = calloc(1, sizeof(*r->parsed));
        if (!r->ring || !r->line || !r->parsed)
                return -ENOMEM;
        *ret = TAKE_PTR(r);
        return 0;
}

/* ---- The ring ---------------------------------------------------------------------------------- */

static Entry *entry_at(const Recorder *r, size_t place) {
        return (Entry *) (r->ring + place);
}

/* The place behind the entry. */
static size_t behind(const Recorder *r, size_t place) {
        place += entry_at(r, place)->size;
        return place == r->ring_size ? 0 : place;
}

static Entry *oldest(Recorder *r) {
        if (r->n > 0 && entry_at(r, r->head)->kind == ENTRY_SKIP) {
                r->head = 0;
                r->n--;
        }
        return r->n > 0 ? entry_at(r, r->head) : NULL;
}

static void fold_start(Recorder *r, Entry *e) {
        char *comments = strchr(e->text, '\n');

        if (comments)
                *comments++ = '\0';
        if (trace_parse_event(e->text, r->parsed) == TRACE_E_START)
                base_start(&r->base, &r->parsed->start, comments ? comments : "", e->now_usec);
}

static void drop_oldest(Recorder *r) {
        Entry *e = oldest(r);

        if (e->kind == ENTRY_START)
                fold_start(r, e);
        else if (e->kind == ENTRY_EVENT && trace_parse_event(e->text, r->parsed) == 0)
                base_fold(&r->base, &r->parsed->event, e->item);
        else
                free(e->item);
        r->head = behind(r, r->head);
        r->n--;
}

/* A whole step: an event, what was decided, and the looks that answer it. */
static void drop_step(Recorder *r) {
        const Entry *e;

        do
                drop_oldest(r);
        while ((e = oldest(r)) && (e->kind == ENTRY_EFFECT || e->is_answer));
}

/* Whether the oldest entry is there only until somebody has time for it. */
static bool is_old(Recorder *r, uint64_t now_usec) {
        const Entry *e = oldest(r);

        return e && !r->keep && !r->in_incident && usec_sub(now_usec, e->now_usec) > RECORDER_KEEP_USEC;
}

/* A free stretch of that size at the tail, or NULL. */
static Entry *stretch(Recorder *r, size_t size) {
        size_t end;

        if (r->n == 0)
                r->head = r->tail = 0;
        if (r->n > 0 && r->tail <= r->head)
                return r->head - r->tail >= size ? entry_at(r, r->tail) : NULL;
        end = r->ring_size - r->tail;
        if (end >= size)
                return entry_at(r, r->tail);
        if (r->head < size)
                return NULL;
        entry_at(r, r->tail)->size = (uint32_t) end; /* there may be no room for more of it */
        entry_at(r, r->tail)->kind = ENTRY_SKIP;
        r->tail = 0;
        r->n++;
        return entry_at(r, 0);
}

static size_t entry_size(size_t n) {
        return (sizeof(Entry) + n + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
}

/* Appends the text as it is in r->line; it is shorter than half of the ring. */
static void append(Recorder *r, const Entry *like) {
        size_t n = strlen(r->line), size = entry_size(n);
        Entry *e;

        while (!(e = stretch(r, size))) {
                r->n_forced += !is_old(r, like->now_usec);
                drop_step(r);
        }
        *e = *like;
        e->size = (uint32_t) size;
        memcpy(e->text, r->line, n + 1);
        r->tail += size;
        if (r->tail == r->ring_size)
                r->tail = 0;
        r->n++;
        if (r->tap)
                r->tap(r->tap_userdata, r->line, n);
}

Recorder *recorder_free(Recorder *r) {
        if (!r)
                return NULL;
        while (r->ring && oldest(r)) {
                free(oldest(r)->item);
                r->head = behind(r, r->head);
                r->n--;
        }
        base_done(&r->base);
        free(r->ring);
        free(r->line);
        free(r->parsed);
        free(r);
        return NULL;
}

/* ---- What goes in ------------------------------------------------------------------------------ */

void recorder_start(Recorder *r, const TraceStart *start, const char *comments, uint64_t now_usec) {
        size_t n;

        if (trace_format_start(start, now_usec, r->line, TRACE_LINE_MAX) < 0)
                return;
        n = strlen(r->line);
        if (comments && comments[0])
                (void) snprintf(r->line + n, TRACE_LINE_MAX - n, "\n%s", comments);
        r->ids = (CoreIds){ 0 };
        append(r, &(Entry){ .kind = ENTRY_START, .now_usec = now_usec });
}

static bool is_answer(const Event *event) {
        return event->kind == EVENT_SURVEY ||
               (event->kind == EVENT_SAMPLE && event->sample.cause == SAMPLE_REQUESTED);
}

void recorder_step(Recorder *r, const Event *event, const Effects *effects, const CoreIds *before,
                   const CoreIds *after) {
        Entry e = { .kind = ENTRY_EVENT, .now_usec = event->now_usec, .ids = *before, .is_answer = is_answer(event) };

        r->ids = *after;
        r->in_incident = after->n_begun != after->n_ended;
        if (trace_format_event(event, r->line, TRACE_LINE_MAX) < 0 || entry_size(strlen(r->line)) > r->ring_size / 2)
                (void) trace_format_lost(1, event->now_usec, r->line, TRACE_LINE_MAX);
        else if (event->kind == EVENT_CGROUP_NEW)
                e.item = base_item_new(event, r->line, strlen(r->line));
        append(r, &e);

        for (size_t i = 0; i < effects->n_items; i++)
                if (trace_effect_decides(effects->items[i].kind) &&
                    trace_format_effect(effects->items + i, event->now_usec, r->line, TRACE_LINE_MAX) == 0)
                        append(r, &(Entry){ .kind = ENTRY_EFFECT, .now_usec = event->now_usec, .ids = *after });
}

void recorder_drop_old(Recorder *r, uint64_t now_usec) {
        for (unsigned i = 0; i < DROPS_MAX && is_old(r, now_usec); i++)
                drop_step(r);
}

void recorder_keep(Recorder *r, bool keep) {
        r->keep = keep;
}

void recorder_tap(Recorder *r, RecorderTap tap, void *userdata) {
        r->tap = tap;
        r->tap_userdata = userdata;
}

/* ---- What comes out ---------------------------------------------------------------------------- */

typedef struct LineSink {
        RecorderSink sink;
        void *userdata;
} LineSink;

static int put_line(void *userdata, const char *text, size_t n) {
        const LineSink *s = userdata;
        int r = s->sink(s->userdata, text, n);

        return r < 0 ? r : s->sink(s->userdata, "\n", 1);
}

int recorder_write(Recorder *r, RecorderSink sink, void *userdata) {
        LineSink lines = { sink, userdata };
        const Entry *first = oldest(r);
        size_t place = r->head;
        char text[128];
        int k;

        k = put_line(&lines, TRACE_HEADER, strlen(TRACE_HEADER));
        if (k >= 0)
                k = base_write(&r->base, first ? &first->ids : &r->ids, r->line, TRACE_LINE_MAX, put_line, &lines);
        if (k >= 0 && r->n_forced > 0) {
                (void) snprintf(text, sizeof(text), "# There was no room for %" PRIu64 " steps from before.",
                                r->n_forced);
                k = put_line(&lines, text, strlen(text));
        }
        for (size_t i = 0; k >= 0 && i < r->n; i++, place = behind(r, place)) {
                const Entry *e = entry_at(r, place);

                if (e->kind != ENTRY_SKIP)
                        k = put_line(&lines, e->text, strlen(e->text));
        }
        return k < 0 ? k : 0;
}
