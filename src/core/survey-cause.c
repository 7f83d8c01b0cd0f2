/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Why a watch stalls, in the words of Cause=. */

#include "core/survey.h"

/* ---- What the stalls say --------------------------------------------------------------------- */

static const Cause causes[_STALL_CLASS_MAX] = {
        [STALL_OTHER] = CAUSE_UNKNOWN,
        [STALL_MEMCG_MAX] = CAUSE_UNIT_LIMIT,
        [STALL_MEMCG_HIGH] = CAUSE_UNIT_LIMIT,
        [STALL_HIGH_THROTTLE] = CAUSE_THROTTLED,
        [STALL_DIRECT_RECLAIM] = CAUSE_HOST_SHORT,
        [STALL_NODE_RECLAIM] = CAUSE_HOST_SHORT,
        [STALL_COMPACTION] = CAUSE_COMPACTION,
        [STALL_REFAULT] = CAUSE_REFAULT,
        [STALL_SWAP_IN] = CAUSE_SWAP,
        [STALL_READ] = CAUSE_REFAULT,
        [STALL_BLKCG] = CAUSE_IO,
        [STALL_KSWAPD] = CAUSE_HOST_SHORT,
        [STALL_KCOMPACTD] = CAUSE_COMPACTION,
        [STALL_SWAP_WAIT] = CAUSE_SWAP,
        [STALL_FILE_WAIT] = CAUSE_REFAULT,
};

/* Ever less is said by real stalls; by waits for pages of files, which may be read for the first time; by background
 * threads, which delay nobody. */
static unsigned rank_of(StallClass class) {
        if (class == STALL_KSWAPD || class == STALL_KCOMPACTD)
                return 2;
        return class == STALL_FILE_WAIT ? 1 : 0;
}

static Cause most_of(const Survey *s, unsigned rank) {
        uint64_t per_cause[_CAUSE_MAX] = { 0 };
        Cause most = CAUSE_UNKNOWN;

        for (StallClass c = 0; c < _STALL_CLASS_MAX; c++)
                if (rank_of(c) <= rank)
                        per_cause[causes[c]] += s->class_usec[c];
        for (Cause c = 0; c < _CAUSE_MAX; c++)
                if (per_cause[c] > per_cause[most])
                        most = c;
        return most;
}

/* What most of the stall time was spent in, and what that says. */
static Cause cause_of_classes(const Survey *s) {
        Cause most = most_of(s, 0);

        if (most == CAUSE_UNKNOWN)
                most = most_of(s, 1);
        for (StallClass c = 0; c < _STALL_CLASS_MAX; c++)
                if (rank_of(c) < 2 && s->class_usec[c] > 0)
                        return most;
        return most_of(s, 2);
}

/* ---- Whose limit ----------------------------------------------------------------------------- */

static Cause cause_of_limit(const Node *limit) {
        if (!limit || limit->kind == CGROUP_HOST)
                return CAUSE_HOST_SHORT;
        return limit->kind == CGROUP_SLICE ? CAUSE_SLICE_LIMIT : CAUSE_UNIT_LIMIT;
}

/* Whose limit most of the stalls were for: a unit's or a slice's. */
static Cause cause_of_limits(const NodeRegistry *nodes, const Event *event) {
        uint64_t unit = 0, slice = 0;

        for (size_t i = 0; i < event->survey.n_stalls; i++) {
                const Stall *stall = event->survey.stalls + i;
                const Node *limit = node_registry_recall(nodes, stall->limit_id);

                if (limit && limit->kind == CGROUP_SLICE)
                        slice += stall->stall_usec;
                else if (stall->limit_id != 0)
                        unit += stall->stall_usec;
        }
        return slice > unit ? CAUSE_SLICE_LIMIT : CAUSE_UNIT_LIMIT;
}

/* What most of the pages that are waited for were evicted for: a limit; `waits` if somebody did it by hand;
 * CAUSE_UNKNOWN if the host was short, or nothing is known. */
static Cause cause_of_reclaims(const NodeRegistry *nodes, const Event *event, Cause waits) {
        uint64_t unit = 0, slice = 0, by_hand = 0, host = 0;

        for (size_t i = 0; i < event->survey.n_reclaims; i++) {
                const Reclaim *r = event->survey.reclaims + i;
                const Node *target = node_registry_recall(nodes, r->target_id);

                if (r->kind == RECLAIM_BY_HAND)
                        by_hand += r->pages;
                else if (r->kind == RECLAIM_HOST || !target || target->kind == CGROUP_HOST)
                        host += r->pages;
                else if (target->kind == CGROUP_SLICE)
                        slice += r->pages;
                else
                        unit += r->pages;
        }
        if (slice + unit <= MAX(by_hand, host))
                return by_hand > host ? waits : CAUSE_UNKNOWN;
        return slice > unit ? CAUSE_SLICE_LIMIT : CAUSE_UNIT_LIMIT;
}

/* ---- Without BPF ----------------------------------------------------------------------------- */

/* The counters of the watch, and where the room is tightest. */
static Cause cause_of_counters(const NodeRegistry *nodes, const Event *event, const Node *watch, uint64_t events,
                               bool room) {
        const Sample *v = &event->survey.values;
        Cause tightest = cause_of_limit(node_registry_find(nodes, v->room_cgroup_id));

        if (events > 0)
                return cause_of_limit(watch);
        if (room || v->room_bytes < v->limit_bytes / 20) {
                /* A unit that uses much of a host that has plenty has reached nothing but its policy's number. */
                if (tightest != CAUSE_HOST_SHORT || watch->kind == CGROUP_HOST ||
                    v->host_available_bytes < v->host_total_bytes / 4)
                        return tightest;
        }
        if (v->host_available_bytes < v->host_total_bytes / 10)
                return CAUSE_HOST_SHORT;
        return CAUSE_UNKNOWN;
}

Cause survey_cause(const Survey *s, const NodeRegistry *nodes, const Event *event, const Node *watch,
                   uint64_t events, bool room) {
        Cause cause = s->stall_usec > 0 ? cause_of_classes(s) : CAUSE_UNKNOWN, better = CAUSE_UNKNOWN;

        if (cause == CAUSE_UNIT_LIMIT)
                return cause_of_limits(nodes, event);
        /* Pages evicted for a limit are read again: such waits follow from the limit. */
        if (cause == CAUSE_REFAULT || cause == CAUSE_SWAP)
                better = cause_of_reclaims(nodes, event, cause);
        else if (cause != CAUSE_UNKNOWN)
                return cause;
        if (better == CAUSE_UNKNOWN && (cause == CAUSE_UNKNOWN || room || events > 0))
                better = cause_of_counters(nodes, event, watch, events, room);
        return better == CAUSE_UNKNOWN ? cause : better;
}
