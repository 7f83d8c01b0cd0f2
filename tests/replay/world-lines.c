/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "world-private.h"

#define RESTARTED_BYTES (UINT64_C(10) << 20)

WorldCgroup *world_find(World *w, const char *name) {
        for (size_t i = 0; i < w->n_cgroups; i++)
                if (!w->cgroups[i].gone && strcmp(w->cgroups[i].name, name) == 0)
                        return w->cgroups + i;
        return NULL;
}

static WorldCgroup *add(World *w, CgroupKind kind, const char *name) {
        WorldCgroup *c = w->cgroups + w->n_cgroups;

        if (w->n_cgroups >= WORLD_CGROUPS_MAX || strlen(name) >= sizeof(c->name))
                return NULL;
        *c = (WorldCgroup){ .id = w->n_cgroups + 1, .kind = kind, .dies_usec = 200 * USEC_PER_MSEC,
                            .dies_at_usec = USEC_INFINITY, .limit_bytes = UINT64_MAX };
        strcpy(c->name, name);
        w->n_cgroups++;
        return c;
}

void world_add_again(World *w, const WorldCgroup *before) {
        WorldCgroup *c = add(w, before->kind, before->name);

        if (!c)
                exit(EXIT_FAILURE);
        c->parent = before->parent;
        c->usage_micro = RESTARTED_BYTES * 1000000;
}

static int find_index(World *w, const char *name, size_t *ret) {
        const WorldCgroup *c = world_find(w, name);

        if (!c)
                return -EINVAL;
        *ret = (size_t) (c - w->cgroups);
        return 0;
}

static int parse_class(const char *value, WorldCgroup *c) {
        for (c->class = 0; c->class < _STALL_CLASS_MAX; c->class ++)
                if (strcmp(stall_to_string(c->class), value) == 0) {
                        c->has_class = true;
                        return 0;
                }
        return -EINVAL;
}

static int parse_preference(const char *value, WorldCgroup *c) {
        static const char *const words[_PREFERENCE_MAX] = { "none", "avoid", "omit" };

        for (c->preference = 0; c->preference < _PREFERENCE_MAX; c->preference++)
                if (strcmp(words[c->preference], value) == 0)
                        return 0;
        return -EINVAL;
}

static int set_key(World *w, WorldCgroup *c, const char *key, const char *value) {
        uint64_t bytes;
        int r;

        if (strcmp(key, "in") == 0)
                return find_index(w, value, &c->parent);
        if (strcmp(key, "limit-of") == 0)
                return find_index(w, value, &c->limit_of);
        if (strcmp(key, "class") == 0)
                return parse_class(value, c);
        if (strcmp(key, "some") == 0)
                return parse_share(value, &c->share[PRESSURE_SOME]);
        if (strcmp(key, "full") == 0)
                return parse_share(value, &c->share[PRESSURE_FULL]);
        if (strcmp(key, "io") == 0)
                return parse_share(value, &c->io_share);
        if (strcmp(key, "waits") == 0)
                return parse_percent(value, &c->wait_share);
        if (strcmp(key, "dies") == 0)
                return parse_duration(value, &c->dies_usec);
        if (strcmp(key, "stubborn") == 0)
                return parse_boolean(value, &c->stubborn);
        if (strcmp(key, "calms") == 0)
                return parse_boolean(value, &c->calms);
        if (strcmp(key, "stuck") == 0)
                return parse_boolean(value, &c->stuck);
        if (strcmp(key, "swap") == 0)
                return parse_size(value, &c->swap_bytes);
        if (strcmp(key, "scan") == 0)
                return parse_uint(value, &c->scan);
        if (strcmp(key, "reclaim") == 0)
                return parse_uint(value, &c->reclaim);
        if (strcmp(key, "stream") == 0 || strcmp(key, "refault") == 0) {
                c->counted = true;
                return parse_uint(value, strcmp(key, "stream") == 0 ? &c->stream : &c->refault);
        }
        if (strcmp(key, "preference") == 0)
                return parse_preference(value, c);
        if (strcmp(key, "limit") == 0)
                return parse_size(value, &c->limit_bytes);
        if (strcmp(key, "grow") == 0)
                return parse_size(value, &c->grow);
        if (strcmp(key, "protected") == 0)
                return parse_size(value, &c->protected_bytes);
        if (strcmp(key, "high") == 0)
                return parse_uint(value, &c->events_rate[0]);
        if (strcmp(key, "max") == 0)
                return parse_uint(value, &c->events_rate[1]);
        if (strcmp(key, "total") == 0)
                return parse_size(value, &w->total_bytes);
        if (strcmp(key, "swap-total") == 0)
                return parse_size(value, &w->swap_bytes);
        if (strcmp(key, "cache") == 0)
                return parse_size(value, &w->cache_bytes);
        if (strcmp(key, "usage") == 0) {
                r = parse_size(value, &bytes);
                c->usage_micro = bytes * 1000000;
                return r;
        }
        return -EINVAL;
}

static int do_cgroup(World *w, CgroupKind kind, const char *name, char **save) {
        WorldCgroup *c = name ? world_find(w, name) : w->cgroups;
        char *word;

        if (!c)
                c = add(w, kind, name);
        while (c && (word = strtok_r(NULL, " \t\n", save))) {
                char *equals = strchr(word, '=');

                if (!equals)
                        return -EINVAL;
                *equals++ = '\0';
                if (set_key(w, c, word, equals) < 0)
                        return -EINVAL;
        }
        return c ? 0 : -EINVAL;
}

static int do_answer(World *w, const char *asked, const char *answer, const char *n) {
        static const char *const askings[_ASKED_MAX] = { "protect", "throttle", "reclaim", "freeze", "kill",
                                                           "stop",    "restart",  "start",   "job",    "undo" };
        static const char *const answers[_ANSWER_MAX] = { "done", "slow", "failed", "timeout", "refused", "lost", "gone" };
        uint64_t count = 1;

        for (size_t i = 0; asked && answer && i < _ASKED_MAX; i++)
                for (size_t j = 0; strcmp(asked, askings[i]) == 0 && j < _ANSWER_MAX; j++)
                        if (strcmp(answer, answers[j]) == 0) {
                                w->answers[i].answer = (WorldAnswer) j;
                                if (n && parse_uint(n, &count) < 0)
                                        return -EINVAL;
                                w->answers[i].n = (unsigned) count;
                                return 0;
                        }
        return -EINVAL;
}

static int do_trigger(World *w, const char *name, const char *limit) {
        char line[160];
        TraceEvent *t = calloc(1, sizeof(*t));
        const WorldCgroup *c = name ? world_find(w, name) : NULL;
        WorldItem item = { .at_usec = w->now_usec, .kind = EVENT_SAMPLE };
        int r = -EINVAL;

        if (c && limit) {
                (void) snprintf(line, sizeof(line), "time=0 event=sample cause=trigger:%s", limit);
                r = trace_parse_event(line, t);
        }
        if (r == 0) {
                item.cgroup = (size_t) (c - w->cgroups);
                item.cause = SAMPLE_TRIGGER;
                item.limit = t->event.sample.limit;
                world_queue(w, &item);
        }
        free(t);
        return r;
}

static int do_release(World *w, const char *reason, const char *name) {
        const WorldCgroup *c = name ? world_find(w, name) : w->cgroups;

        if (!c)
                return -EINVAL;
        for (ReleaseReason r = 0; reason && r < _RELEASE_REASON_MAX; r++)
                if (strcmp(release_to_string(r), reason) == 0) {
                        world_queue(w, &(WorldItem){ .at_usec = w->now_usec, .kind = EVENT_RELEASE,
                                                     .cgroup = (size_t) (c - w->cgroups), .reason = r });
                        return 0;
                }
        return -EINVAL;
}

static int do_clock(World *w, const char *time) {
        WorldItem item = { .at_usec = w->now_usec, .kind = EVENT_CLOCK };
        int r;

        r = parse_duration(time, &item.realtime_usec);
        if (r >= 0)
                world_queue(w, &item);
        return r;
}

static int do_warning(World *w, const char *word) {
        for (WarningKind k = 0; k < _WARNING_KIND_MAX; k++)
                if (strcmp(warning_to_string(k), word) == 0) {
                        world_queue(w, &(WorldItem){ .at_usec = w->now_usec, .kind = EVENT_WARNING, .warning = k });
                        return 0;
                }
        return -EINVAL;
}

static int do_managed(World *w, const char *name, const char *share, const char *duration) {
        WorldItem item = { .at_usec = w->now_usec, .kind = EVENT_MANAGED };

        if (find_index(w, name, &item.cgroup) < 0 || (share && parse_share(share, &item.managed_share) < 0) ||
            (duration && parse_duration(duration, &item.managed_usec) < 0))
                return -EINVAL;
        world_queue(w, &item);
        return 0;
}

static int do_reclaims(World *w, const char *by, const char *target, const char *kind, const char *pages) {
        WorldReclaim *r = w->reclaims + w->n_reclaims;

        if (w->n_reclaims >= WORLD_RECLAIMS_MAX || !target || !kind || !pages || find_index(w, by, &r->by) < 0 ||
            find_index(w, target, &r->target) < 0 || parse_uint(pages, &r->pages) < 0)
                return -EINVAL;
        for (r->kind = 0; r->kind < _RECLAIM_KIND_MAX; r->kind++)
                if (strcmp(reclaim_to_string(r->kind), kind) == 0) {
                        w->n_reclaims++;
                        return 0;
                }
        return -EINVAL;
}

int world_do_line(World *w, char *text) {
        char *save = NULL, *verb = strtok_r(text, " \t\n", &save), *name;

        if (!verb)
                return -EINVAL;
        if (strcmp(verb, "host") == 0)
                return do_cgroup(w, CGROUP_HOST, NULL, &save);
        name = strtok_r(NULL, " \t\n", &save);
        if (!name)
                return -EINVAL;
        if (strcmp(verb, "slice") == 0)
                return do_cgroup(w, CGROUP_SLICE, name, &save);
        if (strcmp(verb, "unit") == 0)
                return do_cgroup(w, CGROUP_UNIT, name, &save);
        if (strcmp(verb, "answer") == 0) {
                char *answer = strtok_r(NULL, " \t\n", &save);

                return do_answer(w, name, answer, strtok_r(NULL, " \t\n", &save));
        }
        if (strcmp(verb, "trigger") == 0)
                return do_trigger(w, name, strtok_r(NULL, " \t\n", &save));
        if (strcmp(verb, "release") == 0)
                return do_release(w, name, strtok_r(NULL, " \t\n", &save));
        if (strcmp(verb, "clock") == 0)
                return do_clock(w, name);
        if (strcmp(verb, "warning") == 0)
                return do_warning(w, name);
        if (strcmp(verb, "managed") == 0) {
                char *share = strtok_r(NULL, " \t\n", &save);

                return do_managed(w, name, share, strtok_r(NULL, " \t\n", &save));
        }
        if (strcmp(verb, "reclaims") == 0) {
                char *target = strtok_r(NULL, " \t\n", &save), *kind = strtok_r(NULL, " \t\n", &save);

                return do_reclaims(w, name, target, kind, strtok_r(NULL, " \t\n", &save));
        }
        if (strcmp(verb, "end") == 0)
                return parse_duration(name, &w->end_usec);
        if (strcmp(verb, "gone") == 0) {
                WorldCgroup *c = world_find(w, name);

                if (!c)
                        return -EINVAL;
                c->dies_at_usec = w->now_usec;
                return 0;
        }
        return -EINVAL;
}
