/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The side of BPF: who stalled lately, for the core's surveys and for the records that go with a decision. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent-private.h"
#include "base/clock.h"
#include "core/survey.h"
#include "sense/watch.h"

enum {
        LOST_WORTH_TELLING = 16,
};

bool culprits_count_waits(const Agent *a) {
        const PolicySet *set = &a->config.policies;

        for (size_t i = 0; i < set->n_policies; i++)
                for (size_t k = 0; k < set->policies[i]->n_steps; k++) {
                        const Step *step = set->policies[i]->steps + k;

                        for (size_t c = 0; c < step->n_conditions; c++)
                                if (step->conditions[c].kind == CONDITION_STALL)
                                        return true;
                }
        return false;
}

void culprits_start(Agent *a) {
        Culprits *c = &a->culprits;
        int r;

        if (!a->config.settings.culprits) {
                (void) snprintf(c->why, sizeof(c->why), "Culprits=no");
                return;
        }
        r = memstall_new(&c->memstall, a->config.settings.culprit_stacks, c->why, sizeof(c->why));
        if (r < 0)
                (void) snprintf(c->why, sizeof(c->why), "%s", strerror(-r));
        if (c->memstall && culprits_count_waits(a) && waits_new(&c->waits) < 0)
                journal_blind(a->journal, NULL, NULL, "no memory for the waits of Stall=, it is memory pressure alone");
}

void culprits_stop(Agent *a) {
        a->culprits.waits = waits_free(a->culprits.waits);
        a->culprits.memstall = memstall_free(a->culprits.memstall);
        a->culprits.n_stalls = 0;
        a->culprits.n_reclaims = 0;
        a->culprits.around = false;
        a->culprits.told_lost = 0;
}

void culprits_read_waits(Agent *a, uint64_t watch_id) {
        const ArmedWatch *watch = a->culprits.waits ? watch_find(a->tree, watch_id) : NULL;

        if (watch && (watch->wants & WANT_WAITS))
                waits_read(a->culprits.waits, a->culprits.memstall, a->tree, clock_usec());
}

/* ---- What is lost ---- */

/* A few do not count: it has to be a hundredth of all, and twice what was told. */
static void tell_lost(Agent *a) {
        Culprits *c = &a->culprits;
        MemstallCounters n;
        uint64_t lost;
        char text[256];

        if (memstall_counters(c->memstall, &n) < 0)
                return;
        lost = memstall_lost(&n);
        if (lost < LOST_WORTH_TELLING || lost < 2 * c->told_lost || lost * 100 < n.sections)
                return;
        c->told_lost = lost;
        (void) snprintf(text, sizeof(text),
                        "up to %" PRIu64 " stalls were not captured beside %" PRIu64 " that were: %" PRIu64
                        " for want of room (too many tasks at a time), %" PRIu64 " where BPF was interrupted by itself",
                        lost, n.sections, n.full, n.missed);
        journal_blind(a->journal, NULL, NULL, text);
}

/* ---- What is read ---- */

/* Where it lies, or lay; NULL if nobody knows. */
static const char *path_of(const Agent *a, uint64_t cgroup_id) {
        const char *path;

        return tree_name(a->tree, cgroup_id, NULL, &path, NULL, NULL) ? path : sightings_gone_path(a, cgroup_id);
}

/* Whether the unit is the watch or lies beneath it. */
static bool is_beneath(const Agent *a, uint64_t unit_id, uint64_t watch_id) {
        const char *unit_path, *watch_path;
        size_t length;

        if (watch_id == tree_host_id(a->tree) || unit_id == watch_id)
                return true;
        unit_path = path_of(a, unit_id);
        watch_path = path_of(a, watch_id);
        if (!unit_path || !watch_path)
                return false;
        length = strlen(watch_path);
        return strncmp(unit_path, watch_path, length) == 0 && unit_path[length] == '/';
}

static void keep(Culprits *c, const StallEntry *e, uint64_t unit_id, uint64_t limit_id) {
        c->kept[c->n_stalls] = *e;
        c->stalls[c->n_stalls++] = (Stall){
                .cgroup_id = unit_id,
                .limit_id = limit_id,
                .pid = e->pid,
                .class = e->class,
                .stall_usec = e->stall_usec,
                .count = e->count,
        };
}

/* The unit by number; one that has gone of late is known to the core by its own. */
static uint64_t resolve(const Agent *a, uint64_t cgroup_id) {
        uint64_t id;

        if (cgroup_id == MEMSTALL_HOST_ID)
                return tree_host_id(a->tree);
        id = tree_resolve(a->tree, cgroup_id);
        return id == 0 && sightings_gone_path(a, cgroup_id) ? cgroup_id : id;
}

/* Adds what is alike: the processes of one unit may run in several cgroups. */
static void add_reclaim(Culprits *c, const Reclaim *new) {
        for (Reclaim *r = c->reclaims; r < c->reclaims + c->n_reclaims; r++)
                if (r->cgroup_id == new->cgroup_id && r->target_id == new->target_id && r->kind == new->kind) {
                        r->pages += new->pages;
                        r->count += new->count;
                        return;
                }
        if (c->n_reclaims < RECLAIMS_MAX)
                c->reclaims[c->n_reclaims++] = *new;
}

/* Whose pages were reclaimed, as far as it was beneath the watch or of a cgroup above it. */
static void read_reclaims(Agent *a, uint64_t watch_id) {
        Culprits *c = &a->culprits;
        size_t n = 0;

        if (memstall_reclaims(c->memstall, c->reclaim_entries, RECLAIMS_READ_MAX, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++) {
                const ReclaimEntry *e = c->reclaim_entries + i;
                const Reclaim r = {
                        .cgroup_id = resolve(a, e->cgroup_id),
                        .target_id = resolve(a, e->target_id),
                        .kind = e->kind,
                        .pages = e->pages,
                        .count = e->count,
                };

                if (is_beneath(a, r.target_id, watch_id) || is_beneath(a, watch_id, r.target_id))
                        add_reclaim(c, &r);
        }
}

/* Whether somebody who is not beneath the watch may have brought this stall about. */
static bool reaches_out(const Agent *a, const Stall *stall, uint64_t watch_id) {
        const Culprits *c = &a->culprits;
        Reach reach = survey_reach(stall->class);

        if (stall->limit_id != 0)
                return !is_beneath(a, stall->limit_id, watch_id);
        if (reach != REACH_AS_RECLAIMED)
                return reach == REACH_HOST;
        for (const Reclaim *r = c->reclaims; r < c->reclaims + c->n_reclaims; r++)
                if (!is_beneath(a, r->target_id, watch_id))
                        return true;
        return c->n_reclaims == 0;
}

void culprits_read(Agent *a, uint64_t watch_id) {
        Culprits *c = &a->culprits;
        size_t n = 0;

        c->n_stalls = 0;
        c->n_reclaims = 0;
        c->around = false;
        if (!c->memstall)
                return;
        tell_lost(a);
        read_reclaims(a, watch_id);
        if (memstall_read(c->memstall, c->entries, ENTRIES_MAX, &n) < 0)
                return;

        /* A kernel thread (khugepaged) reclaims for a unit's limit from outside the unit: that counts, too. */
        for (size_t i = 0; i < n && c->n_stalls < STALLS_MAX; i++) {
                const StallEntry *e = c->entries + i;
                uint64_t unit = resolve(a, e->cgroup_id);
                uint64_t limit = e->limit_id ? resolve(a, e->limit_id) : 0;

                if (is_beneath(a, unit, watch_id) || (limit != 0 && is_beneath(a, limit, watch_id)))
                        keep(c, e, unit, limit);
        }
        for (size_t i = 0; i < c->n_stalls && !c->around; i++)
                c->around = reaches_out(a, c->stalls + i, watch_id);
}

/* What is told of either: one of the two is NULL. */
typedef struct Story {
        const Decision *decision;
        const Sighting *sighting;
        const Culprit *culprits;
        size_t n_culprits;
        const Blame *blames;
        size_t n_blames;
} Story;

/* Of those that were read last; where a decision had to wait for Start= that may have been another survey's. */
static bool is_what_was_read(const Culprits *c, const Culprit *culprit) {
        return culprit->stall < c->n_stalls && c->stalls[culprit->stall].pid == culprit->values.pid &&
               c->stalls[culprit->stall].class == culprit->values.class &&
               c->stalls[culprit->stall].cgroup_id == culprit->values.cgroup_id;
}

static void tell_culprit(Agent *a, const Story *s, const Culprit *culprit) {
        Culprits *c = &a->culprits;
        const StallEntry *e = c->kept + culprit->stall;
        bool known = is_what_was_read(c, culprit);
        const char *comm = known ? e->comm : NULL, *stack;

        c->stack[0] = '\0';
        if (known && a->config.settings.culprit_stacks)
                (void) memstall_symbolize(c->memstall, e, c->stack, sizeof(c->stack));
        stack = c->stack[0] ? c->stack : NULL;
        if (s->decision)
                journal_culprit(a->journal, s->decision, culprit, comm, stack);
        else
                journal_seen_culprit(a->journal, s->sighting, culprit, comm, stack);
}

static void tell_blamed(Agent *a, const Story *s, const Blame *b) {
        for (size_t i = 0; i < s->n_culprits; i++)
                if (s->culprits[i].unit.id == b->unit.id)
                        return;
        if (s->decision)
                journal_blamed(a->journal, s->decision, b);
        else
                journal_seen_blamed(a->journal, s->sighting, b);
}

static void tell(Agent *a, const Story *s) {
        for (size_t i = 0; i < s->n_culprits; i++)
                tell_culprit(a, s, s->culprits + i);
        for (size_t i = 0; i < s->n_blames; i++)
                if (s->blames[i].is_cause)
                        tell_blamed(a, s, s->blames + i);
}

void culprits_tell(Agent *a, const Decision *d) {
        tell(a, &(Story){ .decision = d, .culprits = d->culprits, .n_culprits = d->n_culprits, .blames = d->blames,
                          .n_blames = d->n_blames });
}

void culprits_tell_seen(Agent *a, const Sighting *s) {
        tell(a, &(Story){ .sighting = s, .culprits = s->culprits, .n_culprits = s->n_culprits, .blames = s->blames,
                          .n_blames = s->n_blames });
}

uint64_t culprits_missed(const Agent *a) {
        MemstallCounters counters;

        if (!a->culprits.memstall || memstall_counters(a->culprits.memstall, &counters) < 0)
                return 0;
        return memstall_lost(&counters);
}
