/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <string.h>

#include "base/format.h"
#include "base/usec.h"
#include "ctl/explain-seen.h"
#include "ctl/paragraph.h"

#define LABEL_WIDTH 10U
#define COLUMN_MIN 24

/* ---- Values -------------------------------------------------------------------------------------- */

/* Whole seconds where there are some. */
static const char *took_text(uint64_t usec, char *buf) {
        usec -= usec % (usec >= USEC_PER_SEC ? USEC_PER_SEC : usec >= USEC_PER_MSEC ? USEC_PER_MSEC : 1);
        return format_duration(buf, FORMAT_MAX, usec);
}

#define TOOK(usec) took_text(usec, (char[FORMAT_MAX]){ 0 })

/* "3min ago", "never" */
static const char *age_text(const Seen *s, uint64_t usec, char *buf, size_t size) {
        if (usec == 0 || usec == USEC_INFINITY)
                return "never";
        if (usec_sub(s->now_usec, usec) < USEC_PER_SEC)
                return "just now";
        (void) snprintf(buf, size, "%s ago", TOOK(usec_sub(s->now_usec, usec)));
        return buf;
}

#define AGE(s, usec) age_text(s, usec, (char[FORMAT_MAX + 8]){ 0 }, FORMAT_MAX + 8)

static void write_causes(FILE *f, uint64_t causes) {
        bool any = false;

        for (Cause c = 0; c < _CAUSE_MAX; c++)
                if (causes & UINT64_C(1) << c) {
                        fprintf(f, "%s%s", any ? ", " : "", cause_to_string(c));
                        any = true;
                }
        if (!any)
                fputs("not known now", f);
}

static void write_value(FILE *f, const char *unit, uint64_t value) {
        if (strcmp(unit, "share") == 0)
                fputs(FORMAT_SHARE(value >= 1000 ? value / 100 * 100 : value / 10 * 10), f);
        else if (strcmp(unit, "bytes") == 0)
                fputs(value == UINT64_MAX ? "infinity" : FORMAT_SIZE(value), f);
        else if (strcmp(unit, "bytes/s") == 0)
                fprintf(f, "%s a second", FORMAT_SIZE(value));
        else if (strcmp(unit, "usec") == 0)
                fputs(value == USEC_INFINITY ? "never" : TOOK(value), f);
        else if (strcmp(unit, "causes") == 0)
                write_causes(f, value);
        else if (strcmp(unit, "pages/s") == 0)
                fprintf(f, "%" PRIu64 " pages a second", value);
        else
                fprintf(f, "%" PRIu64 " %s", value, unit);
}

/* ---- Conditions ---------------------------------------------------------------------------------- */

/* "  no   Pressure=some 10% 2s     now 0.3%, last held 3min ago" */
static void print_condition(FILE *f, const Seen *s, const SeenWatch *w, const SeenCondition *c, bool colors) {
        int n;

        fprintf(f, "    %s%s%s ", colors && c->holds ? "\x1b[32m" : "", c->holds ? "yes" : "no ",
                colors && c->holds ? "\x1b[0m" : "");
        n = fprintf(f, "%s=%.40s", c->key, c->text);
        fprintf(f, "%*s", n < COLUMN_MIN ? COLUMN_MIN - n : 0, "");
        if (w->looked_usec == 0) {
                fputs("  not seen yet\n", f);
                return;
        }
        fputs("  now ", f);
        write_value(f, c->unit, c->value);
        if (strcmp(c->unit, "bytes") == 0 && strchr(c->text, '%') && c->limit != UINT64_MAX)
                fprintf(f, ", limit %s", FORMAT_SIZE(c->limit));
        if (!c->holds)
                fprintf(f, c->last_held_usec == 0 ? ", never held" : ", last held %s", AGE(s, c->last_held_usec));
        fputc('\n', f);
}

static void write_step_state(FILE *f, const Seen *s, const SeenStep *step) {
        size_t holds = 0;

        for (const SeenCondition *c = step->conditions; c < step->conditions + step->n_conditions; c++)
                holds += c->holds != 0;
        if (strcmp(step->doing, "waits") == 0)
                fprintf(f, "waits, %zu of %zu %s", holds, step->n_conditions,
                        step->n_conditions == 1 ? "condition holds" : "conditions hold");
        else if (strcmp(step->doing, "holds") == 0)
                fprintf(f, "holds for %s, acts after For=%s", TOOK(usec_sub(s->now_usec, step->since_usec)),
                        FORMAT_DURATION(step->for_usec));
        else if (strcmp(step->doing, "stale") == 0)
                fputs("waits: what holds is from before the last action", f);
        else if (strcmp(step->doing, "behind") == 0)
                fputs("holds; a later step has its turn", f);
        else if (strcmp(step->doing, "due") == 0)
                fputs("holds and is due", f);
        else
                fputs("holds", f);
        if (step->until_usec != 0 && strcmp(step->doing, "holds") != 0)
                fprintf(f, ", cools down for %s more", TOOK(usec_sub(step->until_usec, s->now_usec)));
}

static void print_step(FILE *f, const Seen *s, const SeenWatch *w, const SeenStep *step, bool colors) {
        fprintf(f, "\n  Step %s%s%s (%s%s): ", colors ? "\x1b[1m" : "", step->name, colors ? "\x1b[0m" : "", step->action,
                step->dry_run || s->dry_run ? ", dry run" : "");
        write_step_state(f, s, step);
        fputc('\n', f);
        for (const SeenCondition *c = step->conditions; c < step->conditions + step->n_conditions; c++)
                print_condition(f, s, w, c, colors);
        if (step->acted_usec != 0)
                fprintf(f, "        last had its turn %s\n", AGE(s, step->acted_usec));
        for (size_t i = 0; i < step->refused.n_items; i++)
                fprintf(f, "        was not taken: %s\n", step->refused.items[i]);
}

/* ---- Watches ------------------------------------------------------------------------------------- */

static const char *name_of(const char *unit) {
        return strcmp(unit, "-.slice") == 0 ? "the host" : unit;
}

static int print_watch_state(Paragraph *p, const Seen *s, const SeenWatch *w) {
        static const struct {
                const char *word, *text;
        } doings[] = {
                { "starts", "Start= is awaited" },
                { "acts", "the answer to an action is awaited" },
                { "settles", "Settle= runs after an action" },
                { "escalates", "KillAfter= runs" },
                { "leaves", "another policy is to take over" },
        };
        FILE *f = paragraph_begin(p);
        const char *doing = NULL;

        for (size_t i = 0; i < ELEMENTSOF(doings); i++)
                if (strcmp(doings[i].word, w->doing) == 0)
                        doing = doings[i].text;
        if (*w->incident)
                fprintf(f, "in incident %s", w->incident);
        else
                fputs("calm, no step holds", f);
        if (doing)
                fprintf(f, "; %s", doing);
        if (doing && w->until_usec != USEC_INFINITY)
                fprintf(f, " (%s more)", TOOK(usec_sub(w->until_usec, s->now_usec)));
        if (w->fresh)
                fputs("; values are of now", f);
        else if (w->looked_usec != 0)
                fprintf(f, "; values are of %s, it cannot be looked at now", AGE(s, w->looked_usec));
        else
                fputs("; it was not looked at yet", f);
        return paragraph_end(p, "State");
}

/* What keeps it from having to pay for this watch; false if nothing does. */
static bool write_standing(FILE *f, const Seen *s, const SeenWatch *w) {
        static const struct {
                const char *word, *text;
        } notes[] = {
                { "protected", "it is protected (built in, or Protect=)" },
                { "not-from", "From= does not name it" },
                { "container", "it only holds others, which stand for it" },
                { "never", "Never= names it" },
                { "oomd", "systemd-oomd looks after it, and runs (LeaveToOomd=)" },
                { "omit", "its own ManagedOOMPreference=omit" },
                { "dying", "it was killed just now" },
        };
        bool any = false;

        for (size_t i = 0; i < ELEMENTSOF(notes); i++)
                if (seen_has(&w->standing, notes[i].word)) {
                        fprintf(f, "%s%s", any ? ", " : "never: ",
                                i == 0 && seen_has(&s->notes, "protected-below") ? "what is protected lies beneath it" :
                                i == 1 && strcmp(s->path, "/") == 0             ? "it is the host" :
                                i == 1 && strlen(s->unit) > 6 && strcmp(s->unit + strlen(s->unit) - 6, ".slice") == 0 ?
                                        "it is a slice, and no From= names it; units beneath it pay" :
                                        notes[i].text);
                        any = true;
                }
        return any;
}

static int print_standing(Paragraph *p, const Seen *s, const SeenWatch *w) {
        FILE *f = paragraph_begin(p);

        if (!write_standing(f, s, w)) {
                fputs(seen_has(&w->standing, "prefer") ? "ahead of all others, Prefer= names it" :
                      seen_has(&w->standing, "avoid")  ? "behind all others, Avoid= names it" :
                      seen_has(&w->standing, "oomd-avoid") ?
                                                         "behind all others, its own ManagedOOMPreference=avoid" :
                                                         "like any other, by Rank=",
                      f);
                for (const SeenStep *step = w->steps; s->no_freeze && step < w->steps + w->n_steps; step++)
                        if (strcmp(step->action, "freeze") == 0) {
                                fprintf(f, "; step %s will not freeze it: it has WatchdogSec=, for which this systemd "
                                           "would kill it meanwhile", step->name);
                                break;
                        }
        }
        return paragraph_end(p, "Pays");
}

static int print_budget(Paragraph *p, const SeenBudget *b, const char *whose) {
        FILE *f = paragraph_begin(p);

        fprintf(f, "%" PRIu32 " of %" PRIu32 " actions in %s left%s", b->left, b->max_actions, FORMAT_DURATION(b->time_usec),
                whose);
        return paragraph_end(p, "Budget");
}

static int print_watch(Paragraph *p, const Seen *s, const SeenWatch *w) {
        int r;

        if (w->itself)
                fprintf(p->out, "\nWatched by policy %s", w->policy);
        else
                fprintf(p->out, "\nIt may have to pay for %s, watched by policy %s", name_of(w->unit), w->policy);
        fprintf(p->out, "%s%s\n", *w->file ? "\n  " : " (its own ManagedOOM...= settings)", w->file);
        r = print_watch_state(p, s, w);
        r = r < 0 ? r : print_standing(p, s, w);
        if (r >= 0 && w->budget.max_actions > 0)
                r = print_budget(p, &w->budget, " to this policy");
        for (const SeenStep *step = w->steps; r >= 0 && step < w->steps + w->n_steps; step++)
                print_step(p->out, s, w, step, p->colors);
        return r;
}

/* ---- Why not ------------------------------------------------------------------------------------- */

/* Policies that would take it, or nearly do. */
static int print_policies(Paragraph *p, const Seen *s, bool watched) {
        static const struct {
                const char *verdict, *text;
        } verdicts[] = {
                { "later", "matches as well, but an earlier policy has it" },
                { "expired", "matches, but its Expires= is over" },
                { "disabled", "matches, but has Enabled=no" },
                { "except", "would match, but for its Except=" },
        };
        bool any = false;
        int r = 0;

        for (size_t i = 0; i < s->n_policies; i++)
                for (size_t j = 0; r >= 0 && j < ELEMENTSOF(verdicts); j++)
                        if (strcmp(s->policies[i].verdict, verdicts[j].verdict) == 0) {
                                if (!any)
                                        fputs(watched ? "\nOther policies\n" : "\nPolicies that come near\n", p->out);
                                any = true;
                                fprintf(p->out, "  %s: %s\n    %s\n", s->policies[i].name, verdicts[j].text,
                                        s->policies[i].file);
                        }
        if (!watched && !any && s->n_policies > 0)
                fprintf(p->out, "  None of the %zu policies has a [Match] for it.\n", s->n_policies);
        if (s->n_policies == 0)
                fputs("  There are no policies.\n", p->out);
        return r;
}

/* One sentence: why nothing happens. */
static int print_reason(Paragraph *p, const Seen *s) {
        const SeenWatch *w = s->n_watches > 0 ? s->watches : NULL;
        Paragraph line = { .out = p->out };
        FILE *f;

        f = paragraph_begin(&line);
        if (!w)
                fprintf(f, "Nothing happens to %s because no policy watches it, or a slice above it.", name_of(s->unit));
        else if (seen_has(&s->notes, "protected"))
                fprintf(f, "Whatever holds, nothing is done to %s: it is protected.", name_of(s->unit));
        else if (*w->incident)
                fprintf(f, "Something happens: memstallctl explain %.8s tells what has been done so far.", w->incident);
        else
                for (const SeenStep *step = w->steps; step < w->steps + MIN(w->n_steps, (size_t) 1); step++)
                        for (const SeenCondition *c = step->conditions; c < step->conditions + step->n_conditions; c++)
                                if (!c->holds) {
                                        fprintf(f, "Nothing happens because %s=%s of step %s does not hold%s.", c->key,
                                                c->text, step->name, w->n_steps > 1 ? ", and no later step holds" : "");
                                        return paragraph_end(&line, NULL);
                                }
        if (w && !*w->incident && !seen_has(&s->notes, "protected"))
                fprintf(f, "Its first step holds: something will happen, or is held up as told above.");
        return paragraph_end(&line, NULL);
}

static void print_holds(FILE *f, const Seen *s) {
        for (const SeenHold *h = s->holds; h < s->holds + s->n_holds; h++) {
                fprintf(f, "\nHeld: %s on %s for %s, by policy %s, step %s\n  until it is calm", h->action, h->unit,
                        TOOK(usec_sub(s->now_usec, h->since_usec)), h->policy, h->step);
                if (h->deadline_usec != USEC_INFINITY)
                        fprintf(f, ", for %s more at most", TOOK(usec_sub(h->deadline_usec, s->now_usec)));
                fputc('\n', f);
        }
}

int seen_print(FILE *f, const Seen *s, bool colors) {
        Paragraph p = { .out = f, .width = LABEL_WIDTH, .colors = colors };
        bool watched = s->n_watches > 0 && s->watches[0].itself;
        int r = 0;

        fprintf(f, "%s%s%s (%s)\n", colors ? "\x1b[1m" : "", name_of(s->unit), colors ? "\x1b[0m" : "", s->path);
        r = print_reason(&p, s);
        if (!watched && r >= 0) {
                fprintf(f, "\nNo policy watches it\n");
                r = print_policies(&p, s, watched);
        }
        for (const SeenWatch *w = s->watches; r >= 0 && w < s->watches + s->n_watches; w++)
                r = print_watch(&p, s, w);
        if (watched && r >= 0)
                r = print_policies(&p, s, watched);
        if (seen_has(&s->notes, "left-alone"))
                fputs("\nLeft alone: it was released by hand; for ten minutes nothing holds it again\n", f);
        print_holds(f, s);
        if (s->budget.max_actions > 0 && r >= 0) {
                fputc('\n', f);
                r = print_budget(&p, &s->budget, " to the whole host");
        }
        return r;
}
