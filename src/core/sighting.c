/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/usec.h"
#include "core/core-private.h"
#include "core/sighting.h"
#include "core/trace.h"

#define SURVEY_LIMIT_USEC USEC_PER_SEC
#define REST_USEC (10 * USEC_PER_SEC)
#define STALLS_MAX TRACE_STALLS_MAX

int sighting_init(Sightings *s) {
        *s = (Sightings){
                .seen = calloc(SIGHTINGS_MAX, sizeof(*s->seen)),
                .stalls = calloc(STALLS_MAX, sizeof(*s->stalls)),
                .places = calloc(STALLS_MAX, sizeof(*s->places)),
        };
        if (!s->seen || !s->stalls || !s->places)
                return -ENOMEM;
        return budget_init(&s->traces, SIGHTING_TRACES_MAX, USEC_PER_HOUR);
}

void sighting_done(Sightings *s) {
        for (size_t i = 0; s->seen && i < SIGHTINGS_MAX; i++) {
                node_unref(s->seen[i].victim);
                node_unref(s->seen[i].watch);
        }
        free(s->seen);
        free(s->stalls);
        free(s->places);
        budget_done(&s->traces);
        *s = (Sightings){ 0 };
}

/* Takes the place of what was there, whose name an effect of this step may have. */
static void set_node(Core *core, Node **place, Node *n) {
        if (*place == n)
                return;
        if (*place)
                effects_keep(core, *place);
        node_unref(*place);
        *place = node_ref(n);
}

/* ---- What the survey says ---------------------------------------------------------------------- */

/* The limit that the victim met, if that and not the host's shortage is what its own tasks stalled for. */
static const Node *limit_of(const Core *core, const Seen *s, const Event *survey) {
        uint64_t host_usec = 0, most_usec = 0;
        const Node *most = NULL;

        for (size_t i = 0; s->victim && i < survey->survey.n_stalls; i++) {
                const Stall *stall = survey->survey.stalls + i;
                const Node *limit = node_registry_recall(&core->nodes, stall->limit_id);
                uint64_t usec = 0;

                if (stall->cgroup_id != s->victim->id)
                        continue;
                if (!limit || limit->kind == CGROUP_HOST) {
                        if (stall->class == STALL_DIRECT_RECLAIM || stall->class == STALL_NODE_RECLAIM)
                                host_usec += stall->stall_usec;
                        continue;
                }
                for (size_t k = 0; k < survey->survey.n_stalls; k++)
                        if (survey->survey.stalls[k].cgroup_id == s->victim->id &&
                            survey->survey.stalls[k].limit_id == stall->limit_id)
                                usec += survey->survey.stalls[k].stall_usec;
                if (usec > most_usec && node_is_within(s->victim, limit)) {
                        most_usec = usec;
                        most = limit;
                }
        }
        return most_usec > host_usec ? most : NULL;
}

static bool belongs(const Core *core, const Stall *stall, const Node *limit) {
        const Node *n = node_registry_recall(&core->nodes, stall->cgroup_id);

        return stall->limit_id == limit->id || (n && node_is_within(n, limit));
}

/* Who stalls elsewhere has no part in what a unit's limit brought about. */
static void pick_stalls(Core *core, const Node *limit, Event *survey) {
        Sightings *all = &core->sightings;
        size_t n = 0;

        for (size_t i = 0; i < survey->survey.n_stalls && n < STALLS_MAX; i++)
                if (!limit || belongs(core, survey->survey.stalls + i, limit)) {
                        all->stalls[n] = survey->survey.stalls[i];
                        all->places[n++] = i;
                }
        survey->survey.stalls = all->stalls;
        survey->survey.n_stalls = n;
}

/* Where nobody watches there are no candidates: those that stalled, or met their own limit, stand in for them. */
static void add_suspect(Core *core, uint64_t cgroup_id) {
        Node *n = node_registry_recall(&core->nodes, cgroup_id);

        if (n && n->kind != CGROUP_HOST && !survey_find(&core->survey, cgroup_id))
                (void) survey_add(&core->survey, n);
}

/* How often the limits of the watch were met lately. What the victim itself counted says it of the kernel's kills even
 * if there was no look before. */
static uint64_t events_of(const Seen *s, const Sample *values) {
        uint64_t events = s->watch->watch ? usec_sub(values->events_high + values->events_max, s->events) : 0;

        if (s->killer == KILLER_KERNEL && s->watch == s->victim)
                events = MAX(events, values->events_oom);
        return events;
}

static void look(Core *core, const Seen *s, const Event *event, Sighting *t) {
        Event survey = *event;
        bool candidates = event->survey.n_candidates > 0;

        pick_stalls(core, limit_of(core, s, event), &survey);
        (void) survey_fill(&core->survey, &core->nodes, &survey);
        for (size_t i = 0; !candidates && i < survey.survey.n_stalls; i++) {
                add_suspect(core, survey.survey.stalls[i].cgroup_id);
                add_suspect(core, survey.survey.stalls[i].limit_id);
        }
        survey_blame(&core->survey, &core->nodes, &survey);

        t->looked = true;
        t->sample = survey.survey.values;
        t->cause = survey_cause(&core->survey, &core->nodes, &survey, s->watch, events_of(s, &t->sample), false);
        t->n_culprits = survey_culprits(&core->survey, &core->nodes, &survey, t->culprits, DECISION_CULPRITS_MAX);
        for (size_t i = 0; i < t->n_culprits; i++)
                t->culprits[i].stall = core->sightings.places[t->culprits[i].stall];
        t->n_blames = survey_blames(&core->survey, t->blames, DECISION_BLAMES_MAX, &t->blame_unknown);
}

/* ---- What is told of it ------------------------------------------------------------------------ */

static CgroupName victim_name(const Seen *s) {
        if (s->victim)
                return node_name(s->victim);
        return (CgroupName){ .kind = CGROUP_UNIT, .path = s->path, .unit = s->unit, .delegated = s->delegated };
}

/* `survey` NULL: there was none. */
static void tell(Core *core, Seen *s, const Event *survey) {
        Sighting *t = &effects_add(core, EFFECT_SEEN)->seen;

        *t = (Sighting){
                .incident = s->incident,
                .killer = s->killer,
                .pending = s->pending,
                .count = s->count,
                .again = s->again,
                .missed = core->sightings.missed,
                .pid = s->pid,
                .victim = victim_name(s),
                .watch = node_name(s->watch),
                .policy = s->watch && s->watch->watch ? s->watch->watch->policy : NULL,
                .cause = CAUSE_UNKNOWN,
        };
        memcpy(t->comm, s->comm, sizeof(t->comm));
        memcpy(t->reason, s->reason, sizeof(t->reason));
        if (survey)
                look(core, s, survey, t);

        core->sightings.missed = 0;
        s->state = SIGHTING_TOLD;
        s->due_usec = usec_add(core->now_usec, REST_USEC);
        s->again = true;
        s->count = 0;
}

static void end(Core *core, Seen *s) {
        core->n_ended += s->own_incident;
        if (s->own_incident && budget_take(&core->sightings.traces, core->now_usec)) {
                Effect *e = effects_add(core, EFFECT_ENDED);

                e->ended.incident = s->incident;
                e->ended.watch = node_name(s->watch);
        }
        set_node(core, &s->victim, NULL);
        set_node(core, &s->watch, NULL);
        *s = (Seen){ 0 };
        core->sightings.n--;
}

/* The nearest that is watched, at or above the node; the host if none is. */
static Node *watched_above(Node *n) {
        for (; n && !n->watch && n->parent; n = n->parent)
                ;
        return n;
}

/* `near`: the victim, or what it lay in. */
static void ask(Core *core, Seen *s, Node *near) {
        const Watch *w;

        set_node(core, &s->watch, watched_above(near));
        w = s->watch ? s->watch->watch : NULL;
        if (w)
                s->events = w->in_incident ? w->incident_events : w->sample.events_high + w->sample.events_max;
        if (s->incident.high == 0 && s->incident.low == 0) {
                s->own_incident = !w || !w->in_incident;
                s->incident = s->own_incident ? episode_new_incident(core) : w->incident;
        }
        core->sightings.n += s->state == SIGHTING_FREE;
        s->state = SIGHTING_ASKED;
        s->due_usec = usec_add(core->now_usec, SURVEY_LIMIT_USEC);
        if (s->watch)
                effects_add(core, EFFECT_SURVEY)->look = node_name(s->watch);
        else
                tell(core, s, NULL);
}

/* ---- What happens ------------------------------------------------------------------------------ */

static const char *path_of(const Seen *s) {
        return s->victim ? s->victim->path : s->path;
}

static Seen *find(Core *core, Killer killer, const char *path) {
        for (Seen *s = core->sightings.seen; s < core->sightings.seen + SIGHTINGS_MAX; s++)
                if (s->state != SIGHTING_FREE && s->killer == killer && strcmp(path_of(s), path) == 0)
                        return s;
        return NULL;
}

/* A free place, if need be that of the one that has nothing more to tell for the longest time. */
static Seen *place_for(Core *core) {
        Seen *oldest = NULL;

        for (Seen *s = core->sightings.seen; s < core->sightings.seen + SIGHTINGS_MAX; s++) {
                if (s->state == SIGHTING_FREE)
                        return s;
                if (s->state == SIGHTING_TOLD && s->count == 0 && (!oldest || s->due_usec < oldest->due_usec))
                        oldest = s;
        }
        if (oldest)
                end(core, oldest);
        return oldest;
}

static void copy_text(char *to, const char *from, size_t size) {
        size_t n = from ? strnlen(from, size - 1) : 0;

        memcpy(to, from ? from : "", n);
        to[n] = '\0';
}

/* Who it was, as well as we know: `node` is the victim, or (gone) what it lay in. */
static void set_victim(Core *core, Seen *s, Node *node, bool gone, const Event *event) {
        if (!gone) {
                set_node(core, &s->victim, node);
                return;
        }
        if (s->victim)
                return; /* its node was there when somebody was about to kill it */
        set_node(core, &s->victim, node_registry_recall_path(&core->nodes, event->killed.path ? event->killed.path : ""));
        if (s->victim)
                return; /* it has gone only just now */
        copy_text(s->path, event->killed.path, sizeof(s->path));
        copy_text(s->unit, event->killed.unit, sizeof(s->unit));
        s->delegated = node && (node->delegated || node->container);
}

void sighting_on_killed(Core *core, const Event *event) {
        Node *node = node_registry_find(&core->nodes, event->cgroup_id);
        bool gone = !node || (event->killed.path && event->killed.path[0]), is_new = false;
        const char *path = !gone ? node->path : event->killed.path ? event->killed.path : "";
        uint64_t count = MAX(event->killed.count, UINT64_C(1));
        Seen *s = find(core, event->killed.killer, path);

        if (!s) {
                s = effects_have_room(core) ? place_for(core) : NULL;
                if (!s) {
                        core->sightings.missed = usec_add(core->sightings.missed, count);
                        return;
                }
                s->killer = event->killed.killer;
                is_new = true;
        }
        /* What was about to be killed and what is killed are two things to tell, and in this order. */
        if (!is_new && s->pending != event->killed.pending) {
                if (s->count > 0)
                        tell(core, s, NULL);
                s->again = false;
                is_new = true;
        }

        set_victim(core, s, node, gone, event);
        s->pending = event->killed.pending;
        s->count = usec_add(s->count, count);
        s->pid = event->killed.pid;
        copy_text(s->comm, event->killed.comm, sizeof(s->comm));
        copy_text(s->reason, event->killed.reason, sizeof(s->reason));
        if (is_new)
                ask(core, s, node);
}

void sighting_on_survey(Core *core, const Event *event) {
        if (core->sightings.n == 0)
                return;
        for (Seen *s = core->sightings.seen; s < core->sightings.seen + SIGHTINGS_MAX; s++)
                if (s->state == SIGHTING_ASKED && s->watch->id == event->cgroup_id && effects_have_room(core))
                        tell(core, s, event);
}

void sighting_on_timer(Core *core) {
        if (core->sightings.n == 0)
                return;
        for (Seen *s = core->sightings.seen; s < core->sightings.seen + SIGHTINGS_MAX; s++) {
                if (s->state == SIGHTING_FREE || s->due_usec > core->now_usec || !effects_have_room(core))
                        continue;
                if (s->state == SIGHTING_ASKED)
                        tell(core, s, NULL);
                else if (s->count > 0)
                        ask(core, s, s->victim && !s->victim->gone ? s->victim : s->watch);
                else
                        end(core, s);
        }
}

uint64_t sighting_next(const Core *core) {
        uint64_t next = USEC_INFINITY;

        if (core->sightings.n == 0)
                return next;
        for (const Seen *s = core->sightings.seen; s < core->sightings.seen + SIGHTINGS_MAX; s++)
                if (s->state != SIGHTING_FREE)
                        next = MIN(next, s->due_usec);
        return next;
}
