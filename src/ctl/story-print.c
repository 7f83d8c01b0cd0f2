/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/format.h"
#include "base/usec.h"
#include "ctl/advice.h"
#include "ctl/story-private.h"

#define LABEL_WIDTH 10U
#define NO_FIGURES "grows 0B/s, brings 0B/s, 0 refaults/s"

static const char *watch_name(const Story *s) {
        return !s->watch_unit || strcmp(s->watch_unit, "-.slice") == 0 ? "the host" : s->watch_unit;
}

/* ---- What was short ------------------------------------------------------------------------------ */

/* What the watch did. */
static const char *const headlines[_CAUSE_MAX] = {
        [CAUSE_UNKNOWN] = "stalled on memory",
        [CAUSE_UNIT_LIMIT] = "ran into its own memory limit",
        [CAUSE_SLICE_LIMIT] = "ran into its memory limit",
        [CAUSE_HOST_SHORT] = "ran short of memory",
        [CAUSE_REFAULT] = "read the same memory from disk again and again",
        [CAUSE_SWAP] = "waited for what lay in swap",
        [CAUSE_THROTTLED] = "was slowed down at its MemoryHigh=",
        [CAUSE_COMPACTION] = "waited for large pages",
        [CAUSE_IO] = "waited for the disk",
};

static bool is_watched(const Story *s, const char *path) {
        return s->watch && strcmp(s->watch, path) == 0;
}

/* Whom the headline is about. */
static const char *subject(const Story *s) {
        const Deed *worst = story_worst_deed(s);

        if (s->cause != CAUSE_UNIT_LIMIT)
                return watch_name(s);
        if (s->limit)
                return story_name(s->limit);
        return worst && worst->kind == DEED_KILL && *deed_victim(worst) ? deed_victim(worst) : watch_name(s);
}

/* "batch.slice ran into its memory limit" */
static void write_cause(FILE *f, const Story *s) {
        const char *who = subject(s);

        if (s->cause == CAUSE_UNIT_LIMIT && (story_is_slice(who) || strcmp(who, "the host") == 0))
                fputs("a unit of ", f);
        fputs(who, f);
        if (s->cause == CAUSE_SLICE_LIMIT && s->limit && !is_watched(s, s->limit))
                fprintf(f, " ran into the memory limit of %s", story_name(s->limit));
        else if (s->cause == CAUSE_SLICE_LIMIT && !story_is_slice(who))
                fputs(" ran into the memory limit of its slice", f);
        else
                fprintf(f, " %s", headlines[s->cause]);
}

static int print_headline(Paragraph *p, const Story *s) {
        Paragraph line = { .out = p->out, .colors = p->colors, .bold = p->colors };
        FILE *f = paragraph_begin(&line);

        write_cause(f, s);
        story_write_verdict(f, s, subject(s));
        return paragraph_end(&line, NULL);
}

static int print_when(Paragraph *p, const Story *s) {
        FILE *f = paragraph_begin(p);
        uint64_t span_usec = s->last_usec - s->first_usec;

        fputs(story_time((char[STORY_TIME_MAX]){ 0 }, s->first_usec), f);
        if (span_usec >= USEC_PER_SEC)
                fprintf(f, ", %s%s", s->is_open ? "for " : "over after ", TOOK(span_usec));
        fprintf(f, "%s", s->is_open ? ", not over yet" : "");
        return paragraph_end(p, "When");
}

static int print_what(Paragraph *p, const Story *s) {
        const JournalRecord *r = s->worst;
        const char *some = SHARE(r, "MEMSTALLD_PRESSURE_SOME"), *full = SHARE(r, "MEMSTALLD_PRESSURE_FULL");
        const char *usage = SIZE(r, "MEMSTALLD_USAGE"), *limit = SIZE(r, "MEMSTALLD_LIMIT");
        const char *host = SIZE(r, "MEMSTALLD_HOST_AVAILABLE");
        FILE *f;

        if (!some && !usage)
                return 0;
        f = paragraph_begin(p);
        if (some)
                fprintf(f, "%s stalled %s of the time", watch_name(s), some);
        if (some && full && strcmp(full, some) == 0)
                fputs(", all of it at a standstill", f);
        else if (full && strcmp(full, "0%") != 0)
                fprintf(f, ", %s with all of it at a standstill", full);
        if (usage)
                fprintf(f, "%s used %s%s%s", some ? "; it" : watch_name(s), usage, limit ? " of " : "", limit ? limit : "");
        if (host)
                fprintf(f, "; the host had %s left", host);
        fputc('.', f);
        return paragraph_end(p, "Short");
}

/* ---- Who ----------------------------------------------------------------------------------------- */

/* "growth: grows 20M/s, brings 21M/s, 0 refaults/s": what blame rests on, and the figures. */
static void write_evidence(FILE *f, const char *rests_on) {
        static const struct {
                const char *kind, *text;
        } kinds[] = {
                { "limit:", "it is at a limit of its own" },
                { "growth:", "it took memory that it had not before" },
                { "refaults:", "it goes round in more than there is room for" },
                { "reclaim:", "it had the memory of others reclaimed" },
                { "itself:", "it asked for it itself" },
        };
        size_t n = strcspn(rests_on, "\n");

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                size_t n_kind = strlen(kinds[i].kind);

                if (n > n_kind + 1 && strncmp(rests_on, kinds[i].kind, n_kind) == 0) {
                        fprintf(f, ": %s", kinds[i].text);
                        if (n - n_kind - 1 != strlen(NO_FIGURES) || strncmp(rests_on + n_kind + 1, NO_FIGURES, strlen(NO_FIGURES)) != 0)
                                fprintf(f, "; %.*s", (int) (n - n_kind - 1), rests_on + n_kind + 1);
                        return;
                }
        }
        fprintf(f, ": %.*s", (int) n, rests_on);
}

static int print_parts(Paragraph *p, const char *label, const Part *parts, size_t n) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const Part *part = parts + i;
                FILE *f = paragraph_begin(p);

                fprintf(f, "%s %.*s", FORMAT_SHARE(part->share >= 100 ? part->share / 100 * 100 : part->share),
                        (int) part->unit_length, part->unit);
                if (part->comm)
                        fprintf(f, " (%s%s%s%s%s%s)", part->comm, part->pid ? "[" : "", part->pid ? part->pid : "",
                                part->pid ? "]" : "", part->class ? ": " : "", part->class ? part->class : "");
                if (part->rests_on)
                        write_evidence(f, part->rests_on);
                r = paragraph_end(p, i == 0 ? label : NULL);
        }
        return r;
}

/* ---- All of it ----------------------------------------------------------------------------------- */

static int print_advice(Paragraph *p, const Story *s) {
        char *advice[ADVICE_MAX];
        int n = advice_for(s, advice), r = MIN(n, 0);

        for (int i = 0; i < n; i++) {
                if (r >= 0) {
                        fputs(advice[i], paragraph_begin(p));
                        r = paragraph_end(p, i == 0 ? "Advice" : NULL);
                }
                free(advice[i]);
        }
        return r;
}

static int print_gap(Paragraph *p, const Story *s, const StoryLook *look) {
        if (!look->gap && !s->has_gaps)
                return 0;
        fprintf(paragraph_begin(p), "Some records of it are missing: %s.",
                look->gap ? look->gap : "the journal was rotated, or did not take them");
        return paragraph_end(p, "Gaps");
}

/* Which pressure the chart is of, and what its letters are. */
static int print_chart(Paragraph *p, const StoryLook *look) {
        static const struct {
                char letter;
                const char *word;
        } letters[] = { { 'p', "protect" }, { 't', "throttle" }, { 'r', "reclaim" }, { 'f', "freeze" }, { 'k', "kill" },
                        { 's', "stop or restart" }, { 'l', "log" }, { 'u', "release" } };
        FILE *f;

        if (!look->chart || chart_span_usec(look->chart) == 0)
                return 0;
        fputc('\n', p->out);
        chart_print(p->out, look->chart, LABEL_WIDTH - 5, look->utf8);
        f = paragraph_begin(p);
        fputs("share of time stalled", f);
        for (size_t i = 0; i < ELEMENTSOF(letters); i++)
                for (size_t j = 0; j < look->chart->n_marks; j++)
                        if (look->chart->marks[j].letter == letters[i].letter) {
                                fprintf(f, ", %c %s", letters[i].letter, letters[i].word);
                                break;
                        }
        return paragraph_end(p, NULL);
}

int story_print(FILE *f, const Story *s, const StoryLook *look) {
        Paragraph p = { .out = f, .width = LABEL_WIDTH, .colors = look->colors };
        int r;

        r = print_headline(&p, s);
        if (r >= 0) {
                fputs(s->incident, paragraph_begin(&p));
                if (s->policy)
                        fprintf(p.text ? p.text : f, ", policy %s", s->policy);
                r = paragraph_end(&p, "Incident");
        }
        r = r < 0 ? r : print_when(&p, s);
        r = r < 0 ? r : print_what(&p, s);
        r = r < 0 ? r : print_parts(&p, "Cause", s->causes, MIN(s->n_causes, (size_t) 2));
        r = r < 0 ? r : print_parts(&p, "Sufferer", s->sufferers, MIN(s->n_sufferers, (size_t) 2));
        r = r < 0 ? r : story_print_deeds(&p, s);
        r = r < 0 ? r : story_print_held(&p, s);
        r = r < 0 ? r : print_gap(&p, s, look);
        r = r < 0 ? r : print_advice(&p, s);
        return r < 0 ? r : print_chart(&p, look);
}
