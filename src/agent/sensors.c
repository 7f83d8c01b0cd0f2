/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The side of the kernel: cgroups that come and go, PSI triggers, memory.events, and the looks that the core asks
 * for. */

#include <search.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "agent/agent-private.h"
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

/* The event sources of one armed watch. */
struct Sensor {
        uint64_t cgroup_id;
        Agent *agent;
        sd_event_source *events;
        size_t n_triggers;
        TriggerSource triggers[];
};

static Sensor *sensor_free(Sensor *s) {
        if (!s)
                return NULL;

        for (size_t i = 0; i < s->n_triggers; i++)
                sd_event_source_disable_unref(s->triggers[i].source);
        sd_event_source_disable_unref(s->events);
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

static void sensor_drop(Agent *a, uint64_t cgroup_id) {
        const Sensor key = { .cgroup_id = cgroup_id };
        Sensor **found = tfind(&key, &a->sensors, compare_ids), *s;

        if (!found)
                return;
        s = *found;
        (void) tdelete(&key, &a->sensors, compare_ids);
        sensor_free(s);
}

static void tell_blind(Agent *a, uint64_t cgroup_id, const char *reason) {
        const char *path = NULL, *unit = NULL;

        (void) tree_name(a->tree, cgroup_id, NULL, &path, &unit, NULL);
        journal_blind(a->journal, path, unit, reason);
}

/* False if the cgroup could not be looked at: it is gone, or about to be. */
static bool feed_sample(Agent *a, uint64_t cgroup_id, SampleCause cause, const PressureLimit *limit) {
        Event event = { .kind = EVENT_SAMPLE, .cgroup_id = cgroup_id, .sample.cause = cause };

        if (limit)
                event.sample.limit = *limit;
        if (watch_sample(a->tree, cgroup_id, &event.sample.values) != 0)
                return false;
        agent_feed(a, &event);
        return true;
}

static int on_trigger(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        TriggerSource *t = userdata;
        Sensor *s = t->sensor;
        Sample sample;

        /* An error first: it stands beside EPOLLPRI, and for ever. A cgroup that is gone tells by its own event. */
        if (revents & (EPOLLERR | EPOLLHUP)) {
                if (watch_sample(s->agent->tree, s->cgroup_id, &sample) == 0)
                        tell_blind(s->agent, s->cgroup_id, "the kernel ended its pressure trigger (cgroup.pressure?)");
                t->source = sd_event_source_disable_unref(t->source);
                return 0;
        }
        (void) feed_sample(s->agent, s->cgroup_id, SAMPLE_TRIGGER, &t->limit);
        return 0;
}

static int on_memory_events(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Sensor *s = userdata;

        /* The file of a cgroup that is gone is ready for ever. */
        if (!feed_sample(s->agent, s->cgroup_id, SAMPLE_EVENTS, NULL))
                s->events = sd_event_source_disable_unref(s->events);
        return 0;
}

static int add_source(Agent *a, sd_event_source **ret, int fd, sd_event_io_handler_t handler, void *userdata) {
        int r;

        r = sd_event_add_io(a->event, ret, fd, EPOLLPRI, handler, userdata);
        if (r < 0)
                return r;
        return sd_event_source_set_priority(*ret, PRIORITY_PRESSURE);
}

static int sensor_connect(Agent *a, Sensor *s, const ArmedWatch *watch, bool wants_events) {
        int r;

        for (size_t i = 0; i < watch->n_triggers; i++) {
                TriggerSource *t = s->triggers + i;

                *t = (TriggerSource){ .sensor = s, .limit = watch->triggers[i].limit };
                s->n_triggers++;
                if (watch->triggers[i].fd < 0)
                        continue;
                r = add_source(a, &t->source, watch->triggers[i].fd, on_trigger, t);
                if (r < 0)
                        return r;
        }
        if (!wants_events || watch->events_fd < 0)
                return 0;

        r = add_source(a, &s->events, watch->events_fd, on_memory_events, s);
        if (r < 0)
                return r;
        return sd_event_source_set_ratelimit(s->events, EVENTS_RATE_USEC, EVENTS_RATE_BURST);
}

void sensors_arm(Agent *a, const Effect *effect) {
        uint64_t id = effect->arm.watch.id;
        _cleanup_(sensor_freep) Sensor *s = NULL;
        const ArmedWatch *watch = NULL;
        int r;

        sensor_drop(a, id);
        r = watch_arm(a->tree, id, effect->arm.limits, effect->arm.n_limits, effect->arm.wants, &watch);
        if (r == WATCH_E_GONE)
                return;
        if (r != 0)
                tell_blind(a, id, r > 0 ? watch_error_text(r) : strerror(-r));
        if (!watch)
                return;

        s = calloc(1, sizeof(*s) + watch->n_triggers * sizeof(*s->triggers));
        if (!s) {
                tell_blind(a, id, strerror(ENOMEM));
                return;
        }
        s->cgroup_id = id;
        s->agent = a;
        r = sensor_connect(a, s, watch, effect->arm.wants & WANT_EVENTS);
        if (r < 0 || !tsearch(s, &a->sensors, compare_ids)) {
                tell_blind(a, id, strerror(r < 0 ? -r : ENOMEM));
                return;
        }
        (void) TAKE_PTR(s);
}

void sensors_disarm(Agent *a, uint64_t cgroup_id) {
        sensor_drop(a, cgroup_id);
        watch_disarm(a->tree, cgroup_id);
}

void sensors_follow(Agent *a, uint64_t cgroup_id) {
        int r = tree_follow(a->tree, cgroup_id);

        if (r != 0 && r != WATCH_E_GONE)
                tell_blind(a, cgroup_id, r > 0 ? watch_error_text(r) : strerror(-r));
}

bool sensors_look(Agent *a, const Look *look, Event *ret) {
        Candidates survey;

        if (!look->survey) {
                *ret = (Event){ .kind = EVENT_SAMPLE, .cgroup_id = look->cgroup_id };
                return watch_sample(a->tree, look->cgroup_id, &ret->sample.values) == 0;
        }

        culprits_read(a, look->cgroup_id);
        if (watch_survey(a->tree, look->cgroup_id, &survey) != 0)
                return false;
        *ret = (Event){
                .kind = EVENT_SURVEY,
                .cgroup_id = look->cgroup_id,
                .survey.values = survey.values,
                .survey.candidates = survey.candidates,
                .survey.n_candidates = survey.n_candidates,
                .survey.stalls = a->culprits.stalls,
                .survey.n_stalls = a->culprits.n_stalls,
        };
        return true;
}

void sensors_tell_gaps(Agent *a) {
        TreeGaps gaps = tree_gaps(a->tree);
        char text[160];

        if (gaps.units > a->told_gaps.units || gaps.folders > a->told_gaps.folders ||
            gaps.files > a->told_gaps.files) {
                (void) snprintf(text, sizeof(text),
                                "%zu cgroups over the limit of %u, %zu folders without inotify "
                                "(fs.inotify.max_user_watches), %zu files not opened (LimitNOFILE=)",
                                gaps.units, TREE_NODES_MAX, gaps.folders, gaps.files);
                journal_blind(a->journal, NULL, NULL, text);
        }
        a->told_gaps = gaps;
}

static void on_cgroup(const Event *event, void *userdata) {
        Agent *a = userdata;
        Event copy = *event;

        if (event->kind == EVENT_CGROUP_GONE)
                sensor_drop(a, event->cgroup_id);
        else
                copy.cgroup.born_usec = a->scanned ? clock_usec() : 0;
        agent_feed(a, &copy);
        managers_ask(a, event);
}

static int on_tree(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Agent *a = userdata;
        int r;

        r = tree_dispatch(a->tree, on_cgroup, a);
        if (r < 0)
                journal_blind(a->journal, NULL, NULL, strerror(-r));
        sensors_tell_gaps(a);
        return 0;
}

/* What a policy watches, and what it may choose a victim from, by path. */
static int add_groups(Agent *a, const Policy *policy) {
        int r;

        r = tree_add_groups(a->tree, policy->match.cgroups);
        for (char **glob = policy->victim.from; r >= 0 && glob && *glob; glob++)
                if (**glob == '/')
                        r = tree_add_groups(a->tree, (char *[]){ *glob, NULL });
        return r;
}

int sensors_start(Agent *a) {
        int r;

        r = tree_new(&a->tree, NULL, NULL);
        if (r < 0)
                return r;
        r = managers_start(a);
        if (r < 0)
                return r;
        for (size_t i = 0; i < a->config.policies.n_policies; i++) {
                r = add_groups(a, a->config.policies.policies[i]);
                if (r < 0)
                        return r;
        }
        r = sd_event_add_io(a->event, &a->tree_source, tree_fd(a->tree), EPOLLIN, on_tree, a);
        if (r < 0)
                return r;
        r = sd_event_source_set_priority(a->tree_source, PRIORITY_TREE);
        if (r < 0)
                return r;
        a->scanned = false;
        r = tree_scan(a->tree, on_cgroup, a);
        if (r < 0)
                return r;
        a->scanned = true;
        sensors_tell_gaps(a);
        return 0;
}

void sensors_stop(Agent *a) {
        managers_stop(a);
        tdestroy(a->sensors, free_sensor);
        a->sensors = NULL;
        a->tree_source = sd_event_source_disable_unref(a->tree_source);
        a->tree = tree_free(a->tree);
        a->told_gaps = (TreeGaps){ 0 };
}
