/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When a watch gets what wakes it. Nothing is written to the pressure file of a unit that may go at any moment: not in
 * its first second, nor while it has no process. Kernels without "sched/psi: fix race between file release and pressure
 * write" (2026) lose a trigger that is created while its cgroup is removed, warn of a "trigger leak" in
 * psi_cgroup_free(), and use its memory when it is another's. Units that live shorter so cost no trigger, either. And what
 * could not be had, or was lost, is tried again, ever more seldom (agent/retry.h). */

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "agent/agent-private.h"
#include "agent/retry.h"
#include "base/clock.h"
#include "sense/watch.h"

/* memory.events tells of each reclaim at a limit: often enough is ten times a second. */
#define EVENTS_RATE_USEC USEC_PER_SEC
#define EVENTS_RATE_BURST 10U

typedef struct Sensor Sensor;

typedef struct TriggerSource {
        Sensor *sensor;
        PressureLimit limit;
        sd_event_source *source;
} TriggerSource;

/* What the core asked for of one watch, and the event sources of what could be had. */
struct Sensor {
        uint64_t cgroup_id;
        Agent *agent;
        unsigned wants;
        PressureLimit *limits;
        size_t n_limits;
        sd_event_source *events;
        TriggerSource *triggers; /* as many */

        bool knows_kills; /* a look has told how many there were */
        uint64_t n_kills;

        int told; /* what cannot be had, WATCH_E_… or -errno; 0: nothing is missing */
        Retry retry;
};

static void sensor_disconnect(Sensor *s) {
        for (size_t i = 0; i < s->n_limits; i++)
                s->triggers[i].source = sd_event_source_disable_unref(s->triggers[i].source);
        s->events = sd_event_source_disable_unref(s->events);
}

static Sensor *sensor_free(Sensor *s) {
        if (!s)
                return NULL;

        if (s->triggers)
                sensor_disconnect(s);
        free(s->triggers);
        free(s->limits);
        free(s);
        return NULL;
}
DEFINE_CLEANUP(Sensor *, sensor_free);

static void free_sensor(void *p) {
        sensor_free(p);
}

static int compare_ids(const void *a, const void *b) {
        uint64_t x = ((const Sensor *) a)->cgroup_id, y = ((const Sensor *) b)->cgroup_id;

        return x < y ? -1 : x > y;
}

uint64_t arming_count_kills(Agent *a, uint64_t cgroup_id, uint64_t n_kills) {
        const Sensor key = { .cgroup_id = cgroup_id };
        Sensor **found = tfind(&key, &a->sensors, compare_ids);
        uint64_t more;

        if (!found)
                return 0;
        more = (*found)->knows_kills ? usec_sub(n_kills, (*found)->n_kills) : 0;
        (*found)->knows_kills = true;
        (*found)->n_kills = n_kills;
        return more;
}

void arming_forget(Agent *a, uint64_t cgroup_id) {
        const Sensor key = { .cgroup_id = cgroup_id };
        Sensor **found = tfind(&key, &a->sensors, compare_ids), *s;

        if (!found)
                return;
        s = *found;
        (void) tdelete(&key, &a->sensors, compare_ids);
        sensor_free(s);
}

/* False if the cgroup could not be looked at: it is gone, or about to be. */
static bool feed_sample(Agent *a, uint64_t cgroup_id, SampleCause cause, const PressureLimit *limit) {
        Event event = { .kind = EVENT_SAMPLE, .cgroup_id = cgroup_id, .sample.cause = cause };

        if (limit)
                event.sample.limit = *limit;
        culprits_read_waits(a, cgroup_id);
        if (!core_in_incident(a->core, cgroup_id))
                baselines_note(&a->baselines, a->tree, cgroup_id, clock_usec());
        if (watch_sample(a->tree, cgroup_id, &event.sample.values) != 0)
                return false;
        sightings_on_sample(a, cgroup_id, &event.sample.values);
        agent_feed(a, &event);
        return true;
}

static void try_later(Sensor *s);
static void tell_missing(Sensor *s, int r, const char *text);

static int on_trigger(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        TriggerSource *t = userdata;
        Sensor *s = t->sensor;
        Sample sample;

        /* An error first: it stands beside EPOLLPRI, and for ever. A cgroup that is gone tells by its own event. */
        if (revents & (EPOLLERR | EPOLLHUP)) {
                if (watch_sample(s->agent->tree, s->cgroup_id, &sample) == 0)
                        tell_missing(s, WATCH_E_NO_PRESSURE, "the kernel ended its pressure trigger (cgroup.pressure?)");
                t->source = sd_event_source_disable_unref(t->source);
                try_later(s);
                return 0;
        }
        (void) feed_sample(s->agent, s->cgroup_id, SAMPLE_TRIGGER, &t->limit);
        return 0;
}

static int on_memory_events(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Sensor *s = userdata;

        /* The file of a cgroup that is gone, or has lost its memory controller, is ready for ever. */
        if (!feed_sample(s->agent, s->cgroup_id, SAMPLE_EVENTS, NULL)) {
                s->events = sd_event_source_disable_unref(s->events);
                try_later(s);
        }
        return 0;
}

static int add_source(Agent *a, sd_event_source **ret, int fd, sd_event_io_handler_t handler, void *userdata) {
        int r;

        r = sd_event_add_io(a->event, ret, fd, EPOLLPRI, handler, userdata);
        if (r < 0)
                return r;
        return sd_event_source_set_priority(*ret, PRIORITY_PRESSURE);
}

static int sensor_connect(Sensor *s, const ArmedWatch *watch) {
        Agent *a = s->agent;
        int r;

        for (size_t i = 0; i < watch->n_triggers; i++) {
                if (watch->triggers[i].fd < 0)
                        continue;
                r = add_source(a, &s->triggers[i].source, watch->triggers[i].fd, on_trigger, &s->triggers[i]);
                if (r < 0)
                        return r;
        }
        if (!(s->wants & WANT_EVENTS) || watch->events_fd < 0)
                return 0;

        r = add_source(a, &s->events, watch->events_fd, on_memory_events, s);
        if (r < 0)
                return r;
        return sd_event_source_set_ratelimit(s->events, EVENTS_RATE_USEC, EVENTS_RATE_BURST);
}

/* ---- Now or later ---------------------------------------------------------------------------- */

static void note_due(const void *node, VISIT visit, void *next_usec) {
        const Sensor *s = *(Sensor *const *) node;

        if ((visit == postorder || visit == leaf) && s->retry.waits)
                *(uint64_t *) next_usec = MIN(*(uint64_t *) next_usec, s->retry.due_usec);
}

static void set_timer(Agent *a) {
        uint64_t next_usec = USEC_INFINITY;

        twalk_r(a->sensors, note_due, &next_usec);
        if (next_usec == USEC_INFINITY) {
                (void) sd_event_source_set_enabled(a->arming, SD_EVENT_OFF);
                return;
        }
        (void) sd_event_source_set_time(a->arming, next_usec);
        (void) sd_event_source_set_enabled(a->arming, SD_EVENT_ONESHOT);
}

static void try_later(Sensor *s) {
        if (s->retry.waits)
                return;
        retry_later(&s->retry, clock_usec());
        set_timer(s->agent);
}

/* Each thing that is missing once, however often it is tried; `text` is NULL for the usual one. */
static void tell_missing(Sensor *s, int r, const char *text) {
        if (r == s->told)
                return;
        s->told = r;
        sensors_tell_blind(s->agent, s->cgroup_id, text ? text : r > 0 ? watch_error_text(r) : strerror(-r));
}

static void tell_whole(Sensor *s) {
        const char *path = "?";
        char text[512];

        if (s->told == 0)
                return;
        s->told = 0;
        (void) tree_name(s->agent->tree, s->cgroup_id, NULL, &path, NULL, NULL);
        (void) snprintf(text, sizeof(text), "%s: watched again", path);
        journal_notice(s->agent->journal, 6, text);
}

/* These do not change by themselves. */
static bool is_hopeless(int r) {
        return r == WATCH_E_WINDOW || r == WATCH_E_NO_FULL || r == WATCH_E_PRIVILEGE;
}

/* Arms it with the first `n` of its limits, and comes back to it if there may be more to be had later. */
static void sensor_arm(Sensor *s, size_t n) {
        Agent *a = s->agent;
        const ArmedWatch *watch = NULL;
        int r;

        sensor_disconnect(s);
        s->retry.waits = false;
        r = watch_arm(a->tree, s->cgroup_id, s->limits, n,
                      s->wants | (a->culprits.memstall ? WANT_CANDIDATE_OTHERS : 0), &watch);
        if (watch) {
                int k = sensor_connect(s, watch);

                r = k < 0 ? k : r;
        }
        /* One that is gone will be forgotten, one without a process may be about to, and a young one is tried anew at once:
         * there is nothing to tell. */
        if (r == 0 && n == s->n_limits)
                tell_whole(s);
        else if (r != 0 && r != WATCH_E_GONE && r != WATCH_E_EMPTY && n == s->n_limits)
                tell_missing(s, r, NULL);
        if (n < s->n_limits || (r != 0 && !is_hopeless(r)))
                try_later(s);
        else
                retry_done(&s->retry, clock_usec());
}

static void find_due(const void *node, VISIT visit, void *ret) {
        Sensor *s = *(Sensor *const *) node;

        if ((visit == postorder || visit == leaf) && retry_is_due(&s->retry, clock_usec()))
                *(Sensor **) ret = s;
}

/* A sample may bring about anything, so the sensors are looked through anew for each. */
static int on_arming(sd_event_source *source, uint64_t usec, void *userdata) {
        Agent *a = userdata;
        Sensor *s;

        for (;;) {
                s = NULL;
                twalk_r(a->sensors, find_due, &s);
                if (!s)
                        break;
                sensor_arm(s, s->n_limits);
                (void) feed_sample(a, s->cgroup_id, SAMPLE_ARMED, NULL);
        }
        set_timer(a);
        return 0;
}

static int sensor_new(Sensor **ret, Agent *a, const Effect *effect) {
        _cleanup_(sensor_freep) Sensor *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        s->agent = a;
        s->cgroup_id = effect->arm.watch.id;
        s->wants = effect->arm.wants;
        s->n_limits = effect->arm.n_limits;
        s->limits = calloc(s->n_limits + 1, sizeof(*s->limits));
        s->triggers = calloc(s->n_limits + 1, sizeof(*s->triggers));
        if (!s->limits || !s->triggers)
                return -ENOMEM;
        for (size_t i = 0; i < s->n_limits; i++) {
                s->limits[i] = effect->arm.limits[i];
                s->triggers[i] = (TriggerSource){ .sensor = s, .limit = s->limits[i] };
        }
        *ret = TAKE_PTR(s);
        return 0;
}

void arming_arm(Agent *a, const Effect *effect) {
        const CgroupName *name = &effect->arm.watch;
        bool young = name->id == a->newborn_id && (name->kind == CGROUP_UNIT || name->kind == CGROUP_GROUP);
        Sensor *s = NULL;

        arming_forget(a, name->id);
        if (sensor_new(&s, a, effect) < 0 || !tsearch(s, &a->sensors, compare_ids)) {
                sensor_free(s);
                sensors_tell_blind(a, name->id, strerror(ENOMEM));
                return;
        }
        sensor_arm(s, young ? 0 : s->n_limits);
}

void arming_disarm(Agent *a, uint64_t cgroup_id) {
        arming_forget(a, cgroup_id);
        watch_disarm(a->tree, cgroup_id);
}

static void count_blind(const void *node, VISIT visit, void *n) {
        const Sensor *s = *(Sensor *const *) node;

        *(uint64_t *) n += (visit == postorder || visit == leaf) && s->told != 0;
}

uint64_t arming_n_blind(const Agent *a) {
        uint64_t n = 0;

        twalk_r(a->sensors, count_blind, &n);
        return n;
}

int arming_start(Agent *a) {
        int r;

        r = sd_event_add_time(a->event, &a->arming, CLOCK_MONOTONIC, 0, 0, on_arming, a);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(a->arming, SD_EVENT_OFF);
}

void arming_stop(Agent *a) {
        tdestroy(a->sensors, free_sensor);
        a->sensors = NULL;
        a->arming = sd_event_source_disable_unref(a->arming);
}
