/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/usec.h"
#include "core/survey.h"

#define BASE_AGE_MIN_USEC (50 * USEC_PER_MSEC)
#define BASE_AGE_RIPE_USEC (500 * USEC_PER_MSEC)
#define RIPE_PART 256U /* of the tightest limit: so much new memory is no matter of chance */
#define BASE_AGE_MAX_USEC (10 * USEC_PER_SEC)

/* A cgroup is charged for so much at once and uses it up later (mm/memcontrol.c, MEMCG_CHARGE_BATCH). */
#define BATCH_BYTES (64 * SURVEY_PAGE_BYTES)

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

/* What the unit takes, and took before: usage, and of what was reclaimed from it, what it has not read again. */
static __int128 balance(uint64_t usage_bytes, uint64_t reclaimed, uint64_t refaulted) {
        return (__int128) usage_bytes + ((__int128) reclaimed - (__int128) refaulted) * (__int128) SURVEY_PAGE_BYTES;
}

/* New pages and those that were read again since the base. Counters that the base does not know yet count from now. */
static void measure_traffic(Suspect *suspect, const Candidate *c, uint64_t age_usec) {
        Node *n = suspect->node;
        bool known = c->counted && n->base_counted;
        __int128 before = balance(n->base_usage_bytes, known ? n->base_reclaimed : 0, known ? n->base_refaulted : 0);
        __int128 now = balance(c->usage_bytes, known ? c->reclaimed : 0, known ? c->refaulted : 0);

        if (now - before >= (__int128) BATCH_BYTES)
                suspect->brought = bytes_per_second((uint64_t) MIN(now - before, (__int128) INT64_MAX), age_usec);
        if (known)
                suspect->refaults = bytes_per_second(usec_sub(c->refaulted, n->base_refaulted), age_usec);
        suspect->counted = known;
        if (c->counted && !n->base_counted) {
                n->base_counted = true;
                n->base_reclaimed = c->reclaimed;
                n->base_refaulted = c->refaulted;
        }
}

/* What was measured since the node's base; false if the base is too young to say. */
static bool measure(Suspect *suspect, const Candidate *c, uint64_t now_usec) {
        Node *n = suspect->node;
        uint64_t age = usec_sub(now_usec, n->base_usec);

        if (n->base_usec == 0 || age > BASE_AGE_MAX_USEC) {
                n->base_usec = now_usec;
                n->base_usage_bytes = c->usage_bytes;
                n->base_pressure_usec = c->pressure_usec;
                n->base_scanned = c->scanned;
                n->base_counted = c->counted;
                n->base_reclaimed = c->reclaimed;
                n->base_refaulted = c->refaulted;
                return false;
        }
        if (age < BASE_AGE_MIN_USEC)
                return false;

        suspect->growth = bytes_per_second(usec_sub(c->usage_bytes, n->base_usage_bytes), age);
        suspect->pressure_usec = usec_sub(c->pressure_usec, n->base_pressure_usec);
        suspect->scanned = usec_sub(c->scanned, n->base_scanned);
        measure_traffic(suspect, c, age);
        return true;
}

static uint64_t life_growth(const Node *n, const Candidate *c, uint64_t now_usec) {
        __int128 bytes = balance(c->usage_bytes, c->reclaimed, c->refaulted);

        if (n->born_usec == 0 || bytes <= 0)
                return 0;
        return bytes_per_second((uint64_t) MIN(bytes, (__int128) INT64_MAX),
                                MAX(usec_sub(now_usec, n->born_usec), USEC_PER_SEC));
}

static void clear(Survey *s) {
        s->n = 0;
        s->n_outsiders = 0;
        s->n_scopes = 0;
        s->caused_usec = 0;
        s->stall_usec = 0;
        for (StallClass c = 0; c < _STALL_CLASS_MAX; c++)
                s->class_usec[c] = 0;
}

static uint64_t base_age(const Suspect *suspect, const Event *event) {
        return usec_sub(event->now_usec, suspect->node->base_usec);
}

/* Somebody stalls, and nobody has been seen to bring anything, or a little, and not who came to the most in its life: a
 * little later it may be plain who does. Until then no more of the room is lost than a small part of it. */
static bool is_ripe(const Survey *s, const Event *event) {
        const Suspect *brings = NULL, *brought = NULL;
        bool ripe = true;

        for (const Suspect *suspect = s->suspects; suspect < s->suspects + s->n; suspect++) {
                if (suspect->brought > (brings ? brings->brought : 0))
                        brings = suspect;
                if (suspect->life_growth > (brought ? brought->life_growth : 0))
                        brought = suspect;
                ripe = ripe && base_age(suspect, event) >= BASE_AGE_RIPE_USEC;
        }
        if (brings && (!brought || brings == brought ||
                       (unsigned __int128) brings->brought * base_age(brings, event) / USEC_PER_SEC >=
                               event->survey.values.limit_bytes / RIPE_PART))
                return true;
        return ripe || event->survey.n_stalls == 0;
}

static Suspect *suspect_of(Survey *s, const Node *n) {
        return n->suspect < s->n && s->suspects[n->suspect].node == n ? s->suspects + n->suspect : NULL;
}

Suspect *survey_add(Survey *s, Node *n) {
        if (s->n >= CANDIDATES_MAX)
                return NULL;
        if (!suspect_of(s, n)) /* should one be there twice, the first counts */
                n->suspect = s->n;
        s->suspects[s->n] = (Suspect){ .node = n };
        return s->suspects + s->n++;
}

Suspect *survey_find(Survey *s, uint64_t cgroup_id) {
        const Node *n = s->nodes ? node_registry_recall(s->nodes, cgroup_id) : NULL;

        return n ? suspect_of(s, n) : NULL;
}

/* Who stalled and is gone is no candidate, but it may be what it was killed for: its limit, or its large pages. */
static void add_gone(Survey *s, const NodeRegistry *nodes, const Event *event) {
        for (size_t i = 0; i < event->survey.n_stalls; i++) {
                Node *n = node_registry_recall(nodes, event->survey.stalls[i].cgroup_id);

                if (n && n->gone && !survey_find(s, n->id))
                        (void) survey_add(s, n);
        }
}

bool survey_fill(Survey *s, const NodeRegistry *nodes, const Event *event) {
        bool measured = true;

        clear(s);
        s->nodes = nodes;
        for (size_t i = 0; i < event->survey.n_candidates; i++) {
                const Candidate *c = event->survey.candidates + i;
                Node *node = node_registry_find(nodes, c->cgroup_id);
                Suspect *suspect = node ? survey_add(s, node) : NULL;

                if (!suspect)
                        continue;
                *suspect = (Suspect){
                        .node = node,
                        .current_bytes = c->usage_bytes,
                        .usage_bytes = usec_sub(c->usage_bytes, c->protected_bytes),
                        .life_growth = life_growth(node, c, event->now_usec),
                        .swap_bytes = c->swap_bytes,
                        .preference = c->preference,
                };
                measured = measure(suspect, c, event->now_usec) && measured;
        }
        measured = measured && is_ripe(s, event);
        add_gone(s, nodes, event);
        return measured;
}

bool survey_holds_others(const Node *n) {
        return n->kind == CGROUP_SLICE || n->container;
}

/* ---- What a decision tells ------------------------------------------------------------------- */

static uint32_t share_of(const Survey *s, uint64_t usec) {
        return s->stall_usec > 0 ? (uint32_t) ((unsigned __int128) usec * 10000 / s->stall_usec) : 0;
}

/* What is less than a hundredth of all says nothing about who it is. */
static bool is_small(const Survey *s, uint64_t usec) {
        return usec < s->stall_usec / 100;
}

/* Who is told to be a cause though he hardly stalls has more than a small part in it. */
#define CAUSE_PART 10U

static CulpritRole role_of(const Survey *s, const Suspect *suspect) {
        return suspect && suspect->caused_usec * 2 >= suspect->suffered_usec && !is_small(s, suspect->caused_usec) ?
                       ROLE_CAUSE :
                       ROLE_SUFFERER;
}

static void culprit_fill(Culprit *c, Survey *s, const NodeRegistry *nodes, const Stall *stall, size_t index) {
        const Suspect *suspect = survey_find(s, stall->cgroup_id);

        *c = (Culprit){
                .stall = index,
                .role = role_of(s, suspect),
                .share = share_of(s, stall->stall_usec),
                .unit = node_name(node_registry_recall(nodes, stall->cgroup_id)),
                .limit = node_name(node_registry_recall(nodes, stall->limit_id)),
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
                if (at >= n_max || is_small(s, stall->stall_usec))
                        continue;
                n = MIN(n + 1, n_max);
                for (size_t j = n - 1; j > at; j--)
                        ret[j] = ret[j - 1];
                culprit_fill(ret + at, s, nodes, stall, i);
        }
        return n;
}

static BlameKind kind_of(const Part *part) {
        BlameKind most = 0;

        for (BlameKind k = 0; k < _BLAME_KIND_MAX; k++)
                if (part->by_usec[k] > part->by_usec[most])
                        most = k;
        return most;
}

/* Puts it where it belongs among the `n` that are there; returns how many there are then. */
static size_t blame_insert(const Survey *s, const Part *part, uint64_t suffered_usec, const Blame *blame, Blame *ret,
                           size_t n, size_t n_max) {
        size_t at = n;

        while (at > 0 && ret[at - 1].caused_usec < part->usec)
                at--;
        if (at >= n_max || part->usec == 0 || is_small(s, part->usec))
                return n;
        n = MIN(n + 1, n_max);
        for (size_t j = n - 1; j > at; j--)
                ret[j] = ret[j - 1];
        ret[at] = *blame;
        ret[at].kind = kind_of(part);
        ret[at].share = share_of(s, part->usec);
        ret[at].caused_usec = part->usec;
        ret[at].reclaimed = part->reclaimed;
        ret[at].is_cause = part->usec >= s->stall_usec / CAUSE_PART && part->usec * 2 >= suffered_usec;
        return n;
}

size_t survey_blames(const Survey *s, Blame *ret, size_t n_max, uint32_t *ret_unknown) {
        uint32_t unknown = s->stall_usec > 0 ? 10000 : 0;
        size_t n = 0;

        for (const Suspect *suspect = s->suspects; suspect < s->suspects + s->n; suspect++)
                n = blame_insert(s, &suspect->part, suspect->suffered_usec,
                                 &(Blame){ .unit = node_name(suspect->node), .growth = suspect->growth,
                                           .brought = suspect->brought, .refaults = suspect->refaults },
                                 ret, n, n_max);
        for (size_t i = 0; i < s->n_outsiders; i++)
                n = blame_insert(s, &s->outsiders[i].part, 0, &(Blame){ .unit = node_name(s->outsiders[i].node) }, ret,
                                 n, n_max);
        for (size_t i = 0; i < n; i++)
                unknown -= MIN(ret[i].share, unknown);
        *ret_unknown = unknown;
        return n;
}
