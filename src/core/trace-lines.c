/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The lines of a trace that are no events: what the daemon decided, where a core begins, where what was seen earlier
 * ends, where lines are missing. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "core/trace-private.h"

#define VALUE_MAX 512U

static int parse_seed(const char *s, Id128 *ret) {
        char half[17] = "";

        if (strlen(s) != 32 || strspn(s, "0123456789abcdef") != 32)
                return -EINVAL;
        memcpy(half, s, 16);
        *ret = (Id128){ strtoull(half, NULL, 16), strtoull(s + 16, NULL, 16) };
        return 0;
}

static int parse_kind(const char *s, bool *ret_reload) {
        *ret_reload = strcmp(s, "reload") == 0;
        return *ret_reload || strcmp(s, "daemon") == 0 ? 0 : -EINVAL;
}

/* The words of one of these lines: the first has the key of its kind. */
typedef int (*WordParser)(const char *key, char *value, size_t n, TraceEvent *t);

static int parse_start(const char *key, char *value, size_t n, TraceEvent *t) {
        static const struct {
                const char *key;
                size_t offset, size;
        } texts[] = {
                { "version", offsetof(TraceStart, version), sizeof(t->start.version) },
                { "kernel", offsetof(TraceStart, kernel), sizeof(t->start.kernel) },
                { "systemd", offsetof(TraceStart, systemd), sizeof(t->start.systemd) },
        };

        if (strcmp(key, "start") == 0)
                return parse_kind(value, &t->start.reload);
        if (strcmp(key, "base") == 0)
                return parse_boolean(value, &t->start.base);
        if (strcmp(key, "seed") == 0)
                return parse_seed(value, &t->start.seed);
        if (strcmp(key, "dry-run") == 0)
                return parse_boolean(value, &t->start.dry_run);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (strcmp(key, texts[i].key) == 0)
                        return trace_parse_text(value, n, (char *) &t->start + texts[i].offset, texts[i].size);
        return -EINVAL;
}

static int parse_base(const char *key, char *value, size_t n, TraceEvent *t) {
        if (strcmp(key, "base") == 0)
                return strcmp(value, "end") == 0 ? 0 : -EINVAL;
        if (strcmp(key, "ids") == 0)
                return parse_uint(value, &t->ids.last_id);
        if (strcmp(key, "incidents") == 0)
                return parse_uint(value, &t->ids.n_begun);
        if (strcmp(key, "ended") == 0)
                return parse_uint(value, &t->ids.n_ended);
        return -EINVAL;
}

static int parse_lost(const char *key, char *value, size_t n, TraceEvent *t) {
        return strcmp(key, "lost") == 0 ? parse_uint(value, &t->n_lost) : -EINVAL;
}

/* What was decided is compared as text; of it only the word is looked at. */
static int parse_effect(const char *key, char *value, size_t n, TraceEvent *t) {
        if (strcmp(key, "effect") != 0)
                return 0;
        return trace_effect_find(value);
}

/* One "key=value" of `n` bytes. */
static int parse_word(const char *word, size_t n, WordParser parse, TraceEvent *t) {
        const char *equals = memchr(word, '=', n);
        size_t n_key = equals ? (size_t) (equals - word) : 0, n_value = n - n_key - (equals ? 1 : 0);
        char key[16], value[VALUE_MAX];

        if (!equals || n_key == 0 || n_key >= sizeof(key))
                return -EINVAL;
        memcpy(key, word, n_key);
        key[n_key] = '\0';
        if (n_value >= sizeof(value))
                return parse == parse_effect ? 0 : -ENOBUFS;
        memcpy(value, equals + 1, n_value);
        value[n_value] = '\0';
        return parse(key, value, n_value, t);
}

int trace_parse_other(const char *words, TraceEvent *ret) {
        static const struct {
                const char *start;
                WordParser parse;
                int answer;
        } kinds[] = {
                { "effect=", parse_effect, TRACE_E_EFFECT },
                { "start=", parse_start, TRACE_E_START },
                { "base=", parse_base, TRACE_E_BASE },
                { "lost=", parse_lost, TRACE_E_LOST },
        };

        ret->wrong = words;
        ret->start = (TraceStart){ 0 };
        ret->ids = (CoreIds){ 0 };
        ret->n_lost = 0;
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                if (strncmp(words, kinds[i].start, strlen(kinds[i].start)) != 0)
                        continue;
                for (size_t n; *words; words += n, words += strspn(words, " \t\r")) {
                        int r;

                        ret->wrong = words;
                        n = strcspn(words, " \t\r");
                        r = parse_word(words, n, kinds[i].parse, ret);
                        if (r < 0)
                                return r;
                }
                return kinds[i].answer;
        }
        return -EINVAL;
}

static TraceWriter begin(char *buf, size_t size, uint64_t now_usec) {
        TraceWriter w = { .buf = buf, .size = size };

        trace_write(&w, "time=");
        trace_write_time(&w, now_usec);
        return w;
}

int trace_format_start(const TraceStart *start, uint64_t now_usec, char *buf, size_t size) {
        TraceWriter w = begin(buf, size, now_usec);

        trace_write(&w, " start=%s%s seed=" ID128_FORMAT " dry-run=%s", start->reload ? "reload" : "daemon",
                    start->base ? " base=yes" : "", ID128_VALUES(start->seed), start->dry_run ? "yes" : "no");
        trace_write_text(&w, "version", start->version);
        trace_write_text(&w, "kernel", start->kernel);
        trace_write_text(&w, "systemd", start->systemd);
        return trace_written(&w);
}

int trace_format_base(const CoreIds *ids, uint64_t now_usec, char *buf, size_t size) {
        TraceWriter w = begin(buf, size, now_usec);

        trace_write(&w, " base=end ids=%" PRIu64 " incidents=%" PRIu64 " ended=%" PRIu64, ids->last_id, ids->n_begun,
                    ids->n_ended);
        return trace_written(&w);
}

int trace_format_lost(uint64_t n_lost, uint64_t now_usec, char *buf, size_t size) {
        TraceWriter w = begin(buf, size, now_usec);

        trace_write(&w, " lost=%" PRIu64, n_lost);
        return trace_written(&w);
}
