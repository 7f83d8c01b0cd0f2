/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The members of a survey, "1:2:3": read and written. */

#include <inttypes.h>
#include <string.h>

#include "base/parse.h"
#include "core/trace-private.h"

/* ---- Read ------------------------------------------------------------------------------------ */

int trace_parse_bytes(const char *s, uint64_t *ret) {
        if (strcmp(s, "infinity") == 0) {
                *ret = UINT64_MAX;
                return 0;
        }
        return parse_size(s, ret);
}

int trace_parse_parts(char *value, const TracePartParser *parsers, size_t n, uint64_t *ret) {
        for (size_t i = 0; i < n; i++) {
                char *colon = value ? strchr(value, ':') : NULL;
                int r;

                if (!value || (colon != NULL) != (i + 1 < n))
                        return -EINVAL;
                if (colon)
                        *colon++ = '\0';
                r = parsers[i](value, ret + i);
                if (r < 0)
                        return r;
                value = colon;
        }
        return 0;
}

static int parse_stall_class(const char *s, uint64_t *ret) {
        int class = trace_word_find(trace_stall_word, _STALL_CLASS_MAX, s);

        if (class < 0)
                return class;
        *ret = (uint64_t) class;
        return 0;
}

static int parse_reclaim_kind(const char *s, uint64_t *ret) {
        int kind = trace_word_find(trace_reclaim_word, _RECLAIM_KIND_MAX, s);

        if (kind < 0)
                return kind;
        *ret = (uint64_t) kind;
        return 0;
}

static int parse_preference(const char *s, uint64_t *ret) {
        int preference = trace_word_find(trace_preference_word, _PREFERENCE_MAX, s);

        if (preference < 0)
                return preference;
        *ret = (uint64_t) preference;
        return 0;
}

/* The last two parts may be missing, or the last five. */
int trace_parse_candidate(char *value, TraceEvent *t) {
        static const TracePartParser parsers[] = { parse_uint,        trace_parse_bytes, trace_parse_bytes,
                                                   parse_duration,    trace_parse_bytes, parse_uint,
                                                   parse_preference,  parse_uint,        parse_uint };
        uint64_t parts[ELEMENTSOF(parsers)] = { 0 };
        size_t n_colons = 0;
        int r;

        for (const char *c = value; *c; c++)
                n_colons += *c == ':';
        r = trace_parse_parts(value, parsers, n_colons < 4 ? 4 : n_colons < 7 ? 7 : ELEMENTSOF(parsers), parts);
        if (r < 0)
                return r;
        if (t->event.survey.n_candidates >= TRACE_CANDIDATES_MAX)
                return -ENOBUFS;
        t->candidates[t->event.survey.n_candidates++] = (Candidate){
                .cgroup_id = parts[0],
                .usage_bytes = parts[1],
                .protected_bytes = parts[2],
                .pressure_usec = parts[3],
                .swap_bytes = parts[4],
                .scanned = parts[5],
                .preference = (Preference) parts[6],
                .reclaimed = parts[7],
                .refaulted = parts[8],
                .counted = n_colons >= 7,
        };
        return 0;
}

int trace_parse_stall(char *value, TraceEvent *t) {
        static const TracePartParser parsers[] = { parse_uint,        parse_uint, parse_uint,
                                              parse_stall_class, parse_duration, parse_uint };
        uint64_t parts[ELEMENTSOF(parsers)];
        int r;

        r = trace_parse_parts(value, parsers, ELEMENTSOF(parsers), parts);
        if (r < 0)
                return r;
        if (parts[2] > UINT32_MAX)
                return -ERANGE;
        if (t->event.survey.n_stalls >= TRACE_STALLS_MAX)
                return -ENOBUFS;
        t->stalls[t->event.survey.n_stalls++] = (Stall){
                .cgroup_id = parts[0],
                .limit_id = parts[1],
                .pid = (uint32_t) parts[2],
                .class = (StallClass) parts[3],
                .stall_usec = parts[4],
                .count = parts[5],
        };
        return 0;
}

int trace_parse_reclaim(char *value, TraceEvent *t) {
        static const TracePartParser parsers[] = { parse_uint, parse_uint, parse_reclaim_kind, parse_uint, parse_uint };
        uint64_t parts[ELEMENTSOF(parsers)];
        int r;

        r = trace_parse_parts(value, parsers, ELEMENTSOF(parsers), parts);
        if (r < 0)
                return r;
        if (t->event.survey.n_reclaims >= TRACE_RECLAIMS_MAX)
                return -ENOBUFS;
        t->reclaims[t->event.survey.n_reclaims++] = (Reclaim){
                .cgroup_id = parts[0],
                .target_id = parts[1],
                .kind = (ReclaimKind) parts[2],
                .pages = parts[3],
                .count = parts[4],
        };
        return 0;
}

/* ---- Written --------------------------------------------------------------------------------- */

void trace_write_candidates(TraceWriter *w, const Event *event) {
        for (size_t i = 0; i < event->survey.n_candidates; i++) {
                const Candidate *c = event->survey.candidates + i;

                trace_write(w, " candidate=%" PRIu64 ":%" PRIu64 ":%" PRIu64 ":", c->cgroup_id, c->usage_bytes,
                            c->protected_bytes);
                trace_write_time(w, c->pressure_usec);
                if (c->swap_bytes > 0 || c->scanned > 0 || c->preference != PREFERENCE_NONE || c->counted)
                        trace_write(w, ":%" PRIu64 ":%" PRIu64 ":%s", c->swap_bytes, c->scanned,
                                    trace_preference_word((int) c->preference));
                if (c->counted)
                        trace_write(w, ":%" PRIu64 ":%" PRIu64, c->reclaimed, c->refaulted);
        }
}

void trace_write_stalls(TraceWriter *w, const Event *event) {
        for (size_t i = 0; i < event->survey.n_stalls; i++) {
                const Stall *s = event->survey.stalls + i;

                trace_write(w, " stall=%" PRIu64 ":%" PRIu64 ":%" PRIu32 ":%s:", s->cgroup_id, s->limit_id, s->pid,
                            stall_to_string(s->class));
                trace_write_time(w, s->stall_usec);
                trace_write(w, ":%" PRIu64, s->count);
        }
}

void trace_write_reclaims(TraceWriter *w, const Event *event) {
        for (size_t i = 0; i < event->survey.n_reclaims; i++) {
                const Reclaim *r = event->survey.reclaims + i;

                trace_write(w, " reclaim=%" PRIu64 ":%" PRIu64 ":%s:%" PRIu64 ":%" PRIu64, r->cgroup_id, r->target_id,
                            reclaim_to_string(r->kind), r->pages, r->count);
        }
}
