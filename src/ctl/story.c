/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/parse.h"
#include "ctl/story.h"

/* ---- Deeds --------------------------------------------------------------------------------------- */

static ActionKind action_of(const JournalRecord *r) {
        return action_from_string(record_text(r, "MEMSTALLD_ACTION"));
}

/* Room for one more; where there is none the oldest of the later half goes. */
static Deed *add_deed(Story *s, DeedKind kind, const JournalRecord *r) {
        Deed *d;

        if (s->n_deeds >= STORY_DEEDS_MAX) {
                memmove(s->deeds + STORY_DEEDS_MAX / 2, s->deeds + STORY_DEEDS_MAX / 2 + 1,
                        (STORY_DEEDS_MAX / 2 - 1) * sizeof(Deed));
                s->n_deeds--;
                s->n_more++;
        }
        d = s->deeds + s->n_deeds++;
        *d = (Deed){ .kind = kind, .at_usec = r->realtime_usec, .any = r, .action = action_of(r) };
        return d;
}

static bool same(const JournalRecord *a, const JournalRecord *b, const char *field) {
        return strcmp(record_text(a, field), record_text(b, field)) == 0;
}

/* The last deed that such a record can be about: of its step, its turn, its victim. */
static Deed *find_deed(Story *s, const JournalRecord *r, bool release) {
        for (Deed *d = s->deeds + s->n_deeds; d-- > s->deeds;) {
                if (d->kind != DEED_ACTION || !same(d->any, r, "MEMSTALLD_STEP") ||
                    !same(d->any, r, "MEMSTALLD_VICTIM"))
                        continue;
                if (release ? d->action == action_of(r) : same(d->any, r, "MEMSTALLD_COUNT"))
                        return d;
        }
        return NULL;
}

/* What came of a deed whose decision is lost is a deed all the same. */
static Deed *deed_of(Story *s, const JournalRecord *r, bool release) {
        Deed *d = find_deed(s, r, release);

        if (d)
                return d;
        s->has_gaps = true;
        return add_deed(s, DEED_ACTION, r);
}

static void take_outcome(Story *s, const JournalRecord *r) {
        Deed *d = deed_of(s, r, false);

        if (record_is(r, "MEMSTALLD_OUTCOME", "settled") || record_is(r, "MEMSTALLD_OUTCOME", "no-effect"))
                d->effect = r;
        else if (action_of(r) == ACTION_START && d->action != ACTION_START)
                d->started = r;
        else
                d->answer = r;
}

static void take_record(Story *s, const JournalRecord *r) {
        if (record_is(r, "MEMSTALLD_RECORD", "decision"))
                add_deed(s, DEED_ACTION, r)->record = r;
        else if (record_is(r, "MEMSTALLD_RECORD", "refused"))
                add_deed(s, DEED_REFUSAL, r)->record = r;
        else if (record_is(r, "MEMSTALLD_RECORD", "killed-by-other"))
                add_deed(s, DEED_KILL, r)->record = r;
        else if (record_is(r, "MEMSTALLD_RECORD", "outcome"))
                take_outcome(s, r);
        else if (record_is(r, "MEMSTALLD_RECORD", "release"))
                deed_of(s, r, true)->released = r;
}

static DeedEnd end_of(const Deed *d) {
        static const struct {
                const char *word;
                DeedEnd end;
        } words[] = {
                { "done", END_DONE },       { "failed", END_FAILED },   { "timeout", END_TIMEOUT },
                { "dry-run", END_DRY },     { "refused", END_REFUSED }, { "settled", END_HELPED },
                { "no-effect", END_IN_VAIN },
        };
        const JournalRecord *last = d->effect ? d->effect : d->answer;

        if (d->kind != DEED_ACTION)
                return END_TOLD;
        for (size_t i = 0; last && i < ELEMENTSOF(words); i++)
                if (record_is(last, "MEMSTALLD_OUTCOME", words[i].word))
                        return words[i].end;
        if (record_is(d->any, "MEMSTALLD_DRY_RUN", "yes"))
                return END_DRY;
        return d->action == ACTION_LOG ? END_TOLD : END_UNKNOWN;
}

/* A release that failed is one that is still to come. */
static bool is_held(const Deed *d) {
        if (d->kind != DEED_ACTION || !action_holds(d->action))
                return false;
        if (d->released)
                return record_get(d->released, "MEMSTALLD_OUTCOME");
        return d->end == END_DONE || d->end == END_HELPED || d->end == END_IN_VAIN;
}

const char *deed_victim(const Deed *d) {
        const char *victim = record_text(d->any, "MEMSTALLD_VICTIM");

        return strcmp(victim, "-.slice") == 0 ? "the host" : victim;
}

const char *story_name(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash && slash[1] ? slash + 1 : "the host";
}

const Deed *story_worst_deed(const Story *s) {
        const Deed *worst = NULL;

        for (const Deed *d = s->deeds; d < s->deeds + s->n_deeds; d++) {
                bool done = d->kind == DEED_KILL || d->end >= END_DONE;
                int rank = d->kind == DEED_KILL ? ACTION_KILL : done ? (int) d->action : -1;
                bool worst_done = worst && (worst->kind == DEED_KILL || worst->end >= END_DONE);
                int worst_rank = !worst ? -2 : worst->kind == DEED_KILL ? ACTION_KILL : worst_done ? (int) worst->action : -1;

                if (rank >= worst_rank)
                        worst = d;
        }
        return worst;
}

/* ---- Parts --------------------------------------------------------------------------------------- */

/* Adds to the unit's part; keeps them sorted, and the greatest. */
static void add_part(Part *parts, size_t *n, const Part *p) {
        size_t at = 0;
        Part sum = *p;

        for (size_t i = 0; i < *n; i++)
                if (parts[i].unit_length == p->unit_length && memcmp(parts[i].unit, p->unit, p->unit_length) == 0) {
                        sum = parts[i]; /* its first process stays the one that is named */
                        sum.share += p->share;
                        memmove(parts + i, parts + i + 1, (--*n - i) * sizeof(*parts));
                        break;
                }
        while (at < *n && parts[at].share >= sum.share)
                at++;
        if (at >= STORY_PARTS_MAX)
                return;
        if (*n == STORY_PARTS_MAX)
                --*n;
        memmove(parts + at + 1, parts + at, (*n - at) * sizeof(*parts));
        parts[at] = sum;
        ++*n;
}

static void add_culprit(Story *s, const JournalRecord *r) {
        uint64_t share = 0;
        Part p = {
                .unit = record_text(r, "MEMSTALLD_CULPRIT_UNIT"),
                .comm = record_get(r, "MEMSTALLD_CULPRIT_COMM"),
                .pid = record_get(r, "MEMSTALLD_CULPRIT_PID"),
                .class = record_get(r, "MEMSTALLD_CULPRIT_CLASS"),
        };

        if (!record_uint(r, "MEMSTALLD_CULPRIT_SHARE", &share) || share > 10000)
                return;
        p.unit_length = strlen(p.unit);
        p.share = (uint32_t) share;
        if (record_is(r, "MEMSTALLD_CULPRIT_ROLE", "cause") && !s->limit)
                s->limit = record_get(r, "MEMSTALLD_CULPRIT_LIMIT_CGROUP");
        if (record_is(r, "MEMSTALLD_CULPRIT_ROLE", "cause"))
                add_part(s->causes, &s->n_causes, &p);
        else
                add_part(s->sufferers, &s->n_sufferers, &p);
}

/* The stall time that the culprit records right behind the i-th record tell of. */
static uint64_t stalled_behind(const JournalRecords *records, const char *incident, size_t i) {
        uint64_t usec, sum = 0;

        for (size_t j = i + 1; j < records->n_items; j++) {
                const JournalRecord *r = records->items + j;

                if (!record_is(r, "MEMSTALLD_INCIDENT", incident))
                        continue;
                if (!record_is(r, "MEMSTALLD_RECORD", "culprit"))
                        break;
                if (record_uint(r, "MEMSTALLD_CULPRIT_STALL_USEC", &usec))
                        sum += usec;
        }
        return sum;
}

/* Of the decisions that come with culprits, those of the one with the longest stalls: shares of several do not add up. */
static void find_parts(const JournalRecords *records, Story *s) {
        uint64_t longest = 0;
        size_t best = records->n_items;

        for (size_t i = 0; i < records->n_items; i++) {
                uint64_t usec;

                if (!record_is(records->items + i, "MEMSTALLD_INCIDENT", s->incident))
                        continue;
                usec = stalled_behind(records, s->incident, i);
                if (usec > longest) {
                        longest = usec;
                        best = i;
                }
        }
        for (size_t i = best + 1; i < records->n_items; i++) {
                const JournalRecord *r = records->items + i;

                if (!record_is(r, "MEMSTALLD_INCIDENT", s->incident))
                        continue;
                if (!record_is(r, "MEMSTALLD_RECORD", "culprit"))
                        break;
                add_culprit(s, r);
        }
}

/* A line of MEMSTALLD_BLAME, "hog.service 93% growth: grows 61.2M/s, brings …"; false for what is laid to nobody. */
static bool read_blame(const char *line, size_t n, Part *ret) {
        for (const char *space = memchr(line, ' ', n); space; space = memchr(space + 1, ' ', n - (size_t) (space + 1 - line))) {
                const char *word = space + 1;
                size_t length = strcspn(word, " \n");
                char share[16];

                if (length >= sizeof(share))
                        continue;
                memcpy(share, word, length);
                share[length] = '\0';
                if (parse_share(share, &ret->share) < 0)
                        continue;
                ret->unit = line;
                ret->unit_length = (size_t) (space - line);
                ret->rests_on = word + length + 1;
                return word[length] == ' ';
        }
        return false;
}

/* Blame says more than whose stalls were whose own; the processes are those of the culprit records. */
static void take_blame(Story *s, const char *blame) {
        Part known[STORY_PARTS_MAX];
        size_t n_known = s->n_causes;

        memcpy(known, s->causes, sizeof(known));
        s->n_causes = 0;
        for (const char *line = blame; *line;) {
                size_t n = strcspn(line, "\n");
                Part p = { 0 };

                if (read_blame(line, n, &p)) {
                        for (size_t i = 0; i < n_known; i++)
                                if (known[i].unit_length == p.unit_length &&
                                    memcmp(known[i].unit, p.unit, p.unit_length) == 0) {
                                        p.comm = known[i].comm;
                                        p.pid = known[i].pid;
                                        p.class = known[i].class;
                                }
                        add_part(s->causes, &s->n_causes, &p);
                }
                line += n + (line[n] == '\n');
        }
}

/* That of the worst moment, or, where there is none, the last. */
static const char *find_blame(const Story *s) {
        const char *blame = s->worst ? record_get(s->worst, "MEMSTALLD_BLAME") : NULL;

        for (const Deed *d = s->deeds + s->n_deeds; !blame && d-- > s->deeds;)
                blame = record_get(d->any, "MEMSTALLD_BLAME");
        return blame;
}

/* ---- All of it ----------------------------------------------------------------------------------- */

static uint64_t pressure_of(const JournalRecord *r) {
        uint64_t some = 0;

        (void) record_uint(r, "MEMSTALLD_PRESSURE_SOME", &some);
        return some;
}

static void take_common(Story *s, const JournalRecord *r) {
        const char *watch = record_get(r, "MEMSTALLD_WATCH"), *unit = record_get(r, "MEMSTALLD_WATCH_UNIT");
        const char *policy = record_get(r, "MEMSTALLD_POLICY");
        Cause cause = cause_from_string(record_text(r, "MEMSTALLD_CAUSE"));

        s->watch = s->watch ? s->watch : watch;
        s->watch_unit = s->watch_unit ? s->watch_unit : unit;
        s->policy = s->policy ? s->policy : policy;
        if (record_get(r, "MEMSTALLD_CAUSE") && (!s->worst || pressure_of(r) > pressure_of(s->worst)))
                s->worst = r;
        if (cause > CAUSE_UNKNOWN && s->cause == CAUSE_UNKNOWN)
                s->cause = cause;
}

void story_tell(const JournalRecords *records, const char *incident, Story *ret) {
        Story *s = ret;

        *s = (Story){ .incident = incident };
        for (size_t i = 0; i < records->n_items; i++) {
                const JournalRecord *r = records->items + i;

                if (!record_is(r, "MEMSTALLD_INCIDENT", incident))
                        continue;
                s->first_usec = s->first_usec == 0 ? r->realtime_usec : MIN(s->first_usec, r->realtime_usec);
                s->last_usec = MAX(s->last_usec, r->realtime_usec);
                take_common(s, r);
                take_record(s, r);
        }
        for (Deed *d = s->deeds; d < s->deeds + s->n_deeds; d++) {
                d->end = end_of(d);
                d->held = is_held(d);
                s->is_open = s->is_open || d->held || d->end == END_UNKNOWN;
        }
        find_parts(records, s);
        if (find_blame(s))
                take_blame(s, find_blame(s));
        s->has_gaps = s->has_gaps || records->cut;
}
