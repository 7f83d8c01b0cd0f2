/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <search.h>
#include <string.h>

#include "core/replay-private.h"

static int compare_ids(const void *a, const void *b) {
        const Known *x = a, *y = b;

        return x->id < y->id ? -1 : x->id > y->id;
}

static Known *find(const KnownSet *set, uint64_t id) {
        const Known key = { .id = id };
        void *found = tfind(&key, &set->root, compare_ids);

        return found ? *(Known **) found : NULL;
}

const Known *known_find(const KnownSet *set, uint64_t id) {
        return find(set, id);
}

static int add(KnownSet *set, uint64_t id, Known **ret) {
        Known *k;

        if (set->n == set->n_allocated) {
                size_t n = MAX(set->n_allocated * 2, (size_t) 64);
                Known **grown = realloc(set->items, n * sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                set->items = grown;
                set->n_allocated = n;
        }
        k = calloc(1, sizeof(*k));
        if (!k)
                return -ENOMEM;
        k->id = id;
        if (!tsearch(k, &set->root, compare_ids)) {
                free(k);
                return -ENOMEM;
        }
        set->items[set->n++] = k;
        *ret = k;
        return 0;
}

static int find_or_add(KnownSet *set, uint64_t id, Known **ret) {
        *ret = find(set, id);
        return *ret ? 0 : add(set, id, ret);
}

static int learn_new(KnownSet *set, const Event *event) {
        char *path;
        Known *k;
        int r;

        r = find_or_add(set, event->cgroup_id, &k);
        if (r < 0)
                return r;
        path = strdup(event->cgroup.path);
        if (!path)
                return -ENOMEM;
        free(k->path);
        k->path = path;
        k->kind = event->cgroup.kind;
        k->container = event->cgroup.container;
        k->alive = true;
        return 0;
}

static int learn_gone(KnownSet *set, const Event *event, bool early) {
        Known *k;
        int r;

        r = find_or_add(set, event->cgroup_id, &k);
        if (r < 0)
                return r;
        k->gone_usec = event->now_usec;
        k->alive = k->alive && early;
        return 0;
}

static int learn_sample(KnownSet *set, uint64_t id, const Sample *s, bool early) {
        Known *k;
        int r;

        r = find_or_add(set, id, &k);
        if (r < 0 || (early && k->is_candidate))
                return r;
        k->is_candidate = true;
        k->candidate.cgroup_id = id;
        k->candidate.usage_bytes = s->usage_bytes;
        k->candidate.pressure_usec = s->pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME];
        if (early)
                return 0;
        k->sample = *s;
        k->is_sampled = true;
        return 0;
}

static int learn_survey(KnownSet *set, const Event *event, bool early) {
        for (size_t i = 0; i < event->survey.n_candidates; i++) {
                const Candidate *c = event->survey.candidates + i;
                Known *k;
                int r;

                r = find_or_add(set, c->cgroup_id, &k);
                if (r < 0)
                        return r;
                if (early && k->is_candidate)
                        continue;
                k->candidate = *c;
                k->is_candidate = true;
        }
        return learn_sample(set, event->cgroup_id, &event->survey.values, early);
}

int known_learn(KnownSet *set, const Event *event, bool early) {
        if (event->kind == EVENT_SURVEY)
                return learn_survey(set, event, early);
        if (event->kind == EVENT_SAMPLE)
                return learn_sample(set, event->cgroup_id, &event->sample.values, early);
        if (event->kind == EVENT_CGROUP_GONE)
                return learn_gone(set, event, early);
        if (event->kind == EVENT_CGROUP_NEW && !early)
                return learn_new(set, event);
        return 0;
}

static bool lies_in(const char *path, const char *above) {
        size_t n = strlen(above);

        if (strcmp(above, "/") == 0)
                return true;
        return strncmp(path, above, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

bool known_survey(const KnownSet *set, uint64_t watch_id, Event *ret) {
        const Known *watch = find(set, watch_id);
        size_t n = 0;

        if (!watch || !watch->is_sampled || !watch->path)
                return false;
        for (size_t i = 0; i < set->n && n < TRACE_CANDIDATES_MAX; i++) {
                const Known *k = set->items[i];

                if (k->alive && k->is_candidate && (k->kind == CGROUP_UNIT || k->kind == CGROUP_GROUP) && !k->container &&
                    k->path && lies_in(k->path, watch->path))
                        set->candidates[n++] = k->candidate;
        }
        *ret = (Event){
                .kind = EVENT_SURVEY,
                .cgroup_id = watch_id,
                .survey = { .values = watch->sample, .candidates = set->candidates, .n_candidates = n },
        };
        return true;
}

void known_forget(KnownSet *set) {
        for (size_t i = 0; i < set->n; i++)
                set->items[i]->alive = false;
}

static void keep(void *item) {
}

void known_done(KnownSet *set) {
        tdestroy(set->root, keep);
        for (size_t i = 0; i < set->n; i++) {
                free(set->items[i]->path);
                free(set->items[i]);
        }
        free(set->items);
        free(set->candidates);
        *set = (KnownSet){ 0 };
}
