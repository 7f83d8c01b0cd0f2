/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/cleanup.h"
#include "base/format.h"
#include "base/usec.h"
#include "ctl/replay-print.h"

#define VALUE_MAX 512U

static int hex(char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
}

/* Undoes the escapes of a text in a trace. */
static void copy_value(char *buf, const char *s, size_t n) {
        size_t used = 0;

        for (size_t i = 0; i < n && used + 1 < VALUE_MAX; i++)
                if (s[i] == '\\' && i + 3 < n) {
                        buf[used++] = (char) (hex(s[i + 2]) * 16 + hex(s[i + 3]));
                        i += 3;
                } else
                        buf[used++] = s[i];
        buf[used] = '\0';
}

/* The next "key=value" at or behind *word with this key (NULL: any), decoded into `buf`; moves behind it. */
static bool next_value(const char **word, const char *key, char *name, char *buf) {
        while (**word) {
                const char *start = *word, *equals;
                size_t n = strcspn(start, " ");

                *word += n + strspn(start + n, " ");
                equals = memchr(start, '=', n);
                if (!equals || (size_t) (equals - start) >= VALUE_MAX)
                        continue;
                copy_value(name, start, (size_t) (equals - start));
                copy_value(buf, equals + 1, n - (size_t) (equals + 1 - start));
                if (!key || strcmp(name, key) == 0)
                        return true;
        }
        return false;
}

static bool find_value(const char *line, const char *key, char *buf) {
        char name[VALUE_MAX];

        buf[0] = '\0';
        return next_value(&line, key, name, buf);
}

/* Each value of the key that is there, with words before and behind it. */
static void print_value(FILE *f, const char *line, const char *key, const char *before, const char *behind) {
        char name[VALUE_MAX], value[VALUE_MAX];

        while (next_value(&line, key, name, value)) {
                for (char *c = value; *c; c++)
                        if ((unsigned char) *c < ' ' || *c == 0x7f)
                                *c = '?';
                fprintf(f, "%s%s%s", before, value, behind);
        }
}

typedef struct Word {
        const char *key, *before, *behind;
} Word;

#define WHO { "victim", " ", "" }
#define WHERE { "watch", ", of ", "" }, { "policy", ", by ", "" }, { "step", "/", "" }

/* What is said of an effect, key by key, behind its first words. */
static const struct {
        const char *effect, *first;
        Word words[16];
} kinds[] = {
        { "act", "", { { "action", "", "" }, WHO, { "dry-run", " (dry run: ", ")" }, { "escalation", " (what is left: ", ")" },
                       { "set", ", ", "" }, { "reclaim", ", ", " bytes" }, { "start", ", first ", "" }, WHERE,
                       { "saw", ", ", "" }, { "cause", ", cause ", "" }, { "rank", ", chosen by ", "" },
                       { "blame", ", because of ", "" } } },
        { "undo", "undo ", { { "action", "", "" }, WHO, { "reason", ", ", "" }, WHERE } },
        { "report", "", { { "result", "", "" }, { "start", ": ", "" }, { "text", ": ", "" }, { "error", ", error ", "" },
                          { "latency", ", after ", "s" }, { "before", ", pressure ", "" }, { "after", " -> ", "" } } },
        { "release", "released", { WHO, { "action", ", ", "" }, { "reason", ", ", "" }, { "held", ", held ", "s" } } },
        { "stuck", "cannot undo ", { { "action", "", "" }, WHO, { "result", ", ", "" }, { "text", ": ", "" } } },
        { "refuse", "refused ", { { "action", "", "" }, WHO, { "reason", ", ", "" }, WHERE } },
        { "start", "start ", { { "unit", "", "" }, { "decision", ", before #", "" } } },
        { "expired", "expired ", { { "policy", "", "" } } },
        { "seen", "killed by ", { { "killer", "", "" }, { "pending", " (about to: ", ")" }, { "victim", ": ", "" },
                                  { "comm", ", ", "" }, { "pid", "[", "]" }, { "count", ", count ", "" },
                                  { "missed", ", elsewhere ", "" }, { "reason", ", ", "" }, { "watch", ", seen of ", "" },
                                  { "cause", ", cause ", "" }, { "culprit", ", ", "" },
                                  { "blame", ", because of ", "" } } },
};

static void print_effect(FILE *f, const char *line) {
        char effect[VALUE_MAX];

        (void) find_value(line, "effect", effect);
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                if (strcmp(kinds[i].effect, effect) != 0)
                        continue;
                fputs(kinds[i].first, f);
                for (const Word *w = kinds[i].words; w < kinds[i].words + ELEMENTSOF(kinds[i].words) && w->key; w++)
                        print_value(f, line, w->key, w->before, w->behind);
                return;
        }
        fputs(strstr(line, effect), f);
}

void replay_print(FILE *f, const ReplayLine *line, uint64_t start_usec, bool marks, bool colors) {
        static const char mark[_REPLAY_SIDE_MAX] = { '=', '-', '+' };
        static const char *const color[_REPLAY_SIDE_MAX] = { "", "\x1b[31m", "\x1b[32m" };
        uint64_t usec = usec_sub(line->now_usec, start_usec);

        colors = colors && marks && line->side != REPLAY_SAME;
        fprintf(f, "%s%6" PRIu64 ".%03" PRIu64 "s ", colors ? color[line->side] : "", usec / USEC_PER_SEC,
                usec % USEC_PER_SEC / USEC_PER_MSEC);
        if (marks)
                fprintf(f, "%c%c ", mark[line->side], line->made_up ? '~' : ' ');
        print_value(f, line->text, "id", "#", " ");
        print_effect(f, line->text);
        fprintf(f, "%s\n", colors ? "\x1b[0m" : "");
}

/* Whether an earlier word of the line has the key. */
static bool came_before(const char *line, const char *word, const char *key) {
        char name[VALUE_MAX], value[VALUE_MAX];
        const char *at = line;

        return next_value(&at, key, name, value) && at < word;
}

void replay_print_json(Json *j, const ReplayLine *line) {
        static const char *const sides[_REPLAY_SIDE_MAX] = { "same", "then", "now" };
        static const char *const lists[] = { "saw", "culprit" };
        char name[VALUE_MAX], value[VALUE_MAX];

        json_object(j, NULL);
        json_string(j, "side", sides[line->side]);
        json_boolean(j, "made_up", line->made_up);
        for (const char *word = line->text; next_value(&word, NULL, name, value);) {
                bool is_list = strcmp(name, lists[0]) == 0 || strcmp(name, lists[1]) == 0;
                char again[VALUE_MAX], key[VALUE_MAX];

                if (!is_list)
                        json_string(j, name, value);
                else if (!came_before(line->text, word, name)) {
                        const char *at = line->text;

                        json_list(j, name);
                        while (next_value(&at, name, key, again))
                                json_string(j, NULL, again);
                        json_end(j);
                }
        }
        json_end(j);
}
