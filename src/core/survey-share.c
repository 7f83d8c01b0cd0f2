/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What several have part in: the limits that they share, and by what weight they do. */

#include "core/survey-private.h"

void survey_give_part(Part *part, uint64_t usec, BlameKind kind) {
        part->usec += usec;
        part->by_usec[kind] += usec;
}

void survey_give(Suspect *suspect, uint64_t usec, BlameKind kind) {
        survey_give_part(&suspect->part, usec, kind);
        suspect->caused_usec += usec;
}

/* ---- By weight ------------------------------------------------------------------------------- */

#define GREATEST_PART 5U /* who has less than such a part of the greatest weight has none */
#define SMALL_PART 4U    /* what is brought counts unless it is less than such a part of what is read again */
#define LATELY_PART 8U   /* likewise, what is brought lately beside what was in whole lives */

static unsigned __int128 weight_of(const Suspect *suspect, WeightBy by) {
        switch (by) {
        case BY_NOTHING:
                break;
        case BY_BROUGHT:
        case BY_LIFE:
                return (unsigned __int128) suspect->brought + suspect->life_growth;
        case BY_REFAULTS:
                return (unsigned __int128) suspect->refaults * SURVEY_PAGE_BYTES;
        case BY_COMPACTION:
                return suspect->compaction_usec;
        }
        return 0;
}

static bool may_be_blamed(const Suspect *suspect, const Node *limit) {
        return !survey_holds_others(suspect->node) && (!limit || node_is_within(suspect->node, limit));
}

typedef struct Weights {
        unsigned __int128 sum, greatest;
        uint64_t lately; /* the most that anybody brings */
} Weights;

/* Small change makes nobody one of those that bring new pages lately, whatever it brought in its life: khugepaged may have
 * given it a large page for small ones. */
static bool has_part(const Suspect *suspect, const Node *limit, WeightBy by, const Weights *w) {
        if (!may_be_blamed(suspect, limit) ||
            (by == BY_BROUGHT && (unsigned __int128) suspect->brought * GREATEST_PART < w->lately))
                return false;
        return weight_of(suspect, by) * GREATEST_PART >= w->greatest;
}

static Weights weigh(const Survey *s, const Node *limit, WeightBy by) {
        Weights w = { 0 };

        for (size_t i = 0; i < s->n; i++)
                if (may_be_blamed(s->suspects + i, limit))
                        w.lately = MAX(w.lately, s->suspects[i].brought);
        for (size_t i = 0; i < s->n; i++)
                if (has_part(s->suspects + i, limit, by, &w))
                        w.greatest = MAX(w.greatest, weight_of(s->suspects + i, by));
        for (size_t i = 0; i < s->n; i++)
                if (has_part(s->suspects + i, limit, by, &w))
                        w.sum += weight_of(s->suspects + i, by);
        return w;
}

void survey_share_out(Survey *s, const Node *limit, WeightBy by, uint64_t usec, BlameKind kind) {
        Weights w = weigh(s, limit, by);

        for (size_t i = 0; i < s->n && w.sum > 0; i++)
                if (has_part(s->suspects + i, limit, by, &w))
                        survey_give(s->suspects + i, (uint64_t) (usec * weight_of(s->suspects + i, by) / w.sum), kind);
}

/* ---- Scopes ---------------------------------------------------------------------------------- */

/* Those that bring new pages, or else go round in too many. A leak that is throttled has nearly stopped growing, and those
 * beside it seem to grow as much: then it matters how each came to what it has, unless whoever came to the most brings the
 * most lately, too. */
static void measure_scope(const Survey *s, Scope *scope) {
        const Suspect *brings = NULL, *brought = NULL;
        unsigned __int128 lately = 0, lives = 0, again = 0;

        for (const Suspect *suspect = s->suspects; suspect < s->suspects + s->n; suspect++)
                if (may_be_blamed(suspect, scope->limit)) {
                        lately += suspect->brought;
                        lives += suspect->life_growth;
                        again += weight_of(suspect, BY_REFAULTS);
                        scope->usage_bytes += suspect->current_bytes;
                        if (suspect->brought > (brings ? brings->brought : 0))
                                brings = suspect;
                        if (suspect->life_growth > (brought ? brought->life_growth : 0))
                                brought = suspect;
                }
        if ((lately + lives) * SMALL_PART < again)
                scope->by = BY_REFAULTS;
        else if (lately + lives > 0)
                scope->by = lately * LATELY_PART >= lives || brings == brought ? BY_BROUGHT : BY_LIFE;
}

Scope *survey_scope(Survey *s, const Node *limit) {
        if (limit && limit->kind == CGROUP_HOST)
                limit = NULL;
        for (size_t i = 0; i < s->n_scopes; i++)
                if (s->scopes[i].limit == limit)
                        return s->scopes + i;
        if (s->n_scopes >= SCOPES_MAX)
                return NULL;
        s->scopes[s->n_scopes] = (Scope){ .limit = limit };
        measure_scope(s, s->scopes + s->n_scopes);
        return s->scopes + s->n_scopes++;
}
