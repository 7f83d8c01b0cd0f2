/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who brought a stall about.
 *
 * The sums of BPF say who stalled, in which class, for whose limit (Stall), and who reclaimed pages beneath which cgroup, and
 * why (Reclaim), over the last 8.6 to 17.2 seconds; files of each cgroup say what it uses, what was reclaimed from it, and
 * what it read again (Candidate). Each stall of the list is laid to somebody, or to nobody, by the evidence that its class
 * leaves:
 *
 *     class                            for whose limit, or else         whose doing                            BlameKind
 *     memcg-max, -high, high-throttle  a unit's                         that unit's                            limit
 *                                      a slice's                        those in it: new pages, or refaults    growth, refaults
 *                                      one within a unit, or not told   the unit's that stalls                 limit, itself
 *     direct-reclaim, node-reclaim,    the host's                       all there are: new pages, or refaults  growth, refaults
 *     kswapd                           nobody brings or reads any       who allocates (kswapd: nobody's)       itself
 *     refault, swap-in, read, blkcg,   what the waiter's pages were     a limit, the host: as above            as above
 *     swap-wait, file-wait, other      reclaimed for lately, by pages   memory.reclaim: who wrote it           reclaim
 *                                      nobody reclaimed any             nobody's                               (unknown)
 *     file-wait                        the waiter read nothing again    the waiter's: it reads for the first   itself
 *                                                                       time
 *     compaction                       -                                who asked for the large page           itself
 *     kcompactd                        -                                who compacts, by the time it took      itself
 *
 * Two classes are judged by what is behind them (judged_as()): direct reclaim of a process that compacts as often, on a host
 * that has room, is for large pages, and a wait in do_swap_page() on a host without swap is for a page that is on the move:
 * both are compaction.
 *
 * What those at a shared limit have brought, and how it is weighed, is in survey-share.c and survey_fill().
 *
 * Shares are of whole microseconds; what rounding leaves, and what is nobody's, is what `unknown` tells: with it the shares
 * add up to all. A unit has no part by stalling: only by one of these. */

#include <string.h>

#include "core/survey-private.h"

/* ---- Parts ----------------------------------------------------------------------------------- */

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
                survey_give(suspect, usec, kind);
                return;
        }
        part = outsider(s, n);
        if (part)
                survey_give_part(part, usec, kind);
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
        scope = survey_scope(s, limit);
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
        const Node *by = node_registry_recall(nodes, r->cgroup_id);

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
        scope = survey_scope(s, target);
        if (!scope || scope->usage_bytes == 0)
                return 0;
        return (uint64_t) ((unsigned __int128) r->pages * sufferer->current_bytes / scope->usage_bytes);
}

/* Who has read nothing again waits for what it never had. */
static bool is_first_read(const Stall *stall, const Suspect *self) {
        return stall->class == STALL_FILE_WAIT && self && self->counted && self->refaults == 0;
}

/* A wait for pages that were evicted unseen. Where BPF tells of reclaimed pages (and it does where it tells of waits that PSI
 * does not count) that was before the window, and whoever grows within it had no part in it. */
static void blame_unseen(Survey *s, const Event *event, const Stall *stall) {
        Scope *scope = survey_scope(s, NULL);

        if (event->survey.n_reclaims == 0 && stall_is_counted(stall->class) && scope && scope->by != BY_NOTHING &&
            scope->by != BY_LIFE)
                scope->usec += stall->stall_usec;
}

/* A wait, split over what evicted the sufferer's pages. */
static void blame_wait(Survey *s, const NodeRegistry *nodes, const Event *event, const Stall *stall, Suspect *self) {
        const Node *n = node_registry_recall(nodes, stall->cgroup_id);
        unsigned __int128 sum = 0;

        if (is_first_read(stall, self)) {
                survey_give(self, stall->stall_usec, BLAME_ITSELF);
                return;
        }
        for (size_t i = 0; n && i < event->survey.n_reclaims; i++) {
                const Reclaim *r = event->survey.reclaims + i;

                sum += pages_of(s, r, node_registry_recall(nodes, r->target_id), n, self);
        }
        if (sum == 0) {
                blame_unseen(s, event, stall);
                return;
        }
        for (size_t i = 0; i < event->survey.n_reclaims; i++) {
                const Reclaim *r = event->survey.reclaims + i;
                const Node *target = node_registry_recall(nodes, r->target_id);
                uint64_t pages = pages_of(s, r, target, n, self);

                if (pages > 0)
                        blame_reclaim(s, nodes, r, target,
                                      (uint64_t) ((unsigned __int128) stall->stall_usec * pages / sum));
        }
}

/* How often the process asked for a large page. */
static uint64_t count_compactions(const Event *event, const Stall *of) {
        uint64_t count = 0;

        for (const Stall *stall = event->survey.stalls; stall < event->survey.stalls + event->survey.n_stalls; stall++)
                if (stall->class == STALL_COMPACTION && stall->pid == of->pid && stall->cgroup_id == of->cgroup_id)
                        count += stall->count;
        return count;
}

/* The class that says why it stalled, where its own does not. */
static StallClass judged_as(const Event *event, const Stall *stall) {
        const Sample *v = &event->survey.values;
        bool known = v->host_total_bytes > 0;

        if (stall->class == STALL_SWAP_WAIT && known && v->swap_total_bytes == 0)
                return STALL_KCOMPACTD;
        if (stall->class == STALL_DIRECT_RECLAIM && known && v->host_available_bytes >= v->host_total_bytes / 10 &&
            stall->count > 0 && count_compactions(event, stall) >= stall->count)
                return STALL_COMPACTION;
        return stall->class;
}

static void blame_one(Survey *s, const NodeRegistry *nodes, const Event *event, const Stall *stall) {
        Suspect *self = survey_find(s, stall->cgroup_id);
        const Node *limit = node_registry_recall(nodes, stall->limit_id);
        StallClass class = judged_as(event, stall);

        /* A delegated unit's inner limit, a sleep at nobody else's memory.high, a large page: others take no part. */
        if (class == STALL_COMPACTION || (stall->limit_id != 0 && !limit) ||
            (class == STALL_HIGH_THROTTLE && !limit)) {
                if (self)
                        survey_give(self, stall->stall_usec, stall->limit_id != 0 ? BLAME_LIMIT : BLAME_ITSELF);
        } else if (class == STALL_KCOMPACTD)
                survey_share_out(s, NULL, BY_COMPACTION, stall->stall_usec, BLAME_ITSELF);
        else if (class_waits(class) && !limit)
                blame_wait(s, nodes, event, stall, self);
        else if (!blame_limit(s, limit, stall->stall_usec) && self && class_allocates(class))
                survey_give(self, stall->stall_usec, BLAME_ITSELF);
}

/* ---- All of them ----------------------------------------------------------------------------- */

/* Who suffers what, and who had what reclaimed: before anything is laid to anybody. */
static void take_in(Survey *s, const NodeRegistry *nodes, const Event *event) {
        for (size_t i = 0; i < event->survey.n_stalls; i++) {
                const Stall *stall = event->survey.stalls + i;
                Suspect *self = survey_find(s, stall->cgroup_id);
                StallClass class = judged_as(event, stall);

                s->stall_usec += stall->stall_usec;
                if (!is_first_read(stall, self))
                        s->class_usec[class] += stall->stall_usec;
                if (!self)
                        continue;
                self->suffered_usec += stall->stall_usec;
                if (class == STALL_COMPACTION)
                        self->compaction_usec += stall->stall_usec;
        }
        for (size_t i = 0; i < event->survey.n_reclaims; i++) {
                const Reclaim *r = event->survey.reclaims + i;
                const Node *by = node_registry_recall(nodes, r->cgroup_id);
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
                survey_share_out(s, scope->limit, scope->by, scope->usec,
                          scope->by == BY_REFAULTS ? BLAME_REFAULTS : BLAME_GROWTH);
        for (size_t i = 0; i < s->n; i++)
                s->caused_usec += s->suspects[i].caused_usec;
        for (size_t i = 0; i < s->n; i++)
                if (survey_holds_others(s->suspects[i].node))
                        add_up(s, s->suspects + i);
}
