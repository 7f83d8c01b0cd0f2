/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What was done in an incident, in what order, and what came of it. */

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/format.h"
#include "base/usec.h"
#include "ctl/story-private.h"

#define CLOCK_WIDTH 9U /* "03:12:09 " */
#define DEEDS_SHOWN 8U

/* ---- Values -------------------------------------------------------------------------------------- */

static struct tm local_time(uint64_t realtime_usec) {
        time_t seconds = (time_t) (realtime_usec / USEC_PER_SEC);
        struct tm tm = { 0 };

        (void) localtime_r(&seconds, &tm);
        return tm;
}

char *story_time(char *buf, uint64_t realtime_usec) {
        struct tm tm = local_time(realtime_usec);

        (void) strftime(buf, STORY_TIME_MAX, "%Y-%m-%d %H:%M:%S", &tm);
        return buf;
}

/* A share as people want it: more than a tenth of a percent is noise. */
const char *story_share(const JournalRecord *r, const char *field, char *buf) {
        uint64_t share;

        if (!r || !record_uint(r, field, &share) || share > 10000)
                return NULL;
        return format_share(buf, FORMAT_MAX, share >= 1000 ? share / 100 * 100 : share / 10 * 10);
}

const char *story_size(const JournalRecord *r, const char *field, char *buf) {
        uint64_t bytes;

        if (!r || !record_uint(r, field, &bytes))
                return NULL;
        return format_size(buf, FORMAT_MAX, bytes);
}

/* Whole seconds where there are some. */
const char *story_took(uint64_t usec, char *buf) {
        usec -= usec % (usec >= USEC_PER_SEC ? USEC_PER_SEC : usec >= USEC_PER_MSEC ? USEC_PER_MSEC : 1);
        return format_duration(buf, FORMAT_MAX, usec);
}

/* Who killed, of a killed-by-other record. */
static const char *killer_of(const JournalRecord *r) {
        return record_is(r, "MEMSTALLD_KILLER", "kernel") ? "the kernel's OOM killer" : record_text(r, "MEMSTALLD_KILLER");
}

/* ---- What was done ------------------------------------------------------------------------------- */

static const struct {
        const char *did, *would, *tried, *done;
} words[_ACTION_KIND_MAX] = {
        [ACTION_LOG] = { "noted; first in line was", "would note; first in line", "noted", "noted" },
        [ACTION_PROTECT] = { "protected", "would protect", "tried to protect", "protected" },
        [ACTION_THROTTLE] = { "throttled", "would throttle", "tried to throttle", "throttled" },
        [ACTION_RECLAIM] = { "reclaimed from", "would reclaim from", "tried to reclaim from", "made smaller" },
        [ACTION_FREEZE] = { "froze", "would freeze", "tried to freeze", "frozen" },
        [ACTION_KILL] = { "killed", "would kill", "tried to kill", "killed" },
        [ACTION_STOP] = { "stopped", "would stop", "tried to stop", "stopped" },
        [ACTION_RESTART] = { "restarted", "would restart", "tried to restart", "restarted" },
        [ACTION_START] = { "started", "would start", "tried to start", "started" },
};

const char *deed_end_word(const Deed *d) {
        static const char *const ends[_END_MAX] = {
                [END_UNKNOWN] = "unknown", [END_TOLD] = "told",       [END_DRY] = "dry-run",
                [END_FAILED] = "failed",   [END_TIMEOUT] = "timeout", [END_REFUSED] = "refused",
                [END_DONE] = "done",       [END_HELPED] = "helped",   [END_IN_VAIN] = "no-effect",
        };

        if (d->kind == DEED_REFUSAL)
                return "not-taken";
        return d->kind == DEED_KILL ? "killed-by-other" : ends[d->end];
}

/* "throttled hog.service to 90M" */
static void write_action(FILE *f, const Deed *d) {
        const char *high = SIZE(d->any, "MEMSTALLD_MEMORY_HIGH"), *low = SIZE(d->any, "MEMSTALLD_MEMORY_LOW");
        const char *start = record_get(d->any, "MEMSTALLD_START"), *victim = deed_victim(d);
        uint64_t signal;

        if (d->action < 0 || d->action >= _ACTION_KIND_MAX) {
                fprintf(f, "did something to %s", *victim ? victim : "somebody");
                return;
        }
        if (d->started)
                fprintf(f, "started %s%s, then ", start ? start : "a unit",
                        record_is(d->started, "MEMSTALLD_OUTCOME", "done") ? "" : " (in vain)");
        fputs(d->end == END_DRY                                                       ? words[d->action].would
              : d->end == END_FAILED || d->end == END_TIMEOUT || d->end == END_REFUSED ? words[d->action].tried
                                                                                       : words[d->action].did,
              f);
        if (d->action == ACTION_KILL && record_is(d->any, "MEMSTALLD_GRAIN", "process"))
                fputs(" the largest process of", f);
        if (d->action == ACTION_START)
                fprintf(f, " %s", start ? start : "a unit");
        else if (*victim)
                fprintf(f, " %s", victim);
        else if (d->action == ACTION_LOG)
                fputs(" nobody", f);
        if (d->action == ACTION_THROTTLE && high)
                fprintf(f, " to %s", high);
        if (d->action == ACTION_PROTECT && low)
                fprintf(f, " with MemoryLow=%s", low);
        if (d->action == ACTION_KILL && record_uint(d->any, "MEMSTALLD_SIGNAL", &signal) && signal < 65 &&
            sigabbrev_np((int) signal))
                fprintf(f, " with SIG%s", sigabbrev_np((int) signal));
}

/* What came of it. */
static void write_end(FILE *f, const Deed *d) {
        const JournalRecord *last = d->effect ? d->effect : d->answer;
        const char *before = SHARE(last, "MEMSTALLD_PRESSURE_BEFORE"), *after = SHARE(last, "MEMSTALLD_PRESSURE_AFTER");
        const char *error = last ? record_text(last, "MEMSTALLD_ERROR") : "";
        uint64_t freed = 0;

        switch (d->end) {
        case END_UNKNOWN:
                fputs("; no record says what came of it", f);
                break;
        case END_DRY:
                fputs(": a dry run, nothing was done", f);
                break;
        case END_FAILED:
                fprintf(f, ": it failed%s%s", *error ? ": " : "", error);
                break;
        case END_TIMEOUT:
                fputs(": no answer came in time, it may have happened", f);
                break;
        case END_REFUSED:
                fprintf(f, ": not done, it would have done harm%s%s", *error ? ": " : "", error);
                break;
        case END_HELPED:
        case END_IN_VAIN:
                fputs(d->end == END_HELPED ? "; that helped" : "; that did not help", f);
                if (before && after)
                        fprintf(f, ", pressure %s -> %s", before, after);
                if (record_uint(last, "MEMSTALLD_FREED", &freed) && freed > 0)
                        fprintf(f, ", %s freed", FORMAT_SIZE(freed));
                break;
        case END_TOLD:
        case END_DONE:
        case _END_MAX:
                break;
        }
}

/* It was told before it was done. */
static bool is_pending(const Deed *d) {
        return record_is(d->any, "MEMSTALLD_PENDING", "yes");
}

bool story_is_slice(const char *unit) {
        const char *dot = strrchr(unit, '.');

        return dot && strcmp(dot, ".slice") == 0;
}

void story_write_verdict(FILE *f, const Story *s, const char *who) {
        static const char *const ends[_END_MAX] = {
                [END_DRY] = " (dry run)",        [END_FAILED] = ", but that failed", [END_TIMEOUT] = ", without an answer",
                [END_REFUSED] = ", but was not", [END_HELPED] = ", which helped",    [END_IN_VAIN] = ", in vain",
        };
        const Deed *d = story_worst_deed(s);
        const char *victim = d ? deed_victim(d) : "", *verb;

        if (!d)
                return;
        if (strcmp(victim, who) == 0)
                victim = "it";
        if (d->kind == DEED_KILL)
                fprintf(f, "; %s %s %s", killer_of(d->any), is_pending(d) ? "was about to kill" : "killed", *victim ? victim : "a process");
        else if (d->kind == DEED_REFUSAL || d->action < 0 || d->action >= _ACTION_KIND_MAX)
                fputs("; nothing was done", f);
        else if (d->action == ACTION_LOG)
                fputs("; it was noted, as the policy says", f);
        else {
                verb = d->end == END_DRY ? "would have been" : d->end >= END_DONE || d->end == END_UNKNOWN ? "was" : "was to be";
                victim = d->action == ACTION_START ? record_text(d->any, "MEMSTALLD_START") : victim;
                fprintf(f, "; %s %s %s%s", *victim ? victim : "a unit", verb, words[d->action].done,
                        ends[d->end] ? ends[d->end] : "");
        }
}

static void write_refusal(FILE *f, const Deed *d) {
        static const struct {
                const char *word, *text;
        } reasons[] = {
                { "protected", "everyone who could have paid is protected" },
                { "budget", "MaxActions= of the whole host was used up" },
                { "policy-budget", "MaxActions= of the policy was used up" },
                { "oomd", "everyone who could have paid is left to systemd-oomd" },
                { "no-candidate", "there was nobody to act on" },
                { "too-many-held", "as many actions are under way or held as memstalld can keep in mind" },
                { "bad-name", "what Start= names is no name of a unit" },
        };
        const char *reason = record_text(d->any, "MEMSTALLD_REASON");

        fprintf(f, "did not %s %s: ", record_text(d->any, "MEMSTALLD_ACTION"), *deed_victim(d) ? deed_victim(d) : "anybody");
        for (size_t i = 0; i < ELEMENTSOF(reasons); i++)
                if (strcmp(reasons[i].word, reason) == 0)
                        reason = reasons[i].text;
        fputs(reason, f);
}

static void write_kill(FILE *f, const Deed *d) {
        const char *comm = record_get(d->any, "MEMSTALLD_COMM"), *pid = record_get(d->any, "MEMSTALLD_PID");
        const char *reason = record_get(d->any, "MEMSTALLD_REASON");
        uint64_t count = 1;

        (void) record_uint(d->any, "MEMSTALLD_COUNT", &count);
        fprintf(f, "%s %s ", killer_of(d->any), is_pending(d) ? "was about to kill" : "killed");
        if (count > 1)
                fprintf(f, "%" PRIu64 " processes of ", count);
        else if (comm)
                fprintf(f, "%s%s%s%s of ", comm, pid ? "[" : "", pid ? pid : "", pid ? "]" : "");
        fputs(*deed_victim(d) ? deed_victim(d) : "a process of no unit", f);
        if (reason)
                fprintf(f, " (%s)", reason);
}

static int print_deed(Paragraph *p, const Deed *d, const char *label) {
        FILE *f = paragraph_begin(p);

        fprintf(f, "%s ", story_time((char[STORY_TIME_MAX]){ 0 }, d->at_usec) + strlen("2026-11-23 "));
        if (d->kind == DEED_REFUSAL)
                write_refusal(f, d);
        else if (d->kind == DEED_KILL)
                write_kill(f, d);
        else {
                write_action(f, d);
                write_end(f, d);
        }
        if (record_get(d->any, "MEMSTALLD_STEP"))
                fprintf(f, " [step %s]", record_text(d->any, "MEMSTALLD_STEP"));
        return paragraph_end(p, label);
}

static int print_release(Paragraph *p, const Deed *d) {
        static const struct {
                const char *word, *text;
        } reasons[] = {
                { "calm", "the pressure stayed low" },
                { "max-hold", "MaxHold= was over" },
                { "gone", "the unit had stopped" },
                { "kill", "it was to be killed" },
                { "stop", "memstalld stopped" },
                { "reload", "the policies were loaded anew" },
                { "failed", "the action had failed half-way" },
                { "recovered-after-crash", "memstalld had ended without releasing it" },
                { "livelock", "it had nothing left to give under its limit" },
                { "expired", "the policy had expired" },
                { "by-hand", "by hand" },
        };
        const char *reason = record_text(d->released, "MEMSTALLD_REASON");
        uint64_t held_usec;
        FILE *f = paragraph_begin(p);

        fprintf(f, "%s %s %s", story_time((char[STORY_TIME_MAX]){ 0 }, d->released->realtime_usec) + strlen("2026-11-23 "),
                d->held ? "could not release" : d->action == ACTION_FREEZE ? "thawed" : "released", deed_victim(d));
        if (record_uint(d->released, "MEMSTALLD_HELD_USEC", &held_usec))
                fprintf(f, " after %s", TOOK(held_usec));
        for (size_t i = 0; i < ELEMENTSOF(reasons); i++)
                if (strcmp(reasons[i].word, reason) == 0)
                        reason = reasons[i].text;
        fprintf(f, ": %s", d->held ? record_text(d->released, "MEMSTALLD_ERROR") : reason);
        return paragraph_end(p, NULL);
}

/* Deeds and releases in the order of time; of many deeds the first and the last. */
int story_print_deeds(Paragraph *p, const Story *s) {
        size_t skip = s->n_deeds > DEEDS_SHOWN ? s->n_deeds - DEEDS_SHOWN : 0, more = skip + s->n_more;
        uint64_t told_usec = 0;
        int r = 0;

        p->hanging = CLOCK_WIDTH;
        for (size_t i = 0; r >= 0 && i <= s->n_deeds; i++) {
                const Deed *d = s->deeds + i;
                uint64_t until_usec = i < s->n_deeds ? d->at_usec : USEC_INFINITY;

                for (const Deed *e = s->deeds; r >= 0 && e < d; e++)
                        if (e->released && e->released->realtime_usec >= told_usec &&
                            e->released->realtime_usec < until_usec && !(skip > 0 && i < s->n_deeds))
                                r = print_release(p, e);
                told_usec = until_usec;
                if (r < 0 || i == s->n_deeds)
                        break;
                if (skip > 0 && i == DEEDS_SHOWN / 2) {
                        fprintf(paragraph_begin(p), "... and %zu times more ...", more);
                        r = paragraph_end(p, NULL);
                }
                if (skip == 0 || i < DEEDS_SHOWN / 2 || i >= DEEDS_SHOWN / 2 + skip)
                        r = r < 0 ? r : print_deed(p, d, i == 0 ? "Done" : NULL);
        }
        p->hanging = 0;
        return r;
}

int story_print_held(Paragraph *p, const Story *s) {
        int r = 0;

        for (const Deed *d = s->deeds; r >= 0 && d < s->deeds + s->n_deeds; d++)
                if (d->held) {
                        fprintf(paragraph_begin(p), "%s is still %s, as far as the journal tells; memstallctl status knows.",
                                deed_victim(d), d->action == ACTION_FREEZE    ? "frozen"
                                                : d->action == ACTION_PROTECT ? "protected"
                                                                              : "throttled");
                        r = paragraph_end(p, "Still");
                }
        return r;
}
