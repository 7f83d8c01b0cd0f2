/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who brought a stall about. Shares are of whole microseconds; what rounding leaves is laid to nobody. */

#include <string.h>

#include "core/survey.h"

/* ---- Parts ----------------------------------------------------------------------------------- */

static void give_part(Part *part, uint64_t usec, BlameKind kind) {
        part->usec += usec;
        part->by_usec[kind] += usec;
}

static void give(Suspect *suspect, uint64_t usec, BlameKind kind) {
        give_part(&suspect->part, usec, kind);
        suspect->caused_usec += usec;
}

/* The part of somebody who is no candidate; NULL if there is no room. */
static Part *outsider(Survey *s, const Node *n) {
        for (size_t i = 0; i < s->n_outsiders; i++)
                if (s->outsiders[i].node == n)
                        return &s->outsiders[i].part;
        if (s->n_outsiders >= OUTSIDERS_MAX)
                return NULL;
        s->outsiders[s->n_outsiders] = (Outsider){ .node = n };
        return &s->outsiders[s->n_outsiders++].part;
}

static void give_node(Survey *s, const Node *n, uint64_t usec, BlameKind kind) {
        Suspect *suspect = survey_find(s, n->id);
        Part *part;

        if (suspect) {
                give(suspect, usec, kind);
                return;
        }
        part = outsider(s, n);
        if (part)
                give_part(part, usec, kind);
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
                return suspect->brought > 0 ? (unsigned __int128) suspect->brought + suspect->life_growth : 0;
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
} Weights;

static bool has_part(const Suspect *suspect, const Node *limit, WeightBy by, unsigned __int128 greatest) {
        return may_be_blamed(suspect, limit) && weight_of(suspect, by) * GREATEST_PART >= greatest;
}

static Weights weigh(const Survey *s, const Node *limit, WeightBy by) {
        Weights w = { 0 };

        for (size_t i = 0; i < s->n; i++)
                if (may_be_blamed(s->suspects + i, limit))
                        w.greatest = MAX(w.greatest, weight_of(s->suspects + i, by));
        for (size_t i = 0; i < s->n; i++)
                if (has_part(s->suspects + i, limit, by, w.greatest))
                        w.sum += weight_of(s->suspects + i, by);
        return w;
}

/* Hands `usec` to those within `limit` (NULL: all) by their weight. */
static void share_out(Survey *s, const Node *limit, WeightBy by, uint64_t usec, BlameKind kind) {
        Weights w = weigh(s, limit, by);

        for (size_t i = 0; i < s->n && w.sum > 0; i++)
                if (has_part(s->suspects + i, limit, by, w.greatest))
                        give(s->suspects + i, (uint64_t) (usec * weight_of(s->suspects + i, by) / w.sum), kind);
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

/* NULL if there are too many. */
static Scope *scope_of(Survey *s, const Node *limit) {
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

/* ---- One stall ------------------------------------------------------------------------------- */

/* Whether a stall of this class is an allocation's own doing where nothing else is known. */
static bool class_allocates(StallClass class) {
        return class == STALL_MEMCG_MAX || class == STALL_MEMCG_HIGH || class == STALL_HIGH_THROTTLE ||
               class == STALL_DIRECT_RECLAIM || class == STALL_NODE_RECLAIM;
}

/* Whether somebody evicted what is waited for. */
static bool class_waits(StallClass class) {
        return class == STALL_REFAULT || class == STALL_SWAP_IN || class == STALL_READ || class == STALL_BLKCG ||
               class == STALL_SWAP_WAIT || class == STALL_FILE_WAIT || class == STALL_OTHER;
}

Reach survey_reach(StallClass class) {
        if (class_waits(class))
                return REACH_AS_RECLAIMED;
        if (class == STALL_DIRECT_RECLAIM || class == STALL_NODE_RECLAIM || class == STALL_KSWAPD ||
            class == STALL_KCOMPACTD)
                return REACH_HOST;
        return REACH_ITSELF;
}

/* The limit of a cgroup: its own, or that of those beneath it. False if nobody beneath it is known to do anything. */
static bool blame_limit(Survey *s, const Node *limit, uint64_t usec) {
        Scope *scope;

        if (limit && limit->kind != CGROUP_HOST && !survey_holds_others(limit)) {
                give_node(s, limit, usec, BLAME_LIMIT);
                return true;
        }
        scope = scope_of(s, limit);
        if (!scope || scope->by == BY_NOTHING)
                return false;
        scope->usec += usec;
        return true;
}

/* These write memory.reclaim and limits for others, as they were told to. */
static bool is_manager(const Node *n) {
        return strcmp(n->unit, "init.scope") == 0 || strcmp(n->unit, "memstalld.service") == 0;
}

static void blame_reclaim(Survey *s, const NodeRegistry *nodes, const Reclaim *r, const Node *target, uint64_t usec) {
        const Node *by = node_registry_find(nodes, r->cgroup_id);

        if (r->kind != RECLAIM_BY_HAND || (by && is_manager(by)))
                (void) blame_limit(s, r->kind == RECLAIM_HOST ? NULL : target, usec);
        else if (by && by->kind != CGROUP_HOST)
                give_node(s, by, usec, BLAME_RECLAIM);
}

/* How many of the pages were the sufferer's, as far as one can tell: its own, or its part of those above it. */
static uint64_t pages_of(Survey *s, const Reclaim *r, const Node *target, const Node *n, const Suspect *sufferer) {
        const Scope *scope;

        if (!target || !node_is_within(n, target))
                return 0;
        if (target == n || !sufferer)
                return r->pages;
        scope = scope_of(s, target);
        if (!scope || scope->usage_bytes == 0)
                return 0;
        return (uint64_t) ((unsigned __int128) r->pages * sufferer->current_bytes / scope->usage_bytes);
}

/* A wait, split over what evicted the sufferer's pages. False if nothing is known of that. */
static bool blame_wait(Survey *s, const NodeRegistry *nodes, const Event *event, const Stall *stall, Suspect *self) {
        const Node *n = node_registry_find(nodes, stall->cgroup_id);
        unsigned __int128 sum = 0;

        /* Who has read nothing again waits for what it never had. */
        if (stall->class == STALL_FILE_WAIT && self && self->counted && self->refaults == 0) {
                give(self, stall->stall_usec, BLAME_ITSELF);
                return true;
        }
        for (size_t i = 0; n && i < event->survey.n_reclaims; i++) {
                const Reclaim *r = event->survey.reclaims + i;

                sum += pages_of(s, r, node_registry_find(nodes, r->target_id), n, self);
        }
        if (sum == 0)
                return false;
        for (size_t i = 0; i < event->survey.n_reclaims; i++) {
                const Reclaim *r = event->survey.reclaims + i;
                const Node *target = node_registry_find(nodes, r->target_id);
                uint64_t pages = pages_of(s, r, target, n, self);

                if (pages > 0)
                        blame_reclaim(s, nodes, r, target,
                                      (uint64_t) ((unsigned __int128) stall->stall_usec * pages / sum));
        }
        return true;
}

/* A wait for pages that were evicted unseen. */
static void blame_unseen(Survey *s, uint64_t usec) {
        Scope *scope = scope_of(s, NULL);

        if (scope && scope->by != BY_NOTHING && scope->by != BY_LIFE)
                scope->usec += usec;
}

static void blame_one(Survey *s, const NodeRegistry *nodes, const Event *event, const Stall *stall) {
        Suspect *self = survey_find(s, stall->cgroup_id);
        const Node *limit = node_registry_find(nodes, stall->limit_id);

        /* A delegated unit's inner limit, a sleep at nobody else's memory.high, a large page: others take no part. */
        if (stall->class == STALL_COMPACTION || (stall->limit_id != 0 && !limit) ||
            (stall->class == STALL_HIGH_THROTTLE && !limit)) {
                if (self)
                        give(self, stall->stall_usec, stall->limit_id != 0 ? BLAME_LIMIT : BLAME_ITSELF);
        } else if (stall->class == STALL_KCOMPACTD)
                share_out(s, NULL, BY_COMPACTION, stall->stall_usec, BLAME_ITSELF);
        else if (class_waits(stall->class) && !limit) {
                if (!blame_wait(s, nodes, event, stall, self))
                        blame_unseen(s, stall->stall_usec);
        } else if (!blame_limit(s, limit, stall->stall_usec) && self && class_allocates(stall->class))
                give(self, stall->stall_usec, BLAME_ITSELF);
}

/* ---- All of them ----------------------------------------------------------------------------- */

/* Who suffers what, and who had what reclaimed: before anything is laid to anybody. */
static void take_in(Survey *s, const NodeRegistry *nodes, const Event *event) {
        for (size_t i = 0; i < event->survey.n_stalls; i++) {
                const Stall *stall = event->survey.stalls + i;
                Suspect *self = survey_find(s, stall->cgroup_id);

                s->stall_usec += stall->stall_usec;
                s->class_usec[stall->class] += stall->stall_usec;
                if (!self)
                        continue;
                self->suffered_usec += stall->stall_usec;
                if (stall->class == STALL_COMPACTION)
                        self->compaction_usec += stall->stall_usec;
        }
        for (size_t i = 0; i < event->survey.n_reclaims; i++) {
                const Reclaim *r = event->survey.reclaims + i;
                const Node *by = node_registry_find(nodes, r->cgroup_id);
                Suspect *suspect = by && r->target_id != r->cgroup_id ? survey_find(s, by->id) : NULL;

                if (suspect)
                        suspect->part.reclaimed += r->pages;
        }
}

static void add_up(Survey *s, Suspect *above) {
        for (const Suspect *below = s->suspects; below < s->suspects + s->n; below++)
                if (!survey_holds_others(below->node) && node_is_within(below->node, above->node)) {
                        above->caused_usec += below->caused_usec;
                        above->suffered_usec += below->suffered_usec;
                }
}

void survey_blame(Survey *s, const NodeRegistry *nodes, const Event *event) {
        take_in(s, nodes, event);
        for (size_t i = 0; i < event->survey.n_stalls; i++)
                blame_one(s, nodes, event, event->survey.stalls + i);
        for (const Scope *scope = s->scopes; scope < s->scopes + s->n_scopes; scope++)
                share_out(s, scope->limit, scope->by, scope->usec,
                          scope->by == BY_REFAULTS ? BLAME_REFAULTS : BLAME_GROWTH);
        for (size_t i = 0; i < s->n; i++)
                s->caused_usec += s->suspects[i].caused_usec;
        for (size_t i = 0; i < s->n; i++)
                if (survey_holds_others(s->suspects[i].node))
                        add_up(s, s->suspects + i);
}
