/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "ctl/advice.h"

/* What came of it, as far as advice depends on it. */
typedef enum Came {
        CAME_ANY,
        CAME_MILD,    /* nothing was done to anybody: log, dry run */
        CAME_HELD,    /* protected, throttled, frozen, reclaimed */
        CAME_ENDED,   /* killed, stopped, restarted */
        CAME_VAIN,    /* it did not help */
        CAME_FAILED,  /* it was not carried out */
        CAME_REFUSED, /* it may not be */
        CAME_OTHER,   /* somebody else killed */
} Came;

/* @u the unit that caused it, @l whose limit it was, @v the victim, @w the watch, @p the policy, @s the step. */
static const struct {
        Cause cause;
        Came came; /* CAME_ANY: whatever came of it */
        const char *text;
} causes[] = {
        { CAUSE_UNIT_LIMIT, CAME_ANY,
          "If @u needs that much, raise its MemoryMax= or MemoryHigh= (systemctl edit @u); if it grows without end, it leaks: look there." },
        { CAUSE_SLICE_LIMIT, CAME_ANY,
          "All in @l share one limit, and @u took what the others needed: give it a MemoryMax= or MemoryHigh= of its own, or raise the limit of @l." },
        { CAUSE_HOST_SHORT, CAME_ENDED,
          "The host has less memory than what runs on it wants: give @u a MemoryMax= or MemoryHigh=, run less at the same time, or add memory or swap." },
        { CAUSE_HOST_SHORT, CAME_ANY,
          "The host has less memory than what runs on it wants: limit @u with MemoryHigh=, run less at the same time, or add memory or swap." },
        { CAUSE_REFAULT, CAME_ANY,
          "What is in use does not fit: @u reads the same pages again and again. Give it more (MemoryHigh=, MemoryMax= of it or its slice), or protect it with MemoryLow=." },
        { CAUSE_SWAP, CAME_ANY,
          "What is in use lies in swap: limit @u with MemorySwapMax=, keep those who wait out of swap with MemoryLow=, or add memory." },
        { CAUSE_THROTTLED, CAME_ANY,
          "MemoryHigh= slows @u down on purpose: raise it if that is too early (systemctl show -p MemoryHigh @u)." },
        { CAUSE_COMPACTION, CAME_ANY,
          "@u asks for large pages that are not to be had: set /sys/kernel/mm/transparent_hugepage/defrag to \"defer+madvise\", or reserve them at boot." },
        { CAUSE_IO, CAME_ANY,
          "The disk is what it waits for: see who writes (systemd-cgtop -i); give @w an IOWeight= or a faster disk." },
        { CAUSE_UNKNOWN, CAME_ANY,
          "Nothing says why: without culprits (memstallctl status) the cause stays unknown; look at the trace with memstallctl replay --incident=@i." },
};

static const struct {
        Came came;
        const char *reason; /* MEMSTALLD_REASON of a refusal; NULL: any */
        const char *text;
} ends[] = {
        { CAME_REFUSED, "protected", "Everyone who could have paid is protected: see Protect= in memstalld.conf(5) and Never= in policy @p, or give the policy other candidates with From=." },
        { CAME_REFUSED, "oomd", "systemd-oomd runs, and kills there: let one of the two do it, or write LeaveToOomd=no, see memstalld.conf(5)." },
        { CAME_REFUSED, "no-candidate", "There was nobody to act on: see From=, Never= and Except= in policy @p." },
        { CAME_REFUSED, "budget", "MaxActions= of the whole host was used up: something comes again and again that actions do not mend. See memstallctl incidents." },
        { CAME_REFUSED, "policy-budget", "MaxActions= of policy @p was used up: something comes again and again that actions do not mend. See memstallctl incidents." },
        { CAME_REFUSED, NULL, "The step could not be taken: see journalctl -x MEMSTALLD_INCIDENT=@i." },
        { CAME_VAIN, NULL, "The last action did not help: step @s of policy @p acts on the wrong unit (Rank=, Never=), too late (Pressure=, For=), or too mildly." },
        { CAME_FAILED, NULL, "The action was not carried out: see systemctl status @v and systemctl status memstalld." },
        { CAME_OTHER, NULL, "Somebody else was faster than memstalld: a policy for @w that acts earlier would have chosen whom to end." },
        { CAME_MILD, NULL, "Nothing was done, as the policy says. memstallctl replay --incident=@i --policy-dir=DIR shows what another one would have done." },
};

static Came came_of(const Story *s) {
        const Deed *last = s->n_deeds > 0 ? s->deeds + s->n_deeds - 1 : NULL, *worst = story_worst_deed(s);

        if (!last)
                return CAME_ANY;
        if (last->kind == DEED_REFUSAL)
                return CAME_REFUSED;
        if (worst->kind == DEED_KILL)
                return CAME_OTHER;
        if (last->end == END_IN_VAIN)
                return CAME_VAIN;
        if (last->end == END_FAILED || last->end == END_TIMEOUT || last->end == END_REFUSED)
                return CAME_FAILED;
        if (worst->end < END_DONE)
                return CAME_MILD;
        return worst->action >= ACTION_KILL && worst->action != ACTION_START ? CAME_ENDED : CAME_HELD;
}

static bool is_unit(const char *name) {
        const char *dot = name ? strrchr(name, '.') : NULL;

        return dot && strcmp(dot, ".slice") != 0;
}

/* The unit that caused it, as far as anything says so: a victim in vain did not. */
static void write_causer(FILE *f, const Story *s, const char *watch) {
        const Deed *worst = story_worst_deed(s);

        if (s->n_causes > 0)
                fwrite(s->causes[0].unit, 1, s->causes[0].unit_length, f);
        else if (is_unit(s->watch_unit))
                fputs(watch, f);
        else if (worst && *deed_victim(worst) && worst->end != END_IN_VAIN)
                fputs(deed_victim(worst), f);
        else
                fprintf(f, "what uses most in %s", watch);
}

/* Writes the sentence with names in the place of letters. */
static void write_text(FILE *f, const Story *s, const char *text) {
        const Deed *last = s->n_deeds > 0 ? s->deeds + s->n_deeds - 1 : NULL;
        const char *watch = !s->watch_unit ? "it" : strcmp(s->watch_unit, "-.slice") == 0 ? "the host" : s->watch_unit;

        for (; *text; text++) {
                if (*text != '@') {
                        fputc(*text, f);
                        continue;
                }
                switch (*++text) {
                case 'u':
                        write_causer(f, s, watch);
                        break;
                case 'v':
                        fputs(last && *deed_victim(last) ? deed_victim(last) : watch, f);
                        break;
                case 'w':
                        fputs(watch, f);
                        break;
                case 'l':
                        fputs(s->limit ? story_name(s->limit) : watch, f);
                        break;
                case 'p':
                        fputs(s->policy ? s->policy : "the policy", f);
                        break;
                case 's':
                        fputs(last ? record_text(last->any, "MEMSTALLD_STEP") : "", f);
                        break;
                default:
                        fputs(s->incident, f);
                        break;
                }
        }
}

static int add(const Story *s, const char *text, char **ret) {
        size_t size;
        FILE *f = open_memstream(ret, &size);

        if (!f)
                return -ENOMEM;
        write_text(f, s, text);
        return fclose(f) == 0 ? 1 : -ENOMEM;
}

static const char *end_text(const Story *s, Came came) {
        const char *reason = s->n_deeds > 0 ? record_text(s->deeds[s->n_deeds - 1].any, "MEMSTALLD_REASON") : "";

        for (size_t i = 0; i < ELEMENTSOF(ends); i++)
                if (ends[i].came == came && (!ends[i].reason || strcmp(ends[i].reason, reason) == 0))
                        return ends[i].text;
        return NULL;
}

static const char *cause_text(const Story *s, Came came) {
        for (size_t i = 0; i < ELEMENTSOF(causes); i++)
                if (causes[i].cause == s->cause && (causes[i].came == CAME_ANY || causes[i].came == came))
                        return causes[i].text;
        return NULL;
}

int advice_for(const Story *s, char *ret[static ADVICE_MAX]) {
        Came came = came_of(s);
        const char *const texts[] = { cause_text(s, came), end_text(s, came) };
        int n = 0, r;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                if (!texts[i])
                        continue;
                r = add(s, texts[i], ret + n);
                if (r < 0) {
                        while (n-- > 0)
                                free(ret[n]);
                        return r;
                }
                n++;
        }
        return n;
}
