/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/usec.h"
#include "core/survey.h"

#define BASE_AGE_MIN_USEC (50 * USEC_PER_MSEC)
#define BASE_AGE_MAX_USEC (10 * USEC_PER_SEC)

int survey_init(Survey *s) {
        *s = (Survey){ .suspects = calloc(CANDIDATES_MAX, sizeof(Suspect)) };
        return s->suspects ? 0 : -ENOMEM;
}

void survey_done(Survey *s) {
        free(s->suspects);
        *s = (Survey){ 0 };
}

static uint64_t bytes_per_second(uint64_t bytes, uint64_t span_usec) {
        return (uint64_t) MIN((unsigned __int128) bytes * USEC_PER_SEC / span_usec, (unsigned __int128) UINT64_MAX);
}

/* Growth, pressure and scanning since the node's base; false if the base is too young to say. */
static bool measure(Suspect *suspect, const Candidate *c, uint64_t now_usec) {
        Node *n = suspect->node;
        uint64_t age = usec_sub(now_usec, n->base_usec);

        if (n->base_usec == 0 || age > BASE_AGE_MAX_USEC) {
                n->base_usec = now_usec;
                n->base_usage_bytes = c->usage_bytes;
                n->base_pressure_usec = c->pressure_usec;
                n->base_scanned = c->scanned;
                return false;
        }
        if (age < BASE_AGE_MIN_USEC)
                return false;

        suspect->growth = bytes_per_second(usec_sub(c->usage_bytes, n->base_usage_bytes), age);
        suspect->pressure_usec = usec_sub(c->pressure_usec, n->base_pressure_usec);
        suspect->scanned = usec_sub(c->scanned, n->base_scanned);
        return true;
}

bool survey_fill(Survey *s, const NodeRegistry *nodes, const Event *event) {
        bool measured = true;

        s->n = 0;
        s->caused_usec = 0;
        s->stall_usec = 0;
        for (StallClass c = 0; c < _STALL_CLASS_MAX; c++)
                s->class_usec[c] = 0;

        for (size_t i = 0; i < event->survey.n_candidates && s->n < CANDIDATES_MAX; i++) {
                const Candidate *c = event->survey.candidates + i;
                Node *node = node_registry_find(nodes, c->cgroup_id);
                Suspect *suspect = s->suspects + s->n;

                if (!node)
                        continue;
                *suspect = (Suspect){
                        .node = node,
                        .current_bytes = c->usage_bytes,
                        .usage_bytes = usec_sub(c->usage_bytes, c->protected_bytes),
                        .swap_bytes = c->swap_bytes,
                        .preference = c->preference,
                };
                if (node->born_usec != 0)
                        suspect->life_growth = bytes_per_second(
                                c->usage_bytes, MAX(usec_sub(event->now_usec, node->born_usec), USEC_PER_SEC));
                measured = measure(suspect, c, event->now_usec) && measured;
                s->n++;
        }
        return measured;
}

Suspect *survey_find(Survey *s, uint64_t cgroup_id) {
        for (size_t i = 0; i < s->n; i++)
                if (s->suspects[i].node->id == cgroup_id)
                        return s->suspects + i;
        return NULL;
}

/* Lately counts, and so does how it came to what it has: a leak that is throttled has stopped growing. */
static unsigned __int128 growth_weight(const Suspect *suspect) {
        return (unsigned __int128) suspect->growth + suspect->life_growth;
}

/* What only holds others does nothing by itself. */
static bool holds_others(const Node *n) {
        return n->kind == CGROUP_SLICE || n->container;
}

static bool may_be_blamed(const Suspect *suspect, const Node *limit) {
        return !holds_others(suspect->node) && (!limit || node_is_within(suspect->node, limit));
}

/* Hands `usec` to those within `limit` (NULL: all) who grew, each by its part of the growth. False if nobody did. */
static bool blame_growth(Survey *s, const Node *limit, uint64_t usec) {
        unsigned __int128 sum = 0;

        for (size_t i = 0; i < s->n; i++)
                if (may_be_blamed(s->suspects + i, limit))
                        sum += growth_weight(s->suspects + i);
        if (sum == 0)
                return false;
        for (size_t i = 0; i < s->n; i++)
                if (may_be_blamed(s->suspects + i, limit))
                        s->suspects[i].caused_usec += (uint64_t) (usec * growth_weight(s->suspects + i) / sum);
        return true;
}

/* Whether a stall of this class is an allocation's own doing where nothing else is known. */
static bool class_allocates(StallClass class) {
        return class == STALL_MEMCG_MAX || class == STALL_MEMCG_HIGH || class == STALL_HIGH_THROTTLE ||
               class == STALL_DIRECT_RECLAIM || class == STALL_NODE_RECLAIM || class == STALL_COMPACTION;
}

static void blame_one(Survey *s, const NodeRegistry *nodes, const Stall *stall) {
        Suspect *self = survey_find(s, stall->cgroup_id);
        const Node *limit = node_registry_find(nodes, stall->limit_id);

        if (self)
                self->suffered_usec += stall->stall_usec;

        if (limit && limit->kind != CGROUP_HOST && !holds_others(limit)) {
                Suspect *owner = survey_find(s, limit->id);

                if (owner)
                        owner->caused_usec += stall->stall_usec;
                return;
        }

        /* A delegated unit's inner limit, and a sleep at nobody else's memory.high: others take no part in them. */
        if ((stall->class == STALL_HIGH_THROTTLE || stall->limit_id != 0) && !limit) {
                if (self)
                        self->caused_usec += stall->stall_usec;
                return;
        }

        if (!blame_growth(s, limit, stall->stall_usec) && self && class_allocates(stall->class))
                self->caused_usec += stall->stall_usec;
}

static void add_up(Survey *s, Suspect *above) {
        for (const Suspect *below = s->suspects; below < s->suspects + s->n; below++)
                if (!holds_others(below->node) && node_is_within(below->node, above->node)) {
                        above->caused_usec += below->caused_usec;
                        above->suffered_usec += below->suffered_usec;
                }
}

void survey_blame(Survey *s, const NodeRegistry *nodes, const Event *event) {
        for (size_t i = 0; i < event->survey.n_stalls; i++) {
                const Stall *stall = event->survey.stalls + i;

                s->stall_usec += stall->stall_usec;
                s->class_usec[stall->class] += stall->stall_usec;
                blame_one(s, nodes, stall);
        }
        for (size_t i = 0; i < s->n; i++)
                s->caused_usec += s->suspects[i].caused_usec;
        for (size_t i = 0; i < s->n; i++)
                if (holds_others(s->suspects[i].node))
                        add_up(s, s->suspects + i);
}

/* What most of the stall time was spent in, and what that says. Background threads say something only where nobody
 * else stalls. */
static Cause cause_of_classes(const Survey *s) {
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
        };
        uint64_t background = s->class_usec[STALL_KSWAPD] + s->class_usec[STALL_KCOMPACTD];
        uint64_t per_cause[_CAUSE_MAX] = { 0 };
        Cause most = CAUSE_UNKNOWN;

        for (StallClass c = 0; c < _STALL_CLASS_MAX; c++)
                if ((c != STALL_KSWAPD && c != STALL_KCOMPACTD) || background == s->stall_usec)
                        per_cause[causes[c]] += s->class_usec[c];
        for (Cause c = 0; c < _CAUSE_MAX; c++)
                if (per_cause[c] > per_cause[most])
                        most = c;
        return most;
}

/* Whose limit most of the reclaim was for: a unit's or a slice's. */
static Cause cause_of_limits(const NodeRegistry *nodes, const Event *event) {
        uint64_t unit = 0, slice = 0;

        for (size_t i = 0; i < event->survey.n_stalls; i++) {
                const Stall *stall = event->survey.stalls + i;
                const Node *limit = node_registry_find(nodes, stall->limit_id);

                if (limit && limit->kind == CGROUP_SLICE)
                        slice += stall->stall_usec;
                else if (stall->limit_id != 0)
                        unit += stall->stall_usec;
        }
        return slice > unit ? CAUSE_SLICE_LIMIT : CAUSE_UNIT_LIMIT;
}

static Cause cause_of_limit(const Node *limit) {
        if (!limit || limit->kind == CGROUP_HOST)
                return CAUSE_HOST_SHORT;
        return limit->kind == CGROUP_SLICE ? CAUSE_SLICE_LIMIT : CAUSE_UNIT_LIMIT;
}

/* Without BPF: the counters of the watch, and where the room is tightest. */
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
        Cause cause = s->stall_usec > 0 ? cause_of_classes(s) : CAUSE_UNKNOWN, counted;

        if (cause == CAUSE_UNIT_LIMIT)
                return cause_of_limits(nodes, event);
        /* Pages evicted for a limit are read again: such waits follow from the limit. */
        if (cause != CAUSE_UNKNOWN && !((cause == CAUSE_REFAULT || cause == CAUSE_SWAP) && (room || events > 0)))
                return cause;

        counted = cause_of_counters(nodes, event, watch, events, room);
        return counted == CAUSE_UNKNOWN ? cause : counted;
}

static void culprit_fill(Culprit *c, Survey *s, const NodeRegistry *nodes, const Stall *stall, size_t index) {
        const Suspect *suspect = survey_find(s, stall->cgroup_id);

        *c = (Culprit){
                .stall = index,
                .role = suspect && suspect->caused_usec * 2 >= suspect->suffered_usec ? ROLE_CAUSE : ROLE_SUFFERER,
                .share = s->stall_usec > 0 ?
                                 (uint32_t) ((unsigned __int128) stall->stall_usec * 10000 / s->stall_usec) :
                                 0,
                .unit = node_name(node_registry_find(nodes, stall->cgroup_id)),
                .limit = node_name(node_registry_find(nodes, stall->limit_id)),
                .values = *stall,
        };
}

size_t survey_culprits(Survey *s, const NodeRegistry *nodes, const Event *event, Culprit *ret, size_t n_max) {
        size_t n = 0;

        for (size_t i = 0; i < event->survey.n_stalls; i++) {
                const Stall *stall = event->survey.stalls + i;
                size_t at = n;

                while (at > 0 && ret[at - 1].values.stall_usec < stall->stall_usec)
                        at--;
                if (at >= n_max || stall->stall_usec < s->stall_usec / 100)
                        continue; /* less than a hundredth says nothing about who it is */
                n = MIN(n + 1, n_max);
                for (size_t j = n - 1; j > at; j--)
                        ret[j] = ret[j - 1];
                culprit_fill(ret + at, s, nodes, stall, i);
        }
        return n;
}
